/**
 * The inline parser: from a leaf's text to a flat list of tokens.
 *
 * Called by leaf.ts, again and again while the text grows: always from the last place that nothing
 * after it can change, which it finds itself. What is unfinished at the end of a text that is not
 * whole is shown as what it is likely to become. Long, because all its parts share one place in the
 * text; as functions within a function they cost a page least.
 */
import { makeRun, type Run, Runs } from "./emphasis.ts";
import { decode, referencePattern } from "./entities.ts";
import {
	normalizeLabel,
	takeBareLink,
	takeTarget,
	trimEnd,
} from "./link-syntax.ts";
import type { Link, Token } from "./model.ts";
import { insertAfter, joinTokens, type Node } from "./token-list.ts";
import { codeText, takeFormula } from "./verbatim.ts";

export interface Inlines {
	tokens: Token[];
	/** So many tokens, made of so much of the text with so many marks, are settled. */
	settled: number;
	end: number;
	marks: number;
	/** Labels that no definition was found for. */
	missing: string[];
}

interface Bracket {
	node: Node;
	/** Where the text behind it begins. */
	from: number;
	image: boolean;
	/** It may become a link: it is not around one. */
	active: boolean;
	/** Another bracket follows within it: it is no label. */
	nested: boolean;
	run: Run;
	below: Bracket | undefined;
}

/** Longer than this, what looks unfinished is taken to be just text. */
const maxUnfinished = 2_500;

