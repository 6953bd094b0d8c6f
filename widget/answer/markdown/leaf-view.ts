/**
 * The nodes of one leaf block. Keeps the settled nodes, and of the others every node before the first
 * changed token.
 *
 * Each token remembers the position where it begins. From the first changed token on, the nodes are
 * removed and created again. Text that grew is appended, and a link receives its address in place.
 */
import { make, makeHostNote, maxLength } from "./elements.ts";
import { misleadingHost, safeUrl } from "./link-safety.ts";
import type { Link, MarkdownOptions, Token } from "./model.ts";
import { directionOf } from "./text-direction.ts";

/** Deeper than this, emphasis within emphasis looks no different. */
const maxDepth = 32;

interface Position {
	readonly parent: HTMLElement;
	/** The last node before this position. */
	readonly last: ChildNode | null;
	/** `last`, if it is text. */
	readonly text: Text | undefined;
	/** How many characters of `text` are before this position. */
	readonly length: number;
	/** How many elements of the leaf are around it. */
	readonly depth: number;
}

/** A token that may still change, and where it begins. */
interface Shown extends Position {
	token: Token;
}

const grows = (old: Token, token: Token) =>
	old.kind === "text" &&
	token.kind === "text" &&
	token.text.startsWith(old.text);

export class LeafView {
	readonly #options: MarkdownOptions;
	#shown: Shown[] = [];
	// The position behind everything that is shown.
	#parent: HTMLElement;
	#last: ChildNode | null = null;
	#length = 0;
	#depth = 0;
	/** `#last`, if it is text. */
	#text: Text | undefined;
	/** Text that belongs at the end of `#text`; written in one step, because each write costs. */
	#unwritten = "";

	/** @param element Shows the leaf; empty. */
	constructor(element: HTMLElement, options: MarkdownOptions) {
		this.#parent = element;
		this.#options = options;
	}

	/** Whether the last text is as long as it was written. */
	get isIntact(): boolean {
		return !this.#text || this.#text.length === this.#length;
	}

