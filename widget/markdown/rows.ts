/**
 * One row of a table, cell by cell while its line arrives.
 *
 * Used by blocks.ts. A row has the cells its table has columns: more are dropped, missing ones added.
 */
import { Leaf, type Shared } from "./leaf.ts";
import { type Block, makeBlock } from "./model.ts";

/** Bars, what a backslash escapes, and all that is between. */
const partsOf = (line: string) => line.match(/\||\\.?|[^\\|]+/g) ?? [];

/** How many cells a line has, were it a table's row. */
export function countCells(line: string): number {
	const parts = partsOf(line.trim());
	const bars = parts.filter((part) => part === "|").length;
	const first = parts[0] === "|" ? 1 : 0;
	const last = parts.length > 1 && parts.at(-1) === "|" ? 1 : 0;
	return bars + 1 - first - last;
}

export class Row {
	readonly #shared: Shared;
	readonly #table: Block;
	readonly #block: Block;
	/** The open cell. */
	#leaf: Leaf | undefined;
	#column = 0;
	/** Nothing has come yet that a bar could close. */
	#start = true;
	/** A backslash that the next character belongs to. */
	#rest = "";

	constructor(shared: Shared, table: Block, head: boolean) {
		this.#shared = shared;
		this.#table = table;
		this.#block = makeBlock("row", table, table.end);
		this.#block.head = head;
		shared.sink.open(this.#block);
	}

	add(text: string) {
		const parts = partsOf(this.#rest + text);
		this.#rest = parts.at(-1) === "\\" ? "\\" : "";
		if (this.#rest) parts.pop();
		for (const part of parts) {
			if (part === "|") {
				if (!this.#start) this.#close();
			} else {
				const inner = part === "\\|" ? "|" : part;
				const more = this.#leaf ? inner : inner.replace(/^[ \t]+/, "");
				if (!more) continue;
				this.#leaf ??= this.#open();
				this.#leaf?.add(more);
			}
			this.#start = false;
		}
	}

	show() {
		this.#leaf?.show();
	}

	end() {
		const leaf = this.#leaf ?? (this.#rest ? this.#open() : undefined);
		leaf?.add(this.#rest);
		if (leaf) this.#close(leaf);
		while (this.#column < this.#table.aligns.length) this.#close();
		this.#shared.sink.close(this.#block);
	}

	#open(): Leaf | undefined {
		const { aligns } = this.#table;
		if (this.#column >= aligns.length) return undefined;
		const cell = makeBlock("cell", this.#block, this.#block.start);
		cell.head = this.#block.head;
		cell.aligns = [aligns[this.#column++]];
		this.#shared.sink.open(cell);
		this.#shared.nodes++;
		return new Leaf(this.#shared, cell);
	}

	/** Ends the open cell, or an empty one. */
	#close(leaf = this.#leaf ?? this.#open()) {
		this.#leaf = undefined;
		leaf?.finish();
		if (leaf) this.#shared.sink.close(leaf.block);
	}
}
