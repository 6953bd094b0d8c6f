/**
 * A place in one line, counted in characters and in columns: a tab fills up to the next multiple of 4.
 *
 * Used by blocks.ts and starts.ts to step over indentation and marks.
 */
export class LineCursor {
	/** What is left of the line. */
	rest = "";
	/** How many columns are behind. */
	column = 0;

	place(line: string) {
		this.rest = line;
		this.column = 0;
	}

	/** What is left, from the first character on that is no space or tab. */
	get text(): string {
		return this.rest.replace(/^[ \t]+/, "");
	}

	/** The columns up to there. */
	get indent(): number {
		let { column } = this;
		for (const char of this.rest) {
			if (char === "\t") column += 4 - (column % 4);
			else if (char === " ") column++;
			else break;
		}
		return column - this.column;
	}

	/** Steps over the indentation and `count` characters that are no tabs. */
	skip(count: number) {
		this.column += this.indent + count;
		this.rest = this.text.slice(count);
	}

	/** Steps over at most `count` columns of spaces and tabs. */
	columns(count: number) {
		for (let left = count; left > 0 && /^[ \t]/.test(this.rest); left--) {
			if (this.rest.startsWith("\t"))
				this.rest = " ".repeat(4 - (this.column % 4)) + this.rest.slice(1);
			this.rest = this.rest.slice(1);
			this.column++;
		}
	}
}
