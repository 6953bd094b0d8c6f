/**
 * The text box as an object: what is in it, whether it may be sent, what is wrong with it.
 *
 * Used by the element. The text itself lives in the textarea, so that lit never writes where the
 * visitor is typing. Knows no session.
 */
import type { ReactiveControllerHost } from "lit";

/** Below this many characters left, the box says how many. */
const fewLeft = 100;

export class Composer {
	/** What is wrong with the text, or with what was asked for last: a sentence. */
	problem: string | undefined;
	readonly #host: ReactiveControllerHost & { renderRoot: ParentNode };
	readonly #changed: (text: string) => void;
	#hasBegun = false;
	/** The last look at the text, for the next painting. */
	#text = "";

	/** `changed`: called with every new text. */
	constructor(
		host: ReactiveControllerHost & { renderRoot: ParentNode },
		changed: (text: string) => void,
	) {
		this.#host = host;
		this.#changed = changed;
	}

	get #input(): HTMLTextAreaElement | null {
		return this.#host.renderRoot?.querySelector("textarea") ?? null;
	}

	get text(): string {
		return this.#text;
	}

	/** Nothing but blanks. */
	get isBlank(): boolean {
		return this.#text.trim() === "";
	}

	/** Begins with what `draft` says, as soon as there is a box, and once only. */
	begin(draft: () => string) {
		if (this.#hasBegun || !this.#input) return;
		this.#hasBegun = true;
		const text = draft();
		if (text) this.write(text);
	}

	focus(options?: FocusOptions) {
		this.#input?.focus(options);
	}

	write(text: string) {
		const input = this.#input;
		if (!input) return;
		input.value = text;
		this.typed();
	}

	/** Puts `text` in front of what is there, and the caret at its end. */
	putBack(text: string) {
		this.write(this.isBlank ? text : `${text}\n\n${this.#text}`);
		this.focus();
		this.#input?.setSelectionRange(text.length, text.length);
	}

	/** To be called when the text has changed. */
	typed() {
		const input = this.#input;
		if (!input) return;
		this.#text = input.value;
		this.#changed(this.#text);
		this.problem = undefined;
		if (!CSS.supports("field-sizing", "content")) {
			input.style.blockSize = "auto";
			input.style.blockSize = `${input.scrollHeight}px`;
		}
		this.#host.requestUpdate();
	}

	/** Characters left, once they are few. */
	left(limit: number | undefined): number | undefined {
		if (limit === undefined || this.#text.length <= limit - fewLeft)
			return undefined;
		const left = limit - charactersOf(this.#text.trim());
		return left <= fewLeft ? left : undefined;
	}
}

/** By how many characters `text` is over `limit`; 0 if it is not. */
export function excessOf(text: string, limit: number | undefined): number {
	// There are never more characters than UTF-16 units, so most texts need no counting.
	if (limit === undefined || text.length <= limit) return 0;
	return Math.max(0, charactersOf(text) - limit);
}

/** Counted as the server counts: in code points. */
function charactersOf(text: string): number {
	let count = 0;
	for (const _ of text) count++;
	return count;
}
