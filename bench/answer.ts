/**
 * Builds the long Markdown answer that the rendering benchmark streams: the same text in every run.
 *
 * Headings, paragraphs, lists, quotes, tables and code in about the proportions of a model's answers.
 */

/** Numbers from 0 to 1, determined by the seed (a linear congruential generator). */
function chances(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
}

const words =
	"every answer begins with a question that somebody typed on a small screen while the train went through another tunnel and the line was lost for a moment before it came back with all that had been said since so that nothing is missing or repeated and the reader goes on where the sentence had stopped".split(
		" ",
	);

const codeLines = [
	"const reader = stream.getReader();",
	"for (let at = 0; at < pieces.length; at++) {",
	"\tif (pieces[at] === undefined) continue;",
	"\ttotal += pieces[at].length; // received so far",
	"}",
	'return { total, state: "done" };',
	"def fold(log, picture=None):",
	"    return reduce(apply, log, picture or {})",
	"SELECT number, body FROM events WHERE number > 41;",
];

/** A Markdown text, cut at `length` characters. */
export function makeAnswer(length: number, seed = 1): string {
	const chance = chances(seed);
	const pick = <T>(list: readonly T[]): T =>
		list[Math.floor(chance() * list.length)] as T;
	const between = (least: number, most: number) =>
		least + Math.floor(chance() * (most - least + 1));
	const some = <T>(least: number, most: number, make: () => T): T[] =>
		Array.from({ length: between(least, most) }, make);
	const phrase = (least: number, most: number) =>
		some(least, most, () => pick(words)).join(" ");

	const inlines: (() => string)[] = [
		() => `**${phrase(1, 3)}**`,
		() => `*${phrase(1, 2)}*`,
		() => `\`${pick(words)}.${pick(words)}()\``,
		() => `[${phrase(1, 3)}](https://example.com/${pick(words)})`,
	];
	const sentence = (least: number, most: number) => {
		const parts = some(least, most, () =>
			chance() < 0.08 ? pick(inlines)() : pick(words),
		);
		return `So ${parts.join(" ")}.`;
	};
	const row = (cells: string[]) => `| ${cells.join(" | ")} |`;
	const table = () => {
		const columns = between(2, 4);
		const cells = (make: () => string) => Array.from({ length: columns }, make);
		return [
			row(cells(() => phrase(1, 2))),
			row(cells(() => "---")),
			...some(3, 7, () => row(cells(() => phrase(1, 4)))),
		].join("\n");
	};
	const code = () =>
		`\`\`\`${pick(["js", "python", "sql", ""])}\n${some(3, 12, () => pick(codeLines)).join("\n")}\n\`\`\``;

	/** Frequency of each kind of block, in percent. */
	const blocks: [number, () => string][] = [
		[14, () => `${pick(["##", "###"])} ${phrase(2, 6)}`],
		[42, () => some(2, 5, () => sentence(6, 18)).join(" ")],
		[14, () => some(3, 7, () => `- ${sentence(5, 14)}`).join("\n")],
		[8, () => some(3, 6, () => `1. ${sentence(5, 14)}`).join("\n")],
		[12, code],
		[6, table],
		[4, () => `> ${sentence(8, 24)}`],
	];
	let text = "";
	while (text.length < length) {
		const at = chance() * 100;
		let below = 0;
		for (const [share, make] of blocks) {
			below += share;
			if (at >= below) continue;
			text += `${make()}\n\n`;
			break;
		}
	}
	return text.slice(0, length);
}

/** The same, as `count` tokens of three to five characters. */
export function makeTokens(count: number, seed = 1): string[] {
	const sizes = chances(seed + 1);
	const lengths = Array.from(
		{ length: count },
		() => 3 + Math.floor(sizes() * 3),
	);
	const text = makeAnswer(
		lengths.reduce((sum, length) => sum + length),
		seed,
	);
	let at = 0;
	return lengths.map((length) => {
		at += length;
		return text.slice(at - length, at);
	});
}
