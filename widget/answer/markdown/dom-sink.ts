/**
 * From blocks to nodes: what is closed is never touched again.
 *
 * Made by writer.ts, told by the block machine. Never sees HTML.
 */
import { make, makeCode, makeTable, type Tag } from "./elements.ts";
import { makeLeafView } from "./leaf-view.ts";
import type { Block, MarkdownOptions, Sink, Token } from "./model.ts";

export function makeDomSink(root: HTMLElement, options: MarkdownOptions): Sink {
	const { labels, onCode } = options;
	/** Shows the open leaf. */
	const view = makeLeafView(options);

	function open(block: Block) {
		const { parent, head } = block;
		let container = insideOf(parent);
		// A body begins with its first row, so that a table without rows has none.
		if (parent?.kind === "table") {
			const table = container as HTMLTableElement;
			container = head
				? table.createTHead()
				: (table.tBodies[0] ?? table.createTBody());
		}
		const inner = makeElement(block);
		let element = inner;
		while (element.parentElement) element = element.parentElement;
		container.appendChild(element);
		block.place = inner;
		view.begin(inner);
	}

	/** What a block's children go into; it may have a frame. */
	function makeElement({
		kind,
		level,
		language,
		aligns,
		head,
	}: Block): HTMLElement {
		switch (kind) {
			case "list":
				return level < 0 ? make("ul") : make("ol", { start: `${level}` });
			case "heading":
				// Below the headings that the page and the chat have.
				return make(`h${Math.min(level + 2, 6)}` as "h3");
			case "code":
				return makeCode(language, labels);
			case "table":
				return makeTable(labels.table);
			case "cell":
				return make(head ? "th" : "td", {
					scope: head ? "col" : undefined,
					"data-align": aligns[0],
				});
			case "plain":
				return make("p", { part: "plain" });
			case "notice":
				return make("p", { part: "too-long" }, labels.tooLong);
			default:
				return make(kind as Tag);
		}
	}

	/** Where a block's children go, or its text. */
	const insideOf = (block: Block | undefined) =>
		(block?.place ?? root) as HTMLElement;

	function withdraw(block: Block) {
		insideOf(block).remove();
	}

	function loosen(block: Block) {
		insideOf(block).setAttribute("data-loose", "");
	}

	function inline(_: Block, tokens: readonly Token[], settled: number) {
		view.show(tokens, settled);
	}

	function clear(block: Block) {
		const element = insideOf(block);
		element.replaceChildren();
		view.begin(element);
	}

	function close(block: Block) {
		if (block.kind !== "code") return;
		const element = insideOf(block);
		// One text node, for whoever highlights it.
		element.normalize();
		const text = element.firstChild;
		if (block.fence > 0 && text instanceof Text)
			onCode?.(element, text, block.language);
	}

	return { open, withdraw, loosen, inline, clear, close };
}
