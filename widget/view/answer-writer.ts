/**
 * Who writes the text of an answer: the Markdown renderer, and plain text until it is here.
 *
 * The element asks for the renderer when it connects, so that it has usually come before the first
 * answer. Where it cannot be fetched answers stay plain, and every further one is another attempt.
 */

import type { AnswerOptions } from "../answer/extras.ts";
import { strings } from "../i18n/strings.ts";
import { loadMarkdown } from "./load-markdown.ts";
import { PlainWriter, type Writer } from "./plain-writer.ts";

type Renderer = Awaited<ReturnType<typeof loadMarkdown>>;

let renderer: Renderer | undefined;
let fetching: Promise<void> | undefined;

/** The part that is fetched later, if it is here. */
export const answerChunk = (): Renderer | undefined => renderer;

/** Resolves when the renderer is here, or cannot be had for now. */
export function loadAnswerChunk(load = loadMarkdown): Promise<void> {
	fetching ??= load().then(
		(module) => {
			renderer = module;
		},
		() => {
			fetching = undefined;
		},
	);
	return fetching;
}

/** The renderer stands alone, and takes its words from here. */
const labels = () => ({
	...strings,
	tooLong: strings.unformatted,
});

/** @param onChange Called when what was written as plain text has become Markdown. */
export function createAnswerWriter(
	container: HTMLElement,
	options: Omit<AnswerOptions, "labels">,
	onChange: () => void,
): Writer {
	const worded = { labels: labels(), ...options };
	if (renderer) return renderer.answerWriter(container, worded);
	return new UpgradingWriter(container, worded, onChange);
}

class UpgradingWriter implements Writer {
	#writer: Writer;
	#text = "";
	#ended = false;

	constructor(
		container: HTMLElement,
		options: AnswerOptions,
		onChange: () => void,
	) {
		this.#writer = new PlainWriter(container);
		loadAnswerChunk().then(() => {
			if (!renderer) return;
			this.#writer = renderer.answerWriter(container, options);
			this.#writer.write(this.#text);
			if (this.#ended) this.#writer.end();
			onChange();
		});
	}

	write(text: string, fresh?: readonly string[]) {
		this.#text = text;
		this.#writer.write(text, fresh);
	}

	end() {
		this.#ended = true;
		this.#writer.end();
	}
}
