/**
 * The parts of links: `(target "title")`, `[label]: target "title"`, and bare addresses.
 *
 * Used by inlines.ts and leaf.ts. What ends too early to tell is "more".
 * Every search is bounded by the next mark of its kind, so that a bad answer costs linear time.
 */
import { unescapeText } from "./entities.ts";
import type { Link } from "./model.ts";

type Found<T> = T | "more" | undefined;
type Part = Found<{ text: string; end: number }>;

const maxParens = 32;

const angled = /<([^<>\n\\]*(?:\\.[^<>\n\\]*)*)(>?)/y;
const lineEnd = /[ \t]*(?:\n|$)/y;
const titles: Record<string, RegExp> = {
	'"': /"([^"\\]*(?:\\.[^"\\]*)*)("?)/sy,
	"'": /'([^'\\]*(?:\\.[^'\\]*)*)('?)/sy,
	"(": /\(([^()\\]*(?:\\.[^()\\]*)*)(\)?)/sy,
};

function takeEnclosed(pattern: RegExp, text: string, at: number): Part {
	pattern.lastIndex = at;
	const match = pattern.exec(text);
	if (!match) return undefined;
	const end = pattern.lastIndex;
	if (match[2]) return { text: unescapeText(match[1] ?? ""), end };
	// A backslash at the very end escapes what is to come.
	return end >= text.length - 1 ? "more" : undefined;
}

function takeDestination(text: string, at: number): Part {
	if (text[at] === "<") return takeEnclosed(angled, text, at);
	let depth = 0;
	let end = at;
	for (; end < text.length; end++) {
		const char = text.charCodeAt(end);
		if (char <= 32 || char === 127) break;
		if (char === 92) {
			if (/[!-/:-@[-`{-~]/.test(text.charAt(end + 1))) end++;
		} else if (char === 40) {
			if (++depth > maxParens) return undefined;
		} else if (char === 41 && --depth < 0) break;
	}
	end = Math.min(end, text.length);
	if (depth > 0 && end < text.length) return undefined;
	return { text: unescapeText(text.slice(at, end)), end };
}

function skipSpace(text: string, at: number): number {
	while (/[ \t\n]/.test(text.charAt(at))) at++;
	return at;
}

/** A title that comes behind a space. */
function takeTitle(text: string, from: number): Part {
	const at = skipSpace(text, from);
	const pattern = at > from ? titles[text.charAt(at)] : undefined;
	return pattern && takeEnclosed(pattern, text, at);
}

/** What follows `](`. Without a `)` in sight it is "more". */
export function takeTarget(
	text: string,
	from: number,
): Found<{ link: Link; end: number }> {
	const destination = takeDestination(text, skipSpace(text, from));
	if (typeof destination !== "object") return destination;
	const title = takeTitle(text, destination.end);
	if (title === "more") return title;
	const end = skipSpace(text, (title ?? destination).end);
	if (end >= text.length) return "more";
	if (text[end] !== ")") return undefined;
	const link = { to: destination.text, title: title?.text ?? "" };
	return { link, end: end + 1 };
}

/** How a paragraph begins that may be a definition. */
export const labelled = /^\[([^\\[\]]*(?:\\.[^\\[\]]*)*)\]:/s;

export function normalizeLabel(label: string): string {
	return label
		.trim()
		.replace(/[ \t\n]+/g, " ")
		.toLowerCase()
		.toUpperCase();
}

/** A definition at the start of a paragraph that is whole. */
export function takeDefinition(
	text: string,
): { label: string; link: Link; end: number } | undefined {
	const match = labelled.exec(text);
	const label = normalizeLabel(match?.[1] ?? "");
	if (!match || !label) return undefined;
	const from = skipSpace(text, match[0].length);
	const destination = takeDestination(text, from);
	if (typeof destination !== "object" || destination.end === from)
		return undefined;
	const { text: to, end } = destination;
	// With what follows as its title or, if that does not end the line, without.
	for (const part of [takeTitle(text, end), { text: "", end }]) {
		if (typeof part !== "object") continue;
		lineEnd.lastIndex = part.end;
		if (lineEnd.test(text))
			return { label, link: { to, title: part.text }, end: lineEnd.lastIndex };
	}
	return undefined;
}

const bare =
	/(?:https?:\/\/|www\.)([\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*)[^\s<\u3000-\u303f\uff01-\uff65]*/iuy;

/** An address that stands in the text without any marks, up to `end` and without what ends a sentence. */
export function takeBareLink(
	source: string,
	at: number,
): { text: string; end: number } | undefined {
	bare.lastIndex = at;
	const match = bare.exec(source);
	if (!match) return undefined;
	const { 0: all, 1: host = "" } = match;
	if (/_[^.]*(?:\.[^.]*)?$/.test(host)) return undefined;
	let text = all;
	let excess = all.split(")").length - all.split("(").length;
	for (let length = 0; length !== text.length; ) {
		length = text.length;
		text = trimEnd(text, "?!.,:*_~'\"");
		if (text.endsWith(")") && excess-- > 0) text = text.slice(0, -1);
		const entity = text.endsWith(";") ? text.lastIndexOf("&") : length;
		if (/^&[a-z\d]+;$/i.test(text.slice(entity))) text = text.slice(0, entity);
	}
	return { text, end: bare.lastIndex };
}

/** Not by a pattern: one that looks for an end tries every gap on the way, however long. */
export function trimEnd(text: string, marks = " \t\n"): string {
	let end = text.length;
	while (end > 0 && marks.includes(text.charAt(end - 1))) end--;
	return text.slice(0, end);
}
