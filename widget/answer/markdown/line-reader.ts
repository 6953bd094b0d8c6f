/**
 * From chunks of text to lines: the beginning of each until it is clear what the line is, the text that
 * follows on it, and its end. It knows line ends, and no Markdown.
 */

/**
 * Whether to read a growing text again that had the length `tried` last time. A long text waits until it
 * has grown by an eighth, so that all readings together cost linear time.
 */
export const hasGrown = ({ length }: string, tried: number) =>
	length < 1_000 || length >= tried * 1.125;

export interface LineHandler {
	/** Takes a line's beginning. Returns false, and takes nothing, if it is neither whole nor clear. */
	begin(head: string, isWhole: boolean): boolean;
	/** Takes more of the line that has begun. */
	extend(text: string): void;
	/** Returns whether all following lines are only more text of the same kind. */
	end(): boolean;
}

export class LineReader {
	readonly #handler: LineHandler;
	/** The beginning of a line that is not clear yet; `undefined` once it is. */
	#head: string | undefined = "";
	/** How much of the beginning was tried last. */
	#tried = 0;
	/** The text so far ends with a carriage return. */
	#isHalfEnd = false;

	constructor(handler: LineHandler) {
		this.#handler = handler;
	}

	feed(chunk: string) {
		const text = this.#clean(chunk);
		let from = 0;
		while (from < text.length) {
			const at = text.indexOf("\n", from);
			const to = at < 0 ? text.length : at;
			if (to > from) this.#add(text.slice(from, to));
			if (at >= 0) this.#endLine();
			from = to + 1;
		}
	}

	end() {
		if (this.#head !== "") this.#endLine();
	}

	/** Most chunks have no carriage return and no null character. */
	#clean(chunk: string): string {
		const text = this.#isHalfEnd && chunk[0] === "\n" ? chunk.slice(1) : chunk;
		if (chunk) this.#isHalfEnd = chunk.endsWith("\r");
		return /[\r\0]/.test(text)
			? text.replace(/\r\n?/g, "\n").replace(/\0/g, "\ufffd")
			: text;
	}

	#add(text: string) {
		if (this.#head === undefined) {
			this.#handler.extend(text);
			return;
		}
		this.#head += text;
		if (!hasGrown(this.#head, this.#tried)) return;
		this.#tried = this.#head.length;
		if (this.#handler.begin(this.#head, false)) this.#head = undefined;
	}

	#endLine() {
		if (this.#head !== undefined) this.#handler.begin(this.#head, true);
		this.#tried = 0;
		this.#head = this.#handler.end() ? undefined : "";
	}
}
