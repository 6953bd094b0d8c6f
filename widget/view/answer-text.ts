/**
 * The directive for a reply's text: a writer fills the element, and lit never touches its content.
 */
import { noChange } from "lit";
import {
	Directive,
	type DirectiveResult,
	directive,
	type ElementPart,
} from "lit/directive.js";
import type { Writer } from "./plain-writer.ts";

export type WriterFactory = (container: HTMLElement) => Writer;

class AnswerTextDirective extends Directive {
	#writer: Writer | undefined;
	#text = "";
	#ended = false;

	override update(
		{ element }: ElementPart,
		[make, text, closed, fresh]: Parameters<this["render"]>,
	) {
		if (this.#ended && closed && text === this.#text) return noChange;
		if (!this.#writer && text === "") return noChange;
		if (!this.#writer || this.#ended) {
			// A closed reply gets another text only if the first one was wrong and the log was read again.
			element.replaceChildren();
			this.#writer = make(element as HTMLElement);
		}
		this.#writer.write(text, fresh);
		if (closed) this.#writer.end();
		this.#ended = closed;
		this.#text = text;
		return noChange;
	}

	render(
		_make: WriterFactory,
		_text: string,
		_closed: boolean,
		_fresh: readonly string[],
	): unknown {
		return noChange;
	}
}

export const answerText: (
	make: WriterFactory,
	text: string,
	closed: boolean,
	fresh: readonly string[],
) => DirectiveResult = directive(AnswerTextDirective);
