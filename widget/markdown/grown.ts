/**
 * What a text that grows has grown by, told by the pieces it grew by.
 *
 * Used by the writers. A string that was put together from pieces is copied whole when it is cut, and a
 * long answer would be copied at every painting.
 */

/**
 * What `text` has after its first `length` characters. `undefined`: `fresh` is not what came since then,
 * and the text itself must be looked at.
 */
export function grown(
	text: string,
	length: number,
	fresh: readonly string[] | undefined,
): string | undefined {
	if (!fresh) return undefined;
	let sum = length;
	for (const piece of fresh) sum += piece.length;
	return sum === text.length ? fresh.join("") : undefined;
}