	/** Shows the tokens behind the settled ones. From then on the first `settled` of them are settled too. */
	show(tokens: readonly Token[], settled: number) {
		let at = this.#countKept(tokens);
		const old = this.#shown[at];
		const token = tokens[at];
		if (old && token && grows(old.token, token)) {
			this.#goBack(this.#shown[++at]);
			this.#addText(token.text.slice(old.token.text.length));
			old.token = token;
		} else this.#goBack(old);
		this.#shown = this.#shown.slice(settled, at);
		for (const token of tokens.slice(at)) {
			if (at++ >= settled)
				this.#shown.push({
					token,
					parent: this.#parent,
					last: this.#last,
					text: this.#text,
					length: this.#length,
					depth: this.#depth,
				});
			this.#add(token);
		}
		this.#write();
	}

	#countKept(tokens: readonly Token[]): number {
		let at = 0;
		for (const old of this.#shown) {
			const token = tokens[at];
			if (!token || !this.#keeps(old, token)) break;
			at++;
		}
		return at;
	}

	/** Whether the nodes of `old` also show `token`. A link may receive its address in place. */
	#keeps(old: Shown, token: Token): boolean {
		const { kind, text, link } = old.token;
		if (kind !== token.kind || text !== token.text) return false;
		if (link?.to === token.link?.to) return true;
		if (kind !== "link" || link || old.depth >= maxDepth) return false;
		const element = old.last?.nextSibling ?? old.parent.firstChild;
		if (!(element instanceof HTMLElement)) return false;
		this.#setAddress(element, token.link);
		old.token = token;
		return true;
	}

	/** Removes every node and character behind `to`. */
	#goBack(to: Position | undefined) {
		if (!to) return;
		this.#parent = to.parent;
		this.#last = to.last;
		this.#length = to.length;
		this.#depth = to.depth;
		this.#text = to.text;
		if (to.text && to.text.length > to.length)
			to.text.deleteData(to.length, to.text.length);
		let element: HTMLElement | null = to.parent;
		let child = to.last;
		for (let up = Math.min(to.depth, maxDepth); up >= 0 && element; up--) {
			while (element.lastChild && element.lastChild !== child)
				element.lastChild.remove();
			child = element;
			element = element.parentElement;
		}
	}

	#add(token: Token) {
		const { kind, text } = token;
		switch (kind) {
			case "text":
				this.#addText(text);
				return;
			case "close":
				this.#leave(token);
				return;
			case "image":
				this.#append(this.#makeImage(token));
				return;
			case "math":
				this.#append(this.#makeFormula(text));
				return;
			case "break":
				this.#append(make("br"));
				return;
			case "task":
				this.#append(this.#makeTask(text));
				return;
			case "code":
				this.#enter(make("code", { dir: "ltr" }));
				return;
			case "link":
				this.#enter(this.#makeLink("link", token.link));
				return;
			case "em":
			case "strong":
			case "del":
				this.#enter(make(kind));
				return;
			default: {
				const never: never = kind;
				return never;
			}
		}
	}

	#addText(text: string) {
		if (!this.#text || this.#length >= maxLength) {
			const node = document.createTextNode(text);
			this.#append(node);
			this.#text = node;
			this.#length = 0;
		} else this.#unwritten += text;
		this.#length += text.length;
	}

	#write() {
		if (this.#unwritten) this.#text?.appendData(this.#unwritten);
		this.#unwritten = "";
	}

	#append(node: HTMLElement | Text) {
		this.#write();
		this.#parent.appendChild(node);
		this.#moveTo(node);
	}

	#moveTo(node?: HTMLElement | Text) {
		this.#last = node ?? null;
		this.#text = undefined;
	}

	#enter(element: HTMLElement) {
		if (++this.#depth > maxDepth) return;
		this.#append(element);
		this.#parent = element;
		this.#moveTo();
	}

	#leave({ link }: Token) {
		if (this.#depth-- > maxDepth) return;
		this.#write();
		const element = this.#parent;
		if (element.hasAttribute("part")) isolate(element);
		if (link) addHostNote(element);
		this.#moveTo(element);
		this.#parent = element.parentElement ?? element;
	}

	#makeFormula(formula: string): HTMLElement | Text {
		const { formulas } = this.#options;
		return formulas?.show(formula) ?? document.createTextNode(formula);
	}

	#makeTask(done: string): HTMLElement {
		const { labels } = this.#options;
		return make("input", {
			part: "task",
			type: "checkbox",
			disabled: "",
			checked: done ? "" : undefined,
			"aria-label": done ? labels.done : labels.toDo,
		});
	}

	#makeImage({ text: alt, link }: Token): HTMLElement {
		const url = this.#urlOf(link);
		const isWeb = url?.protocol.startsWith("http");
		if (url && isWeb && this.#options.imageHosts?.includes(url.host))
			return make("img", {
				part: "image",
				alt,
				referrerpolicy: "no-referrer",
				loading: "lazy",
				src: url.href,
			});
		const element = this.#makeLink("image", link);
		element.append(alt || (url?.hostname ?? ""));
		isolate(element);
		addHostNote(element);
		return element;
	}

	/** A link within a link is text. */
	#makeLink(part: string, link: Link | undefined): HTMLElement {
		const element = make(this.#parent.closest("a") ? "span" : "a", {
			part,
			target: "_blank",
			rel: "noopener noreferrer nofollow ugc",
		});
		this.#setAddress(element, link);
		return element;
	}

	/** Without an address the link leads nowhere yet. */
	#setAddress(element: HTMLElement, link: Link | undefined) {
		const href = this.#urlOf(link)?.href;
		if (href && element.localName === "a") element.setAttribute("href", href);
	}

	#urlOf(link: Link | undefined): URL | undefined {
		return link && safeUrl(link.to, this.#options.linkBase);
	}
}

/** Sets a link's own direction, so that its text does not reorder the text around it. */
function isolate(element: HTMLElement) {
	element.setAttribute("dir", directionOf(element.textContent ?? "") ?? "ltr");
}

/** Adds the real host of a link whose text names another one. */
function addHostNote(element: HTMLElement) {
	if (!(element instanceof HTMLAnchorElement) || !element.href) return;
	const host = misleadingHost(element.textContent ?? "", element);
	if (host) element.append(makeHostNote(host));
}
