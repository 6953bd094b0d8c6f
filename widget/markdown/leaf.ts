/**
 * The text of a block, which grows until the block ends, and how it shows.
 *
 * Made by tree.ts and rows.ts. Code shows as it is. Of all other text, what is settled text is put aside, so that showing costs what is new; the
 * rest is parsed again each time, and less often where it is long.
 */
import type { InlineParser } from "./inlines.ts";
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
export class Leaf {
	readonly block: Block;
	/** The source of its latest line. */
	line = "";
	readonly #shared: Shared;
	/** Its text may begin with a task's mark. */
	#mayBeTask: boolean;
	readonly #isCode: boolean;
	readonly #maxMarks: number;
	#settled = "";
	/** The last two characters of what is settled. */
	#before = "  ";
	#rest = "";
	#marks = 0;
	readonly #missing = new Set<string>();
	/** How much of the rest was parsed last. */
	#parsed = 0;

	constructor(shared: Shared, block: Block) {
		this.#shared = shared;
		this.block = block;
		this.#mayBeTask = block.isFirst && block.parent?.kind === "li";
		this.#maxMarks = maxNodes - shared.nodes;
		this.#isCode = !["p", "heading", "cell"].includes(block.kind);
	}

	grow(text: string) {
		if (!this.#isCode) this.line += text;
		this.#rest += text;
	}

	addLine(text: string) {
		// After definitions there may be nothing yet that a line could follow.
		if (this.#rest + this.#settled) this.grow("\n");
		this.line = "";
		this.grow(text);
	}

	/** Shows what is here while more may come. */
	show() {
		const { length } = this.#rest;
		if (this.#isCode) {
			const text = { kind: "text", text: this.#rest } as const;
			if (length > 0) this.#shared.sink.inline(this.block, [text], 1);
			this.block.level += length;
			this.#rest = "";
			return;
		}
		if (!hasGrown(this.#rest, this.#parsed)) return;
		this.#parsed = length;
		if (!this.#settled && this.#isUnclear()) return;
		const end = this.#show(false);
		const settled = this.#rest.slice(0, end);
		this.#before = (this.#before + settled).slice(-2);
		this.#settled += settled;
		this.#rest = this.#rest.slice(end);
		this.#parsed -= end;
	}

	/** The block has ended. Answers whether there is anything left of it. */
	finish(): boolean {
		if (this.#isCode) this.show();
		else {
			if (!this.takeStart() && this.block.kind === "p") return false;
			this.#show(true);
			this.#shared.nodes += this.#marks;
			if (this.#missing.size > 0) this.#shared.unresolved.push(this);
		}
		return true;
	}

	/** Takes the latest line back. */
	dropLine() {
		this.restart();
		this.#rest = this.#rest.slice(0, -this.line.length - 1);
	}

	/** Shows the leaf anew if a definition has come for a label in it. */
	resolve() {
		const { definitions } = this.#shared;
		if (![...this.#missing].some((label) => definitions.has(label))) return;
		this.restart();
		this.#show(true);
	}

	/** All is to be shown anew. */
	restart() {
		this.#rest = this.#settled + this.#rest;
		this.#settled = "";
		this.#before = "  ";
		this.#marks = this.#parsed = 0;
		this.#shared.sink.clear(this.block);
	}

	/** Answers how much of the rest is settled now. */
	#show(whole: boolean): number {
		const { sink, parse } = this.#shared;
		this.#takeTask();
		const { tokens, settled, end, marks } = parse(
			this.#visible(),
			this.#before,
			whole,
			this.#missing,
			this.#maxMarks - this.#marks,
		);
		// What may be a definition goes away at once when it is whole.
		const mayLeave = !whole && !this.#settled && labelled.test(this.#rest);
		sink.inline(this.block, tokens, mayLeave ? 0 : settled);
		if (mayLeave) return 0;
		this.#marks += marks;
		return end;
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
			(this.block.kind === "p" &&
				text.length < maxWaiting &&
				(maybeHead.test(text) || labelled.test(text)))
		);
	}

	#takeTask() {
		if (!this.#mayBeTask || this.#settled) return;
		const mark = /^\[([ xX])\](?=\s)/.exec(this.#rest);
		if (!mark) return;
		const token = { kind: "task", text: (mark[1] ?? "").trim() } as const;
		this.#shared.sink.inline(this.block, [token], 1);
		this.#settled = mark[0];
		this.#rest = this.#rest.slice(3);
	}

	/** Takes task and definitions from a paragraph that is whole; answers whether more is in it. */
	takeStart(): boolean {
		this.#takeTask();
		if (this.block.kind === "p" && !this.#settled)
			this.#rest = takeDefinitions(this.#rest, this.#shared.definitions);
		return !!trimEnd(this.#settled + this.#rest);
	}
}
