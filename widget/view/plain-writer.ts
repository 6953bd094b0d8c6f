/**
 * The contract of a writer, which shows the text of one reply, and the writer for plain text.
 *
 * A writer gets the whole text so far, at most once a frame.
 */

import { appendedText } from "../answer/markdown/appended-text.ts";

export interface Writer {
	/**
	 * Shows `text`, which usually starts with the text shown before.
	 * @param fresh The texts of the tokens added since then, if known.
	 */
	write(text: string, fresh?: readonly string[]): void;
	/** Called when the text is complete. */
	end(): void;
}

/** Shows text without formatting. The cost of a call depends on the added text only. */
export class PlainWriter implements Writer {
	readonly #paragraph: HTMLParagraphElement;
	readonly #node: Text;
	#shown = "";

	constructor(container: Element) {
		const { ownerDocument } = container;
		this.#paragraph = ownerDocument.createElement("p");
		this.#paragraph.className = "plain";
		this.#node = ownerDocument.createTextNode("");
		this.#paragraph.append(this.#node);
		container.append(this.#paragraph);
	}

	write(text: string, fresh?: readonly string[]) {
		const more = appendedText(text, this.#shown, fresh);
		// A browser's translation may have replaced the text node.
		const isLost = this.#node.parentNode !== this.#paragraph;
		if (isLost) this.#paragraph.replaceChildren(this.#node);
		if (more === undefined || isLost) this.#node.data = text;
		else this.#node.appendData(more);
		this.#shown = text;
	}

	end() {
		if (this.#node.data !== this.#shown) this.#node.data = this.#shown;
		this.#shown = "";
	}
}
