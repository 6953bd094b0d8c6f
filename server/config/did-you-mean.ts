/**
 * Which known name a mistyped one was meant to be. `config.ts` asks, for its sentences.
 */

/** The name that is fewest keystrokes away, unless it is another word altogether. */
export function nearest(
	word: string,
	names: readonly string[],
): string | undefined {
	const distances = names.map((name) => distanceOf(word, name));
	const least = Math.min(...distances);
	return least <= Math.max(2, word.length / 3)
		? names[distances.indexOf(least)]
		: undefined;
}

/** Letters to add, drop or change (Levenshtein), row by row. */
function distanceOf(a: string, b: string): number {
	let row = Array.from({ length: b.length + 1 }, (_, j) => j);
	for (const [i, letter] of [...a].entries()) {
		const next = [i + 1];
		for (let j = 0; j < b.length; j++)
			next.push(
				Math.min(
					(next[j] as number) + 1,
					(row[j + 1] as number) + 1,
					(row[j] as number) + (letter === b[j] ? 0 : 1),
				),
			);
		row = next;
	}
	return row[b.length] as number;
}
