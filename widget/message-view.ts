/**
 * One message as a template: a bubble for the visitor, plain text on the page for the assistant.
 *
 * Used by view.ts. Lit owns the frame of an answer; its text belongs to a writer, which this file
 * makes once per answer and lit never looks into.
 */
import { html, noChange, nothing, type TemplateResult } from "lit";
import {
	Directive,
	type DirectiveResult,
	directive,
	type ElementPart,
} from "lit/directive.js";
import type { Reply, UserMessage } from "../protocol/conversation.ts";
import type { Source } from "../protocol/frames.ts";
import type { Writer } from "./plain-writer.ts";
import type { Pending } from "./session.ts";
import { strings } from "./strings.ts";

export type WriterMaker = (container: HTMLElement) => Writer;

export type MessageActions = {
	/** Sends a refused message again as it is. */
	resend(id: string, event: Event): void;
	/** Takes a refused message back into the composer. */
	edit(id: string, event: Event): void;
	/** Asks for another answer, or for the rest of this one. */
	retry(reply: Reply, goOn: boolean, event: Event): void;
};

/** What the visitor wrote. Pending and stored are one template, so that its node stays. */
export function userView(
	message: UserMessage | Pending,
	actions: MessageActions,
): TemplateResult {
	const state = "state" in message ? message.state : "stored";
	return html`<article class="user ${state}" part="message user" aria-label=${strings.you(timeOf(message.at))}>
		<div class="text" part="text" dir="auto">${message.text}</div>${pendingView(message, actions)}
	</article>`;
}

function pendingView(
	message: UserMessage | Pending,
	{ resend, edit }: MessageActions,
) {
	if (!("state" in message)) return nothing;
	const { id, state, refusal } = message;
	if (state === "sending")
		return html`<div class="state" part="state">${strings.sending}</div>`;
	return html`<div class="foot failed" part="state">
		<p>${strings.notSent} <bdi>${refusal?.text}</bdi></p>
		<button class="quiet" part="button" type="button" @click=${(event: Event) => resend(id, event)}>${strings.tryAgain}</button>
		<button class="quiet" part="button" type="button" @click=${(event: Event) => edit(id, event)}>${strings.edit}</button>
	</div>`;
}

/** An answer. `newest`: nothing came after it, so that it can be asked for again. */
export function replyView(
	reply: Reply,
	newest: boolean,
	{ makeWriter, linkBase }: { makeWriter: WriterMaker; linkBase: string },
	actions: MessageActions,
): TemplateResult {
	const { close, text } = reply;
	return html`<article class="reply" part="message reply" aria-label=${strings.assistant(timeOf(reply.at))} aria-busy=${close ? "false" : "true"}>
		<div class="body" part="text" ${written(makeWriter, text, close !== undefined)}></div>
		${close?.by === "end" && close.sources?.length ? sourcesView(close.sources, linkBase) : nothing}
		${footView(reply, newest, actions)}
	</article>`;
}

function footView(reply: Reply, newest: boolean, { retry }: MessageActions) {
	const { close, text } = reply;
	if (!close)
		return html`<div class="foot life" part="life"><i></i><i></i><i></i><span class="sr">${strings.answering}</span></div>`;
	const failed = close.by === "error";
	const note = failed ? close.text : notes[close.reason];
	if (!note) return nothing;
	const goesOn = newest && text && (failed || close.reason === "stopped");
	const again = newest && failed && close.retryable;
	return html`<div class="foot ${failed ? "failed" : ""}" part="state">
		<p dir="auto">${note}</p>
		${again ? html`<button class="quiet" part="button" type="button" @click=${(event: Event) => retry(reply, false, event)}>${strings.tryAgain}</button>` : nothing}
		${goesOn ? html`<button class="quiet" part="button" type="button" @click=${(event: Event) => retry(reply, true, event)}>${strings.continue}</button>` : nothing}
	</div>`;
}

const notes = {
	complete: undefined,
	stopped: strings.stopped,
	length: strings.cutShort,
	filtered: strings.filtered,
} as const;

function sourcesView(sources: readonly Source[], linkBase: string) {
	return html`<div class="sources" part="sources">
		<p>${strings.sources}</p>
		<ul aria-label=${strings.sources}>${sources.map(({ title, url }) => {
			const href = webAddress(url, linkBase);
			return html`<li dir="auto">${
				href
					? html`<a part="link" .href=${href} target="_blank" rel="noopener noreferrer nofollow ugc">${title}<span class="sr"> (${strings.newTab})</span></a>`
					: html`<span>${title}</span>`
			}</li>`;
		})}</ul>
	</div>`;
}

/**
 * A source's address comes from a model: only the web's own protocols become a link. One without an
 * origin belongs to the server that answers.
 */
function webAddress(url: string, linkBase: string): string | undefined {
	if (!URL.canParse(url, linkBase)) return undefined;
	const { protocol, href } = new URL(url, linkBase);
	return /^https?:$/.test(protocol) ? href : undefined;
}

/* ---------------------------------------------------------------- text that grows */

class Written extends Directive {
	#writer: Writer | undefined;
	#text = "";
	#ended = false;

	override update(
		{ element }: ElementPart,
		[make, text, closed]: Parameters<this["render"]>,
	) {
		if (this.#ended && closed && text === this.#text) return noChange;
		if (!this.#writer && text === "") return noChange;
		if (!this.#writer || this.#ended) {
			// A closed answer is written anew only when its text was wrong and was read again.
			element.replaceChildren();
			this.#writer = make(element as HTMLElement);
		}
		this.#writer.write(text);
		if (closed) this.#writer.end();
		this.#ended = closed;
		this.#text = text;
		return noChange;
	}

	render(_make: WriterMaker, _text: string, _closed: boolean): unknown {
		return noChange;
	}
}

const written: (
	make: WriterMaker,
	text: string,
	closed: boolean,
) => DirectiveResult = directive(Written);

/* ---------------------------------------------------------------- times */

let clock: Intl.DateTimeFormat | undefined;

function timeOf(at: number): string {
	clock ??= new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
	return clock.format(at);
}
