/**
 * A place in one line, counted in characters and in columns: a tab fills up to the next multiple of 4.
 *
 * Used by blocks.ts and starts.ts to step over indentation and marks.
 */
export class LineCursor {
	line = "";
	offset = 0;
	column = 0;
	/** The first character from here on that is no space or tab, and its distance in columns. */
	next = 0;
	indent = 0;
	/** Columns of a tab that are still to be consumed. */
	#rest = 0;

	set(line: string) {
		this.line = line;
		this.offset = 0;
		this.column = 0;
		this.#rest = 0;
		this.look();
	}

	/** Whether nothing but spaces and tabs is left. */
	get blank(): boolean {
		return this.next >= this.line.length;
	}

	get char(): string {
		return this.line.charAt(this.next);
	}

	/** From the next character that is no space to the end. */
	get text(): string {
		return this.line.slice(this.next);
	}

	/** From here to the end, with what is left of a tab. */
	get rest(): string {
		return this.#rest > 0
			? " ".repeat(this.#rest) + this.line.slice(this.offset + 1)
			: this.line.slice(this.offset);
	}

	get atSpace(): boolean {
		const char = this.line.charAt(this.offset);
		return char === " " || char === "\t";
	}

	look() {
		let column = this.column;
		let at = this.offset;
		for (; at < this.line.length; at++) {
			const char = this.line.charCodeAt(at);
			if (char === 32) column++;
			else if (char === 9) column += 4 - (column % 4);
			else break;
		}
		this.next = at;
		this.indent = column - this.column;
	}

	/** Steps over the indentation and `count` characters that are no tabs. */
	skip(count: number) {
		this.column += this.indent + count;
		this.offset = this.next + count;
		this.#rest = 0;
		this.look();
	}

	/** Steps over at most `count` columns of spaces and tabs. */
	columns(count: number) {
		while (count > 0 && this.atSpace) {
			const width =
				this.line.charAt(this.offset) === "\t" ? 4 - (this.column % 4) : 1;
			const step = Math.min(width, count);
			this.column += step;
			count -= step;
			this.#rest = width - step;
			if (this.#rest === 0) this.offset++;
		}
		this.look();
	}
}
