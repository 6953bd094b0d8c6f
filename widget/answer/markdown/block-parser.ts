/**
 * The block machine: from text, in any pieces, to open and closed blocks.
 *
 * Driven by writer.ts. A line is read once, as soon as its beginning tells what it is; what follows on
 * it is only more text of the leaf that it belongs to. So nothing is guessed and taken back, but for
 * a paragraph whose next line makes it a heading or the head of a table. Long, because all its parts
 * share one place in the text and one tree.
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
import { Tree } from "./block-tree.ts";
import { unescapeText } from "./entities.ts";
import { makeInlineParser } from "./inline-parser.ts";
import { type Leaf, maxNodes, type Shared } from "./leaf.ts";
import { LineCursor } from "./line-cursor.ts";
import { makeLineReader } from "./line-reader.ts";
import { trimEnd } from "./link-syntax.ts";
import type { Block, BlockKind, Formulas, Link, Sink } from "./model.ts";
import { Row, splitRow } from "./table-row.ts";

/** Past so many, or past `maxNodes`, a text goes on as it is from the next line on. */
const maxCharacters = 256 * 1024;
/** A wider table is text. */
const maxColumns = 64;
/** Quotes, lists and items within each other. */
const maxDepth = 48;
/** Plain text is cut at the first line end behind so many characters. */
const plainLength = 4_000;

export interface BlockMachine {
	/** Reads on. Of a leaf that stays open nothing shows before `show`. */
	feed(piece: string): void;
	/** Shows what has come, as far as it can be told. */
	show(): void;
	/** Nothing more comes. */
	end(): void;
}

