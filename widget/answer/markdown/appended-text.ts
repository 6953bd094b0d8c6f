/**
 * What a text that grows has grown by.
 *
 * Uses the chunks that were added, where they are known: a string that was concatenated
 * from chunks is copied completely when it is sliced, and a long answer would be copied at every
 * painting.
 */

/** How many characters at the end of the shown text are compared; all of them would cost quadratic time. */
const overlap = 256;

/** The part of `text` behind `shown`; `undefined` if `text` does not begin with `shown`. */
export function appendedText(
	text: string,
	shown: string,
	fresh: readonly string[] = [],
): string | undefined {
	const { length } = shown;
	const more = fresh.join("");
	if (more && length + more.length === text.length) return more;
	const from = Math.max(0, length - overlap);
	return text.slice(from, length) === shown.slice(from)
		? text.slice(length)
		: undefined;
}
