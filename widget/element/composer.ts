/**
 * The text box: its text, whether it can be sent, and what is wrong with it.
 *
 * The text lives in the textarea, so that lit never overwrites what the visitor types. It knows no
 * session.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";

type Host = ReactiveControllerHost & { renderRoot: ParentNode };

/** The box shows how many characters are left once there are this many or fewer. */
const fewLeft = 100;

export class Composer implements ReactiveController {
	/** A sentence: what is wrong with the text or the last action. */
	problem: string | undefined;
	readonly #host: Host;
	readonly #storage: () => { draft: string };
	#isRestored = false;
	/** The text as of the last input event. */
	#text = "";

	/** The draft is read once, and written with each new text. */
	constructor(host: Host, storage: () => { draft: string }) {
		this.#host = host;
		this.#storage = storage;
		host.addController(this);
	}

	hostUpdated() {
		if (this.#isRestored || !this.#input) return;
		this.#isRestored = true;
		const { draft } = this.#storage();
		if (draft) this.write(draft);
	}

	get #input(): HTMLTextAreaElement | null {
		return this.#host.renderRoot?.querySelector("textarea") ?? null;
	}

	get text(): string {
		// Dictation and autofill change the box without an `input` event.
		return this.#input?.value ?? this.#text;
	}

	get isBlank(): boolean {
		return this.text.trim() === "";
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

	/** Puts `text` before the current text, and the caret at the end of `text`. */
	putBack(text: string) {
		this.write(this.isBlank ? text : `${text}\n\n${this.text}`);
		this.focus();
		this.#input?.setSelectionRange(text.length, text.length);
	}

	/** To be called when the text has changed. */
	typed() {
		const input = this.#input;
		if (!input) return;
		this.#text = input.value;
		this.#storage().draft = this.#text;
		this.problem = undefined;
		if (!CSS.supports("field-sizing", "content")) {
			input.style.blockSize = "auto";
			input.style.blockSize = `${input.scrollHeight}px`;
		}
		this.#host.requestUpdate();
	}

	/** Characters left. `undefined` while there are more than 100. */
	left(limit: number | undefined): number | undefined {
		const { text } = this;
		if (limit === undefined || text.length <= limit - fewLeft) return undefined;
		const left = limit - charactersOf(text.trim());
		return left <= fewLeft ? left : undefined;
	}
}

/** By how many characters `text` exceeds `limit`; 0 if it does not. */
export function excessOf(text: string, limit: number | undefined): number {
	// A text has at least as many UTF-16 units as characters, so most texts need no counting.
	if (limit === undefined || text.length <= limit) return 0;
	return Math.max(0, charactersOf(text) - limit);
}

/** Counts code points, as the server does. */
function charactersOf(text: string): number {
	let count = 0;
	for (const _ of text) count++;
	return count;
}
