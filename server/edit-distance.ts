/** How different two words are. A leaf: did-you-mean and the page search correct typing errors with it. */

/** Letters to insert, delete, replace or swap (Damerau-Levenshtein, optimal string alignment). */
export function editDistance(one: string, other: string): number {
	let before: number[] = [];
	let row = Array.from({ length: other.length + 1 }, (_, at) => at);
	for (let i = 1; i <= one.length; i++) {
		const next = [i];
		for (let j = 1; j <= other.length; j++) {
			const isSame = one[i - 1] === other[j - 1];
			let least = Math.min(
				(row[j] ?? 0) + 1,
				(next[j - 1] ?? 0) + 1,
				(row[j - 1] ?? 0) + (isSame ? 0 : 1),
			);
			const isSwapped =
				one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
			if (isSwapped && i > 1 && j > 1)
				least = Math.min(least, (before[j - 2] ?? 0) + 1);
			next.push(least);
		}
		before = row;
		row = next;
	}
	return row[other.length] ?? 0;
}
