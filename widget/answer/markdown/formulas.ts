/**
 * Finds formulas in a text: `$$…$$`, `\(…\)` and `\[…\]`. A single dollar is money. Does not typeset
 * them.
 */
import { make } from "./elements.ts";
import type { Formulas } from "./model.ts";

const ends: Partial<Record<string, string>> = {
	$$: "$$",
	"\\(": "\\)",
	"\\[": "\\]",
};

/** @param typeset Called for a complete formula, while `place` shows its source. */
export function makeFormulas(
	typeset: (place: HTMLElement, source: string, isBlock: boolean) => void,
): Formulas {
	/** The text searched last, and the last place of each end delimiter in it. */
	let known = "";
	let lastEnds: Record<string, number> = {};

	function take(text: string, at: number): string | undefined {
		const end = ends[text.slice(at, at + 2)];
		if (!end) return undefined;
		if (text !== known) {
			known = text;
			lastEnds = {};
		}
		lastEnds[end] ??= text.lastIndexOf(end);
		if (lastEnds[end] < at + 2) return "more";
		return text.slice(at, text.indexOf(end, at + 2) + 2);
	}

	function show(formula: string): HTMLElement | Text {
		const source = formula.slice(2, -2);
		if (!source.trim()) return document.createTextNode(formula);
		const isBlock = !formula.startsWith("\\(");
		const part = isBlock ? "math formula" : "math";
		const place = make("span", { part, dir: "ltr" }, formula);
		typeset(place, source, isBlock);
		return place;
	}

	return { take, show };
}
