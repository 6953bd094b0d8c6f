/**
 * The nodes of one leaf: keeps what is settled, and of the rest all that comes before the first
 * difference.
 *
 * Used by sink.ts. Of each token it remembers the place where it begins; from the first that has
 * become another one on, what is there is taken away and made anew. Text that grew is appended, and a
 * link gets its address where it is.
 */
import { make, maxLength } from "./elements.ts";
import { misleadingHost, safeUrl } from "./link-safety.ts";
import type { Formulas, Link, MarkdownOptions, Token } from "./model.ts";

/** Deeper than this, emphasis within emphasis looks no different. */
const maxDepth = 32;

/** A token, and where it goes. */
interface Shown extends Place {
	token: Token;
}

interface Place {
	readonly parent: HTMLElement;
	readonly last: ChildNode | null;
	/** If `last` is text, so much of it counts; else it is negative. */
	readonly length: number;
	/** How many elements are around. */
	readonly depth: number;
}

export interface LeafView {
	/** From now on it shows in `element`, which is empty. */
	begin(element: HTMLElement): void;
	/** Shows what follows the settled content: so many of the tokens are from now on settled, too. */
	show(tokens: readonly Token[], settled: number): void;
}

export function makeLeafView({
	labels,
	linkBase,
	imageHosts,
	formulas,
}: MarkdownOptions): LeafView {
	/** What may still change, and where each begins. */
	let shown: Shown[];
	/** The end of what is shown. */
	let parent: HTMLElement;
	let last: ChildNode | null;
	let length: number;
	let depth: number;
	/** Belongs to the end of `last`: it is written once, however many tokens it was. */
	let unwritten = "";

	function begin(element: HTMLElement) {
		shown = [];
		parent = element;
		last = null;
		length = -1;
		depth = 0;
	}

	function show(tokens: readonly Token[], settled: number) {
		let at = 0;
		while (at < shown.length && remains(shown[at] as Shown, tokens[at])) at++;
		const old = shown[at];
		const token = tokens[at];
		if (old && token && grows(old.token, token)) {
			goBack(shown[++at]);
			addText(token.text.slice(old.token.text.length));
			old.token = token;
		} else goBack(old);
		shown = shown.slice(settled, at);
		for (; at < tokens.length; at++) {
			const token = tokens[at] as Token;
			if (at >= settled) shown.push({ token, parent, last, length, depth });
			add(token);
		}
		write();
	}

	/** Whether what shows one shows the other as well: a link may get its address where it is. */
	function remains(old: Shown, token: Token | undefined): boolean {
		const { kind, text, link } = old.token;
		if (kind !== token?.kind || text !== token.text) return false;
		if (link?.to === token.link?.to) return true;
		if (kind !== "link" || link || old.depth >= maxDepth) return false;
		aim(
			(old.last?.nextSibling ?? old.parent.firstChild) as HTMLElement,
			token.link,
		);
		old.token = token;
		return true;
	}

	/** Takes away all that is behind `to`. */
	function goBack(to: Place | undefined) {
		if (!to) return;
		({ parent, last, length, depth } = to);
		const text = last as Text | null;
		if (text && length >= 0 && text.length > length)
			text.deleteData(length, text.length);
		let element = parent;
		let child = last;
		for (let up = Math.min(depth, maxDepth); up >= 0; up--) {
			while (element.lastChild !== child) element.lastChild?.remove();
			child = element;
			element = element.parentElement as HTMLElement;
		}
	}

	function add(token: Token) {
		const { kind, text } = token;
		if (kind === "text") addText(text);
		else if (kind === "close") leave(token);
		else if (kind === "image") append(makeImage(token));
		else if (kind === "math") append((formulas as Formulas).show(text));
		else if (kind === "break") append(make("br"));
		else if (kind === "task") append(makeTask(text));
		else enter(token);
	}

	function addText(text: string) {
		if (length < 0 || length >= maxLength) {
			append(document.createTextNode(text));
			length = 0;
		} else unwritten += text;
		length += text.length;
	}

	function write() {
		if (unwritten) (last as Text).appendData(unwritten);
		unwritten = "";
	}

	function append(node: HTMLElement | Text) {
		write();
		parent.appendChild(node);
		last = node;
		length = -1;
	}

	function enter({ kind, link }: Token) {
		if (++depth > maxDepth) return;
		const element =
			kind === "link"
				? makeLink("link", link)
				: make(kind as "em", { dir: kind === "code" ? "ltr" : undefined });
		append(element);
		parent = element;
		last = null;
	}

	function leave({ link }: Token) {
		if (depth-- > maxDepth) return;
		write();
		if (link) tell(parent);
		last = parent;
		length = -1;
		parent = parent.parentElement as HTMLElement;
	}

	function makeTask(done: string) {
		return make("input", {
			part: "task",
			type: "checkbox",
			disabled: "",
			checked: done ? "" : undefined,
			"aria-label": done ? labels.done : labels.toDo,
		});
	}

	function makeImage({ text: alt, link }: Token): HTMLElement {
		const url = urlOf(link);
		const isWeb = url?.protocol.startsWith("http");
		if (url && isWeb && imageHosts?.includes(url.host))
			return make("img", {
				part: "image",
				alt,
				referrerpolicy: "no-referrer",
				loading: "lazy",
				src: url.href,
			});
		const element = makeLink("image", link);
		element.append(alt || (url?.hostname ?? ""));
		tell(element);
		return element;
	}

	/** A link within a link is text. */
	function makeLink(part: string, link: Link | undefined): HTMLElement {
		const element = make(parent.closest("a") ? "span" : "a", {
			part,
			dir: "auto",
			target: "_blank",
			rel: "noopener noreferrer nofollow ugc",
		});
		aim(element, link);
		return element;
	}

	/** Without an address it leads nowhere yet. */
	function aim(element: HTMLElement, link: Link | undefined) {
		const href = urlOf(link)?.href;
		if (href && element.localName === "a") element.setAttribute("href", href);
	}

	function urlOf(link: Link | undefined): URL | undefined {
		return link && safeUrl(link.to, linkBase);
	}

	return { begin, show };
}

/** Says where a link leads if its text says otherwise. */
function tell(element: HTMLElement) {
	const link = element as HTMLAnchorElement;
	const host = link.href && misleadingHost(link.textContent ?? "", link);
	if (host) link.append(make("span", { part: "host" }, ` (${host})`));
}

const grows = (old: Token, token: Token) =>
	old.kind === "text" &&
	token.kind === "text" &&
	token.text.startsWith(old.text);
