/**
 * Character references and backslash escapes. Knows only the names that answers use: the full table of
 * HTML would weigh more than the parser.
 */

/** Each a name and its character. */
const named =
	"amp& lt< gt> quot\" apos' nbsp\xa0 copy© hellip… mdash— ndash– rarr→ aumlä oumlö uumlü".split(
		" ",
	);

const reference = "&(?:#x[\\da-f]{1,6}|#\\d{1,7}|[a-z]\\w{0,30});";
export const referencePattern = new RegExp(reference, "iy");
const escapePattern = new RegExp(`\\\\([!-/:-@[-\`{-~])|${reference}`, "gi");

/** The character of `&…;`; the reference itself if its name is unknown. */
export function decode(all: string): string {
	const name = all.slice(1, -1);
	if (name[0] !== "#") {
		const entry = named.find((pair) => pair.slice(0, -1) === name);
		return entry?.slice(-1) ?? all;
	}
	const point = Number(name.replace("#", "").replace(/^x/i, "0x"));
	const isCharacter = point > 0 && point < 0x110000 && point >> 11 !== 27;
	return String.fromCodePoint(isCharacter ? point : 0xfffd);
}

/** Text of a link's target, a title or a fence's language, without escapes. */
export function unescapeText(text: string): string {
	return text.replace(escapePattern, (all, escaped) => escaped ?? decode(all));
}
