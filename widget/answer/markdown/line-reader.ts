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

export interface LineReader {
	feed(piece: string): void;
	end(): void;
}

/**
 * @param begin Takes a line's beginning, unless it is not `whole` and not clear. Answers whether it did.
 * @param extend Takes more of the line that has begun.
 * @param endLine Answers whether what follows is only more of the same.
 */
export function makeLineReader(
	begin: (head: string, whole: boolean) => boolean,
	extend: (text: string) => void,
	endLine: () => boolean,
): LineReader {
	/** The beginning of a line that is not clear yet; `undefined` once it is. */
	let head: string | undefined = "";
	/** How much of it was tried last. */
	let tried = 0;
	/** Half a line end came last. */
	let isHalf = false;

	function feed(piece: string) {
		const text = clean(piece);
		let from = 0;
		while (from < text.length) {
			const at = text.indexOf("\n", from);
			const to = at < 0 ? text.length : at;
			if (to > from) add(text.slice(from, to));
			if (at >= 0) next();
			from = to + 1;
		}
	}

	/** Most pieces have no carriage return, and no null. */
	function clean(piece: string): string {
		const text = isHalf && piece[0] === "\n" ? piece.slice(1) : piece;
		if (piece) isHalf = piece.endsWith("\r");
		return /[\r\0]/.test(text)
			? text.replace(/\r\n?/g, "\n").replace(/\0/g, "\ufffd")
			: text;
	}

	function add(text: string) {
		if (head === undefined) {
			extend(text);
			return;
		}
		head += text;
		if (!hasGrown(head, tried)) return;
		tried = head.length;
		if (begin(head, false)) head = undefined;
	}

	function next() {
		if (head !== undefined) begin(head, true);
		tried = 0;
		head = endLine() ? undefined : "";
	}

	function end() {
		if (head !== "") next();
	}

	return { feed, end };
}
