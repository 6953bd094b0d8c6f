/**
 * The inline parser: from a leaf's text to a flat list of tokens.
 *
 * Made once by blocks.ts, for making its parts costs more than most texts. Called by leaf.ts, again and
 * again while the text grows: always from the last place that nothing after it can change, which it
 * finds itself. What is unfinished at the end of a text that is not whole is shown as what it is likely
 * to become. Long, because all its parts share one place in the text; as functions within a function
 * they weigh least.
 */
import { makeRun, type Run, Runs } from "./emphasis.ts";
import { decode, referencePattern } from "./entities.ts";
import {
	addressPattern,
	barePattern,
	labelPattern,
	normalizeLabel,
	openAddress,
	openLink,
	targetPattern,
	toLink,
	trimEnd,
} from "./link-syntax.ts";
import type { Formulas, Link, Token } from "./model.ts";
import { insertAfter, joinTokens, makeNode, type Node } from "./token-list.ts";

export interface Inlines {
	tokens: Token[];
	/** So many tokens, made of so much of the text with so many marks, are settled. */
	settled: number;
	end: number;
	marks: number;
}

/**
 * Parses `source`, which comes behind the two characters `before`, with at most `maxMarks`. Labels
 * without a definition go into `missing`.
 */
export type InlineParser = (
	source: string,
	before: string,
	isWhole: boolean,
	missing: Set<string>,
	maxMarks: number,
) => Inlines;

interface Bracket {
	node: Node;
	/** Where the text behind it begins. */
	from: number;
	image: boolean;
	/** Another bracket follows within it: it is no label. */
	nested: boolean;
	run: Run;
	below: Bracket | undefined;
}

/** Longer than this, what looks unfinished is taken to be just text. */
const maxUnfinished = 2_500;

/** At the end of a text that goes on these wait for what follows. */
const waiting = "\\`*_~[]!<";

