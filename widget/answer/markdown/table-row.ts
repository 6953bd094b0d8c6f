/**
 * One row of a table while its line arrives. A row has one cell per column of its table: further cells
 * are dropped, missing ones added. Knows no other lines.
 */
import { Leaf, type Shared } from "./leaf.ts";
import { type Block, makeBlock } from "./model.ts";

/** Bars and the text between them. The last part may be half an escape. */
const splitParts = (text: string) => text.match(/\||\\.?|[^\\|]+/g) ?? [];

/** The cells of a line, read as a row of a table. */
export function splitRow(line: string): string[] {
	const cells = [""];
	for (const part of splitParts(line.trim()))
		if (part === "|") cells.push("");
		else cells[cells.length - 1] += part;
	if (!cells[0]) cells.shift();
	if (cells[1] !== undefined && !cells.at(-1)) cells.pop();
	return cells.map((cell) => cell.trim());
}

export class TableRow {
	readonly #shared: Shared;
	readonly #table: Block;
	readonly #block: Block;
	/** The number of cells so far, and the open one. */
	#count = 0;
	#cell: Leaf | undefined;
	/** Every bar ends a cell, except one that begins the line. */
	#isBegun = false;
	/** Half an escape. */
	#half = "";

	constructor(shared: Shared, table: Block, head: boolean) {
		this.#shared = shared;
		this.#table = table;
		this.#block = makeBlock("tr", table, { head });
		shared.sink.open(this.#block);
	}

	grow(text: string) {
		const parts = splitParts(this.#half + text);
		this.#half = parts.at(-1) === "\\" ? (parts.pop() ?? "") : "";
		for (const part of parts) {
			if (part !== "|") this.#add(part === "\\|" ? "|" : part);
			else if (this.#isBegun) this.#next();
			this.#isBegun = true;
		}
	}

	show() {
		this.#cell?.show();
	}

	end() {
		this.#add(this.#half);
		if (this.#cell) this.#next();
		while (this.#count < this.#table.aligns.length) this.#next();
		this.#shared.sink.close(this.#block);
	}

	#add(text: string) {
		if (!this.#cell && text.trim()) this.#open();
		this.#cell?.grow(this.#cell.line ? text : text.trimStart());
	}

	#next() {
		if (!this.#cell) this.#open();
		this.#cell?.finish();
		if (this.#cell) this.#shared.sink.close(this.#cell.block);
		this.#cell = undefined;
	}

	#open() {
		const { aligns } = this.#table;
		const align = aligns[this.#count++];
		if (this.#count > aligns.length) return;
		const { head } = this.#block;
		const cell = makeBlock("cell", this.#block, {
			head,
			aligns: [align],
		});
		this.#shared.nodes++;
		this.#shared.sink.open(cell);
		this.#cell = new Leaf(this.#shared, cell);
	}
}
