/**
 * The elements an answer may consist of, and the few attributes they may have.
 *
 * Used by sink.ts and leaf-view.ts. Tags are fixed here; of an answer's content only an address that
 * links.ts let pass, a list's first number and a checkbox's state ever become more than text.
 */
import type { MarkdownLabels } from "./labels.ts";

export type Tag =
	| "p"
	| "em"
	| "strong"
	| "del"
	| "code"
	| "pre"
	| "a"
	| "br"
	| "hr"
	| "h3"
	| "h4"
	| "h5"
	| "h6"
	| "ul"
	| "ol"
	| "li"
	| "blockquote"
	| "table"
	| "thead"
	| "tbody"
	| "tr"
	| "th"
	| "td"
	| "div"
	| "span"
	| "input"
	| "button"
	| "img";

type Attribute =
	| "part"
	| "role"
	| "tabindex"
	| "aria-label"
	| "dir"
	| "scope"
	| "type"
	| "href"
	| "target"
	| "rel"
	| "src"
	| "alt"
	| "loading"
	| "referrerpolicy"
	| "data-align"
	| "start"
	| "disabled"
	| "checked";

export function make<T extends Tag>(
	tag: T,
	attributes: { [name in Attribute]?: string | undefined } = {},
	text = "",
): HTMLElementTagNameMap[T] {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes))
		if (value !== undefined) element.setAttribute(name, value);
	if (text) element.append(text);
	return element;
}

/** What makes an element one that can be scrolled by keyboard and says what it is. */
const region = (label: string) =>
	({ role: "region", tabindex: "0", "aria-label": label }) as const;

export function makeTable(label: string) {
	const frame = make("div", { part: "table", ...region(label) });
	frame.append(make("table"));
	return frame;
}

export interface CodeFrame {
	frame: HTMLElement;
	code: HTMLElement;
	text: Text;
}

export function makeCode(language: string, labels: MarkdownLabels): CodeFrame {
	const text = document.createTextNode("");
	const code = make("code");
	code.append(text);
	const pre = make("pre", { dir: "ltr", ...region(labels.code(language)) });
	pre.append(code);
	const copy = make(
		"button",
		{ part: "button copy", type: "button" },
		labels.copy,
	);
	const say = (label: string) => {
		copy.textContent = label;
	};
	// When it is not allowed to, what is selected can be copied by hand.
	copy.onclick = () =>
		navigator.clipboard.writeText(text.data).then(
			() => say(labels.copied),
			() => getSelection()?.selectAllChildren(pre),
		);
	copy.onblur = copy.onpointerleave = () => say(labels.copy);
	const bar = make("div", { part: "code-bar" });
	bar.append(make("span", { part: "language" }, language), copy);
	const frame = make("div", { part: "code" });
	frame.append(bar, pre);
	return { frame, code, text };
}

/** Leads an `a` somewhere, or nowhere. */
export function aim(anchor: Element, url: URL | undefined) {
	const attributes = {
		href: url?.href ?? "",
		target: "_blank",
		rel: "noopener noreferrer nofollow ugc",
	};
	for (const [name, value] of Object.entries(attributes))
		if (url) anchor.setAttribute(name, value);
		else anchor.removeAttribute(name);
}
