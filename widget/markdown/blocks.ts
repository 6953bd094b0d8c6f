/**
 * The block machine: from text, in any pieces, to open and closed blocks.
 *
 * Driven by writer.ts. A line is read once, as soon as its beginning tells what it is; what follows on
 * it is only more text of the leaf that it belongs to. So nothing is guessed and taken back, but for
 * a paragraph whose next line makes it a heading or the head of a table. Long, because all its parts
 * share one place in the text and one tree.
 */
import { LineCursor } from "./cursor.ts";
import { unescapeText } from "./entities.ts";
import type { Formulas } from "./formulas.ts";
import { makeInlineParser } from "./inlines.ts";
import { type Leaf, maxNodes, type Shared } from "./leaf.ts";
import { LineReader } from "./line-reader.ts";
import { trimEnd } from "./link-syntax.ts";
import type { Link, Sink } from "./model.ts";
import { Row, splitRow } from "./rows.ts";
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

export function makeBlockMachine(sink: Sink, formulas?: Formulas): BlockMachine {
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
	const reader = new LineReader({ begin, extend, endLine });
	let row: Row | undefined;
	let line = 1;
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
		tree.leaveTo(0, line - 1);
		for (const leaf of shared.unresolved) leaf.resolve();
	}

	/* ------------------------------------------------------------ lines */

	function begin(head: string, whole: boolean): boolean {
		const { stack, leaf } = tree;
		cursor.place(head);
		const depth = match();
		if (!whole && isUnclear(cursor)) return false;
		const inCode = depth === stack.length && leaf?.block.kind === "code";
		length += head.length;
		if (inCode && leaf.block.fence > 0) fenced(leaf);
		else if (inCode && (cursor.indent > 3 || !cursor.text)) indented(leaf);
		else start(depth);
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
		if (leaf?.block.kind === "heading") tree.endLeaf(line);
		if (isCode) leaf?.grow("\n");
		isCode = plain;
		line++;
		const isOver = length > maxCharacters || shared.nodes > maxNodes;
		if (plain) cutPlain();
		else if (isOver) {
			tree.leaveTo(1, line - 1);
			tree.begin("notice", line);
			tree.endLeaf(line);
			plain = isCode = true;
			tree.begin("plain", line);
		}
		return isOver;
	}

	/** How many of the open containers the line goes on with. */
	function match(): number {
		const { stack, leaf, top } = tree;
		let depth = 1;
		for (; depth < stack.length; depth++) {
			const container = stack[depth];
			if (container?.kind === "blockquote") {
				if (!takeQuote()) break;
			} else if (container?.kind === "li") {
				const isEmpty =
					container.last === undefined && !leaf && container === top;
				if (cursor.text ? cursor.indent < container.indent : isEmpty) break;
				cursor.columns(container.indent);
			}
		}
		return depth;
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
			tree.endLeaf(line);
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
			leaf.block.end = line;
		}
	}

	/** New containers and leaves, or more of the open leaf. */
	function start(matched: number) {
		let depth = matched;
		const goesOn = depth === tree.stack.length;
		let isNew = false;
		const enter = () => {
			if (!isNew) tree.leaveTo(depth, line - 1);
			isNew = true;
			depth = Infinity;
		};
		while (cursor.text) {
			const open = isNew ? undefined : tree.leaf?.block.kind;
			const leaf = goesOn && open === "p" ? tree.leaf : undefined;
			if (cursor.indent > 3) {
				if (open === "p" || (open === "table" && goesOn)) break;
				enter();
				blanks = "";
				indented(tree.begin("code", line));
				return;
			}
			const hasRoom = Math.min(depth, tree.stack.length) < maxDepth;
			if (hasRoom && takeQuote()) {
				enter();
				tree.enter("blockquote", line);
			} else if (startLeaf(leaf, enter)) return;
			else if (!hasRoom || !startItem(leaf !== undefined, depth, enter)) break;
		}
		text(depth, goesOn, isNew);
	}

	/** A heading, fence, rule or table; what underlines the paragraph. */
	function startLeaf(leaf: Leaf | undefined, enter: () => void): boolean {
		const { text } = cursor;
		const heading = headingPattern.exec(text)?.[0];
		if (heading) {
			enter();
			const level = heading.trim().length;
			const leaf = tree.begin("heading", line, { level });
			leaf.grow(text.slice(heading.length));
			return true;
		}
		const fence = fencePattern.exec(text)?.[0];
		if (fence) {
			enter();
			const info = unescapeText(text.slice(fence.length).trim());
			tree.begin("code", line, {
				mark: fence.charAt(0),
				fence: fence.length,
				indent: cursor.indent,
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
			enter();
			tree.begin("hr", line);
			tree.endLeaf(line);
			return true;
		}
		return leaf !== undefined && startTable(leaf, text);
	}

	function startTable(leaf: Leaf, text: string): boolean {
		const aligns = readDelimiters(text);
		const head = leaf.line;
		if (!aligns || !(head + text).includes("|")) return false;
		const { length } = splitRow(head);
		if (length !== aligns.length || length > maxColumns) return false;
		leaf.dropLine();
		tree.endLeaf(line - 2);
		const { block } = tree.begin("table", line - 1, { aligns });
		const row = new Row(shared, block, true);
		row.grow(head);
		row.end();
		return true;
	}

	function startItem(
		inParagraph: boolean,
		depth: number,
		enter: () => void,
	): boolean {
		const list = tree.stack[Math.min(depth, tree.stack.length) - 1];
		const found = takeListMark(cursor, inParagraph);
		if (!found) return false;
		enter();
		const { mark, start, indent } = found;
		if (list?.kind !== "list" || list.mark !== mark)
			tree.enter("list", line, { mark, level: start });
		tree.enter("li", line, { indent });
		return true;
	}

	/** What is left of a line's beginning is text, or nothing. */
	function text(depth: number, goesOn: boolean, isNew: boolean) {
		const { text } = cursor;
		const leaf = isNew ? undefined : tree.leaf;
		if (text && leaf?.block.kind === "p") {
			// Also where the line lacks marks of its containers: it is lazy.
			leaf.addLine(text);
		} else if (text && leaf?.block.kind === "table" && goesOn) {
			row = new Row(shared, leaf.block, false);
			row.grow(text);
			leaf.block.end = line;
		} else {
			if (!isNew) tree.leaveTo(depth, line - 1);
			if (text) tree.begin("p", line).grow(text);
		}
	}

	function cutPlain() {
		const { leaf } = tree;
		leaf?.show();
		if (!leaf || leaf.block.level < plainLength) return;
		tree.endLeaf(line);
		tree.begin("plain", line);
	}

	return { feed: (piece) => reader.feed(piece), show, end };
}
