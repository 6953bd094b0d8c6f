/**
 * The inline parser: from a leaf's text to a flat list of tokens.
 *
 * It is called again and again while a text grows, each time from the last place that later text cannot
 * change, which it finds itself. An unfinished construct at the end of a text that goes on is shown as
 * what it will probably become. It knows no blocks and no document.
 */
import { makeRun, type Run, Runs } from "./emphasis.ts";
import { decode, referencePattern } from "./entities.ts";
import {
	addressPattern,
	bareInBrackets,
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
	/** How many of the tokens are settled: no later text changes them. */
	settled: number;
	/** How many characters of the text the settled tokens cover, and how many marks. */
	end: number;
	marks: number;
}

/** Where a text stands. */
export interface InlineContext {
	/** The two characters before it. */
	before: string;
	isWhole: boolean;
	/** It is in a table cell. */
	isCell: boolean;
	/** Receives labels without a definition. */
	missing: Set<string>;
	/** How many constructs are read at most. */
	maxMarks: number;
}

interface Bracket {
	node: Node;
	/** Where the text behind it begins. */
	readonly from: number;
	image: boolean;
	/** Contains another bracket, so its text is no label. */
	nested: boolean;
	run: Run;
	below: Bracket | undefined;
}

/** A longer unfinished construct is shown as text. */
const maxUnfinished = 2_500;

/** A longer unfinished code span is shown as text. */
const longestCode = 400;

/** Not shown at the end of a text that goes on: their meaning depends on the next character. */
const undecided = "\\`*_~[]!<";

