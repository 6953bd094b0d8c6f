/**
 * Shows Markdown that is still being written: text that only grows becomes nodes that only grow.
 *
 * The element makes one for each answer and hands it the whole text so far, at most once a frame. It
 * owns all that is in its root; nobody else may write there.
 */

import { appendedText } from "./appended-text.ts";
import { type BlockMachine, makeBlockMachine } from "./block-parser.ts";
import { makeDomSink } from "./dom-sink.ts";
import type { MarkdownOptions } from "./model.ts";

export class MarkdownWriter {
	readonly #root: HTMLElement;
	readonly #options: MarkdownOptions;
	#machine: BlockMachine | undefined;
	#text = "";
	#ended = false;

	constructor(root: HTMLElement, options: MarkdownOptions) {
		this.#root = root;
		this.#options = options;
	}

	/**
	 * Shows `textSoFar`. Usually it begins with what was shown before, and only what is new costs
	 * anything; otherwise all is shown anew.
	 * @param fresh The pieces by which it has grown since, if that is known.
	 */
	write(textSoFar: string, fresh?: readonly string[]) {
		let more = appendedText(textSoFar, this.#text, fresh);
		if (more === undefined || !this.#machine || (this.#ended && more)) {
			this.#machine = this.#begin();
			more = textSoFar;
		}
		this.#machine.feed(more);
		this.#machine.show();
		this.#text = textSoFar;
	}

	#begin(): BlockMachine {
		this.#root.replaceChildren();
		this.#ended = false;
		return makeBlockMachine(
			makeDomSink(this.#root, this.#options),
			this.#options.formulas,
		);
	}

	/** The text is whole: nothing follows. */
	end() {
		if (!this.#ended) this.#machine?.end();
		this.#ended = true;
	}
}
