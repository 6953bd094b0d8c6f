/**
 * The block machine: from text, in any pieces, to open and closed blocks.
 *
 * Driven by writer.ts. A line is read once, as soon as its beginning tells what it is; what follows on
 * it is only more text of the leaf that it belongs to. So nothing is guessed and taken back, but for
 * a paragraph whose next line makes it a heading or the head of a table.
 */
import { LineCursor } from "./cursor.ts";
import { unescapeText } from "./entities.ts";
import type { Leaf, Shared } from "./leaf.ts";
import { LineReader, type Lines } from "./line-reader.ts";
import type { Sink } from "./model.ts";
import { countCells, Row } from "./rows.ts";
import {
	fencePattern,
	headingPattern,
	isUnclear,
	readDelimiters,
	rulePattern,
	takeListMark,
	underlinePattern,
} from "./starts.ts";
import { Tree } from "./tree.ts";

/** Past these a text goes on as it is. */
export const caps = {
	characters: 256 * 1024,
	nodes: 20_000,
	columns: 64,
	/** Quotes, lists and items within each other. */
	depth: 48,
	/** Plain text is cut at the first line end behind so many characters. */
	plain: 4_000,
} as const;

export class BlockMachine implements Lines {
	readonly #sink: Sink;
	readonly #shared: Shared;
	readonly #tree: Tree;
	readonly #cursor = new LineCursor();
	readonly #reader = new LineReader(this, caps.characters);
	#row: Row | undefined;
	#line = 1;
	/** A cap was passed: all the rest is plain. */
	#plain = false;
	/** What the sink has not seen of code, and the blank lines that may follow it. */
	#code = "";
	#blanks = "";
	/** The line belongs to code. */
	#isCode = false;
	#changed = false;

