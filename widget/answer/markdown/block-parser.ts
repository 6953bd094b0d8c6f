/**
 * The block parser: from text, in any chunks, to open and closed blocks.
 *
 * It reads a line once, as soon as its beginning tells what the line is; the remainder is more text of
 * the same leaf. So it never takes a guess back, except for a paragraph whose next line makes it a
 * heading or the head of a table. It knows no document.
 */
import {
	fencePattern,
	headingPattern,
	isUnclear,
	readDelimiters,
	rulePattern,
	takeListMark,
	underlinePattern,
} from "./block-starts.ts";
import { BlockTree } from "./block-tree.ts";
import { unescapeText } from "./entities.ts";
import { InlineParser } from "./inline-parser.ts";
import { type Leaf, maxNodes, type Shared } from "./leaf.ts";
import { LineCursor } from "./line-cursor.ts";
import { LineReader } from "./line-reader.ts";
import { trimEnd } from "./link-syntax.ts";
import type { Block, BlockKind, Formulas, Link, Sink } from "./model.ts";
import { splitRow, TableRow } from "./table-row.ts";

/** Past this length, or past `maxNodes`, the text is plain from the next line on. */
const maxCharacters = 256 * 1024;
/** A wider table is text. */
const maxColumns = 64;
/** A longer formula is text: its lines are read as blocks again. */
const maxFormula = 2_000;
/** Quotes, lists and items within each other. */
const maxDepth = 48;
/** Plain text continues in another block at the first line end behind this many characters. */
const plainLength = 4_000;

interface OpenFormula {
	/** The paragraph that holds it. */
	readonly leaf: Leaf;
	/** The delimiter that ends it. */
	readonly end: string;
	/** Its first line is only the delimiter, so it may contain blank lines. */
	readonly isFence: boolean;
	length: number;
}

