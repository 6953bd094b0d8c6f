/**
 * The interface of a writer of message text, and the plain-text writer.
 *
 * view.ts makes one writer per answer and hands it the whole text so far, at most once a frame.
 */

import { appendedText } from "../answer/markdown/appended-text.ts";

export interface Writer {
	/**
	 * Shows `text`, which usually is what was shown before and more.
	 * @param fresh The pieces by which it has grown since, if that is known.
	 */
	write(text: string, fresh?: readonly string[]): void;
	/** The text is whole: nothing follows. */
	end(): void;
}

/** Shows text as it is. A longer text costs only what is new in it. */
export class PlainWriter implements Writer {
	readonly #paragraph: HTMLParagraphElement;
	readonly #node: Text;
	#shown = "";

	constructor(container: Element) {
		const { ownerDocument } = container;
		this.#paragraph = ownerDocument.createElement("p");
		this.#paragraph.className = "plain";
		this.#paragraph.dir = "auto";
		this.#node = ownerDocument.createTextNode("");
		this.#paragraph.append(this.#node);
		container.append(this.#paragraph);
	}

	write(text: string, fresh?: readonly string[]) {
		const more = appendedText(text, this.#shown, fresh);
		// A translator may have replaced the text node.
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
