/**
 * The nodes of one leaf: keeps what is settled, and changes of the rest only what became different.
 *
 * Used by sink.ts. Tokens are compared by their place: equal ones keep their nodes, text that grew is
 * appended, and from the first that is of another kind on the rest is made anew.
 */
import { aim, make } from "./elements.ts";
import type { MarkdownLabels, MarkdownOptions } from "./labels.ts";
import { pretendedOver, safeUrl } from "./links.ts";
import type { Token } from "./model.ts";
import { partsOf } from "./verbatim.ts";

/** Deeper than this, emphasis within emphasis looks no different. */
const maxDepth = 32;

/** Where the next node goes: behind `last`, of which so much text counts if it is text. */
interface Place {
	parent: HTMLElement;
	last: Node | null;
	length: number;
	inLink: boolean;
}

/** What shows a token; for text, from where on in its node. */
interface Shown {
	token: Token;
	node: Node | undefined;
	from: number;
}

export class LeafView {
	readonly #options: MarkdownOptions;
	readonly #labels: MarkdownLabels;
	/** The end of what is settled. */
	#settled: Place;
	#shown: Shown[] = [];
	/** The open elements around the place that is written at; an entry is where it goes back to. */
	#place: Place;
	#outer: Place[] = [];

	constructor(
		parent: HTMLElement,
		options: MarkdownOptions,
		labels: MarkdownLabels,
	) {
		this.#options = options;
		this.#labels = labels;
		this.#settled = { parent, last: null, length: 0, inLink: false };
		this.#place = { ...this.#settled };
	}

	get element(): HTMLElement {
		return this.#settled.parent;
	}

	/** Its nodes go on in another element. */
	moveTo(parent: HTMLElement) {
		while (this.element.firstChild) parent.append(this.element.firstChild);
		this.element.replaceWith(parent);
		this.#settled.parent = parent;
	}

	show(tokens: readonly Token[], settled: number) {
		this.#place = { ...this.#settled };
		this.#outer = [];
		let at = 0;
		for (; at < tokens.length; at++) {
			const token = tokens[at] as Token;
			const shown = this.#shown[at];
			if (!shown || !this.#keep(shown, token)) break;
			if (at === settled - 1) this.#settled = { ...this.#place };
		}
		this.#trim();
		this.#shown.length = at;
		for (; at < tokens.length; at++) {
			const token = tokens[at] as Token;
			this.#shown.push(this.#add(token));
			if (at === settled - 1) this.#settled = { ...this.#place };
		}
		this.#shown = this.#shown.slice(settled);
	}

	/** Text behind all that is shown. */
	more(text: string) {
		const last = this.#shown.at(-1);
		const { lastChild } = this.element;
		if (last?.node instanceof Text && last.node === lastChild) {
			last.node.appendData(text);
			last.token = { kind: "text", text: last.token.text + text };
			return;
		}
		this.#place = {
			parent: this.element,
			last: lastChild,
			length: 0,
			inLink: false,
		};
		this.#outer = [];
		this.#shown.push(this.#add({ kind: "text", text }));
	}

	/* ------------------------------------------------------------ what is there already */

	/** Goes over what is shown, making it what it is to be; false if it has to be made anew. */
	#keep(shown: Shown, token: Token): boolean {
		const { token: old, node, from } = shown;
		const place = this.#place;
		if (old.kind !== token.kind) return false;
		if (token.kind === "text") {
			const text = node as Text;
			// Not when another token's text follows in the same node.
			if (old.text !== token.text && text.length > from + old.text.length)
				return false;
			changeText(text, from, old.text, token.text);
			place.last = text;
			place.length = from + token.text.length;
		} else if (token.kind === "close") {
			const isNew = !isSame(old, token);
			if (isNew) node?.parentNode?.removeChild(node);
			shown.node = this.#leave(token, isNew) ?? (isNew ? undefined : node);
		} else if (["em", "strong", "del", "link"].includes(token.kind)) {
			if (!isSame(old, token) && node instanceof HTMLElement)
				aim(node, this.#url(token));
			if (node) place.last = node;
			this.#enter(node as HTMLElement | undefined);
		} else {
			if (token.kind === "code")
				changeText(node?.firstChild as Text, 0, old.text, token.text);
			else if (token.text !== old.text || !isSame(old, token)) return false;
			place.last = node ?? place.last;
		}
		shown.token = token;
		return true;
	}