export function makeBlockMachine(
	sink: Sink,
	formulas?: Formulas,
): BlockMachine {
	const definitions = new Map<string, Link>();
	const shared: Shared = {
		sink,
		definitions,
		unresolved: [],
		nodes: 0,
		parse: makeInlineParser(definitions, formulas),
	};
	const tree = new Tree(shared);
	const cursor = new LineCursor();
	const reader = makeLineReader(begin, extend, endLine);
	let row: Row | undefined;
	/** How many of the open containers the line goes on with, and those that it opens. */
	let depth = 1;
	let length = 0;
	/** A cap was passed: all the rest is plain. */
	let plain = false;
	/** Blank lines that code may go on behind. */
	let blanks = "";
	/** The line belongs to code. */
	let isCode = false;

	function show() {
		(row ?? tree.leaf)?.show();
	}

	function end() {
		reader.end();
		tree.leaveTo(1);
		for (const leaf of shared.unresolved) leaf.resolve();
	}

	/* ------------------------------------------------------------ lines */

	function begin(head: string, whole: boolean): boolean {
		cursor.place(head);
		match();
		if (!whole && isUnclear(cursor)) return false;
		const { leaf } = tree;
		const inCode = goesOn() && leaf?.block.kind === "code";
		const isBlank = !cursor.text;
		length += head.length;
		if (inCode && leaf.block.fence > 0) fenced(leaf);
		else if (inCode && (cursor.indent > 3 || isBlank)) indented(leaf);
		else start();
		tree.isApart = isBlank && !isCode;
		return true;
	}

	function extend(text: string) {
		length += text.length;
		(row ?? tree.leaf)?.grow(text);
	}

	function endLine(): boolean {
		const { leaf } = tree;
		row?.end();
		row = undefined;
		if (leaf?.block.kind === "heading") tree.endLeaf();
		if (isCode) leaf?.grow("\n");
		isCode = plain;
		const isOver = length > maxCharacters || shared.nodes > maxNodes;
		if (plain) cutPlain();
		else if (isOver) {
			tree.leaveTo(1);
			tree.begin("notice");
			tree.endLeaf();
			plain = isCode = true;
			tree.begin("plain");
		}
		return isOver;
	}

	/** The line goes on with all open containers, or has left those it does not. */
	const goesOn = () => depth === tree.stack.length;

	function match() {
		const { stack } = tree;
		for (depth = 1; depth < stack.length; depth++) {
			const { kind, isFilled, indent } = stack[depth] as Block;
			if (kind === "blockquote") {
				if (!takeQuote()) break;
			} else if (kind === "li") {
				if (cursor.text ? cursor.indent < indent : !isFilled) break;
				cursor.columns(indent);
			}
		}
	}

	function takeQuote(): boolean {
		if (cursor.indent > 3 || cursor.text[0] !== ">") return false;
		cursor.skip(1);
		cursor.columns(1);
		return true;
	}

	function fenced(leaf: Leaf) {
		const { mark, fence, indent } = leaf.block;
		const close = cursor.indent < 4 ? trimEnd(cursor.text) : "";
		if (close.length >= fence && !trimEnd(close, mark)) {
			tree.endLeaf();
			return;
		}
		cursor.columns(indent);
		leaf.grow(cursor.rest);
		isCode = true;
	}

	function indented(leaf: Leaf) {
		cursor.columns(4);
		if (!cursor.text) blanks += `${cursor.rest}\n`;
		else {
			leaf.grow(blanks + cursor.rest);
			blanks = "";
			isCode = true;
		}
	}

	function enter(kind: BlockKind, set?: Partial<Block>) {
		tree.enter(kind, set);
		depth = tree.stack.length;
	}

	/** Opens a leaf behind what the line goes on with. */
	function open(kind: BlockKind, set?: Partial<Block>): Leaf {
		tree.leaveTo(depth);
		return tree.begin(kind, set);
	}

	/** New containers and leaves, or more of the open leaf. */
	function start() {
		while (cursor.text) {
			const kind = tree.leaf?.block.kind;
			const leaf = goesOn() && kind === "p" ? tree.leaf : undefined;
			if (cursor.indent > 3) {
				if (kind === "p" || (kind === "table" && goesOn())) break;
				blanks = "";
				indented(open("code", { language: "" }));
				return;
			}
			const hasRoom = depth < maxDepth;
			if (hasRoom && takeQuote()) {
				tree.leaveTo(depth);
				enter("blockquote");
			} else if (startLeaf(leaf)) return;
			else if (!hasRoom || !startItem(leaf !== undefined)) break;
		}
		text();
	}

	/** A heading, fence, rule or table; what underlines the paragraph. */
	function startLeaf(leaf: Leaf | undefined): boolean {
		const { text, indent } = cursor;
		// Most lines begin with none of what follows.
		if (!/[#`~=*_|:-]/.test(text.charAt(0))) return false;
		const heading = headingPattern.exec(text)?.[0];
		if (heading) {
			const level = heading.trim().length;
			open("heading", { level }).grow(text.slice(heading.length));
			return true;
		}
		const fence = fencePattern.exec(text)?.[0];
		if (fence) {
			const info = unescapeText(text.slice(fence.length).trim());
			open("code", {
				mark: fence.charAt(0),
				fence: fence.length,
				indent,
				language: info.split(/\s/, 1)[0] ?? "",
			});
			return true;
		}
		if (leaf && underlinePattern.test(text) && leaf.takeStart()) {
			sink.withdraw(leaf.block);
			leaf.block.kind = "heading";
			leaf.block.level = text.startsWith("=") ? 1 : 2;
			sink.open(leaf.block);
			leaf.restart();
			return true;
		}
		if (rulePattern.test(text)) {
			open("hr");
			tree.endLeaf();
			return true;
		}
		return leaf !== undefined && startTable(leaf, text);
	}

	function startTable(leaf: Leaf, text: string): boolean {
		const aligns = readDelimiters(text);
		const head = leaf.line();
		if (!aligns || !(head + text).includes("|")) return false;
		const { length } = splitRow(head);
		if (length !== aligns.length || length > maxColumns) return false;
		leaf.dropLine();
		const row = new Row(shared, open("table", { aligns }).block, true);
		row.grow(head);
		row.end();
		return true;
	}

	function startItem(inParagraph: boolean): boolean {
		const found = takeListMark(cursor, inParagraph);
		if (!found) return false;
		const { mark, start, indent } = found;
		tree.leaveTo(depth);
		const list = tree.stack[depth - 1];
		if (list?.kind !== "list" || list.mark !== mark)
			enter("list", { mark, level: start });
		enter("li", { indent });
		return true;
	}

	/** What is left of a line's beginning is text, or nothing. */
	function text() {
		const { text } = cursor;
		const { leaf } = tree;
		const kind = leaf?.block.kind;
		if (leaf && text && kind === "p") {
			// Also where the line lacks marks of its containers: it is lazy.
			leaf.addLine(text);
		} else if (leaf && text && kind === "table" && goesOn()) {
			row = new Row(shared, leaf.block, false);
			row.grow(text);
		} else if (text) open("p").grow(text);
		else tree.leaveTo(depth);
	}

	function cutPlain() {
		const { leaf } = tree;
		leaf?.show();
		if (!leaf || leaf.block.level < plainLength) return;
		tree.endLeaf();
		tree.begin("plain");
	}

	return { feed: reader.feed, show, end };
}
