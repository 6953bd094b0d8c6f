/**
 * The text of one leaf block, which grows until the block ends.
 *
 * Code is shown as it is. Of all other text the settled part is never parsed again; the rest is parsed
 * again each time, and less often if it is long. A leaf knows no lines and no other blocks.
 */
import type { InlineParser } from "./inline-parser.ts";
import { hasGrown } from "./line-reader.ts";
import { labelled, takeDefinitions, trimEnd } from "./link-syntax.ts";
import type { Block, Link, Sink } from "./model.ts";

/** Shared by all leaves of one text. */
export interface Shared {
	readonly sink: Sink;
	readonly definitions: Map<string, Link>;
	/** Ended leaves with labels that had no definition yet. */
	readonly unresolved: Leaf[];
	/** The approximate number of nodes. */
	nodes: number;
	readonly inlines: InlineParser;
}

/** Past this number of nodes a text is plain. */
export const maxNodes = 20_000;

/** How many characters are held back until the next line tells whether they are a table or a definition. */
const maxWaiting = 1_000;
const maybeTask = /^\[[ xX]?\]?$/;
const maybeHead = /^\|.*$/;

export class Leaf {
	readonly block: Block;
	readonly #shared: Shared;
	/** The source of the latest line. */
	#line = "";
	readonly #mayBeTask: boolean;
	readonly #isCode: boolean;
	readonly #maxMarks: number;
	#settled = "";
	/** The last two characters of the settled text. */
	#before = "  ";
	#rest = "";
	#marks = 0;
	/** Labels without a definition. */
	readonly #missing = new Set<string>();
	/** How much of the rest was parsed last. */
	#parsed = 0;

	constructor(shared: Shared, block: Block) {
		this.block = block;
		this.#shared = shared;
		this.#mayBeTask = block.isFirst && block.parent?.kind === "li";
		this.#isCode = !["p", "heading", "cell"].includes(block.kind);
		this.#maxMarks = maxNodes - shared.nodes;
	}

	get line(): string {
		return this.#line;
	}

	grow(text: string) {
		if (!this.#isCode) this.#line += text;
		this.#rest += text;
	}

	addLine(text: string) {
		// A definition may have removed everything that the line could follow.
		if (this.#rest + this.#settled) this.grow("\n");
		this.#line = "";
		this.grow(text);
	}

	/** Shows the text so far, while more may come. */
	show() {
		if (this.#isCode) {
			this.#showCode();
			return;
		}
		if (!hasGrown(this.#rest, this.#parsed)) return;
		this.#parsed = this.#rest.length;
		if (!this.#settled && this.#isUnclear()) return;
		const end = this.#parse(false);
		const more = this.#rest.slice(0, end);
		this.#before = (this.#before + more.slice(-2)).slice(-2);
		this.#settled += more;
		this.#rest = this.#rest.slice(end);
		this.#parsed -= end;
	}

	#showCode() {
		const { block } = this;
		const text = this.#rest;
		if (text) this.#shared.sink.inline(block, [{ kind: "text", text }], 1);
		block.level += text.length;
		this.#rest = "";
	}

	/** Ends the block. Returns false if nothing of it is left. */
	finish(): boolean {
		if (this.#isCode) {
			this.#showCode();
			return true;
		}
		if (!this.takeStart() && this.block.kind === "p") return false;
		this.#parse(true);
		this.#shared.nodes += this.#marks;
		if (this.#missing.size > 0) this.#shared.unresolved.push(this);
		return true;
	}

	/** Takes the latest line back. */
	dropLine() {
		this.restart();
		this.#rest = this.#rest.slice(0, -this.#line.length - 1);
	}

	/** Shows the leaf again if one of its labels has a definition by now. */
	resolve() {
		const { definitions } = this.#shared;
		if (![...this.#missing].some((label) => definitions.has(label))) return;
		this.restart();
		this.#parse(true);
	}

	/** Forgets what is shown: everything will be shown again. */
	restart() {
		this.#rest = this.#settled + this.#rest;
		this.#settled = "";
		this.#before = "  ";
		this.#marks = 0;
		this.#parsed = 0;
		this.#shared.sink.clear(this.block);
	}

	/** Takes the task mark and definitions from a complete paragraph. Returns whether text is left. */
	takeStart(): boolean {
		this.#takeTask();
		if (this.block.kind === "p" && !this.#settled)
			this.#rest = takeDefinitions(this.#rest, this.#shared.definitions);
		return !!trimEnd(this.#settled + this.#rest);
	}

	/** Shows the tokens of the rest. Returns how many characters of it are settled now. */
	#parse(isWhole: boolean): number {
		const { sink, inlines } = this.#shared;
		this.#takeTask();
		const { tokens, settled, end, marks } = inlines.parse(this.#visible(), {
			before: this.#before,
			isWhole,
			isCell: this.block.kind === "cell",
			missing: this.#missing,
			maxMarks: this.#maxMarks - this.#marks,
		});
		// A paragraph that may be a definition disappears as a whole.
		const mayVanish = !isWhole && !this.#settled && labelled.test(this.#rest);
		sink.inline(this.block, tokens, mayVanish ? 0 : settled);
		if (mayVanish) return 0;
		this.#marks += marks;
		return end;
	}

	/** The text without trailing space; of a heading, without its closing marks. */
	#visible(): string {
		const text = trimEnd(this.#rest);
		if (this.block.kind !== "heading") return text;
		const bare = trimEnd(text, "#");
		const last = (bare || this.#before).slice(-1);
		return " \t".includes(last) ? trimEnd(bare) : text;
	}

	/** Whether the first line may still become a task, a table or a definition. */
	#isUnclear(): boolean {
		this.#takeTask();
		const rest = this.#rest;
		return (
			(this.#mayBeTask && maybeTask.test(rest)) ||
			(this.block.kind === "p" &&
				rest.length < maxWaiting &&
				(maybeHead.test(rest) || labelled.test(rest)))
		);
	}

	#takeTask() {
		if (!this.#mayBeTask || this.#settled) return;
		const mark = /^\[([ xX])\](?=\s)/.exec(this.#rest);
		if (!mark) return;
		const text = (mark[1] ?? "").trim();
		this.#shared.sink.inline(this.block, [{ kind: "task", text }], 1);
		this.#settled = mark[0];
		this.#rest = this.#rest.slice(3);
	}
}
