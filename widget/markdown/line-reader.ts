/**
 * From pieces of text to lines: the beginning of each until it is clear what the line is, what
 * follows on it, and its end.
 *
 * Feeds blocks.ts. Knows line ends, half characters and the cap on length, and no Markdown.
 */

/** What reads the lines. */
export interface Lines {
	/** Takes a line's beginning, unless it is not `whole` and not clear. Answers whether it did. */
	begin(head: string, whole: boolean): boolean;
	/** More of the line that has begun. */
	extend(text: string): void;
	/** Answers whether what follows is only more of the same. */
	endLine(): boolean;
	/** The text is longer than allowed: all that follows extends what is begun here. */
	giveUp(): void;
}

export class LineReader {
	readonly #lines: Lines;
	/** Characters still allowed. */
	#room: number;
	/** The beginning of a line that is not clear yet; `undefined` once it is. */
	#head: string | undefined = "";
	/** How much of it was tried last. */
	#tried = 0;
	/** Half of what the next piece may complete: a line end, a character. */
	#carry = "";

	constructor(lines: Lines, maxCharacters: number) {
		this.#lines = lines;
		this.#room = maxCharacters;
	}

	feed(piece: string) {
		const text = this.#carry + piece;
		const last = text.charCodeAt(text.length - 1);
		const half = last === 13 || last >> 10 === 54 ? -1 : text.length;
		this.#carry = text.slice(half).slice(-1);
		this.#take(text.slice(0, half));
	}

	end() {
		this.#take(this.#carry);
		if (this.#head !== "") this.#endLine();
	}

	#take(raw: string) {
		const text = raw.replace(/\r\n?/g, "\n").replaceAll("\0", "\ufffd");
		const room = this.#room;
		this.#room -= text.length;
		this.#read(text.slice(0, Math.max(0, room)));
		if (room >= 0 && text.length > room) {
			if (this.#head) this.#lines.begin(this.#head, true);
			this.#head = undefined;
			this.#lines.giveUp();
		}
		this.#read(text.slice(Math.max(0, room)));
	}

	#read(text: string) {
		let from = 0;
		while (from < text.length) {
			const at = text.indexOf("\n", from);
			const end = at < 0 ? text.length : at;
			if (end > from) this.#add(text.slice(from, end));
			if (at >= 0) this.#endLine();
			from = end + 1;
		}
	}

	#add(text: string) {
		if (this.#head === undefined) {
			this.#lines.extend(text);
			return;
		}
		this.#head += text;
		const { length } = this.#head;
		// A long one is tried again when it has grown by an eighth.
		if (length > 64 && length < this.#tried * 1.125) return;
		this.#tried = length;
		if (this.#lines.begin(this.#head, false)) this.#head = undefined;
	}

	#endLine() {
		if (this.#head !== undefined) this.#lines.begin(this.#head, true);
		this.#tried = 0;
		this.#head = this.#lines.endLine() ? undefined : "";
	}
}
