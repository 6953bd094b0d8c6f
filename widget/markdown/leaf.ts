/**
 * A paragraph, heading or table cell: text that grows until its block ends, and how it shows.
 *
 * Made by blocks.ts and rows.ts. Settled text is put aside, so that showing costs what is new; the
 * rest is parsed again each time, and less often where it is long.
 */
import { parseInlines } from "./inlines.ts";
import { labelled, takeDefinition, trimEnd } from "./link-syntax.ts";
import type { Block, Link, Sink, Token } from "./model.ts";

/** What the leaves of one text share. */
export interface Shared {
	readonly sink: Sink;
	readonly definitions: Map<string, Link>;
	/** Ended leaves with labels that had no definition then. */
	readonly unresolved: Leaf[];
	/** Nodes so far, near enough, and how many there may be. */
	nodes: number;
	readonly maxNodes: number;
	/** Formulas are looked for. */
	readonly math: boolean;
}

/** A text that stays unsettled for longer than this is parsed when it has grown by an eighth. */
const unhurried = 4_096;
/** So long is waited for a line that makes a table, or for what follows a definition. */
const maxWaiting = 1_000;
const maybeTask = /^\[[ xX]?\]?$/;
const maybeHead = /^\|.*$/;
const maybeDefinitions =
	/^(?:\[[^\]\n]*\]:[ \t]*\S*(?:[ \t]+["'(].*)?(?:\n|$))+$/;

export class Leaf {
	readonly block: Block;
	/** The source of its latest line. */
	line = "";
	readonly #shared: Shared;
	/** Its text may begin with a task's mark. */
	#mayBeTask: boolean;
	readonly #maxMarks: number;
	#task: Token | undefined;
	#settled = "";
	/** The last character of what is settled. */
	#before = "";
	#rest = "";
	#marks = 0;
	#missing = new Set<string>();
	/** How much of the rest was parsed last, and what has come since it was shown. */
	#parsed = 0;
	#new = "";

	constructor(shared: Shared, block: Block, mayBeTask = false) {
		this.#shared = shared;
		this.block = block;
		this.#mayBeTask = mayBeTask;
		this.#maxMarks = shared.maxNodes - shared.nodes;
	}

	add(text: string) {
		this.line += text;
		this.#rest += text;
		this.#new += text;
	}

	addLine(text: string) {
		// After definitions there may be nothing yet that a line could follow.
		if (this.#rest + this.#settled) this.add("\n");
		this.line = "";
		this.add(text);
	}

	/** Shows what is here while more may come. */
	show() {
		const { length } = this.#rest;
		const more = this.#new;
		this.#new = "";
		if (length > unhurried && length < this.#parsed * 1.125) {
			this.#shared.sink.more(this.block, more);
			return;
		}
		this.#parsed = length;
		if (!this.#settled && this.#isUnclear()) return;
		const { end, marks } = this.#show(false);
		const settled = this.#rest.slice(0, end);
		this.#before = /.$/su.exec(settled.slice(-2))?.[0] ?? this.#before;
		this.#settled += settled;
		this.#rest = this.#rest.slice(end);
		this.#parsed -= end;
		this.#marks += marks;
	}

	/** The block has ended. Answers whether there is anything left of it. */
	finish(): boolean {
		if (!this.takeStart() && this.block.kind === "paragraph") return false;
		this.#marks += this.#show(true).marks;
		this.#shared.nodes += this.#marks;
		if (this.#missing.size > 0) this.#shared.unresolved.push(this);
		return true;
	}

	/** Takes the latest line back. */
	dropLine() {
		this.#restart();
		this.#rest = this.#rest.slice(0, -this.line.length - 1);
	}

	/** Shows the leaf anew if a definition has come for a label in it. */
	resolve() {
		const { definitions } = this.#shared;
		if (![...this.#missing].some((label) => definitions.has(label))) return;
		this.#restart();
		this.#show(true);
	}

	#restart() {
		this.#rest = this.#settled + this.#rest;
		this.#settled = this.#before = "";
		this.#marks = this.#parsed = 0;
		this.#shared.sink.clear(this.block);
	}

	#show(whole: boolean) {
		const { sink, definitions, math } = this.#shared;
		const { tokens, missing, ...result } = parseInlines(
			this.#visible(),
			this.#before,
			whole,
			definitions,
			this.#maxMarks - this.#marks,
			math,
		);
		// What may be a definition goes away at once when it is whole.
		if (!whole && !this.#settled && labelled.test(this.#rest))
			result.settled = result.end = result.marks = 0;
		for (const label of missing) this.#missing.add(label);
		if (this.#task && !this.#settled) {
			tokens.unshift(this.#task);
			if (result.settled > 0) result.settled++;
		}
		sink.inline(this.block, tokens, result.settled);
		return result;
	}

	/** The text without space at its end and, of a heading, without closing marks. */
	#visible(): string {
		const text = trimEnd(this.#rest);
		const bare = this.block.kind === "heading" ? trimEnd(text, "#") : text;
		return /[^ \t]/.test(bare.slice(-1) || this.#before) ? text : trimEnd(bare);
	}

	/** Whether the first line does not tell yet what it is. */
	#isUnclear(): boolean {
		this.#takeTask();
		const text = this.#rest;
		return (
			(this.#mayBeTask && maybeTask.test(text)) ||
			(this.block.kind === "paragraph" &&
				text.length < maxWaiting &&
				(maybeHead.test(text) || maybeDefinitions.test(text)))
		);
	}

	#takeTask() {
		const mark = this.#mayBeTask && /^\[([ xX])\](?=\s)/.exec(this.#rest);
		if (!mark || this.#settled) return;
		this.#task = { kind: "task", text: (mark[1] ?? "").trim() };
		this.#rest = this.#rest.slice(3);
		this.#mayBeTask = false;
	}

	/** Takes task and definitions from a paragraph that is whole; answers whether more is in it. */
	takeStart(): boolean {
		this.#takeTask();
		const { definitions } = this.#shared;
		const isStart =
			this.block.kind === "paragraph" && !this.#settled && !this.#task;
		for (let found = isStart && takeDefinition(this.#rest); found; ) {
			const { label, link, end } = found;
			if (!definitions.has(label)) definitions.set(label, link);
			this.#rest = this.#rest.slice(end);
			this.#mayBeTask = false;
			found = takeDefinition(this.#rest);
		}
		return !!trimEnd(this.#settled + this.#rest) || this.#task !== undefined;
	}
}
