/**
 * The seam between a message's body and whoever writes text into it, and the plainest writer.
 *
 * view.ts makes one writer per answer and hands it the whole text so far, at most once a frame.
 */

import { grown } from "./markdown/grown.ts";

export interface Writer {
	/**
	 * Shows `text`, which usually is what was shown before and more.
	 * @param fresh The pieces by which it has grown since, if that is known.
	 */
	write(text: string, fresh?: readonly string[]): void;
	/** The text is whole: nothing follows. */
	end(): void;
}

/** So much of the end of what was shown is compared: all of it each time would add up. */
const overlap = 256;

/** Shows text as it is. A longer text costs only what is new in it. */
export class PlainWriter implements Writer {
	readonly #node: Text;
	#shown = "";

	constructor(container: Element) {
		const { ownerDocument } = container;
		const paragraph = ownerDocument.createElement("p");
		paragraph.className = "plain";
		paragraph.dir = "auto";
		this.#node = paragraph.appendChild(ownerDocument.createTextNode(""));
		container.append(paragraph);
	}

	write(text: string, fresh?: readonly string[]) {
		const { length } = this.#shown;
		const more = grown(text, length, fresh);
		const from = Math.max(0, length - overlap);
		if (more !== undefined) this.#node.appendData(more);
		else if (text.slice(from, length) === this.#shown.slice(from))
			this.#node.appendData(text.slice(length));
		else this.#node.data = text;
		this.#shown = text;
	}

	end() {
		if (this.#node.data !== this.#shown) this.#node.data = this.#shown;
		this.#shown = "";
	}
}