	constructor(sink: Sink, math = false) {
		this.#sink = sink;
		this.#shared = {
			sink,
			definitions: new Map(),
			unresolved: [],
			nodes: 0,
			maxNodes: caps.nodes,
			math,
		};
		this.#tree = new Tree(this.#shared);
	}

	/** Reads on. Of a leaf that stays open nothing shows before `show`. */
	feed(piece: string) {
		this.#changed = true;
		this.#reader.feed(piece);
	}

	/** Shows what has come, as far as it can be told. */
	show() {
		this.#flush();
		if (!this.#changed) return;
		this.#changed = false;
		this.#tree.leaf?.show();
		this.#row?.show();
	}

	/** Nothing more comes. */
	end() {
		this.#reader.end();
		this.#endLeaf(this.#line - 1);
		this.#tree.leaveTo(0, this.#line - 1);
		for (const leaf of this.#shared.unresolved) leaf.resolve();
	}

	/* ------------------------------------------------------------ lines */

	begin(head: string, whole: boolean): boolean {
		const cursor = this.#cursor;
		const { stack, block } = this.#tree;
		cursor.set(head);
		const depth = this.#match();
		const code =
			depth === stack.length && block?.kind === "code" ? block : undefined;
		const inFence = code !== undefined && code.fence > 0;
		if (!whole && isUnclear(cursor, inFence)) return false;
		if (inFence) this.#fenced();
		else if (code && (cursor.indent > 3 || cursor.blank)) this.#indented();
		else this.#start(depth);
		return true;
	}

	extend(text: string) {
		if (this.#row) this.#row.add(text);
		else if (this.#tree.leaf) this.#tree.leaf.add(text);
		else this.#code += text;
	}

	endLine(): boolean {
		this.#row?.end();
		this.#row = undefined;
		if (this.#tree.block?.kind === "heading") this.#endLeaf(this.#line);
		if (this.#isCode) this.#code += "\n";
		this.#isCode = this.#plain;
		this.#line++;
		if (this.#plain) this.#cutPlain();
		else if (this.#shared.nodes > caps.nodes) this.giveUp();
		return this.#plain;
	}

	/** From here on there is only plain text. */
	giveUp() {
		if (this.#plain) return;
		this.#row?.end();
		this.#row = undefined;
		this.#leaveTo(1);
		this.#notice();
		this.#plain = this.#isCode = true;
		this.#tree.begin("plain", this.#line);
	}

	/** How many of the open containers the line goes on with. */
	#match(): number {
		const cursor = this.#cursor;
		const { stack, block } = this.#tree;
		let depth = 1;
		for (; depth < stack.length; depth++) {
			const container = stack[depth];
			if (container?.kind === "quote") {
				if (!this.#takeQuote()) break;
			} else if (container?.kind === "item") {
				const isEmpty =
					container.last === undefined &&
					!block &&
					container === this.#tree.top;
				if (cursor.blank) {
					if (isEmpty) break;
					cursor.skip(0);
				} else if (cursor.indent >= container.indent)
					cursor.columns(container.indent);
				else break;
			}
		}
		return depth;
	}

	#takeQuote(): boolean {
		const cursor = this.#cursor;
		if (cursor.indent > 3 || cursor.char !== ">") return false;
		cursor.skip(1);
		cursor.columns(1);
		return true;
	}

	#fenced() {
		const cursor = this.#cursor;
		const { block } = this.#tree;
		const close = /^(`{3,}|~{3,})[ \t]*$/.exec(
			cursor.indent < 4 ? cursor.text : "",
		)?.[1];
		const { mark = "", fence = 0, indent = 0 } = block ?? {};
		if (close?.startsWith(mark) && close.length >= fence) {
			this.#endLeaf(this.#line);
			return;
		}
		cursor.columns(indent);
		this.#code += cursor.rest;
		this.#isCode = true;
	}

	#indented() {
		const cursor = this.#cursor;
		cursor.columns(4);
		if (cursor.blank) this.#blanks += `${cursor.rest}\n`;
		else {
			this.#code += this.#blanks + cursor.rest;
			this.#blanks = "";
			this.#isCode = true;
			if (this.#tree.block) this.#tree.block.end = this.#line;
		}
	}

	/** New containers and leaves, or more of the open leaf. */
	#start(matched: number) {
		const cursor = this.#cursor;
		const tree = this.#tree;
		let depth = matched;
		const goesOn = depth === tree.stack.length;
		let isNew = false;
		const enter = () => {
			if (!isNew) this.#leaveTo(depth);
			isNew = true;
			depth = Infinity;
		};
		while (!cursor.blank) {
			const open = isNew ? undefined : tree.block?.kind;
			const leaf = goesOn && open === "paragraph" ? tree.leaf : undefined;
			if (cursor.indent > 3) {
				if (open === "paragraph" || (open === "table" && goesOn)) break;
				enter();
				tree.begin("code", this.#line);
				this.#indented();
				return;
			}
			const hasRoom = Math.min(depth, tree.stack.length) < caps.depth;
			if (hasRoom && this.#takeQuote()) {
				enter();
				tree.enter("quote", this.#line);
			} else if (this.#startLeaf(leaf, enter)) return;
			else if (!hasRoom || !this.#startItem(leaf !== undefined, depth, enter))
				break;
		}
		this.#text(depth, goesOn, isNew);
	}

	/** A heading, fence, rule or table; what underlines the paragraph. */
	#startLeaf(leaf: Leaf | undefined, enter: () => void): boolean {
		const tree = this.#tree;
		const cursor = this.#cursor;
		const { text } = cursor;
		const heading = headingPattern.exec(text)?.[0];
		if (heading) {
			enter();
			tree.begin("heading", this.#line, { level: heading.trim().length });
			tree.leaf?.add(text.slice(heading.length));
			return true;
		}
		const fence = fencePattern.exec(text)?.[0];
		if (fence) {
			enter();
			const info = unescapeText(text.slice(fence.length).trim());
			tree.begin("code", this.#line, {
				mark: fence.charAt(0),
				fence: fence.length,
				indent: cursor.indent,
				language: info.split(/\s/, 1)[0] ?? "",
			});
			return true;
		}
		if (leaf && underlinePattern.test(text) && leaf.takeStart()) {
			leaf.block.kind = "heading";
			leaf.block.level = text.startsWith("=") ? 1 : 2;
			this.#sink.retype(leaf.block);
			return true;
		}
		if (rulePattern.test(text)) {
			enter();
			tree.begin("rule", this.#line);
			this.#endLeaf(this.#line);
			return true;
		}
		return leaf !== undefined && this.#startTable(leaf, text);
	}

	#startTable(leaf: Leaf, text: string): boolean {
		const aligns = readDelimiters(text);
		const head = leaf.line;
		if (!aligns || !(head + text).includes("|")) return false;
		if (countCells(head) !== aligns.length) return false;
		if (aligns.length > caps.columns) {
			leaf.block.loose = true;
			return false;
		}
		leaf.dropLine();
		this.#endLeaf(this.#line - 2);
		const table = this.#tree.begin("table", this.#line - 1, { aligns });
		const row = new Row(this.#shared, table, true);
		row.add(head);
		row.end();
		return true;
	}

	#startItem(inParagraph: boolean, depth: number, enter: () => void): boolean {
		const tree = this.#tree;
		const list = tree.stack[Math.min(depth, tree.stack.length) - 1];
		const found = takeListMark(this.#cursor, inParagraph);
		if (!found) return false;
		enter();
		const { mark, start, indent } = found;
		if (list?.kind !== "list" || list.mark !== mark)
			tree.enter("list", this.#line, { mark, level: start });
		tree.enter("item", this.#line, { indent });
		return true;
	}

	/** What is left of a line's beginning is text, or nothing. */
	#text(depth: number, goesOn: boolean, isNew: boolean) {
		const tree = this.#tree;
		const { blank, text } = this.#cursor;
		const open = isNew ? undefined : tree.block?.kind;
		if (!blank && open === "paragraph") {
			// Also where the line lacks marks of its containers: it is lazy.
			tree.leaf?.addLine(text);
			return;
		}
		if (!blank && open === "table" && goesOn && tree.block) {
			this.#row = new Row(this.#shared, tree.block, false);
			this.#row.add(text);
			tree.block.end = this.#line;
			return;
		}
		if (!isNew) this.#leaveTo(depth);
		if (blank) return;
		tree.begin("paragraph", this.#line);
		tree.leaf?.add(text);
	}

	/* ------------------------------------------------------------ ends */

	#leaveTo(depth: number) {
		this.#endLeaf(this.#line - 1);
		this.#tree.leaveTo(depth, this.#line - 1);
	}

	#endLeaf(line: number) {
		this.#flush();
		this.#blanks = "";
		const { block } = this.#tree;
		const isIndented = block?.kind === "code" && block.fence === 0;
		this.#tree.endLeaf(isIndented ? block.end : line);
		if (block?.kind === "paragraph" && block.loose) this.#notice();
	}

	#flush() {
		const { block } = this.#tree;
		if (this.#code && block) {
			this.#sink.code(block, this.#code);
			block.level += this.#code.length;
		}
		this.#code = "";
	}

	#notice() {
		this.#tree.begin("notice", this.#line);
		this.#endLeaf(this.#line);
	}

	#cutPlain() {
		const { block } = this.#tree;
		if (!block) return;
		this.#flush();
		if (block.level < caps.plain) return;
		this.#endLeaf(this.#line);
		this.#tree.begin("plain", this.#line);
	}
}
