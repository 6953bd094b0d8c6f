/**
 * The optional features of answers: highlighted code and formulas. Each chunk is loaded on first use and
 * runs when the page is idle. Without it an answer shows its source.
 */
import { loadHighlight } from "./load-highlight.ts";
import { loadMath } from "./load-math.ts";
import { makeFormulas } from "./markdown/formulas.ts";
import type { MarkdownOptions } from "./markdown/model.ts";

export interface AnswerOptions extends MarkdownOptions {
	/** Colours in blocks of code. */
	highlight?: boolean | undefined;
	/** Formulas between `$$`, `\(` and `\)`, `\[` and `\]`. */
	math?: boolean | undefined;
}

/** A page whose policy forbids a chunk logs an error at each attempt. */
const maxAttempts = 3;

/** Loads on first use. Resolves to `undefined` if the chunk cannot be loaded. */
function fetcher<Part>(load: () => Promise<Part>) {
	let coming: Promise<Part | undefined> | undefined;
	let attempts = 0;
	return () => {
		coming ??= load().catch(() => {
			if (++attempts < maxAttempts) coming = undefined;
			return undefined;
		});
		return coming;
	};
}

const fetchHighlight = fetcher(loadHighlight);
const fetchMath = fetcher(loadMath);

const later = (work: () => void) =>
	(globalThis.requestIdleCallback ?? setTimeout)(work);

/** The options that the renderer knows: what is called for each block of code, and how formulas
 * are found. */
export function withExtras(options: AnswerOptions): MarkdownOptions {
	const { highlight, math } = options;
	return {
		...options,
		onCode:
			highlight && "highlights" in CSS
				? async (code, _text, language) => {
						const part = language ? await fetchHighlight() : undefined;
						if (part) later(() => part.highlight(code, language));
					}
				: undefined,
		formulas: math
			? makeFormulas(async (place, source, isBlock) => {
					const part = await fetchMath();
					if (part) later(() => part.typeset(place, source, isBlock));
				})
			: undefined,
	};
}
