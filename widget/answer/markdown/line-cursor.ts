/**
 * A place in one line, counted in characters and in columns: a tab fills up to the next multiple of 4.
 *
 * Used by blocks.ts and starts.ts to step over indentation and marks.
 */
export class LineCursor {
	/** What is left of the line. */
	rest = "";
	/** What is left, from the first character on that is no space or tab. */
	text = "";
	/** The columns up to there. */
	indent = 0;
	/** How many columns are behind. */
	#column = 0;

	place(line: string, column = 0) {
		let at = 0;
		let to = column;
		for (; line[at] === " " || line[at] === "\t"; at++)
			to += line[at] === " " ? 1 : 4 - (to % 4);
		this.rest = line;
		this.text = line.slice(at);
		this.indent = to - column;
		this.#column = column;
	}

	/** Steps over the indentation and `count` characters that are no tabs. */
	skip(count: number) {
		this.place(this.text.slice(count), this.#column + this.indent + count);
	}

	/** Steps over at most `count` columns of spaces and tabs. */
	columns(count: number) {
		let { rest } = this;
		let column = this.#column;
		for (let left = Math.min(count, this.indent); left > 0; left--) {
			if (rest[0] === "\t") rest = " ".repeat(4 - (column % 4)) + rest.slice(1);
			rest = rest.slice(1);
			column++;
		}
		this.place(rest, column);
	}
}
