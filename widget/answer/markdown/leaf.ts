/**
 * The text of a block, which grows until the block ends, and how it shows.
 *
 * Made by tree.ts and rows.ts. Code shows as it is. Of all other text, what is settled text is put aside, so that showing costs what is new; the
 * rest is parsed again each time, and less often where it is long.
 */
import type { InlineParser } from "./inline-parser.ts";
import { hasGrown } from "./line-reader.ts";
import { labelled, takeDefinitions, trimEnd } from "./link-syntax.ts";
import type { Block, Link, Sink } from "./model.ts";

/** What the leaves of one text share. */
export interface Shared {
	readonly sink: Sink;
	readonly definitions: Map<string, Link>;
	/** Ended leaves with labels that had no definition then. */
	readonly unresolved: Leaf[];
	/** Nodes so far, near enough. */
	nodes: number;
	readonly parse: InlineParser;
}

/** So many there may be. */
export const maxNodes = 20_000;

/** So long is waited for a line that makes a table, or for what follows a definition. */
const maxWaiting = 1_000;
const maybeTask = /^\[[ xX]?\]?$/;
const maybeHead = /^\|.*$/;
export interface Leaf {
	readonly block: Block;
	/** The source of its latest line. */
	line(): string;
	grow(text: string): void;
	addLine(text: string): void;
	/** Shows what is here while more may come. */
	show(): void;
	/** The block has ended. Answers whether there is anything left of it. */
	finish(): boolean;
	/** Takes the latest line back. */
	dropLine(): void;
	/** Shows the leaf anew if a definition has come for a label in it. */
	resolve(): void;
	/** All is to be shown anew. */
	restart(): void;
	/** Takes task and definitions from a paragraph that is whole; answers whether more is in it. */
	takeStart(): boolean;
}

export function makeLeaf(shared: Shared, block: Block): Leaf {
	let line = "";
	/** Its text may begin with a task's mark. */
	const mayBeTask = block.isFirst && block.parent?.kind === "li";
	const isCode = !["p", "heading", "cell"].includes(block.kind);
	const maxMarks = maxNodes - shared.nodes;
	let settled = "";
	/** The last two characters of what is settled. */
	let before = "  ";
	let rest = "";
	let marks = 0;
	const missing = new Set<string>();
	/** How much of the rest was parsed last. */
	let parsed = 0;

	function grow(text: string) {
		if (!isCode) line += text;
		rest += text;
	}

	function addLine(text: string) {
		// After definitions there may be nothing yet that a line could follow.
		if (rest + settled) grow("\n");
		line = "";
		grow(text);
	}

	/** Shows what is here while more may come. */
	function show() {
		const { length } = rest;
		if (isCode) {
			const text = { kind: "text", text: rest } as const;
			if (length > 0) shared.sink.inline(block, [text], 1);
			block.level += length;
			rest = "";
			return;
		}
		if (!hasGrown(rest, parsed)) return;
		parsed = length;
		if (!settled && isUnclear()) return;
		const end = parse(false);
		const more = rest.slice(0, end);
		before = (before + more.slice(-2)).slice(-2);
		settled += more;
		rest = rest.slice(end);
		parsed -= end;
	}

	/** The block has ended. Answers whether there is anything left of it. */
	function finish(): boolean {
		if (isCode) show();
		else {
			if (!takeStart() && block.kind === "p") return false;
			parse(true);
			shared.nodes += marks;
			if (missing.size > 0) shared.unresolved.push(leaf);
		}
		return true;
	}

	/** Takes the latest line back. */
	function dropLine() {
		restart();
		rest = rest.slice(0, -line.length - 1);
	}

	/** Shows the leaf anew if a definition has come for a label in it. */
	function resolve() {
		const { definitions } = shared;
		if (![...missing].some((label) => definitions.has(label))) return;
		restart();
		parse(true);
	}

	/** All is to be shown anew. */
	function restart() {
		rest = settled + rest;
		settled = "";
		before = "  ";
		marks = parsed = 0;
		shared.sink.clear(block);
	}

	/** Answers how much of the rest is settled now. */
	function parse(whole: boolean): number {
		const { sink } = shared;
		takeTask();
		const {
			tokens,
			settled: done,
			end,
			marks: more,
		} = shared.parse(visible(), before, whole, missing, maxMarks - marks);
		// What may be a definition goes away at once when it is whole.
		const mayLeave = !whole && !settled && labelled.test(rest);
		sink.inline(block, tokens, mayLeave ? 0 : done);
		if (mayLeave) return 0;
		marks += more;
		return end;
	}

	/** The text without space at its end and, of a heading, without closing marks. */
	function visible(): string {
		const text = trimEnd(rest);
		if (block.kind !== "heading") return text;
		const bare = trimEnd(text, "#");
		return " \t".includes((bare || before).slice(-1)) ? trimEnd(bare) : text;
	}

	/** Whether the first line does not tell yet what it is. */
	function isUnclear(): boolean {
		takeTask();
		return (
			(mayBeTask && maybeTask.test(rest)) ||
			(block.kind === "p" &&
				rest.length < maxWaiting &&
				(maybeHead.test(rest) || labelled.test(rest)))
		);
	}

	function takeTask() {
		if (!mayBeTask || settled) return;
		const mark = /^\[([ xX])\](?=\s)/.exec(rest);
		if (!mark) return;
		const token = { kind: "task", text: (mark[1] ?? "").trim() } as const;
		shared.sink.inline(block, [token], 1);
		settled = mark[0];
		rest = rest.slice(3);
	}

	/** Takes task and definitions from a paragraph that is whole; answers whether more is in it. */
	function takeStart(): boolean {
		takeTask();
		if (block.kind === "p" && !settled)
			rest = takeDefinitions(rest, shared.definitions);
		return !!trimEnd(settled + rest);
	}

	const leaf: Leaf = {
		block,
		line: () => line,
		grow,
		addLine,
		show,
		finish,
		dropLine,
		resolve,
		restart,
		takeStart,
	};
	return leaf;
}
