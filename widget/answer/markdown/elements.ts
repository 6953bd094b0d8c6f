/**
 * The elements an answer may consist of, and the few attributes they may have.
 *
 * Used by sink.ts and leaf-view.ts. Tags are fixed here; of an answer's content only an address that
 * links.ts let pass, a list's first number and a checkbox's state ever become more than text.
 */
import type { MarkdownLabels } from "./model.ts";

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
	for (const name in attributes) {
		const value = attributes[name as Attribute];
		if (value !== undefined) element.setAttribute(name, value);
	}
	if (text) element.append(text);
	return element;
}

/** Isolated: bidirectional marks in a link's text must not reorder it. */
export const makeHostNote = (host: string) =>
	make("span", { part: "host", dir: "ltr" }, ` (${host})`);

/** What makes an element one that can be scrolled by keyboard and says what it is. */
const region = (label: string) =>
	({ role: "region", tabindex: "0", "aria-label": label }) as const;

/** A table with a frame around it. */
export function makeTable(label: string) {
	const table = make("table");
	make("div", { part: "table", ...region(label) }).append(table);
	return table;
}

/** The `code` that a block of code's text goes into, with a frame around it. */
export function makeCode(language: string, labels: MarkdownLabels) {
	const code = make("code");
	const pre = make("pre", { dir: "ltr", ...region(labels.code(language)) });
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
		navigator.clipboard.writeText(code.textContent ?? "").then(
			() => say(labels.copied),
			() => getSelection()?.selectAllChildren(pre),
		);
	copy.onblur = copy.onpointerleave = () => say(labels.copy);
	pre.append(code);
	const bar = make("div", { part: "code-bar" });
	bar.append(make("span", { part: "language" }, language), copy);
	make("div", { part: "code" }).append(bar, pre);
	return code;
}

/** A text node that grows costs an engine all of its length: a long one is left, and another begun. */
export const maxLength = 2_000;
