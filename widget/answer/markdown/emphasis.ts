/**
 * Runs of `*`, `_` and `~`, and which of them belong together.
 *
 * Used by inlines.ts. Both stacks are linked lists, and where no opener was found is remembered, so
 * that no input costs more than linear time.
 */
import { insertAfter, makeNode, type Node } from "./token-list.ts";

/** Its text is the characters that are left. */
export interface Run extends Node {
	char: string;
	/** How many characters there were. */
	width: number;
	opens: boolean;
	closes: boolean;
	/** Begins a word: styled before its end has come. */
	likely: boolean;
	at: number;
	below?: Run | undefined;
	above?: Run | undefined;
}

/** 0 for a space or an end, 1 for punctuation, 2 for all else. */
function kindOf(char: string): number {
	if (!char.trim()) return 0;
	return /[\p{P}\p{S}]/u.test(char) ? 1 : 2;
}

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
	const left = after > 0 && (after > 1 || before < 2);
	const right = before > 0 && (before > 1 || after < 2);
	// "5~10" and "snake_case" have nothing to say; a single ~ is no more than a _ is.
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
		opens: left && (anywhere || before < 2),
		closes: right && (anywhere || after < 2),
		likely: left && before < 2 && width < 4,
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
	/** Stands below all others. */
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

	/** Forgets all above `run`: they are text. */
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

	/** Styles what is open at the end of an unfinished text; answers how many ends it needs. */
	guess(): number {
		let count = 0;
		for (let run: Run | undefined = this.top; run; run = run.below)
			if (run.likely && run.opens)
				for (; run.text; count++) open(run, Math.min(run.text.length, 2));
		return count;
	}
}

function open(run: Run, used: number) {
	const kind = run.char === "~" ? "del" : used > 1 ? "strong" : "em";
	insertAfter(run, makeNode(kind, ""));
	shorten(run, used);
}

function shorten(run: Run, used: number) {
	run.text = run.text.slice(used);
}