/** What is not just text, and what only may not be. */
const markPattern = /[\n\\`*_~[\]!<&$]|https?:|www\./gi;
const anything = /./sy;
const ticksPattern = /`+/g;
const tagPattern = /<(?:[!?]|\/?[a-z][a-z\d-]*(?=[\s/>]))[^<>]*>/iy;
const openTag = /<[!?/a-z][^<>]*$/iy;

/** Line ends are spaces, and one space on both sides is only there to keep backticks apart. */
const codeText = (text: string) =>
	text.replaceAll("\n", " ").replace(/^ (?=.*[^ ])(.*) $/, "$1");

export function makeInlineParser(
	definitions: ReadonlyMap<string, Link>,
	formulas?: Formulas,
): InlineParser {
	let text: string;
	let at: number;
	let whole: boolean;
	let missing: Set<string>;
	let head: Node;
	let last: Node;
	let marks: number;
	const runs = new Runs();
	const ground = runs.top;
	let floors: number[];
	let bracket: Bracket | undefined;
	/** Where the latest link has ended. */
	let linked: number;
	/** Something is shown as text that may still turn out otherwise: nothing behind it is settled. */
	let doubtful: boolean;
	/** The last place that nothing can change any more. */
	let safe: { node: Node; end: number; marks: number };
	/** Whether no run of so many backticks follows. */
	let unclosed: boolean[];

	function add(kind: Token["kind"], text: string, link?: Link) {
		append(makeNode(kind, text, link));
	}

	function append(node: Node) {
		insertAfter(last, node);
		last = node;
	}

	/** Adds what a mark became, and goes on behind it. */
	function put(
		text: string,
		length = text.length,
		kind: Token["kind"] = "text",
	): true {
		add(kind, text);
		at += length;
		return true;
	}

	function putLink(text: string, length: number, to: string | undefined): true {
		const link = to ? { to, title: "" } : undefined;
		add("link", "", link);
		put(text, length);
		add("close", "", link);
		return true;
	}

	/** Whether what begins there may become more. A long one is shown as the text it is so far. */
	function isOpen(pattern: RegExp, from = at): boolean {
		const isShort = text.length - from < maxUnfinished;
		pattern.lastIndex = from;
		if (whole || (doubtful && !isShort) || !pattern.test(text)) return false;
		doubtful = true;
		return isShort;
	}

	/** Not a half one. */
	const charBefore = (at: number) =>
		text.slice(at - (text.charCodeAt(at - 1) >> 10 === 55 ? 2 : 1), at);

	function take(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = at;
		return pattern.exec(text);
	}

	/** Plain text: and the last gap in it before which all is settled, if nothing is open. */
	function addText(start: number) {
		let from = start;
		if (!whole && !doubtful && !bracket && runs.top === ground)
			for (let gap = at; gap >= start; gap--) {
				// Behind a word, or a letter of a script without words for an address to hide in.
				const code = text.charCodeAt(gap - 1);
				if (code > 0x3000 ? code >> 11 === 27 : code < 33 || text[gap] !== " ")
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
		const next = text[at + 1] ?? "";
		if (formulas && formula(formulas)) return true;
		switch (text[at]) {
			case "\n":
				return newline();
			case "\\":
				if (next === "\n") return put("", 2, "break");
				return /[!-/:-@[-`{-~]/.test(next) && put(next, 2);
			case "`":
				return code();
			case "[":
				return openBracket("[");
			case "!":
				return next === "[" && openBracket("![");
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
		put(isBreak ? "" : "\n", 1, isBreak ? "break" : "text");
		while (text[at] === " ") at++;
		return true;
	}

	function code(): true {
		const ticks = take(ticksPattern)?.[0] ?? "";
		const size = ticks.length;
		const from = at + size;
		let close: RegExpExecArray | null = null;
		if (!unclosed[size])
			do close = ticksPattern.exec(text);
			while (close && close[0].length !== size);
		unclosed[size] = !close;
		if (!close && !isOpen(ticksPattern)) return put(ticks);
		const to = close?.index ?? text.length;
		add("code", "");
		put(codeText(text.slice(from, to)), to + size - at);
		add("close", "");
		return true;
	}

	function formula({ take }: Formulas): boolean {
		const found = take(text, at);
		if (found === "more") return isOpen(anything) && put(text.slice(at));
		return !!found && put(found, found.length, "math");
	}

	function emphasis(): true {
		const start = at;
		while (text[at] === text[start]) at++;
		const after = String.fromCodePoint(text.codePointAt(at) ?? 32);
		const run = makeRun(text.slice(start, at), start, charBefore(start), after);
		append(run);
		if ((run.opens || run.closes) && (run.char !== "~" || run.width < 3)) {
			const { top } = runs;
			runs.push(run);
			// Within brackets it has to wait: a link binds tighter.
			if (!bracket) runs.pair(top, -1, floors);
		}
		return true;
	}

	function openBracket(marks: string): true {
		put(marks);
		if (bracket) bracket.nested = true;
		bracket = {
			node: last,
			from: at,
			image: marks.length > 1,
			nested: false,
			run: runs.top,
			below: bracket,
		};
		return true;
	}

	/** What is around a link is none. */
	const isActive = ({ image, from }: Bracket) => image || from > linked;

	function closeBracket(): true {
		const end = at++;
		const opener = bracket;
		if (!opener) return put("]", 0);
		bracket = opener.below;
		const link = isActive(opener) ? linkOf(opener, end) : undefined;
		if (link) {
			makeLink(opener, link === "more" ? undefined : link);
			if (link === "more") {
				at = text.length;
				return true;
			}
		} else add("text", "]");
		// All brackets are closed: runs that waited have their turn.
		if (!bracket) runs.pair(opener.run, -1, floors);
		return true;
	}

	function linkOf(opener: Bracket, end: number): Link | "more" | undefined {
		const target = take(targetPattern);
		if (target) {
			at = targetPattern.lastIndex;
			return toLink(...target.slice(1));
		}
		const label = take(labelPattern);
		if (isOpen(openLink)) return "more";
		const isFull = label?.[1];
		if (opener.nested && !isFull) return undefined;
		const key = normalizeLabel(isFull || text.slice(opener.from, end));
		const link = definitions.get(key);
		if (!link) missing.add(key);
		else if (label) at += label[0].length;
		return link;
	}

	function makeLabel({ node, run, from }: Bracket) {
		runs.pair(run, from - 1, []);
		node.kind = "link";
		node.text = "";
	}

	/** One without a link is not whole yet. */
	function makeLink(opener: Bracket, link: Link | undefined) {
		const { node } = opener;
		makeLabel(opener);
		runs.cut(opener.run);
		node.link = link;
		if (link && opener.image) {
			node.kind = "image";
			for (let inner = node.next; inner; inner = inner.next)
				node.text += inner.kind === "break" ? "\n" : inner.text;
			node.next = undefined;
			last = node;
			return;
		}
		add("close", "", link);
		if (link) linked = at;
	}

	function angle(): true {
		const [all = "", to] = take(addressPattern) ?? [];
		if (to) {
			const address = to.includes(":") ? to : `mailto:${to}`;
			return putLink(to, all.length, address);
		}
		isOpen(openTag);
		return put(take(tagPattern)?.[0] ?? "<");
	}

	function entity(): boolean {
		const all = take(referencePattern)?.[0] ?? "";
		const character = decode(all);
		return character !== all && put(character, all.length);
	}

	function bareLink(): boolean {
		// Where none may begin none is looked for: each would be followed to the end of its word.
		const found =
			/[\s*_~(]/.test(bracket ? "" : charBefore(at)) && take(barePattern)?.[0];
		if (!found) return false;
		const isMore = isOpen(openAddress, at + found.length);
		const to = found.replace(/^w/i, "http://$&");
		return putLink(found, found.length, isMore ? undefined : to);
	}

	/** What is still open at the end of the text. */
	function finish() {
		let limit = Infinity;
		let ends = 0;
		if (
			!whole &&
			bracket &&
			isActive(bracket) &&
			text.length - bracket.from < 300 &&
			!/^\s|\n/.test(text.slice(bracket.from))
		) {
			makeLabel(bracket);
			limit = bracket.from;
			ends = 1;
		}
		runs.pair(ground, -1, floors, limit);
		if (!whole) ends += runs.guess();
		while (last.next) last = last.next;
		while (ends-- > 0) add("close", "");
	}

	return (source, before, isWhole, labels, maxMarks) => {
		whole = isWhole;
		missing = labels;
		text =
			before +
			(whole ? source : trimEnd(source, waiting).replace(/&#?\w{0,31}$/, ""));
		at = before.length;
		head = last = makeNode("text", "");
		marks = 0;
		runs.cut(ground);
		floors = [];
		bracket = undefined;
		linked = -1;
		doubtful = false;
		safe = { node: head, end: at, marks };
		unclosed = [];
		while (at < text.length) {
			const start = at;
			const isFull = marks >= maxMarks;
			markPattern.lastIndex = at;
			at = isFull
				? text.length
				: (markPattern.exec(text)?.index ?? text.length);
			if (at === start && mark()) marks++;
			else {
				if (at === start) at++;
				addText(start);
			}
		}
		if (marks) finish();
		if (whole) safe = { node: last, end: at, marks };
		const { tokens, settled } = joinTokens(head, safe.node);
		const end = safe.end - before.length;
		return { tokens, settled, end, marks: safe.marks };
	};
}
