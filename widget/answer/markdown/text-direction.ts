/**
 * The direction of a text, from its first letter with a direction. The attribute `dir="auto"` would make
 * the browser look for that letter again after every insertion, at quadratic cost. Knows no nodes.
 */

const rightToLeft =
	/[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** `undefined` if no letter has a direction. */
export function directionOf(text: string): "ltr" | "rtl" | undefined {
	const letter = /\p{L}/u.exec(text)?.[0];
	if (!letter) return undefined;
	return rightToLeft.test(letter) ? "rtl" : "ltr";
}
