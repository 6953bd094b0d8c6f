/**
 * The parser's output as the specification writes it, for tests: paragraphs of tight lists without
 * `<p>`, addresses percent-encoded. Also checks what every sink may rely on.
 */
import { BlockParser } from "../../../../../widget/answer/markdown/block-parser.ts";
import type {
	Block,
	Formulas,
	Sink,
	Token,
} from "../../../../../widget/answer/markdown/model.ts";

interface Item {
	block: Block;
	children: Item[];
	settled: Token[];
	tokens: readonly Token[];
	closed: boolean;
}

export class TreeSink implements Sink {
	readonly #items = new Map<Block, Item>();
	readonly root: Item[] = [];

	#item(block: Block): Item {
		const item = this.#items.get(block);
		if (!item) throw new Error(`Expected an open block; got ${block.kind}.`);
		return item;
	}

	#siblings({ parent }: Block): Item[] {
		return parent && parent.kind !== "document"
			? this.#item(parent).children
			: this.root;
	}

	#open(block: Block): Item {
		const item = this.#item(block);
		if (item.closed) throw new Error(`A closed ${block.kind} was changed.`);
		return item;
	}

	open(block: Block) {
		const item: Item = {
			block,
			children: [],
			settled: [],
			tokens: [],
			closed: false,
		};
		const siblings = this.#siblings(block);
		const before = siblings.at(-1);
		if (before && !before.closed) throw new Error("Two siblings are open.");
		this.#items.set(block, item);
		siblings.push(item);
	}

	withdraw(block: Block) {
		const siblings = this.#siblings(block);
		if (siblings.at(-1) !== this.#open(block))
			throw new Error("Only the last block can be removed.");
		siblings.pop();
	}

	loosen(block: Block) {
		this.#open(block);
	}

	inline(block: Block, tokens: readonly Token[], settled: number) {
		const item = this.#item(block);
		item.settled.push(...tokens.slice(0, settled));
		item.tokens = tokens.slice(settled);
	}

	clear(block: Block) {
		const item = this.#item(block);
		item.settled = [];
		item.tokens = [];
		item.children.length = 0;
	}

	close(block: Block) {
		this.#open(block).closed = true;
	}

	get html(): string {
		return this.root.map((item) => blockHtml(item, false)).join("");
	}
}

export function parse(
	pieces: Iterable<string>,
	showEach = true,
	formulas?: Formulas,
): TreeSink {
	const sink = new TreeSink();
	const parser = new BlockParser(sink, formulas);
	for (const piece of pieces) {
		parser.feed(piece);
		if (showEach) parser.show();
	}
	parser.end();
	return sink;
}

export const toHtml = (markdown: string) => parse([markdown]).html;

const escaped = (text: string) =>
	text
		.replaceAll("&", "&amp;")
		.replaceAll("<", "&lt;")
		.replaceAll(">", "&gt;")
		.replaceAll('"', "&quot;");

/** Percent-encodes what an address cannot have, as the specification's examples do. */
function encode(address: string): string {
	return address.replace(/%[\da-f]{2}|[\w.~!*'();:@&=+$,/?#-]|./giu, (part) =>
		part.length === 3 || /^[\w.~!*'();:@&=+$,/?#-]$/.test(part)
			? part
			: encodeURIComponent(part),
	);
}

function inlineHtml(tokens: readonly Token[]): string {
	const open: string[] = [];
	let html = "";
	for (const { kind, text, link } of tokens) {
		const title = link?.title ? ` title="${escaped(link.title)}"` : "";
		const to = escaped(encode(link?.to ?? ""));
		if (kind === "text") html += escaped(text);
		else if (kind === "break") html += "<br />\n";
		else if (kind === "image")
			html += `<img src="${to}" alt="${escaped(text)}"${title} />`;
		else if (kind === "task")
			html += `<input ${text ? 'checked="" ' : ""}disabled="" type="checkbox">`;
		else if (kind === "math") html += `<math>${escaped(text)}</math>`;
		else if (kind === "close") html += `</${open.pop()}>`;
		else {
			const tag = kind === "link" ? "a" : kind;
			open.push(tag);
			html +=
				kind === "link"
					? link
						? `<a href="${to}"${title}>`
						: "<a>"
					: `<${tag}>`;
		}
	}
	if (open.length > 0) throw new Error(`Not closed: ${open}`);
	return html;
}

function blockHtml(item: Item, tight: boolean): string {
	const { block, children, settled, tokens } = item;
	const inside = (isTight = false) =>
		children.map((child) => blockHtml(child, isTight)).join("");
	const text = () => inlineHtml([...settled, ...tokens]);
	switch (block.kind) {
		case "document":
			throw new Error("A document is not in itself.");
		case "blockquote":
			return `<blockquote>\n${inside()}</blockquote>\n`;
		case "list": {
			const tag = block.level < 0 ? "ul" : "ol";
			const start =
				block.level < 0 || block.level === 1 ? "" : ` start="${block.level}"`;
			return `<${tag}${start}>\n${inside(!block.loose)}</${tag}>\n`;
		}
		case "li": {
			const parts = children.map((child) => blockHtml(child, tight));
			let html = "";
			for (const [at, part] of parts.entries()) {
				const isText = tight && children[at]?.block.kind === "p";
				if (!isText && !html.endsWith("\n")) html += "\n";
				html += part;
			}
			return `<li>${html}</li>\n`;
		}
		case "p":
			return tight ? text() : `<p>${text()}</p>\n`;
		case "heading":
			return `<h${block.level}>${text()}</h${block.level}>\n`;
		case "code": {
			const language =
				block.language && ` class="language-${escaped(block.language)}"`;
			return `<pre><code${language}>${text()}</code></pre>\n`;
		}
		case "hr":
			return "<hr />\n";
		case "table": {
			const [head, ...body] = children.map((child) => blockHtml(child, false));
			const rows = body.length > 0 ? `<tbody>\n${body.join("")}</tbody>\n` : "";
			return `<table>\n<thead>\n${head}</thead>\n${rows}</table>\n`;
		}
		case "tr":
			return `<tr>\n${inside()}</tr>\n`;
		case "cell": {
			const tag = block.head ? "th" : "td";
			const align = block.aligns[0] ? ` align="${block.aligns[0]}"` : "";
			return `<${tag}${align}>${text()}</${tag}>\n`;
		}
		case "plain":
			return `<plain>${text()}</plain>\n`;
		case "notice":
			return "<notice></notice>\n";
	}
}
