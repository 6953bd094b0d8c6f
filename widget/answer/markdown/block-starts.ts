/**
 * How blocks begin: the meaning of a line's first characters, and whether enough of them have arrived.
 * Pure functions; they open no blocks.
 */
import type { LineCursor } from "./line-cursor.ts";
import { trimEnd } from "./link-syntax.ts";
import type { Align } from "./model.ts";
import { splitRow } from "./table-row.ts";

export const rulePattern = /^(?=\S\s*\S\s*\S)(?:[ \t*]+|[ \t_]+|[ \t-]+)$/;
export const headingPattern = /^#{1,6}(?:[ \t]+|$)/;
export const underlinePattern = /^(?:=+|-+)[ \t]*$/;
export const fencePattern = /^(?:`{3,}(?=[^`]*$)|~{3,})/;

const markPattern = /^(?:([-+*])|(\d{1,9})([.)]))(?=[ \t]|$)/;
const marks = /^(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])|[ \t])*/;
const unclear = /^(?:[-+*_=|:# \t]*|`+|~+|\d{0,9}[.)]?|(?:```|~~~).*)$/s;

/**
 * Whether the beginning of a line may still become several kinds of block. Returns true in cases of
 * doubt, because a decision is never taken back.
 */
export const isUnclear = (cursor: LineCursor) =>
	unclear.test(cursor.text.replace(marks, ""));

export interface ListMark {
	/** The bullet or the delimiter: lists of different marks are different lists. */
	mark: string;
	/** -1 for a bullet. */
	start: number;
	/** Columns from the margin that its item's lines are indented by. */
	indent: number;
}

/** Reads a list item's mark and steps behind it; `undefined` leaves the cursor where it was. */
export function takeListMark(
	cursor: LineCursor,
	inParagraph: boolean,
): ListMark | undefined {
	const match = markPattern.exec(cursor.text);
	if (!match) return undefined;
	const [all, bullet, digits, delimiter] = match;
	const empty = !trimEnd(cursor.text.slice(all.length));
	if (inParagraph && (empty || (digits && Number(digits) !== 1)))
		return undefined;
	const margin = cursor.indent + all.length;
	cursor.skip(all.length);
	// Five or more columns are one column, and indented code.
	const width = empty || cursor.indent > 4 ? 1 : cursor.indent;
	cursor.columns(width);
	return {
		mark: bullet ?? delimiter ?? "",
		start: digits ? Number(digits) : -1,
		indent: margin + width,
	};
}

/** The columns of a table, if this is the line under its head. */
export function readDelimiters(text: string): Align[] | undefined {
	const cells = splitRow(text);
	if (!cells.every((cell) => /^:?-+:?$/.test(cell))) return undefined;
	return cells.map((cell) => {
		const isRight = cell.endsWith(":");
		if (cell[0] === ":") return isRight ? "center" : "left";
		return isRight ? "right" : undefined;
	});
}
