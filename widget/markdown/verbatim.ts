/**
 * What is no Markdown within a text: code, and where a page asked for them formulas, `$$…$$`, `\(…\)`
 * and `\[…\]`. A single dollar is money.
 *
 * Used by inlines.ts and leaf-view.ts.
 */

const ends: Partial<Record<string, string>> = {
	$$: "$$",
	"\\(": "\\)",
	"\\[": "\\]",
};

/** What it consists of; of `text`, the marks around it are part, too. */
export function partsOf(text: string): { source: string; isBlock: boolean } {
	return { source: text.slice(2, -2), isBlock: !text.startsWith("\\(") };
}

/**
 * The formula at this place with its marks; "more": its end may yet come.
 * @param lastEnds Where in this text the last of each end is, as found so far.
 */
export function takeFormula(
	text: string,
	at: number,
	lastEnds: Record<string, number>,
): string | undefined {
	const end = ends[text.slice(at, at + 2)];
	if (!end) return undefined;
	lastEnds[end] ??= text.lastIndexOf(end);
	if (lastEnds[end] < at + 2) return "more";
	const close = text.indexOf(end, at + 2);
	return text.slice(at, close + 2);
}

/** Line ends are spaces, and one space on both sides is only there to keep backticks apart. */
export const codeText = (text: string) =>
	text.replaceAll("\n", " ").replace(/^ (?=.*[^ ])(.*) $/, "$1");
