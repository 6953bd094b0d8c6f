/**
 * Sets formulas as MathML; the entry of `chat-stream.math.js`.
 *
 * Fetched by extras.ts when the page wants it and the first formula is there. Temml reads the formula;
 * of what it makes only known elements with known attributes are taken over, and nothing that could
 * reach beyond its place. What is not a formula, or too much of one, stays as it was written.
 */
import temml from "temml";
import { copyMath } from "./copy.ts";

/** Longer is no formula; and a short one may still ask for much. */
const maxChars = 2_000;
const maxExpansions = 200;

const options = {
	throwOnError: true,
	trust: false,
	maxExpand: maxExpansions,
};

/** @param place Shows the source, with its marks around it, until the formula is there. */
export function typeset(place: HTMLElement, source: string, isBlock: boolean) {
	if (!place.isConnected || source.length > maxChars) return;
	// Temml wants an element to write into; this one is never in the page.
	const draft = document.createElement("span");
	try {
		temml.render(source, draft, { ...options, displayMode: isBlock });
	} catch {
		return; // No formula: its source is what there is to see.
	}
	const math = draft.querySelector("math");
	const copy = math && copyMath(math);
	if (copy) place.replaceChildren(copy);
}
