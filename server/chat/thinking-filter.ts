/**
 * Takes a model's thinking out of the beginning of its text: `<think>…</think>` and the like, as
 * models write it behind a server without a reasoning parser. Knows no provider and no store.
 */

/** Tags as the models' chat templates name them. The last one is Mistral's. */
const tags: readonly { open: string; close: string }[] = [
	...["think", "thinking", "thought", "reasoning"].map((name) => ({
		open: `<${name}>`,
		close: `</${name}>`,
	})),
	{ open: "[THINK]", close: "[/THINK]" },
];

/** Longest white space that is held back before the first word, in UTF-16 units. */
const maxHeldChars = 1_024;

/** Reads the text of one reply in chunks that are cut anywhere. */
export class ThinkingFilter {
	/** The close tag while the model thinks; `undefined` before and between its thoughts. */
	#close: string | undefined;
	#held = "";
	#hasAnswer = false;
	#hasThought = false;

	/** Whether a thought was taken out. */
	get hasThought(): boolean {
		return this.#hasThought;
	}

	/** Returns the text that belongs to the answer. The start of a tag waits for the next chunk. */
	read(text: string): string {
		if (this.#hasAnswer) return text;
		this.#held += text;
		for (;;) {
			if (this.#close !== undefined) {
				const end = this.#held.indexOf(this.#close);
				if (end === -1) {
					// Only the beginning of the close tag can matter later.
					this.#held = this.#held.slice(1 - this.#close.length);
					return "";
				}
				this.#held = this.#held.slice(end + this.#close.length);
				this.#close = undefined;
			}
			const words = this.#held.trimStart();
			const tag = tags.find(({ open }) => words.startsWith(open));
			if (!tag) return this.#mayBeTag(words) ? "" : this.#answer();
			this.#hasThought = true;
			this.#close = tag.close;
			this.#held = words.slice(tag.open.length);
		}
	}

	/** Returns what was held back when the reply ends. An open thought is no answer. */
	end(): string {
		return this.#hasAnswer || this.#close !== undefined ? "" : this.#answer();
	}

	#mayBeTag(words: string): boolean {
		if (this.#held.length > maxHeldChars) return false;
		return words === "" || tags.some(({ open }) => open.startsWith(words));
	}

	#answer(): string {
		const text = this.#held;
		this.#hasAnswer = true;
		this.#held = "";
		// Models put blank lines behind a thought. Indentation of the first line may be code.
		return this.#hasThought ? text.replace(/^(\s*\n|[ \t]+)/, "") : text;
	}
}
