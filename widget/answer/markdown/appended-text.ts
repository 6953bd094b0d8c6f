/**
 * What a text that grows has grown by.
 *
 * Uses the chunks that were added, where they are known: a string that was concatenated
 * from chunks is copied completely when it is sliced, and a long answer would be copied at every
 * painting.
 */

/** So much of the end of what was shown is compared: all of it each time would add up. */
const overlap = 256;

/** What `text` has after what was `shown`; `undefined` where it does not go on from there. */
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
