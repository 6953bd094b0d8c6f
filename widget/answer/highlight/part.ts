/**
 * Highlights closed blocks of code; the entry of `chat-stream.highlight.js`. Changes no node, and knows
 * no Markdown.
 */
import { highlightStyles } from "./highlight-styles.ts";
import { Painter } from "./painter.ts";
import { marksOf } from "./tokens.ts";

/** Longer code stays plain, because highlighting it would block the page. */
const maxChars = 20_000;

const painters = new WeakMap<Node, Painter>();

/** Highlights the text of `code`. An unknown language stays plain. */
export function highlight(code: HTMLElement, language: string) {
	const text = code.textContent ?? "";
	if (text.length > maxChars) return;
	const marks = marksOf(text, language);
	if (marks.length === 0) return;
	const root = code.getRootNode();
	let painter = painters.get(root);
	if (!painter) {
		const host = root instanceof ShadowRoot ? root.host : {};
		painter = new Painter(host);
		painters.set(root, painter);
	}
	if (root instanceof ShadowRoot) adoptStyles(root);
	painter.paint(code, marks);
}

const sheets = new WeakMap<ShadowRoot, CSSStyleSheet>();

/** The element replaces its list of style sheets when further styles arrive. */
function adoptStyles(root: ShadowRoot) {
	let sheet = sheets.get(root);
	if (!sheet) {
		sheet = new CSSStyleSheet();
		sheet.replaceSync(highlightStyles);
		sheets.set(root, sheet);
	}
	if (!root.adoptedStyleSheets.includes(sheet))
		root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
