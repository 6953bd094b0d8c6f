/**
 * From blocks to nodes: what is closed is never touched again.
 *
 * Made by writer.ts, told by the block machine. Never sees HTML.
 */
import { type CodeFrame, make, makeCode, makeTable } from "./elements.ts";
import { defaultLabels, type MarkdownOptions } from "./labels.ts";
import { LeafView } from "./leaf-view.ts";
import type { Block, Sink, Token } from "./model.ts";

/** Not left to dir="auto": each change within it makes an engine look through all that is there. */
const rightToLeft =
	/[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** Below the headings that the page and the chat have. */
const headings = ["h3", "h4", "h5"] as const;

export class DomSink implements Sink {
	readonly #root: HTMLElement;
	readonly #options: MarkdownOptions;
	readonly #labels;
	/** Where a block's children go, or its text. */
	readonly #inside = new WeakMap<Block, HTMLElement>();
	readonly #views = new WeakMap<Block, LeafView>();
	#code: CodeFrame | undefined;
	/** The latest outermost block, until its direction is known. */
	#undirected: HTMLElement | undefined;

	constructor(root: HTMLElement, options: MarkdownOptions) {
		this.#root = root;
		this.#options = options;
		this.#labels = { ...defaultLabels, ...options.labels };
	}

	open(block: Block) {
		const container = this.#containerOf(block);
		const element = this.#make(block);
		container.append(element);
		const table = element.querySelector("table");
		this.#inside.set(block, table ?? element);
		if (container === this.#root) this.#undirected = element;
	}

	#containerOf({ kind, parent, head }: Block): HTMLElement {
		const container = (parent && this.#inside.get(parent)) ?? this.#root;
		if (kind !== "row") return container;
		// A body begins with its first row, so that a table without rows has none.
		const section = container.lastElementChild as HTMLElement | null;
		if (section && (head || section.localName === "tbody")) return section;
		return container.appendChild(make(head ? "thead" : "tbody"));
	}

	#make(block: Block): HTMLElement {
		switch (block.kind) {
			case "quote":
				return make("blockquote");
			case "list":
				return block.level < 0
					? make("ul")
					: make("ol", { start: `${block.level}` });
			case "item":
				return make("li");
			case "heading":
				return make(headings[block.level - 1] ?? "h6");
			case "code":
				this.#code = makeCode(block.language, this.#labels);
				return this.#code.frame;
			case "rule":
				return make("hr");
			case "table":
				return makeTable(this.#labels.table);
			case "row":
				return make("tr");
			case "cell": {
				const align = { "data-align": block.aligns[0] };
				return block.head
					? make("th", { scope: "col", ...align })
					: make("td", align);
			}
			case "plain":
				return make("p", { part: "plain" });
			case "notice":
				return make("p", { part: "too-long" }, this.#labels.tooLong);
			default:
				return make("p");
		}
	}

	retype(block: Block) {
		const heading = this.#make(block);
		const old = this.#inside.get(block);
		if (old?.dir) heading.dir = old.dir;
		if (this.#undirected === old) this.#undirected = heading;
		this.#view(block)?.moveTo(heading);
		this.#inside.set(block, heading);
	}

	remove(block: Block) {
		this.#inside.get(block)?.remove();
	}

	loosen(block: Block) {
		this.#inside.get(block)?.setAttribute("data-loose", "");
	}

	code(block: Block, text: string) {
		if (block.kind === "plain") this.#inside.get(block)?.append(text);
		else this.#code?.text.appendData(text);
	}

	inline(block: Block, tokens: readonly Token[], settled: number) {
		this.#view(block)?.show(tokens, settled);
		if (this.#undirected) this.#direct(tokens.slice(0, settled));
	}

	/** The first letter of an outermost block gives it its direction. */
	#direct(tokens: readonly Token[]) {
		for (const { text } of tokens) {
			const letter = /\p{L}/u.exec(text)?.[0];
			if (!letter) continue;
			if (rightToLeft.test(letter))
				this.#undirected?.setAttribute("dir", "rtl");
			this.#undirected = undefined;
			return;
		}
	}

	more(block: Block, text: string) {
		this.#view(block)?.more(text);
	}

	clear(block: Block) {
		this.#inside.get(block)?.replaceChildren();
		this.#views.delete(block);
	}

	close(block: Block) {
		this.#views.delete(block);
		if (block.kind !== "code" || !this.#code) return;
		const { code, text } = this.#code;
		this.#code = undefined;
		if (block.fence > 0) this.#options.onCode?.(code, text, block.language);
	}

	#view(block: Block): LeafView | undefined {
		let view = this.#views.get(block);
		const element = this.#inside.get(block);
		if (!view && element) {
			view = new LeafView(element, this.#options, this.#labels);
			this.#views.set(block, view);
		}
		return view;
	}
}
