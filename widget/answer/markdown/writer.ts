/**
 * Shows Markdown that is still arriving: text that only grows becomes nodes that only grow.
 *
 * The writer owns every node in its root. If another script changes them, it rebuilds the answer from
 * its text. It knows neither messages nor the network.
 */

import { appendedText } from "./appended-text.ts";
import { BlockParser } from "./block-parser.ts";
import { DomSink } from "./dom-sink.ts";
import { ForeignChanges } from "./foreign-changes.ts";
import type { MarkdownOptions } from "./model.ts";

/**
 * After this many repairs the next one waits until the text has grown by an eighth: a translator that
 * changes every new node would otherwise make the cost quadratic.
 */
const promptRepairs = 16;

export class MarkdownWriter {
	readonly #root: HTMLElement;
	readonly #options: MarkdownOptions;
	#parser: BlockParser | undefined;
	#sink: DomSink | undefined;
	#changes: ForeignChanges | undefined;
	#text = "";
	#ended = false;
	#repairs = 0;
	/** The length of the text at the latest repair. */
	#repairedAt = 0;

	constructor(root: HTMLElement, options: MarkdownOptions) {
		this.#root = root;
		this.#options = options;
	}

	/**
	 * Shows `textSoFar`. If it begins with the text shown before, only the new text costs time;
	 * otherwise everything is shown again.
	 * @param fresh The chunks by which it has grown since, if they are known.
	 */
	write(textSoFar: string, fresh?: readonly string[]) {
		const more = appendedText(textSoFar, this.#text, fresh);
		this.#text = textSoFar;
		if (more === undefined || !this.#parser || (this.#ended && more))
			this.#rebuild();
		else if (this.#isDamaged()) this.#repair();
		else this.#show(this.#parser, more);
	}

	/** The text is complete: nothing follows. */
	end() {
		if (this.#ended) return;
		if (this.#isDamaged()) this.#rebuild();
		this.#parser?.end();
		this.#changes?.stop();
		this.#ended = true;
	}

	#isDamaged(): boolean {
		return this.#changes?.found() === true || this.#sink?.isIntact === false;
	}

	#repair() {
		const { length } = this.#text;
		const isPrompt = this.#repairs < promptRepairs;
		if (!isPrompt && length < this.#repairedAt * 1.125) return;
		this.#repairs++;
		this.#repairedAt = length;
		this.#rebuild();
	}

	#rebuild() {
		this.#changes?.stop();
		this.#root.replaceChildren();
		this.#ended = false;
		this.#changes = new ForeignChanges(this.#root);
		this.#sink = new DomSink(this.#root, this.#options);
		this.#parser = new BlockParser(this.#sink, this.#options.formulas);
		this.#show(this.#parser, this.#text);
	}

	#show(parser: BlockParser, more: string) {
		parser.feed(more);
		parser.show();
		this.#changes?.skipOwn();
	}
}
