/**
 * The parser's output: blocks, the tokens inside them, and the sink's methods.
 *
 * blocks.ts and leaf.ts speak it; sink.ts turns it into nodes, the tests turn it into the
 * specification's HTML. Nothing here knows a document.
 */

/** A kind that is one element has its name. */
export type BlockKind =
	| "document"
	| "blockquote"
	| "list"
	| "li"
	| "p"
	| "heading"
	| "code"
	| "hr"
	| "table"
	| "tr"
	| "cell"
	/** Past a cap: text without Markdown. */
	| "plain"
	/** The note that a cap was passed. */
	| "notice";

export type Align = "left" | "center" | "right" | undefined;

/** The fields from `level` on are set only for the kinds that they name. */
export interface Block {
	kind: BlockKind;
	readonly parent: Block | undefined;
	/** Within its parent. */
	readonly isFirst: boolean;
	/** It has, or had, something in it. */
	isFilled: boolean;
	/** Belongs to the sink. */
	place: unknown;
	/** A heading's level; an ordered list's first number; -1 for a bullet list; the length of shown code. */
	level: number;
	/** A list's bullet or delimiter; a fence's character. */
	mark: string;
	/** The first word behind a fence. */
	language: string;
	/** An item: the columns its text is indented by. A fence: its own indentation. */
	indent: number;
	/** A fence's length; 0 for indented code. */
	fence: number;
	/** A table's columns. */
	aligns: readonly Align[];
	/** A row or cell of the table's head. */
	head: boolean;
	/** A list with blank lines in it. */
	loose: boolean;
}

export function makeBlock(
	kind: BlockKind,
	parent?: Block,
	set?: Partial<Block>,
): Block {
	const isFirst = !parent?.isFilled;
	if (parent) parent.isFilled = true;
	return {
		kind,
		parent,
		isFirst,
		isFilled: false,
		place: undefined,
		level: 0,
		...set,
	} as Block;
}

export interface Link {
	readonly to: string;
	readonly title: string;
}

/**
 * A leaf's content is flat: `em`, `strong`, `del`, `code` and `link` open, and `close` closes the innermost.
 * A `link` without a link is one that is not whole yet: its label shows and leads nowhere.
 */
export interface Token {
	kind:
		| "text"
		| "code"
		| "break"
		| "task"
		| "image"
		| "math"
		| "em"
		| "strong"
		| "del"
		| "link"
		| "close";
	/** Text, a formula with its marks, an image's description; a task's "x" when it is done. */
	text: string;
	/** Also on the `close` of a link. */
	link?: Link | undefined;
}

export interface Sink {
	/** `block` begins, as the last child of its parent. */
	open(block: Block): void;
	/** Removes a paragraph that is empty, or that is opened again as a heading. */
	withdraw(block: Block): void;
	/** Marks a list that has blank lines in it. */
	loosen(block: Block): void;
	/**
	 * Shows `tokens` behind the settled tokens of a leaf. From then on the first `settled` of them are
	 * settled too.
	 */
	inline(block: Block, tokens: readonly Token[], settled: number): void;
	/** Removes the content of a leaf or a row, settled or not. */
	clear(block: Block): void;
	/** Nothing about it changes from now on, except the references of `inline` after `clear`. */
	close(block: Block): void;
}

/** Finds formulas in a text and shows them. */
export interface Formulas {
	/** The formula at this place with its delimiters; "more": its end may still arrive. */
	take(text: string, at: number): string | undefined;
	/** Shows one formula; `formula` includes its delimiters. */
	show(formula: string): HTMLElement | Text;
}

/** Every word that the renderer shows and that is not part of an answer. */
export interface MarkdownLabels {
	copy: string;
	copied: string;
	/** Names a block of code; the language may be empty. */
	code: (language: string) => string;
	table: string;
	tooLong: string;
	done: string;
	toDo: string;
}

export interface MarkdownOptions {
	/** Base of relative addresses. Without it they stay text. */
	linkBase?: string | undefined;
	/** Hosts that images are loaded from, compared exactly. All other images become links. */
	imageHosts?: readonly string[] | undefined;
	labels: MarkdownLabels;
	/** Called when a fence has closed. `text` holds all of its code and must not be split. */
	onCode?:
		| ((code: HTMLElement, text: Text, language: string) => void)
		| undefined;
	/** Without it formulas stay text. */
	formulas?: Formulas | undefined;
}
