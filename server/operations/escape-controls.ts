/** Escapes control characters. A leaf: the log and the command line print text of others. */

/**
 * Replaces control characters, line separators and direction marks by `\u` escapes, so that text of
 * others can neither forge a line nor control a terminal. Line feeds and tabs stay.
 */
export const escapeControls = (text: string): string =>
	text.replace(
		/(?![\n\t])[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
		(char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
