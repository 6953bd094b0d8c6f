/**
 * The place in an answer's template where a writer writes: lit makes the element and never looks into
 * it.
 *
 * Used by message-view.ts, as a directive on that element.
 */
import { noChange } from "lit";
import {
	Directive,
	type DirectiveResult,
	directive,
	type ElementPart,
} from "lit/directive.js";
import type { Writer } from "./plain-writer.ts";

export type WriterMaker = (container: HTMLElement) => Writer;

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
			// A closed answer is written again only if its text was wrong and was read again.
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
		_make: WriterMaker,
		_text: string,
		_closed: boolean,
		_fresh: readonly string[],
	): unknown {
		return noChange;
	}
}

export const answerText: (
	make: WriterMaker,
	text: string,
	closed: boolean,
	fresh: readonly string[],
) => DirectiveResult = directive(AnswerTextDirective);
