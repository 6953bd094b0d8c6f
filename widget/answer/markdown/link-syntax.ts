/**
 * The parts of links: `(target "title")`, `[label]: target "title"`, and bare addresses.
 *
 * In every pattern a repeated part can end in only one way, so that a hostile answer costs linear time.
 * Knows no tokens.
 */
import { unescapeText } from "./entities.ts";
import type { Link } from "./model.ts";

/** Addresses hold brackets within each other, so deep. */
const depth = 3;

const plain = String.raw`[^()\\\0- \x7f]*`;
let address = plain;
/** What may follow one that has brackets still to be closed. */
let begun = "";
for (let level = 0; level < depth; level++) {
	begun = String.raw`(?:\(${address}${begun})?`;
	address = String.raw`${plain}(?:(?:\\[^\0- \x7f]|\(${address}\))${plain})*`;
}

/** A target and its title; with a question mark for `end`, also ones that are not closed yet. */
const makeParts = (end: string, begun: string) =>
	String.raw`\s*(?=\S)(?:<((?:\\.|[^<>\n\\])*)>${end}|(?!<)(${address}${begun}))(?:\s+("[^"\\]*(?:\\.[^"\\]*)*"${end}|'[^'\\]*(?:\\.[^'\\]*)*'${end}|\([^()\\]*(?:\\.[^()\\]*)*\)${end}))?`;
const parts = makeParts("", "");

/** What follows `[label]`, and what may become that when more comes. */
export const targetPattern = new RegExp(String.raw`\((?:${parts})?\s*\)`, "sy");
export const labelPattern = /\[((?:\\.|[^\\[\]])*)\]/sy;
export const openLink = new RegExp(
	String.raw`(?:\((?:${makeParts("?", begun)})?\s*|\[(?:\\.|[^\\[\]])*)$`,
	"sy",
);

/** How a paragraph begins that may be a definition. `[^1]:` is a footnote, whose words are text. */
export const labelled = /^\[(?!\^)((?:\\.|[^\\[\]])*)\]:/s;
const definition = new RegExp(
	String.raw`${labelled.source}${parts}[ \t]*(?:\n|$)`,
	"s",
);

export function toLink(angled?: string, bare = "", title = ""): Link {
	return {
		to: unescapeText(angled ?? bare),
		title: unescapeText(title.slice(1, -1)),
	};
}

export function normalizeLabel(label: string): string {
	return label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase();
}

/** Takes definitions from the start of a paragraph that is whole; answers the rest. */
export function takeDefinitions(
	text: string,
	definitions: Map<string, Link>,
): string {
	let rest = text;
	for (;;) {
		const found = definition.exec(rest);
		const label = found && normalizeLabel(found[1] ?? "");
		if (!label) return rest;
		if (!definitions.has(label))
			definitions.set(label, toLink(...found.slice(2)));
		rest = rest.slice(found[0].length);
	}
}

/** An address in angles. */
export const addressPattern =
	/<([a-z][a-z\d+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d][a-z\d.-]*)>/iy;

/**
 * An address that stands in the text without any marks. What ends a sentence ends it, unless more
 * follows; and a bracket that it did not open. Names no classes of letters: with them an engine takes
 * 20 ms to make this one pattern ready.
 */
export const barePattern =
	/(?:https?:\/\/|www\.)(?![!-/:-@[-`{-~])(?:[?!.,:;*_~'"]*(?:[^\s<()?!.,:;*_~'"\u2018-\u201f\u3000-\u303f\uff01-\uff65]|\([^\s<()]*\)))+/iy;
/** The same within brackets, where it also ends before a bracket, a backslash or a backtick. */
export const bareInBrackets = new RegExp(
	barePattern.source.replaceAll("[^\\s<()", "[^\\s<()[\\]\\\\`"),
	"iy",
);
export const openAddress = /[?!.,:;*_~'"]*(?:\([^\s<()]*)?$/y;

/** Not by a pattern: one that looks for an end tries every gap on the way, however long. */
export function trimEnd(text: string, marks = " \t\n"): string {
	let end = text.length;
	while (end > 0 && marks.includes(text.charAt(end - 1))) end--;
	return text.slice(0, end);
}
