/**
 * A place in one line, counted in characters and in columns: a tab reaches the next multiple of 4. Knows
 * no blocks.
 */
export class LineCursor {
	/** The remainder of the line. */
	rest = "";
	/** The remainder from its first character that is no space or tab. */
	text = "";
	/** The columns before that character. */
	indent = 0;
	/** The columns before the remainder. */
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
