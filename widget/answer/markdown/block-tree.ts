/**
 * The open blocks: nested containers, and at most one leaf in the innermost. A list is loose if a block
 * in it follows a blank line. Reads no text.
 */
import { Leaf, type Shared } from "./leaf.ts";
import { type Block, type BlockKind, makeBlock } from "./model.ts";

export class BlockTree {
	/** The open containers, the document first. */
	readonly stack: Block[] = [makeBlock("document")];
	/** The text of the innermost block, if it holds text. */
	leaf: Leaf | undefined;
	/** The previous line was blank and belongs to no block. */
	isApart = false;
	readonly #shared: Shared;

	constructor(shared: Shared) {
		this.#shared = shared;
	}

	/** Opens a container. */
	enter(kind: BlockKind, set?: Partial<Block>) {
		this.stack.push(this.#open(kind, set));
	}

	/** Opens a leaf. */
	begin(kind: BlockKind, set?: Partial<Block>): Leaf {
		this.leaf = new Leaf(this.#shared, this.#open(kind, set));
		return this.leaf;
	}

	#open(kind: BlockKind, set?: Partial<Block>): Block {
		let parent = this.stack.at(-1) as Block;
		if (kind !== "li" && parent.kind === "list") {
			this.leaveTo(this.stack.length - 1);
			parent = parent.parent as Block;
		}
		const list = parent.kind === "li" ? parent.parent : parent;
		const block = makeBlock(kind, parent, set);
		const { sink } = this.#shared;
		if (
			this.isApart &&
			!block.isFirst &&
			list?.kind === "list" &&
			!list.loose
		) {
			list.loose = true;
			sink.loosen(list);
		}
		this.#shared.nodes++;
		sink.open(block);
		return block;
	}

	endLeaf() {
		const { leaf } = this;
		if (!leaf) return;
		this.leaf = undefined;
		const { sink } = this.#shared;
		if (leaf.finish()) sink.close(leaf.block);
		else sink.withdraw(leaf.block);
	}

	/** Closes containers until `depth` are left. */
	leaveTo(depth: number) {
		this.endLeaf();
		while (this.stack.length > depth) {
			const block = this.stack.pop() as Block;
			// Its blank lines are part of it.
			if (block.kind === "blockquote") this.isApart = false;
			this.#shared.sink.close(block);
		}
	}
}
