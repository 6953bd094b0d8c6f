/** Finds the setting that is most similar to a mistyped name. Knows no settings itself. */
import { editDistance } from "../edit-distance.ts";

/** The closest name, or `undefined` if none is close. */
export function nearest(
	word: string,
	names: readonly string[],
): string | undefined {
	const distances = names.map((name) => editDistance(word, name));
	const least = Math.min(...distances);
	return least <= Math.max(2, word.length / 3)
		? names[distances.indexOf(least)]
		: undefined;
}
