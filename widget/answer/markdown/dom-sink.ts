/**
 * Turns blocks into nodes. A closed block's nodes are never touched again. Sees no HTML and reads no
 * Markdown.
 */
import { make, makeCode, makeTable } from "./elements.ts";
import { LeafView } from "./leaf-view.ts";
import type { Block, MarkdownOptions, Sink, Token } from "./model.ts";
import { directionOf } from "./text-direction.ts";

const headings = ["h3", "h4", "h5", "h6"] as const;

export class DomSink implements Sink {
	readonly #root: HTMLElement;
	readonly #options: MarkdownOptions;
	/** Shows the open leaf. */
	#view: LeafView | undefined;
	/** The block whose settled text gave the answer its direction. */
	#directed: Block | undefined;

	constructor(root: HTMLElement, options: MarkdownOptions) {
		this.#root = root;
		this.#options = options;
	}

	/** Whether the open leaf's last text is still what was written. */
	get isIntact(): boolean {
		return this.#view?.isIntact ?? true;
	}

	open(block: Block) {
		const { parent, head } = block;
		let container = this.#insideOf(parent);
		// The body is created with its first row, so that a table without rows has no body.
		if (container instanceof HTMLTableElement)
			container = head
				? container.createTHead()
				: (container.tBodies[0] ?? container.createTBody());
		const inner = this.#makeElement(block);
		let element = inner;
		while (element.parentElement) element = element.parentElement;
		container.appendChild(element);
		block.place = inner;
		this.#view = new LeafView(inner, this.#options);
	}

	/** The element for a block's children or text. It may have a frame around it. */
	#makeElement({ kind, level, language, aligns, head }: Block): HTMLElement {
		const { labels } = this.#options;
		switch (kind) {
			case "list":
				return level < 0 ? make("ul") : make("ol", { start: `${level}` });
			case "heading":
				// Below the headings of the page and of the chat.
				return make(headings[level - 1] ?? "h6");
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
			case "blockquote":
			case "li":
			case "p":
			case "hr":
			case "tr":
				return make(kind);
			case "document":
				return this.#root;
			default: {
				const never: never = kind;
				return never;
			}
		}
	}

	/** The element for the block's children or text. */
	#insideOf(block: Block | undefined): HTMLElement {
		const { place } = block ?? {};
		return place instanceof HTMLElement ? place : this.#root;
	}

	withdraw(block: Block) {
		this.#forgetDirection(block);
		this.#insideOf(block).remove();
	}

	loosen(block: Block) {
		this.#insideOf(block).setAttribute("data-loose", "");
	}

	inline(block: Block, tokens: readonly Token[], settled: number) {
		if (block.kind !== "code") this.#setDirection(block, tokens, settled);
		this.#view?.show(tokens, settled);
	}

	clear(block: Block) {
		const element = this.#insideOf(block);
		element.replaceChildren();
		this.#forgetDirection(block);
		this.#view = new LeafView(element, this.#options);
	}

	/** The text of `block` is taken back. */
	#forgetDirection(block: Block) {
		if (this.#directed && this.#directed !== block) return;
		this.#directed = undefined;
		this.#root.removeAttribute("dir");
	}

	/** Sets the direction of the answer by its first letter outside of code. */
	#setDirection(block: Block, tokens: readonly Token[], settled: number) {
		if (this.#directed) return;
		const { at, direction } = firstDirection(tokens);
		// Setting the same value again would be a change of the page.
		if (!direction) this.#root.removeAttribute("dir");
		else if (this.#root.dir !== direction) this.#root.dir = direction;
		if (direction && at < settled) this.#directed = block;
	}

	close(block: Block) {
		if (block.kind !== "code") return;
		const element = this.#insideOf(block);
		// One text node, as `onCode` promises.
		element.normalize();
		const text = element.firstChild;
		if (block.fence > 0 && text instanceof Text)
			this.#options.onCode?.(element, text, block.language);
	}
}

function firstDirection(tokens: readonly Token[]) {
	let inCode = false;
	for (const [at, { kind, text }] of tokens.entries()) {
		if (kind === "code" || (kind === "close" && inCode)) inCode = !inCode;
		const direction =
			kind === "text" && !inCode ? directionOf(text) : undefined;
		if (direction) return { at, direction };
	}
	return { at: tokens.length, direction: undefined };
}
