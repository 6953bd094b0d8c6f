/**
 * The elements an answer may consist of, and their attributes. Tags are fixed here. Of an answer's
 * content only a checked address, a list's first number and a checkbox's state become attributes.
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

/** Makes an element scrollable by keyboard and gives it a name. */
const region = (label: string) =>
	({ role: "group", tabindex: "0", "aria-label": label }) as const;

/** A table with a frame around it. */
export function makeTable(label: string) {
	const table = make("table");
	make("div", { part: "table", ...region(label) }).append(table);
	return table;
}

/** The `code` element for the text of a block of code, with a frame around it. */
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
	// If the page forbids it, the visitor can copy the selection by hand.
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

/** Appending to a text node costs time for its whole length, so a longer one is followed by another. */
export const maxLength = 2_000;
