/** Finds the prose in files: Markdown text, comments, strings. Everything else becomes blanks, so that offsets and line numbers stay. */

export type Finding = { place: string; problem: string };

const blanks = (text: string): string => text.replace(/[^\n]/g, " ");

/** A code span counts as one word, and its content is not prose. */
const withoutSpans = (text: string): string =>
	text.replace(/`[^`\n]*`/g, (span) => "x".repeat(span.length));

/** The text of a Markdown file without code blocks, link targets and comments. */
export function markdownProse(text: string): string {
	const prose = text
		.replace(/^(```|~~~)[\s\S]*?^\1/gm, blanks)
		.replace(/<!--[\s\S]*?-->/g, blanks)
		.replace(/<[a-z/][^>]*>/gi, blanks)
		.replace(/\]\([^)\s]*\)/g, (target) => `]${" ".repeat(target.length - 1)}`);
	return withoutSpans(prose);
}

/** The text of an HTML page. */
export const htmlProse = (text: string): string =>
	text
		.replace(/<(script|style|pre|code)\b[\s\S]*?<\/\1>/g, blanks)
		.replace(/<[^>]*>/g, blanks);

/** The comments of a TypeScript, JavaScript or CSS file. */
export function commentProse(text: string): string {
	const comment =
		/(?<=^|[\s(,;{])\/\*[\s\S]*?\*\/|(?<=^|[\s(,;{})])\/\/(?=[\s/]).*$/gm;
	let prose = "";
	let end = 0;
	for (const { 0: found, index } of text.matchAll(comment)) {
		prose += blanks(text.slice(end, index)) + found;
		end = index + found.length;
	}
	prose += blanks(text.slice(end));
	return withoutSpans(prose.replace(/^[ \t]*\*/gm, blanks));
}

/** The comments of a configuration file whose comments start with `#`. */
export const hashProse = (text: string): string =>
	text.replace(/^(?!\s*#).*$/gm, blanks);

/** The names of tests, as claims in plain words. */
export function testNames(text: string): string {
	const name =
		/(?<![\w.])(?:test|describe|it|row)(?:\.(?:each|if|only|skip|todo|failing)(?:\([^()]*\))?)*\(\s*(["`])(?:\\.|(?!\1).)*\1/g;
	let prose = "";
	let end = 0;
	for (const { 0: found, index } of text.matchAll(name)) {
		prose += blanks(text.slice(end, index)) + found;
		end = index + found.length;
	}
	return prose + blanks(text.slice(end));
}

/** Literal strings: what an interface shows. */
export function stringProse(text: string): string {
	let prose = "";
	let end = 0;
	for (const { 0: found, index } of text.matchAll(
		/"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
	)) {
		prose += blanks(text.slice(end, index)) + found;
		end = index + found.length;
	}
	return prose + blanks(text.slice(end));
}

const lineOf = (text: string, index: number): number =>
	text.slice(0, index).split("\n").length;

/** Every match of `banned` in the prose of a file. */
export function bannedWords(
	path: string,
	prose: string,
	banned: RegExp,
): Finding[] {
	return [...prose.matchAll(banned)].map(({ 0: found, index }) => ({
		place: `${path}:${lineOf(prose, index)}`,
		problem: found.replace(/\s+/g, " "),
	}));
}

/** Every sentence of a Markdown text that has more words than `maxWords`. */
export function longSentences(
	path: string,
	prose: string,
	maxWords: number,
): Finding[] {
	const findings: Finding[] = [];
	// Blocks: paragraphs, list items, headings, table cells.
	const block =
		/(?:(?!\n[ \t]*\n|\n[ \t]*(?:[-*]|\d+\.|#+|\|)[ \t]|\|)[\s\S])+/g;
	for (const { 0: text, index } of prose.matchAll(block)) {
		let start = index;
		for (const sentence of text.split(/(?<=[.!?]["”)]?)(?=\s)/)) {
			const words = sentence.match(/[\p{L}\p{N}][^\s]*/gu) ?? [];
			if (words.length > maxWords)
				findings.push({
					place: `${path}:${lineOf(prose, start + sentence.search(/\S/))}`,
					problem: `${words.length} words: ${words.slice(0, 8).join(" ")} …`,
				});
			start += sentence.length;
		}
	}
	return findings;
}
