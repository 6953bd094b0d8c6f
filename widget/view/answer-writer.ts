/**
 * Chooses the writer of a reply: the Markdown renderer, or plain text until the answer chunk is loaded.
 *
 * If loading fails, replies stay plain text, and each further reply tries again.
 */

import type { AnswerOptions } from "../answer/extras.ts";
import { strings } from "../i18n/strings.ts";
import { loadMarkdown } from "./load-markdown.ts";
import { PlainWriter, type Writer } from "./plain-writer.ts";

type AnswerChunk = Awaited<ReturnType<typeof loadMarkdown>>;

let chunk: AnswerChunk | undefined;
let loading: Promise<void> | undefined;

/** The answer chunk, once it is loaded. */
export const answerChunk = (): AnswerChunk | undefined => chunk;

/** Resolves when the chunk is loaded, or loading it failed. */
export function loadAnswerChunk(load = loadMarkdown): Promise<void> {
	loading ??= load().then(
		(module) => {
			chunk = module;
		},
		() => {
			loading = undefined;
		},
	);
	return loading;
}

/** The renderer imports no strings: they are passed in. */
const labels = () => ({
	...strings,
	tooLong: strings.unformatted,
});

/** @param onChange Called when plain text was replaced by formatted text. */
export function createAnswerWriter(
	container: HTMLElement,
	options: Omit<AnswerOptions, "labels">,
	onChange: () => void,
): Writer {
	const labelled = { labels: labels(), ...options };
	if (chunk) return chunk.answerWriter(container, labelled);
	return new UpgradingWriter(container, labelled, onChange);
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
			if (!chunk) return;
			this.#writer = chunk.answerWriter(container, options);
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
