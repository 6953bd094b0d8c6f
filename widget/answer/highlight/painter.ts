/**
 * Highlights ranges of an element's code by the CSS Custom Highlight API, without changing nodes. The
 * registry belongs to the whole page, so only our own names are touched. Ranges of removed code are
 * deleted, because the registry would keep them in memory.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type Kind, kinds, type Mark } from "./tokens.ts";

const nameOf = (kind: Kind) => `chat-stream-${kind}`;

type Places = [Kind, AbstractRange][];

export class Painter implements ReactiveController {
	readonly #places = new Map<HTMLElement, Places>();

	/** The element's life is the painter's, where there is an element. */
	constructor(host: Element | object) {
		(host as Partial<ReactiveControllerHost>).addController?.(this);
	}

	/** Nothing for code that is not, or no longer, in the page. */
	paint(code: HTMLElement, marks: readonly Mark[]) {
		this.hostUpdated();
		if (!code.isConnected || this.#places.has(code)) return;
		const places = placesOf(code, marks);
		this.#places.set(code, places);
		put(places);
	}

	hostConnected() {
		for (const places of this.#places.values()) put(places);
	}

	hostDisconnected() {
		for (const places of this.#places.values()) take(places);
	}

	/** What the element shows may have changed. */
	hostUpdated() {
		for (const [code, places] of this.#places) {
			if (code.isConnected) continue;
			take(places);
			this.#places.delete(code);
		}
	}
}

function put(places: Places) {
	for (const [kind, range] of places) {
		const name = nameOf(kind);
		let highlight = CSS.highlights.get(name);
		if (!highlight) {
			highlight = new Highlight();
			CSS.highlights.set(name, highlight);
		}
		highlight.add(range);
	}
}

function take(places: Places) {
	for (const [kind, range] of places)
		CSS.highlights.get(nameOf(kind))?.delete(range);
	for (const kind of kinds) {
		const name = nameOf(kind);
		if (CSS.highlights.get(name)?.size === 0) CSS.highlights.delete(name);
	}
}

/** Long code may be in several text nodes, and a mark may reach over their borders. */
function placesOf(code: HTMLElement, marks: readonly Mark[]): Places {
	const texts = [...code.childNodes].filter((node) => node instanceof Text);
	let at = 0;
	let start = 0;
	/** Marks come in the order of the text: so do their ends. */
	const find = (place: number): [Text, number] | undefined => {
		let text = texts[at];
		while (text && place > start + text.length) {
			start += text.length;
			text = texts[++at];
		}
		return text && [text, place - start];
	};
	const places: Places = [];
	for (const { kind, from, to } of marks) {
		const begin = find(from);
		const end = find(to);
		if (!begin || !end) break;
		const [startContainer, startOffset] = begin;
		const [endContainer, endOffset] = end;
		const range = new StaticRange({
			startContainer,
			startOffset,
			endContainer,
			endOffset,
		});
		places.push([kind, range]);
	}
	return places;
}
