/**
 * Shows Markdown that is still being written: text that only grows becomes nodes that only grow.
 *
 * The element makes one for each answer and hands it the whole text so far, at most once a frame. It
 * owns all that is in its root; nobody else may write there.
 */

import { type BlockMachine, makeBlockMachine } from "./blocks.ts";
import { grown } from "./grown.ts";
import type { MarkdownOptions } from "./labels.ts";
import { makeDomSink } from "./sink.ts";

/** So much of the end of what was shown is compared: all of it each time would add up. */
const overlap = 256;

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
		const told = this.#ended
			? undefined
			: grown(textSoFar, this.#text.length, fresh);
		const more = told ?? this.#found(textSoFar);
		this.#machine ??= this.#begin();
		this.#machine.feed(more);
		this.#machine.show();
		this.#text = textSoFar;
	}

	/** What follows what was shown, or all of it where it does not go on from there. */
	#found(textSoFar: string): string {
		const { length } = this.#text;
		const from = Math.max(0, length - overlap);
		const goesOn =
			textSoFar.slice(from, length) === this.#text.slice(from) &&
			(!this.#ended || textSoFar.length === length);
		if (goesOn) return textSoFar.slice(length);
		this.#machine = this.#begin();
		return textSoFar;
	}

	#begin(): BlockMachine {
		this.#root.replaceChildren();
		this.#text = "";
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
