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
	/** The open block that holds text; its leaf, unless the text is code. */
	block: Block | undefined;
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
	begin(kind: BlockKind, line: number, set?: Partial<Block>): Block {
		const block = this.#open(kind, line, set);
		this.block = block;
		if (kind === "paragraph" || kind === "heading") {
			const { parent } = block;
			const isFirst = parent?.kind === "item" && parent.last === undefined;
			this.leaf = new Leaf(this.#shared, block, isFirst);
		}
		return block;
	}

	#open(kind: BlockKind, line: number, set?: Partial<Block>): Block {
		if (kind !== "item" && this.top.kind === "list") this.leave();
		const parent = this.top;
		const list = parent.kind === "item" ? parent.parent : parent;
		const isApart = parent.last !== undefined && parent.last < line - 1;
		if (isApart && list?.kind === "list" && !list.loose) {
			list.loose = true;
			this.#shared.sink.loosen(list);
		}
		const block = Object.assign(makeBlock(kind, parent, line), set);
		this.#shared.nodes++;
		this.#shared.sink.open(block);
		return block;
	}

	/** The open leaf ends on `line`. */
	endLeaf(line: number) {
		const { block, leaf } = this;
		if (!block) return;
		this.block = this.leaf = undefined;
		if (leaf && !leaf.finish()) this.#shared.sink.remove(block);
		else this.#shared.sink.close(block);
		block.end = line;
		if (block.parent) block.parent.last = line;
	}

	/** Closes containers until `depth` are left; what they held ends on `line`. */
	leaveTo(depth: number, line: number) {
		this.endLeaf(line);
		while (this.stack.length > depth) {
			const { kind } = this.top;
			if (kind === "quote") this.top.last = line;
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
