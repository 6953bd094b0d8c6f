/**
 * From pieces of text to lines: the beginning of each until it is clear what the line is, what
 * follows on it, and its end.
 *
 * Feeds blocks.ts. Knows line ends, and no Markdown.
 */

/**
 * Whether it is time to read again what was read when it was `tried` long: what is long waits until
 * it has grown by an eighth, so that reading it again and again costs linear time.
 */
export const hasGrown = ({ length }: string, tried: number) =>
	length < 1_000 || length >= tried * 1.125;

/** What reads the lines. */
export interface Lines {
	/** Takes a line's beginning, unless it is not `whole` and not clear. Answers whether it did. */
	begin(head: string, whole: boolean): boolean;
	/** More of the line that has begun. */
	extend(text: string): void;
	/** Answers whether what follows is only more of the same. */
	endLine(): boolean;
}

export class LineReader {
	readonly #lines: Lines;
	/** The beginning of a line that is not clear yet; `undefined` once it is. */
	#head: string | undefined = "";
	/** How much of it was tried last. */
	#tried = 0;
	/** Half a line end came last. */
	#half = false;

	constructor(lines: Lines) {
		this.#lines = lines;
	}

	feed(piece: string) {
		const text = piece
			.slice(this.#half && piece[0] === "\n" ? 1 : 0)
			.replace(/\r\n?|\0/g, (all) => (all === "\0" ? "\ufffd" : "\n"));
		if (piece) this.#half = piece.endsWith("\r");
		let from = 0;
		while (from < text.length) {
			const at = text.indexOf("\n", from);
			const end = at < 0 ? text.length : at;
			if (end > from) this.#add(text.slice(from, end));
			if (at >= 0) this.#endLine();
			from = end + 1;
		}
	}

	end() {
		if (this.#head !== "") this.#endLine();
	}

	#add(text: string) {
		if (this.#head === undefined) {
			this.#lines.extend(text);
			return;
		}
		this.#head += text;
		if (!hasGrown(this.#head, this.#tried)) return;
		this.#tried = this.#head.length;
		if (this.#lines.begin(this.#head, false)) this.#head = undefined;
	}

	#endLine() {
		if (this.#head !== undefined) this.#lines.begin(this.#head, true);
		this.#tried = 0;
		this.#head = this.#lines.endLine() ? undefined : "";
	}
}
