/**
 * Typesets formulas as MathML; the entry of `chat-stream.math.js`. Temml reads the formula. Only known
 * elements and attributes of its output are copied. An invalid or too large formula keeps its source.
 */
import temml from "temml";
import { copyMath } from "./copy.ts";

/** Limits of a formula: its length, and how many macros a short one may expand. */
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
