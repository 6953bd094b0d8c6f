/**
 * One row of a table while its line arrives.
 *
 * Used by blocks.ts. A row has the cells its table has columns: more are dropped, missing ones added.
 * Until its line is whole a row is made anew each time it shows.
 */
import { Leaf, type Shared } from "./leaf.ts";
import { hasGrown } from "./line-reader.ts";
import { type Block, makeBlock } from "./model.ts";

/** The cells a line has, were it a table's row. */
export function splitRow(line: string): string[] {
	const cells = [""];
	for (const part of line.trim().match(/\||\\.?|[^\\|]+/g) ?? [])
		if (part === "|") cells.push("");
		else cells[cells.length - 1] += part === "\\|" ? "|" : part;
	if (!cells[0]) cells.shift();
	if (cells[1] !== undefined && !cells.at(-1)) cells.pop();
	return cells.map((cell) => cell.trim());
}

export class Row {
	readonly #shared: Shared;
	readonly #table: Block;
	readonly #block: Block;
	#line = "";
	/** How much of the line was shown last. */
	#shown = 0;

	constructor(shared: Shared, table: Block, head: boolean) {
		this.#shared = shared;
		this.#table = table;
		this.#block = makeBlock("row", table, table.end, { head });
		shared.sink.open(this.#block);
	}

	grow(text: string) {
		this.#line += text;
	}

	show() {
		if (hasGrown(this.#line, this.#shown)) this.#show(false);
	}

	end() {
		this.#show(true);
		this.#shared.sink.close(this.#block);
	}

	#show(whole: boolean) {
		const { sink } = this.#shared;
		const { start, head } = this.#block;
		this.#shown = this.#line.length;
		sink.clear(this.#block);
		const cells = splitRow(this.#line);
		for (const [at, align] of this.#table.aligns.entries()) {
			if (!whole && at >= cells.length) return;
			const cell = makeBlock("cell", this.#block, start, {
				head,
				aligns: [align],
			});
			sink.open(cell);
			const leaf = new Leaf(this.#shared, cell);
			leaf.grow(cells[at] ?? "");
			if (whole) {
				this.#shared.nodes++;
				leaf.finish();
			} else leaf.show();
			sink.close(cell);
		}
	}
}
