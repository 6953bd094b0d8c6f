/**
 * The seam between a message's body and whoever writes text into it, and the plainest writer.
 *
 * view.ts makes one writer per answer and hands it the whole text so far, at most once a frame.
 */

export interface Writer {
	/** Shows `text`, which usually is what was shown before and more. */
	write(text: string): void;
	/** The text is whole: nothing follows. */
	end(): void;
}

/** Shows text as it is. A longer text costs only what is new in it. */
export class PlainWriter implements Writer {
	readonly #node: Text;
	#shown = "";

	constructor(container: Element) {
		const paragraph = container.ownerDocument.createElement("p");
		paragraph.className = "plain";
		this.#node = paragraph.appendChild(
			container.ownerDocument.createTextNode(""),
		);
		container.append(paragraph);
	}

	write(text: string) {
		if (text.startsWith(this.#shown))
			this.#node.appendData(text.slice(this.#shown.length));
		else this.#node.data = text;
		this.#shown = text;
	}

	end() {
		this.#shown = "";
	}
}