/** Characters and words that may begin a construct. */
const markPattern = /[\n\\`*_~[\]!<&$]|https?:|www\./gi;
const anything = /./sy;
const ticksPattern = /`+/g;
const tagPattern = /<(?:[!?]|\/?[a-z][a-z\d-]*(?=[\s/>]))[^<>]*>/iy;
/** The only way to break a line in a table cell. */
const breakTag = /<br\s*\/?>/iy;
const openTag = /<[!?/a-z][^<>]*$/iy;

/** Line ends are spaces. One space on both sides only keeps backticks apart from the code. */
const codeText = (text: string) =>
	text.replaceAll("\n", " ").replace(/^ (?=.*[^ ])(.*) $/, "$1");

const webAddress = (text: string) => text.replace(/^w/i, "http://$&");

export class InlineParser {
	readonly #definitions: ReadonlyMap<string, Link>;
	readonly #formulas: Formulas | undefined;
	#text = "";
	#at = 0;
	#isWhole = false;
	#isCell = false;
	/** Labels without a definition. */
	#missing = new Set<string>();
	#last: Node = makeNode("text", "");
	/** How many constructs were read. */
	#marks = 0;
	readonly #runs = new Runs();
	readonly #bottom = this.#runs.top;
	/** By kind of closing run, up to where no opening run was found. */
	#floors: number[] = [];
	#bracket: Bracket | undefined;
	/** Bare addresses within brackets: links unless a link is around them. */
	#addresses: { node: Node; at: number }[] = [];
	/** Where the latest link ends. */
	#linkEnd = -1;
	/** Something is shown as text that may still become a construct: no later text is settled. */
	#isDoubtful = false;
	/** The last place that later text cannot change. */
	#settled = { node: this.#last, end: 0, marks: 0 };
	/** By length, whether no further run of backticks closes a code span. */
	#unclosed: boolean[] = [];

	constructor(definitions: ReadonlyMap<string, Link>, formulas?: Formulas) {
		this.#definitions = definitions;
		this.#formulas = formulas;
	}

	/** Parses `source`. Marks behind the limit stay text. */
	parse(source: string, context: InlineContext): Inlines {
		const { before, isWhole, maxMarks } = context;
		const head = this.#begin(source, context);
		while (this.#at < this.#text.length) {
			const start = this.#at;
			markPattern.lastIndex = start;
			const next =
				this.#marks < maxMarks
					? markPattern.exec(this.#text)?.index
					: undefined;
			this.#at = next ?? this.#text.length;
			if (next === start && this.#readMark()) this.#marks++;
			else {
				if (next === start) this.#at++;
				this.#addText(start);
			}
		}
		if (this.#marks > 0) this.#finish();
		if (isWhole) this.#settle(this.#at);
		const { node, end, marks } = this.#settled;
		const { tokens, settled } = joinTokens(head, node);
		return { tokens, settled, end: end - before.length, marks };
	}

	#begin(source: string, context: InlineContext): Node {
		const { before, isWhole, isCell, missing } = context;
		let shown = source;
		if (!isWhole)
			shown = trimEnd(source, undecided).replace(/&#?\w{0,31}$/, "");
		if (!isWhole && isCell) shown = shown.replace(/<br?\s*\/?$/i, "");
		const head = makeNode("text", "");
		this.#text = before + shown;
		this.#at = before.length;
		this.#isWhole = isWhole;
		this.#isCell = isCell;
		this.#missing = missing;
		this.#last = head;
		this.#marks = 0;
		this.#runs.cut(this.#bottom);
		this.#floors = [];
		this.#bracket = undefined;
		this.#linkEnd = -1;
		this.#addresses = [];
		this.#isDoubtful = false;
		this.#unclosed = [];
		this.#settle(this.#at);
		return head;
	}

	/** Nothing before `end` changes from now on. */
	#settle(end: number) {
		this.#settled = { node: this.#last, end, marks: this.#marks };
	}

	#append(node: Node) {
		insertAfter(this.#last, node);
		this.#last = node;
	}

	#add(kind: Token["kind"], text: string, link?: Link) {
		this.#append(makeNode(kind, text, link));
	}

	/** Adds a token for the next `length` characters and steps over them. */
	#put(text: string, length = text.length, kind: Token["kind"] = "text"): true {
		this.#add(kind, text);
		this.#at += length;
		return true;
	}

	#putLink(text: string, length: number, to: string | undefined): true {
		const link = to ? { to, title: "" } : undefined;
		this.#add("link", "", link);
		this.#put(text, length);
		this.#add("close", "", link);
		return true;
	}

	/** Whether the construct at `from` may still be completed by later text. A long one is shown as text. */
	#isOpen(pattern: RegExp, from = this.#at): boolean {
		const isShort = this.#text.length - from < maxUnfinished;
		if (this.#isWhole || (this.#isDoubtful && !isShort)) return false;
		pattern.lastIndex = from;
		if (!pattern.test(this.#text)) return false;
		this.#isDoubtful = true;
		return isShort;
	}

	/** Both halves of a surrogate pair. */
	#charBefore(at: number): string {
		const isPair = this.#text.charCodeAt(at - 1) >> 10 === 55;
		return this.#text.slice(at - (isPair ? 2 : 1), at);
	}

	#take(pattern: RegExp): RegExpExecArray | null {
		pattern.lastIndex = this.#at;
		return pattern.exec(this.#text);
	}

	/** Adds plain text. If nothing is open, everything up to its last gap is settled. */
	#addText(start: number) {
		const gap = this.#gapAfter(start);
		if (gap > start) this.#add("text", this.#text.slice(start, gap));
		if (gap >= start) this.#settle(gap);
		const from = Math.max(gap, start);
		if (from < this.#at) this.#add("text", this.#text.slice(from, this.#at));
	}

	/** The last gap between words; -1 if there is none or if something is open. */
	#gapAfter(start: number): number {
		const isOpen = this.#bracket || this.#runs.top !== this.#bottom;
		if (this.#isWhole || this.#isDoubtful || isOpen) return -1;
		for (let gap = this.#at; gap >= start; gap--) {
			const code = this.#text.charCodeAt(gap - 1);
			// Scripts without spaces: any letter ends a word, but a surrogate pair stays whole.
			const isGap =
				code > 0x3000
					? code >> 11 !== 27
					: code >= 33 && this.#text[gap] === " ";
			if (isGap) return gap;
		}
		return -1;
	}

	/** Reads the construct that begins here. Returns false if it is only a character. */
	#readMark(): boolean {
		const next = this.#text[this.#at + 1] ?? "";
		if (this.#readFormula()) return true;
		switch (this.#text[this.#at]) {
			case "\n":
				return this.#readNewline();
			case "\\":
				if (next === "\n") return this.#put("", 2, "break");
				return /[!-/:-@[-`{-~]/.test(next) && this.#put(next, 2);
			case "`":
				return this.#readCode();
			case "[":
				return this.#openBracket("[");
			case "!":
				return next === "[" && this.#openBracket("![");
			case "]":
				return this.#closeBracket();
			case "<":
				return this.#readAngle();
			case "&":
				return this.#readEntity();
			case "*":
			case "_":
			case "~":
				return this.#readRun();
			default:
				return this.#readBareLink();
		}
	}

	#readNewline(): true {
		const last = this.#last;
		const isBreak = last.kind === "text" && last.text.endsWith("  ");
		if (last.kind === "text") last.text = trimEnd(last.text, " ");
		this.#put(isBreak ? "" : "\n", 1, isBreak ? "break" : "text");
		while (this.#text[this.#at] === " ") this.#at++;
		return true;
	}

	#readCode(): true {
		const ticks = this.#take(ticksPattern)?.[0] ?? "";
		const size = ticks.length;
		const from = this.#at + size;
		let close: RegExpExecArray | null = null;
		if (!this.#unclosed[size])
			do close = ticksPattern.exec(this.#text);
			while (close && close[0].length !== size);
		this.#unclosed[size] = !close;
		const mayClose = !close && this.#isOpen(ticksPattern);
		if (!close && !(mayClose && this.#text.length - from < longestCode))
			return this.#put(ticks);
		const to = close?.index ?? this.#text.length;
		this.#add("code", "");
		this.#put(codeText(this.#text.slice(from, to)), to + size - this.#at);
		this.#add("close", "");
		return true;
	}

	#readFormula(): boolean {
		const found = this.#formulas?.take(this.#text, this.#at);
		if (found === "more")
			return this.#isOpen(anything) && this.#put(this.#text.slice(this.#at));
		return !!found && this.#put(found, found.length, "math");
	}

	#readRun(): true {
		const start = this.#at;
		while (this.#text[this.#at] === this.#text[start]) this.#at++;
		const after = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 32);
		const run = makeRun(
			this.#text.slice(start, this.#at),
			start,
			this.#charBefore(start),
			after,
		);
		this.#append(run);
		if ((run.opens || run.closes) && (run.char !== "~" || run.width < 3)) {
			const { top } = this.#runs;
			this.#runs.push(run);
			// Within brackets it has to wait: a link binds tighter.
			if (!this.#bracket) this.#runs.pair(top, -1, this.#floors);
		}
		return true;
	}

	#openBracket(marks: string): true {
		this.#put(marks);
		if (this.#bracket) this.#bracket.nested = true;
		this.#bracket = {
			node: this.#last,
			from: this.#at,
			image: marks.length > 1,
			nested: false,
			run: this.#runs.top,
			below: this.#bracket,
		};
		return true;
	}

	/** A bracket around a link cannot become a link itself. */
	#isActive({ image, from }: Bracket): boolean {
		return image || from > this.#linkEnd;
	}

	#closeBracket(): true {
		const end = this.#at++;
		const opener = this.#bracket;
		if (!opener) return this.#put("]", 0);
		this.#bracket = opener.below;
		const link = this.#isActive(opener) ? this.#linkOf(opener, end) : undefined;
		if (link === "more") {
			this.#makeLink(opener, undefined);
			this.#at = this.#text.length;
			return true;
		}
		if (link) this.#makeLink(opener, link);
		else this.#add("text", "]");
		// With the last bracket closed, the runs that waited are paired.
		if (!this.#bracket) {
			this.#runs.pair(opener.run, -1, this.#floors);
			this.#linkAddresses();
		}
		return true;
	}

	/** Makes links of the bare addresses within brackets. */
	#linkAddresses() {
		for (const { node } of this.#addresses) {
			const text = makeNode("text", node.text);
			const link = { to: webAddress(node.text), title: "" };
			const close = makeNode("close", "", link);
			node.kind = "link";
			node.text = "";
			node.link = link;
			insertAfter(node, text);
			insertAfter(text, close);
			if (this.#last === node) this.#last = close;
		}
		this.#addresses = [];
	}

	/** "more": the target or label is not complete yet. */
	#linkOf(opener: Bracket, end: number): Link | "more" | undefined {
		const target = this.#take(targetPattern);
		if (target) {
			this.#at = targetPattern.lastIndex;
			return toLink(...target.slice(1));
		}
		const label = this.#take(labelPattern);
		if (this.#isOpen(openLink)) return "more";
		const fullLabel = label?.[1];
		if (opener.nested && !fullLabel) return undefined;
		const key = normalizeLabel(fullLabel || this.#text.slice(opener.from, end));
		const link = this.#definitions.get(key);
		if (!link) this.#missing.add(key);
		else if (label) this.#at += label[0].length;
		return link;
	}

	#openLabel({ node, run, from }: Bracket) {
		this.#runs.pair(run, from - 1, []);
		node.kind = "link";
		node.text = "";
	}

	/** Without `link` the link is not complete yet. */
	#makeLink(opener: Bracket, link: Link | undefined) {
		const { node, from } = opener;
		const addresses = this.#addresses;
		while ((addresses.at(-1)?.at ?? -1) >= from) addresses.pop();
		this.#openLabel(opener);
		this.#runs.cut(opener.run);
		node.link = link;
		if (link && opener.image) {
			node.kind = "image";
			for (let inner = node.next; inner; inner = inner.next)
				node.text += inner.kind === "break" ? "\n" : inner.text;
			node.next = undefined;
			this.#last = node;
			return;
		}
		this.#add("close", "", link);
		if (link) this.#linkEnd = this.#at;
	}

	#readAngle(): true {
		const [all = "", to] = this.#take(addressPattern) ?? [];
		if (to)
			return this.#putLink(
				to,
				all.length,
				to.includes(":") ? to : `mailto:${to}`,
			);
		const lineBreak = this.#isCell && this.#take(breakTag);
		if (lineBreak) return this.#put("", lineBreak[0].length, "break");
		this.#isOpen(openTag);
		return this.#put(this.#take(tagPattern)?.[0] ?? "<");
	}

	#readEntity(): boolean {
		const all = this.#take(referencePattern)?.[0] ?? "";
		const character = decode(all);
		return character !== all && this.#put(character, all.length);
	}

	#readBareLink(): boolean {
		// Only looked for where one may begin: each search follows the word to its end.
		const isWww = /w/i.test(this.#text.charAt(this.#at));
		const mayFollow = isWww ? /[\s*_~(]/ : /[^a-z\d<]/i;
		if (!mayFollow.test(this.#charBefore(this.#at))) return false;
		if (this.#bracket) return this.#readAddressInBrackets();
		const found = this.#take(barePattern)?.[0];
		if (!found) return false;
		const isMore = this.#isOpen(openAddress, this.#at + found.length);
		const to = isMore ? undefined : webAddress(found);
		return this.#putLink(found, found.length, to);
	}

	#readAddressInBrackets(): boolean {
		const at = this.#at;
		const found = this.#take(bareInBrackets)?.[0];
		if (!found) return false;
		this.#put(found);
		this.#addresses.push({ node: this.#last, at });
		return true;
	}

	/** Pairs the remaining runs and closes what is still open at the end of the text. */
	#finish() {
		const bracket = this.#bracket;
		let limit = Infinity;
		let ends = 0;
		if (bracket && this.#isUnfinishedLabel(bracket)) {
			this.#openLabel(bracket);
			limit = bracket.from;
			ends = 1;
		}
		this.#runs.pair(this.#bottom, -1, this.#floors, limit);
		if (this.#isWhole) this.#linkAddresses();
		else ends += this.#runs.guess(this.#text);
		while (this.#last.next) this.#last = this.#last.next;
		while (ends-- > 0) this.#add("close", "");
	}

	/** Whether the open bracket will probably become a link. */
	#isUnfinishedLabel(bracket: Bracket): boolean {
		const label = this.#text.slice(bracket.from, bracket.from + 300);
		return (
			!this.#isWhole &&
			this.#isActive(bracket) &&
			label.length < 300 &&
			!/^\s|\n/.test(label)
		);
	}
}
