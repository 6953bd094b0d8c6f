/**
 * Shows Markdown that is still being written: text that only grows becomes nodes that only grow.
 *
 * The element makes one for each answer and hands it the whole text so far, at most once a frame. It
 * owns all that is in its root; nobody else may write there.
 */
import { type BlockMachine, makeBlockMachine } from "./blocks.ts";
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
	 */
	write(textSoFar: string) {
		const { length } = this.#text;
		if (this.#machine && textSoFar === this.#text) return;
		const from = Math.max(0, length - overlap);
		const goesOn =
			!this.#ended && textSoFar.slice(from, length) === this.#text.slice(from);
		if (!goesOn || !this.#machine) {
			this.#root.replaceChildren();
			this.#text = "";
			this.#ended = false;
			this.#machine = makeBlockMachine(
				makeDomSink(this.#root, this.#options),
				this.#options.onMath !== undefined,
			);
		}
		this.#machine.feed(textSoFar.slice(this.#text.length));
		this.#machine.show();
		this.#text = textSoFar;
	}

	/** The text is whole: nothing follows. */
	end() {
		if (!this.#ended) this.#machine?.end();
		this.#ended = true;
	}
}
