/**
 * Shows Markdown that is still being written: text that only grows becomes nodes that only grow.
 *
 * The element makes one for each answer and hands it the whole text so far, at most once a frame. It
 * owns all that is in its root; nobody else may write there.
 */
import { BlockMachine } from "./blocks.ts";
import type { MarkdownOptions } from "./labels.ts";
import { DomSink } from "./sink.ts";

/** So much of the end of what was shown is compared each time; all of it once, at the end. */
const overlap = 256;

export class MarkdownWriter {
	readonly #root: HTMLElement;
	readonly #options: MarkdownOptions;
	#machine: BlockMachine | undefined;
	#text = "";
	/** What the machine was fed. Joined once: comparing all of a long text each time adds up. */
	#pieces: string[] = [];
	#ended = false;

	constructor(root: HTMLElement, options: MarkdownOptions = {}) {
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
		if (!goesOn || !this.#machine) this.#restart();
		this.#feed(textSoFar);
		this.#machine?.show();
	}

	/** The text is whole: nothing follows. */
	end() {
		if (this.#ended) return;
		const text = this.#text;
		if (this.#pieces.join("") !== text) {
			this.#restart();
			this.#feed(text);
		}
		this.#machine?.end();
		this.#ended = true;
		this.#pieces = [];
	}

	#feed(textSoFar: string) {
		const piece = textSoFar.slice(this.#text.length);
		this.#pieces.push(piece);
		this.#machine?.feed(piece);
		this.#text = textSoFar;
	}

	#restart() {
		this.#root.replaceChildren();
		this.#text = "";
		this.#pieces = [];
		this.#ended = false;
		this.#machine = new BlockMachine(
			new DomSink(this.#root, this.#options),
			this.#options.onMath !== undefined,
		);
	}
}
