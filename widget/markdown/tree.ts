/**
 * The open blocks: containers within each other, and at most one leaf in the innermost.
 *
 * Used by blocks.ts. Keeps the lines that blocks start and end on, which tell a loose list.
 */
import { Leaf, type Shared } from "./leaf.ts";
import { type Block, type BlockKind, makeBlock } from "./model.ts";

export class Tree {
	/** The open containers, the document first. */
	readonly stack: Block[] = [makeBlock("document", undefined, 1)];
	/** The text of the innermost block, if it holds text. */
	leaf: Leaf | undefined;
	readonly #shared: Shared;

	constructor(shared: Shared) {
		this.#shared = shared;
	}

	get top(): Block {
		return this.stack[this.stack.length - 1] as Block;
	}

	/** Opens a container. */
	enter(kind: BlockKind, line: number, set?: Partial<Block>): Block {
		const block = this.#open(kind, line, set);
		this.stack.push(block);
		return block;
	}

	/** Opens what holds text. */
	begin(kind: BlockKind, line: number, set?: Partial<Block>): Leaf {
		const block = this.#open(kind, line, set);
		const { parent } = block;
		const isFirst = parent?.kind === "li" && parent.last === undefined;
		this.leaf = new Leaf(this.#shared, block, isFirst);
		return this.leaf;
	}

	#open(kind: BlockKind, line: number, set?: Partial<Block>): Block {
		if (kind !== "li" && this.top.kind === "list") this.leave();
		const parent = this.top;
		const list = parent.kind === "li" ? parent.parent : parent;
		const isApart = parent.last !== undefined && parent.last < line - 1;
		if (isApart && list?.kind === "list" && !list.loose) {
			list.loose = true;
			this.#shared.sink.loosen(list);
		}
		const block = makeBlock(kind, parent, line, set);
		this.#shared.nodes++;
		this.#shared.sink.open(block);
		return block;
	}

	/** The open leaf ends on `line`; indented code with its last line that is not blank. */
	endLeaf(line: number) {
		const { leaf } = this;
		if (!leaf) return;
		const { block } = leaf;
		this.leaf = undefined;
		if (leaf.finish()) this.#shared.sink.close(block);
		else this.#shared.sink.withdraw(block);
		if (block.kind !== "code" || block.fence > 0) block.end = line;
		if (block.parent) block.parent.last = block.end;
	}

	/** Closes containers until `depth` are left; what they held ends on `line`. */
	leaveTo(depth: number, line: number) {
		this.endLeaf(line);
		while (this.stack.length > depth) {
			const { kind } = this.top;
			if (kind === "blockquote") this.top.last = line;
			this.leave();
		}
	}

	leave() {
		const block = this.stack.pop();
		if (!block) return;
		block.end = block.last ?? block.start;
		if (block.parent) {
			block.parent.last = block.end;
			this.#shared.sink.close(block);
		}
	}
}