	/** Takes away all that is behind the place. */
	#trim() {
		const { last, length } = this.#place;
		if (last instanceof Text && last.length > length)
			last.deleteData(length, last.length - length);
		for (const { parent, last } of [this.#place, ...this.#outer.toReversed()])
			while (parent.lastChild && parent.lastChild !== last)
				parent.lastChild.remove();
	}

	/* ------------------------------------------------------------ what is new */

	#add(token: Token): Shown {
		const shown: Shown = { token, node: undefined, from: 0 };
		switch (token.kind) {
			case "text":
				this.#addText(shown, token.text);
				break;
			case "close":
				shown.node = this.#leave(token, true);
				break;
			case "em":
			case "strong":
			case "del":
			case "link":
				if (this.#outer.length < maxDepth)
					shown.node = this.#append(this.#makeOpen(token));
				this.#enter(shown.node as HTMLElement | undefined);
				break;
			default:
				shown.node = this.#append(this.#makeLeaf(token));
		}
		return shown;
	}

	#addText(shown: Shown, text: string) {
		const { last } = this.#place;
		if (last instanceof Text) {
			shown.node = last;
			shown.from = last.length;
			last.appendData(text);
		} else shown.node = this.#append(document.createTextNode(text));
		this.#place.length = shown.from + text.length;
	}

	#append<T extends Node>(node: T): T {
		this.#place.parent.append(node);
		this.#place.last = node;
		return node;
	}

	#makeOpen(token: Token): HTMLElement {
		const { kind } = token;
		if (kind === "em" || kind === "strong" || kind === "del") return make(kind);
		// A link within a link is text.
		if (this.#place.inLink) return make("span");
		const anchor = make("a", { part: "link", dir: "auto" });
		aim(anchor, this.#url(token));
		return anchor;
	}

	#makeLeaf(token: Token): HTMLElement {
		const { kind, text } = token;
		if (kind === "break") return make("br");
		if (kind === "code") return make("code", { dir: "ltr" }, text);
		if (kind === "image") return this.#makeImage(token);
		if (kind === "math") return this.#makeMath(text);
		return make("input", {
			part: "task",
			type: "checkbox",
			disabled: "",
			checked: text ? "" : undefined,
			"aria-label": text ? this.#labels.done : this.#labels.toDo,
		});
	}

	#makeMath(text: string): HTMLElement {
		const { source, isBlock } = partsOf(text);
		const part = isBlock ? "math formula" : "math";
		const place = make("span", { part, dir: "ltr" }, text);
		this.#options.onMath?.(place, source, isBlock);
		return place;
	}

	#makeImage(token: Token): HTMLElement {
		const part = "image";
		const alt = token.text;
		const url = this.#url(token);
		const { imageHosts } = this.#options;
		if (url?.protocol.startsWith("http") && imageHosts?.includes(url.host))
			return make("img", {
				part,
				alt,
				referrerpolicy: "no-referrer",
				loading: "lazy",
				src: url.href,
			});
		const tag = this.#place.inLink ? "span" : "a";
		const text = alt || url?.hostname;
		const element = make(tag, { part, dir: "auto" }, text);
		if (tag === "a" && url) {
			aim(element, url);
			this.#tell(element, url);
		}
		return element;
	}

	/* ------------------------------------------------------------ within elements */

	#enter(element: HTMLElement | undefined) {
		const place = this.#place;
		this.#outer.push(place);
		// Flattened: what would be inside goes where it is.
		if (!element) return;
		const inLink = place.inLink || element instanceof HTMLAnchorElement;
		this.#place = { parent: element, last: null, length: 0, inLink };
	}

	/** Answers the note behind a link's text, if it needs one. */
	#leave(token: Token, isNew: boolean): Node | undefined {
		const { parent } = this.#place;
		const outer = this.#outer.pop();
		if (!outer || outer === this.#place) return undefined;
		this.#place = outer;
		const url =
			isNew && parent instanceof HTMLAnchorElement
				? this.#url(token)
				: undefined;
		return url && this.#tell(parent, url);
	}

	#url({ link }: Token): URL | undefined {
		return link && safeUrl(link.to, this.#options.linkBase);
	}

	/** Says where a link leads if its text says otherwise. */
	#tell(element: HTMLElement, url: URL): Node | undefined {
		const host = pretendedOver(element.textContent ?? "", url);
		if (!host) return undefined;
		const note = make("span", { part: "host" }, ` (${host})`);
		element.append(note);
		return note;
	}
}

const isSame = (one: Token, other: Token) => one.link?.to === other.link?.to;

function changeText(node: Text, from: number, old: string, now: string) {
	if (old === now) return;
	if (now.startsWith(old)) {
		node.appendData(now.slice(old.length));
		return;
	}
	let same = 0;
	while (same < old.length && old[same] === now[same]) same++;
	node.replaceData(from + same, old.length - same, now.slice(same));
}
