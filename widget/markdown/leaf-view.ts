/**
 * The nodes of one leaf: keeps what is settled, and of the rest all that comes before the first
 * difference.
 *
 * Used by sink.ts. Of each token it remembers the place where it begins; from the first that has
 * become another one on, what is there is taken away and made anew. Text that grew is appended.
 */
import { appendText, make } from "./elements.ts";
import type { MarkdownOptions } from "./labels.ts";
import { pretendedOver, safeUrl } from "./links.ts";
import type { Link, Token } from "./model.ts";
import { partsOf } from "./verbatim.ts";

/** Deeper than this, emphasis within emphasis looks no different. */
const maxDepth = 32;

/** Where a node goes: behind `last`, of which so much counts if it is text. */
interface Place {
	readonly parent: HTMLElement;
	readonly last: ChildNode | null;
	readonly length: number;
	/** How many elements are around. */
	readonly depth: number;
}

/** Shows in `parent` what follows its settled content: so many of the tokens are from now on settled. */
export type LeafView = (tokens: readonly Token[], settled: number) => void;

export function makeLeafView(
	parent: HTMLElement,
	{ labels, linkBase, imageHosts, onMath }: MarkdownOptions,
): LeafView {
	/** What may still change, and where each begins. */
	const shown: { token: Token; from: Place }[] = [];
	/** The end of what is shown. */
	let place: Place = { parent, last: null, length: 0, depth: 0 };

	function show(tokens: readonly Token[], settled: number) {
		let at = 0;
		while (at < shown.length && isSame(shown[at]?.token, tokens[at])) at++;
		const old = shown[at];
		const token = tokens[at];
		if (old && token && grows(old.token, token)) {
			goBack(shown[++at]?.from);
			addText(token.text.slice(old.token.text.length));
			old.token = token;
		} else goBack(old?.from);
		shown.length = at;
		for (const token of tokens.slice(at)) {
			shown.push({ token, from: place });
			add(token);
		}
		shown.splice(0, settled);
	}

	/** Takes away all that is behind `to`. */
	function goBack(to: Place | undefined) {
		if (!to) return;
		place = to;
		let { parent, last } = place;
		if (last instanceof Text && last.length > place.length)
			last.deleteData(place.length, last.length);
		for (let up = Math.min(place.depth, maxDepth); up >= 0; up--) {
			while (parent.lastChild !== last) parent.lastChild?.remove();
			last = parent;
			parent = parent.parentElement as HTMLElement;
		}
	}

	function add(token: Token) {
		const { kind, text } = token;
		if (kind === "text") addText(text);
		else if (kind === "close") leave(token);
		else if (kind === "image") append(makeImage(token));
		else if (kind === "math") append(makeMath(text));
		else if (kind === "break") append(make("br"));
		else if (kind === "task") append(makeTask(text));
		else enter(token);
	}

	function addText(text: string) {
		const last = appendText(place.parent, text);
		place = { ...place, last, length: last.length };
	}

	function append(last: HTMLElement) {
		place.parent.append(last);
		place = { ...place, last };
	}

	function enter({ kind, link }: Token) {
		const depth = place.depth + 1;
		if (depth > maxDepth) {
			place = { ...place, depth };
			return;
		}
		const element =
			kind === "link"
				? makeLink("link", link)
				: make(kind as "em", { dir: kind === "code" ? "ltr" : undefined });
		append(element);
		place = { parent: element, last: null, length: 0, depth };
	}

	function leave({ link }: Token) {
		const { parent, depth } = place;
		if (depth > maxDepth) {
			place = { ...place, depth: depth - 1 };
			return;
		}
		tell(parent, link);
		const outer = parent.parentElement as HTMLElement;
		place = { parent: outer, last: parent, length: 0, depth: depth - 1 };
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

	function makeMath(text: string): HTMLElement {
		const { source, isBlock } = partsOf(text);
		const part = isBlock ? "math formula" : "math";
		const element = make("span", { part, dir: "ltr" }, text);
		onMath?.(element, source, isBlock);
		return element;
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
		tell(element, link);
		return element;
	}

	/** A link within a link is text. */
	function makeLink(part: string, link: Link | undefined): HTMLElement {
		const isInside = place.parent.closest("a");
		const url = isInside ? undefined : urlOf(link);
		return make(isInside ? "span" : "a", {
			part,
			dir: "auto",
			href: url?.href,
			target: url && "_blank",
			rel: url && "noopener noreferrer nofollow ugc",
		});
	}

	function urlOf(link: Link | undefined): URL | undefined {
		return link && safeUrl(link.to, linkBase);
	}

	/** Says where a link leads if its text says otherwise. */
	function tell(element: HTMLElement, link: Link | undefined) {
		const url = element.hasAttribute("href") ? urlOf(link) : undefined;
		const host = url && pretendedOver(element.textContent ?? "", url);
		if (host) element.append(make("span", { part: "host" }, ` (${host})`));
	}

	return show;
}

/** Whether what shows one shows the other as well. */
const isSame = (one?: Token, other?: Token) =>
	one?.kind === other?.kind &&
	one?.text === other?.text &&
	one?.link?.to === other?.link?.to;

const grows = (old: Token, token: Token) =>
	old.kind === "text" &&
	token.kind === "text" &&
	token.text.startsWith(old.text);