export class BlockParser {
	readonly #sink: Sink;
	readonly #shared: Shared;
	readonly #tree: BlockTree;
	readonly #cursor = new LineCursor();
	readonly #reader = new LineReader({
		begin: (head, isWhole) => this.#begin(head, isWhole),
		extend: (text) => this.#extend(text),
		end: () => this.#endLine(),
	});
	#row: TableRow | undefined;
	/** How many of the open containers the line continues, and those that it opens. */
	#depth = 1;
	#length = 0;
	/** A cap was passed: the remaining text is plain. */
	#isPlain = false;
	/** Blank lines after which indented code may continue. */
	#blanks = "";
	/** The line belongs to code. */
	#isCode = false;
	readonly #hasFormulas: boolean;
	/** A display formula that the paragraph's lines belong to until its end. */
	#formula: OpenFormula | undefined;

	constructor(sink: Sink, formulas?: Formulas) {
		const definitions = new Map<string, Link>();
		this.#hasFormulas = formulas !== undefined;
		this.#sink = sink;
		this.#shared = {
			sink,
			definitions,
			unresolved: [],
			nodes: 0,
			inlines: new InlineParser(definitions, formulas),
		};
		this.#tree = new BlockTree(this.#shared);
	}

	/** Reads on. An open leaf's new text is not shown before `show`. */
	feed(chunk: string) {
		this.#reader.feed(chunk);
	}

	/** Shows the text so far, as far as its meaning is known. */
	show() {
		(this.#row ?? this.#tree.leaf)?.show();
	}

	/** Closes every block: the text is complete. */
	end() {
		this.#reader.end();
		this.#tree.leaveTo(1);
		for (const leaf of this.#shared.unresolved) leaf.resolve();
	}

	/** Reads a line's beginning. Returns false if it does not tell yet what the line is. */
	#begin(head: string, isWhole: boolean): boolean {
		const cursor = this.#cursor;
		cursor.place(head);
		this.#matchContainers();
		if (this.#continuesFormula()) {
			this.#length += head.length;
			this.#tree.leaf?.addLine(cursor.text);
			this.#tree.isApart = false;
			return true;
		}
		if (!isWhole && isUnclear(cursor)) return false;
		const { leaf } = this.#tree;
		const isInCode = this.#matchesAll() && leaf?.block.kind === "code";
		const isBlank = !cursor.text;
		this.#length += head.length;
		if (isInCode && leaf.block.fence > 0) this.#readFenced(leaf);
		else if (isInCode && (cursor.indent > 3 || isBlank))
			this.#readIndented(leaf);
		else this.#readStarts();
		this.#tree.isApart = isBlank && !this.#isCode;
		return true;
	}

	#extend(text: string) {
		this.#length += text.length;
		(this.#row ?? this.#tree.leaf)?.grow(text);
	}

	/** Returns whether all following lines are only more text of the same block. */
	#endLine(): boolean {
		const { leaf } = this.#tree;
		this.#row?.end();
		this.#row = undefined;
		if (this.#hasFormulas) this.#updateFormula(leaf);
		if (leaf?.block.kind === "heading") this.#tree.endLeaf();
		if (this.#isCode) leaf?.grow("\n");
		this.#isCode = this.#isPlain;
		if (this.#isPlain) {
			this.#cutPlain();
			return true;
		}
		const isOver =
			this.#length > maxCharacters || this.#shared.nodes > maxNodes;
		if (isOver) this.#beginPlain();
		return isOver;
	}

	/** Inside a display formula no line begins a block. */
	#continuesFormula(): boolean {
		const formula = this.#formula;
		if (!formula || formula.leaf !== this.#tree.leaf) return false;
		if (!this.#matchesAll()) return false;
		return formula.isFence || this.#cursor.text !== "";
	}

	/** At the end of a line: whether a display formula has begun or ended on it. */
	#updateFormula(leaf: Leaf | undefined) {
		const formula = this.#formula?.leaf === leaf ? this.#formula : undefined;
		this.#formula = undefined;
		if (leaf?.block.kind !== "p") return;
		const { line } = leaf;
		if (formula) {
			formula.length += line.length + 1;
			const isOver = line.includes(formula.end) || formula.length > maxFormula;
			if (!isOver) this.#formula = formula;
			return;
		}
		const begin = /^(?:\$\$|\\\[)/.exec(line)?.[0];
		if (!begin) return;
		const end = begin === "$$" ? "$$" : "\\]";
		const isOpen = !line.includes(end, 2);
		const isFence = !trimEnd(line.slice(2));
		if (isOpen) this.#formula = { leaf, end, isFence, length: line.length };
	}

	#beginPlain() {
		this.#tree.leaveTo(1);
		this.#tree.begin("notice");
		this.#tree.endLeaf();
		this.#isPlain = true;
		this.#isCode = true;
		this.#tree.begin("plain");
	}

	#cutPlain() {
		const { leaf } = this.#tree;
		leaf?.show();
		if (!leaf || leaf.block.level < plainLength) return;
		this.#tree.endLeaf();
		this.#tree.begin("plain");
	}

	/** Whether the line continues all open containers. */
	#matchesAll(): boolean {
		return this.#depth === this.#tree.stack.length;
	}

	#matchContainers() {
		const { stack } = this.#tree;
		const cursor = this.#cursor;
		this.#depth = 1;
		for (const { kind, isFilled, indent } of stack.slice(1)) {
			if (kind === "blockquote") {
				if (!this.#takeQuoteMark()) return;
			} else if (kind === "li") {
				if (cursor.text ? cursor.indent < indent : !isFilled) return;
				cursor.columns(indent);
			}
			this.#depth++;
		}
	}

	#takeQuoteMark(): boolean {
		const cursor = this.#cursor;
		if (cursor.indent > 3 || cursor.text[0] !== ">") return false;
		cursor.skip(1);
		cursor.columns(1);
		return true;
	}

	#readFenced(leaf: Leaf) {
		const cursor = this.#cursor;
		const { mark, fence, indent } = leaf.block;
		const close = cursor.indent < 4 ? trimEnd(cursor.text) : "";
		if (close.length >= fence && !trimEnd(close, mark)) {
			this.#tree.endLeaf();
			return;
		}
		cursor.columns(indent);
		leaf.grow(cursor.rest);
		this.#isCode = true;
	}

	#readIndented(leaf: Leaf) {
		const cursor = this.#cursor;
		cursor.columns(4);
		if (!cursor.text) this.#blanks += `${cursor.rest}\n`;
		else {
			leaf.grow(this.#blanks + cursor.rest);
			this.#blanks = "";
			this.#isCode = true;
		}
	}

	/** Opens a container behind the containers that the line continues. */
	#enter(kind: BlockKind, fields?: Partial<Block>) {
		this.#tree.leaveTo(this.#depth);
		this.#tree.enter(kind, fields);
		this.#depth = this.#tree.stack.length;
	}

	/** Opens a leaf behind the containers that the line continues. */
	#open(kind: BlockKind, fields?: Partial<Block>): Leaf {
		this.#tree.leaveTo(this.#depth);
		return this.#tree.begin(kind, fields);
	}

	/** Opens the containers and the leaf that the line begins, or adds to the open leaf. */
	#readStarts() {
		const cursor = this.#cursor;
		while (cursor.text) {
			const kind = this.#tree.leaf?.block.kind;
			const isMatch = this.#matchesAll();
			if (cursor.indent > 3) {
				if (kind === "p" || (kind === "table" && isMatch)) break;
				this.#blanks = "";
				this.#readIndented(this.#open("code", { language: "" }));
				return;
			}
			const paragraph = isMatch && kind === "p" ? this.#tree.leaf : undefined;
			const hasRoom = this.#depth < maxDepth;
			if (hasRoom && this.#takeQuoteMark()) this.#enter("blockquote");
			else if (this.#startLeaf(paragraph)) return;
			else if (!hasRoom || !this.#startItem(paragraph !== undefined)) break;
		}
		this.#readText();
	}

	/** @param paragraph The open paragraph, which the line may underline or turn into a table. */
	#startLeaf(paragraph: Leaf | undefined): boolean {
		const { text } = this.#cursor;
		// Most lines begin with none of these characters.
		if (!/[#`~=*_|:-]/.test(text.charAt(0))) return false;
		if (this.#startHeading(text) || this.#startFence(text)) return true;
		if (paragraph && this.#underline(paragraph, text)) return true;
		if (rulePattern.test(text)) {
			this.#open("hr");
			this.#tree.endLeaf();
			return true;
		}
		return paragraph !== undefined && this.#startTable(paragraph, text);
	}

	#startHeading(text: string): boolean {
		const mark = headingPattern.exec(text)?.[0];
		if (!mark) return false;
		const { length } = mark.trim();
		this.#open("heading", { level: length }).grow(text.slice(mark.length));
		return true;
	}

	#startFence(text: string): boolean {
		const fence = fencePattern.exec(text)?.[0];
		if (!fence) return false;
		const info = unescapeText(text.slice(fence.length).trim());
		this.#open("code", {
			mark: fence.charAt(0),
			fence: fence.length,
			indent: this.#cursor.indent,
			language: info.split(/\s/, 1)[0] ?? "",
		});
		return true;
	}

	/** Makes the paragraph a heading if the line underlines it. */
	#underline(paragraph: Leaf, text: string): boolean {
		if (!underlinePattern.test(text) || !paragraph.takeStart()) return false;
		const { block } = paragraph;
		this.#sink.withdraw(block);
		block.kind = "heading";
		block.level = text.startsWith("=") ? 1 : 2;
		this.#sink.open(block);
		paragraph.restart();
		return true;
	}

	#startTable(paragraph: Leaf, text: string): boolean {
		const aligns = readDelimiters(text);
		const head = paragraph.line;
		if (!aligns || !(head + text).includes("|")) return false;
		const { length } = splitRow(head);
		if (length !== aligns.length || length > maxColumns) return false;
		paragraph.dropLine();
		const table = this.#open("table", { aligns });
		const row = new TableRow(this.#shared, table.block, true);
		row.grow(head);
		row.end();
		return true;
	}

	#startItem(inParagraph: boolean): boolean {
		const found = takeListMark(this.#cursor, inParagraph);
		if (!found) return false;
		const { mark, start, indent } = found;
		const list = this.#tree.stack[this.#depth - 1];
		if (list?.kind !== "list" || list.mark !== mark)
			this.#enter("list", { mark, level: start });
		this.#enter("li", { indent });
		return true;
	}

	/** Adds what remains of the line to the open leaf, or begins a paragraph with it. */
	#readText() {
		const { text } = this.#cursor;
		const { leaf } = this.#tree;
		const kind = leaf?.block.kind;
		if (leaf && text && kind === "p") {
			// Also if the line lacks marks of its containers: a lazy continuation.
			leaf.addLine(text);
		} else if (leaf && text && kind === "table" && this.#matchesAll()) {
			this.#row = new TableRow(this.#shared, leaf.block, false);
			this.#row.grow(text);
		} else if (text) this.#open("p").grow(text);
		else this.#tree.leaveTo(this.#depth);
	}
}
