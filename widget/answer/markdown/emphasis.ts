/**
 * Delimiter runs of `*`, `_` and `~`, and which of them belong together.
 *
 * The stack is a linked list, and where no opener was found is remembered, so that every input costs
 * linear time. Beside Chinese, Japanese and Korean characters punctuation does not count (the rule of
 * markdown-cjk-friendly). Knows no other inline syntax.
 */
import { insertAfter, makeNode, type Node } from "./token-list.ts";

/** `text` holds the characters that are not used yet. */
export interface Run extends Node {
	char: string;
	/** How many characters there were. */
	width: number;
	opens: boolean;
	closes: boolean;
	/** Begins a word: styled before its end has arrived. */
	likely: boolean;
	at: number;
	below?: Run | undefined;
	above?: Run | undefined;
}

const space = 0;
const punctuation = 1;
const other = 2;
const cjk = 3;
const cjkPunctuation = 4;

/** Characters of Chinese, Japanese and Korean, which are written without spaces between words. */
const cjkPattern =
	/[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffee\u{20000}-\u{3fffd}]/u;

function kindOf(char: string): number {
	if (!char.trim()) return space;
	const isPunctuation = /[\p{P}\p{S}]/u.test(char);
	if (cjkPattern.test(char)) return isPunctuation ? cjkPunctuation : cjk;
	return isPunctuation ? punctuation : other;
}

/** Whether emphasis may begin between the two characters; if they are swapped, whether it may end. */
const isFlanking = (outside: number, inside: number) =>
	inside > space && (inside !== punctuation || outside !== other);

/** How much text an unfinished run styles at most: single and double marks. */
const longestGuess = [120, 400];

const isLetter = (kind: number) => kind === other || kind === cjk;

/** "~5 minutes" and "*5" are prose. */
const isStyleMark = (char: string, after: string) =>
	char !== "~" && !/\d/.test(after);

export function makeRun(
	text: string,
	at: number,
	charBefore: string,
	charAfter: string,
): Run {
	const width = text.length;
	const char = text.charAt(0);
	const before = kindOf(charBefore);
	const after = kindOf(charAfter);
	const left = isFlanking(before, after);
	const right = isFlanking(after, before);
	const beginsWord = left && !isLetter(before);
	// "5~10" and "snake_case" have no emphasis; a single ~ works like a _.
	const anywhere = char === "*" || (char === "~" && width > 1);
	// Not spread from a node: older engines (V8 11) take ten times as long for that.
	return {
		kind: "text",
		text,
		link: undefined,
		next: undefined,
		before: undefined,
		below: undefined,
		above: undefined,
		char,
		width,
		opens: anywhere ? left : beginsWord,
		closes: right && (anywhere || !isLetter(after)),
		likely:
			beginsWord && width < 4 && (width > 1 || isStyleMark(char, charAfter)),
		at,
	};
}

function fits(opener: Run, closer: Run): boolean {
	if (!opener.opens || opener.char !== closer.char) return false;
	if (closer.char === "~") return opener.text === closer.text;
	const isMiddle = closer.opens || opener.closes;
	return (
		!isMiddle || closer.width % 3 === 0 || (opener.width + closer.width) % 3 > 0
	);
}

export class Runs {
	/** The bottom run stands below all others. */
	top: Run = makeRun("", -1, "", "");

	push(run: Run) {
		run.below = this.top;
		this.top = this.top.above = run;
	}

	#remove({ below, above }: Run) {
		if (below) below.above = above;
		if (above) above.below = below;
		else if (below) this.top = below;
	}

	/** Forgets every run above `run`: they stay text. */
	cut(run: Run) {
		run.above = undefined;
		this.top = run;
	}

	/**
	 * Pairs all closers above `bottom` and before `limit` with openers behind `floor`. `floors`
	 * keeps, by kind of closer, up to where there is none.
	 */
	pair(bottom: Run, floor: number, floors: number[], limit = Infinity) {
		let next = bottom.above;
		while (next && next.at < limit) {
			const run = next;
			next = run.above;
			while (run.closes && run.text) {
				const kind =
					"*_~".indexOf(run.char) * 6 + (run.opens ? 3 : 0) + (run.width % 3);
				const lowest = Math.max(floor, floors[kind] ?? -1);
				let opener = run.below;
				while (opener && opener.at > lowest && !fits(opener, run))
					opener = opener.below;
				if (opener && opener.at > lowest) this.#join(opener, run);
				else {
					floors[kind] = run.below?.at ?? -1;
					if (!run.opens) this.#remove(run);
					break;
				}
			}
		}
	}

	#join(opener: Run, closer: Run) {
		const used = Math.min(opener.text.length, closer.text.length, 2);
		opener.above = closer;
		closer.below = opener;
		open(opener, used);
		insertAfter(closer.before ?? opener, makeNode("close", ""));
		shorten(closer, used);
		for (const run of [opener, closer]) if (!run.text) this.#remove(run);
	}

	/**
	 * Styles the text behind open runs at the end of an unfinished text. Returns how many ends it needs.
	 */
	guess(text: string): number {
		let count = 0;
		for (let run: Run | undefined = this.top; run; run = run.below)
			if (run.likely && run.opens && !isProse(run, text))
				for (; run.text; count++) open(run, Math.min(run.text.length, 2));
		return count;
	}
}

/** Whether so much follows the run, or for a single mark a whole sentence, that it is just text. */
function isProse({ at, width }: Run, text: string): boolean {
	const isSingle = width === 1;
	const longest = longestGuess[isSingle ? 0 : 1] ?? 0;
	if (text.length - at > longest) return true;
	return isSingle && /[.!?。！？]\s/.test(text.slice(at));
}

function open(run: Run, used: number) {
	const kind = run.char === "~" ? "del" : used > 1 ? "strong" : "em";
	insertAfter(run, makeNode(kind, ""));
	shorten(run, used);
}

function shorten(run: Run, used: number) {
	run.text = run.text.slice(used);
}
