/**
 * Colours closed blocks of code; the entry of `chat-stream.highlight.js`.
 *
 * Fetched by extras.ts when the page wants it and the first block of code is there. Colours are
 * answer-styles.ts's.
 */
import { Painter } from "./painter.ts";
import { marksOf } from "./tokens.ts";

/** Longer code stays plain: it would hold the page up. */
const maxChars = 20_000;

const painters = new WeakMap<Node, Painter>();

/** Colours what `code` holds, in a quiet moment; a language that is not known stays plain. */
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
	painter.paint(code, marks);
}