const ticksPattern = /`+/g;
const labelPattern = /\[([^\\[\]]*(?:\\.[^\\[\]]*)*)(\]?)/sy;
const addressPattern =
	/<(?:[a-z][a-z\d+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d][a-z\d.-]*)(>?)/iy;
const tagPattern = /<(?:[!?]|\/?[a-z][a-z\d-]*(?=[\s/>]|$))[^<>]*(>?)/iy;

/** Parses `text`, which comes behind the character `before`. */
export function parseInlines(
	text: string,
	before: string,
	whole: boolean,
	definitions: ReadonlyMap<string, Link>,
	maxMarks: number,
	math = false,
): Inlines {
	const head: Node = { kind: "text", text: "" };
	let last = head;
	let at = 0;
	let marks = 0;
	const runs = new Runs();
	const ground = runs.top;
	const floors: number[] = [];
	let bracket: Bracket | undefined;
	const missing: string[] = [];
	/** Something is shown as text that may still turn out otherwise: nothing behind it is settled. */
	let doubtful = false;
	/** The last place that nothing can change any more. */
	let safe = { node: head, end: 0, marks: 0 };
	/** Where the last run of so many backticks is. */
	let lastTicks: Map<number, number> | undefined;
	const formulaEnds = new Map<string, number>();

	function add(kind: Token["kind"], text: string, link?: Link): Node {
		const node: Node = { kind, text, link };
		insertAfter(last, node);
		last = node;
		return node;
	}

	/** Adds what a mark became, and goes on behind it. */
	function put(kind: Token["kind"], text: string, length = text.length): true {
		add(kind, text);
		at += length;
		return true;
	}

	function putLink(text: string, length: number, link: Link | undefined): true {
		add("link", "", link);
		put("text", text, length);
		add("close", "", link);
		return true;
	}

	/** Nothing of the rest is shown yet: what follows tells what it is. */
	function hold(): true {
		at = text.length;
		return true;
	}

	/** Whether what ends too early is waited for. A long one is shown as the text it is so far. */
	function isAwaited(from: number): boolean {
		doubtful ||= !whole;
		return !whole && text.length - from < maxUnfinished;
	}

	function charBefore(at: number): string {
		if (at === 0) return before;
		const isPair = text.charCodeAt(at - 1) >> 10 === 55 && at > 1;
		return text.slice(isPair ? at - 2 : at - 1, at);
	}

	function take(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = at;
		return pattern.exec(text);
	}

	function isMark(at: number): boolean {
		const char = text.charAt(at);
		return (
			"\n\\`*_~[]!<&".includes(char) ||
			(math && char === "$") ||
			("hwHW".includes(char) && /^[\s*_~(]?$/.test(charBefore(at)))
		);
	}

	/** Plain text: and the last gap in it before which all is settled, if nothing is open. */
	function addText(start: number) {
		let from = start;
		if (!whole && !doubtful && !bracket && runs.top === ground)
			for (let gap = at; gap >= start && gap > 0; gap--) {
				// Behind a word, or a letter of a script without words for an address to hide in.
				const code = text.charCodeAt(gap - 1);
				if (
					code > 0x3000
						? code >> 11 === 27
						: !/^\S\s/.test(text.slice(gap - 1, gap + 1))
				)
					continue;
				if (gap > start) add("text", text.slice(start, gap));
				safe = { node: last, end: gap, marks };
				from = gap;
				break;
			}
		if (from < at) add("text", text.slice(from, at));
	}

	/** Reads what begins here; false if it is just a character. */
	function mark(): boolean {
		const next = text.charAt(at + 1);
		if (math && formula()) return true;
		switch (text[at]) {
			case "\n":
				return newline();
			case "\\":
				if (!next && !whole) return hold();
				if (next === "\n") return put("break", "", 2);
				return /[!-/:-@[-`{-~]/.test(next) && put("text", next, 2);
			case "`":
				return code();
			case "[":
				return openBracket("[");
			case "!":
				if (next === "[") return openBracket("![");
				return !next && !whole && hold();
			case "]":
				return closeBracket();
			case "<":
				return angle();
			case "&":
				return entity();
			case "*":
			case "_":
			case "~":
				return emphasis();
			default:
				return bareLink();
		}
	}

	function newline(): true {
		const isBreak = last.kind === "text" && last.text.endsWith("  ");
		if (last.kind === "text") last.text = trimEnd(last.text, " ");
		put(isBreak ? "break" : "text", isBreak ? "" : "\n", 1);
		while (text[at] === " ") at++;
		return true;
	}

	function code(): true {
		const size = take(ticksPattern)?.[0].length ?? 0;
		const from = at + size;
		if (!whole && from === text.length) return hold();
		if (!lastTicks) {
			lastTicks = new Map();
			for (const { 0: ticks, index } of text.matchAll(ticksPattern))
				lastTicks.set(ticks.length, index);
		}
		if ((lastTicks.get(size) ?? 0) < from) {
			if (!isAwaited(from)) return put("text", "`".repeat(size));
			add("code", codeText(trimEnd(text.slice(from), "`")));
			return hold();
		}
		let close = from;
		ticksPattern.lastIndex = from;
		for (let length = 0; length !== size; ) {
			const match = ticksPattern.exec(text);
			close = match?.index ?? 0;
			length = match?.[0].length ?? size;
		}
		return put("code", codeText(text.slice(from, close)), close + size - at);
	}

	function formula(): boolean {
		const found = takeFormula(text, at, formulaEnds);
		if (found && found !== "more")
			return put(/^..\s*..$/s.test(found) ? "text" : "math", found);
		if (!found || !isAwaited(at)) return false;
		add("text", text.slice(at));
		return hold();
	}

	function emphasis(): true {
		const start = at;
		while (text[at] === text[start]) at++;
		if (at === text.length && !whole) return true;
		const node = add("text", text.slice(start, at));
		const after = String.fromCodePoint(text.codePointAt(at) ?? 32);
		const run = makeRun(node, start, charBefore(start), after);
		if ((run.opens || run.closes) && (run.char !== "~" || run.size < 3)) {
			const { top } = runs;
			runs.push(run);
			// Within brackets it has to wait: a link binds tighter.
			if (!bracket) runs.match(top, -1, floors);
		}
		return true;
	}

	function openBracket(marks: string): true {
		put("text", marks);
		if (bracket) bracket.nested = true;
		bracket = {
			node: last,
			from: at,
			image: marks.length > 1,
			active: true,
			nested: false,
			run: runs.top,
			below: bracket,
		};
		return true;
	}

	function closeBracket(): true {
		const end = at++;
		const opener = bracket;
		if (!opener) return put("text", "]", 0);
		bracket = opener.below;
		const link = opener.active ? linkOf(opener, end) : undefined;
		if (link === "more") {
			makeLabel(opener);
			runs.cut(opener.run);
			add("close", "");
			return hold();
		}
		if (link) makeLink(opener, link);
		else add("text", "]");
		// All brackets are closed: runs that waited have their turn.
		if (!bracket) runs.match(opener.run, -1, floors);
		return true;
	}

	function linkOf(opener: Bracket, end: number): Link | "more" | undefined {
		if (at === text.length && !whole) return "more";
		const target = text[at] === "(" ? takeTarget(text, at + 1) : undefined;
		if (target === "more" && isAwaited(at)) return target;
		if (typeof target === "object") {
			at = target.end;
			return target.link;
		}
		const label = take(labelPattern);
		const after = labelPattern.lastIndex;
		const isCut = label && !label[2] && after >= text.length - 1;
		if (isCut && isAwaited(at)) return "more";
		const isFull = label?.[2] && label[1];
		if (opener.nested && !isFull) return undefined;
		const key = normalizeLabel(isFull || text.slice(opener.from, end));
		const link = definitions.get(key);
		if (!link) missing.push(key);
		else if (label?.[2]) at = after;
		return link;
	}

	function makeLabel({ node, run, from }: Bracket) {
		runs.match(run, from - 1, []);
		node.kind = "link";
		node.text = "";
	}

	function makeLink(opener: Bracket, link: Link) {
		const { node } = opener;
		makeLabel(opener);
		runs.cut(opener.run);
		node.link = link;
		if (opener.image) {
			node.kind = "image";
			for (let inner = node.next; inner; inner = inner.next)
				node.text += inner.kind === "break" ? "\n" : inner.text;
			node.next = undefined;
			last = node;
			return;
		}
		add("close", "", link);
		for (let outer = bracket; outer; outer = outer.below)
			if (!outer.image) {
				if (!outer.active) break;
				outer.active = false;
			}
	}

	function angle(): true {
		const address = take(addressPattern);
		if (address) {
			const { 0: all, 1: close } = address;
			const to = all.slice(1, close ? -1 : undefined);
			const isMail = !/^[a-z][a-z\d+.-]+:/i.test(to);
			const link = { to: isMail ? `mailto:${to}` : to, title: "" };
			if (close) return putLink(to, all.length, link);
			if (!whole && at + all.length === text.length)
				return putLink(to, all.length, undefined);
		}
		const tag = take(tagPattern);
		if (tag?.[1]) return put("text", tag[0]);
		if (tag && !whole) doubtful = true;
		return put("text", "<");
	}

	function entity(): boolean {
		const all = take(referencePattern)?.[0] ?? "";
		const character = decode(all);
		if (character !== all) return put("text", character, all.length);
		return !whole && /^&#?\w{0,31}$/.test(text.slice(at, at + 33)) && hold();
	}

	function bareLink(): boolean {
		const found = bracket ? undefined : takeBareLink(text, at);
		if (!found) return false;
		const { length } = found.text;
		const to = /^w/i.test(found.text) ? `http://${found.text}` : found.text;
		const isDone = whole || found.end < text.length;
		doubtful ||= !isDone;
		return putLink(found.text, length, isDone ? { to, title: "" } : undefined);
	}

	/** What is still open at the end of the text. */
	function finish() {
		let lowest = bracket;
		while (lowest?.below) lowest = lowest.below;
		let limit = Infinity;
		let ends = 0;
		const label = text.slice(bracket?.from, (bracket?.from ?? 0) + 300);
		if (
			!whole &&
			bracket?.active &&
			label.length < 300 &&
			!/^\s|\n/.test(label)
		) {
			makeLabel(bracket);
			limit = bracket.from;
			ends = 1;
		}
		if (lowest) runs.match(lowest.run, -1, floors, limit);
		if (whole) return;
		ends += runs.guess();
		while (last.next) last = last.next;
		while (ends-- > 0) add("close", "");
	}

	while (at < text.length) {
		const start = at;
		const isFull = marks >= maxMarks;
		if (!isFull && isMark(at) && mark()) marks++;
		else {
			do at++;
			while (at < text.length && (isFull || !isMark(at)));
			addText(start);
		}
	}
	finish();
	const { tokens, settled } = joinTokens(head, safe.node);
	return whole
		? { tokens, settled: tokens.length, end: text.length, marks, missing }
		: { tokens, settled, end: safe.end, marks: safe.marks, missing };
}
