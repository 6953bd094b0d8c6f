/**
 * The template of one message: a bubble for the visitor, text on the page for the assistant.
 *
 * Lit renders the frame of a reply. Its text belongs to a writer (answer-text.ts).
 */
import { html, nothing, type TemplateResult } from "lit";
import type { Reply, UserMessage } from "../../protocol/conversation.ts";
import type { Kit, MessageActions, Place } from "../answer/contract.ts";
import { errorText, strings } from "../i18n/strings.ts";
import { formatTime } from "../i18n/time-format.ts";
import type { Pending } from "../session/types.ts";
import { answerText, type WriterFactory } from "./answer-text.ts";
import { answerChunk } from "./answer-writer.ts";
import { quietButton, toolButton } from "./button-view.ts";
import { outlineIcon } from "./icons.ts";
import { timeView } from "./time-view.ts";

/** A message of the visitor. Pending and stored messages share a template, so that lit keeps the node. */
export function userView(
	message: UserMessage | Pending,
	actions: MessageActions,
	secondsLeft?: (refusal: object, ms: number) => number,
): TemplateResult {
	const state = "state" in message ? message.state : "stored";
	const { at, text } = message;
	return html`<article class="user ${state}" part="message user" aria-label=${strings.you(formatTime(at))}>
		<div class="text" part="text" dir="auto">${text}</div>${
			"state" in message
				? pendingView(message, actions, secondsLeft)
				: html`<div class="when" part="when">${timeView(at)}</div>`
		}
	</article>`;
}

function pendingView(
	{ id, state, refusal }: Pending,
	{ resend, edit }: MessageActions,
	secondsLeft: (refusal: object, ms: number) => number = () => 0,
) {
	const isSending = state === "sending";
	const seconds =
		isSending && refusal ? secondsLeft(refusal, refusal.retryAfter ?? 0) : 0;
	if (isSending && seconds === 0)
		return html`<div class="state late" part="state">${strings.sending}</div>`;
	return html`<div class="foot ${isSending ? "waiting" : "failed"}" part="state">
		<p part="state-text">${isSending ? nothing : strings.notSent} <bdi>${refusal && errorText(refusal)}</bdi> ${isSending ? strings.sendingIn(seconds) : nothing}</p>
		${isSending ? nothing : quietButton(strings.tryAgain, (event) => resend(id, event))}
		${quietButton(strings.edit, (event) => edit(id, event))}
	</div>`;
}

/** For the templates of the answer chunk. */
const kit: Kit = {
	html,
	nothing,
	outlineIcon,
	toolButton,
	timeView,
	get strings() {
		return strings;
	},
};

export type ReplyRendering = {
	makeWriter: WriterFactory;
	/** The server's address: base URL of relative links in replies. */
	linkBase: string;
	/** Texts of the tokens that arrived since the last update. */
	fresh: readonly string[];
	/** The URL of the assistant's image. "" reserves its place without loading it. */
	avatar: string | undefined;
};

/** Decorative, so `alt` is empty. */
export const avatarView = (avatar: string): TemplateResult =>
	html`<img class="avatar" part="avatar" src=${avatar || nothing} alt="">`;

export function replyView(
	reply: Reply,
	place: Place,
	{ makeWriter, linkBase, fresh, avatar }: ReplyRendering,
	actions: MessageActions,
): TemplateResult {
	const { close, text, at } = reply;
	const { before, quote } = place;
	const part = answerChunk();
	const sources = close?.by === "end" ? close.sources : undefined;
	return html`<article class="reply" part="message reply" aria-label=${strings.assistant(formatTime(at))} aria-busy=${close ? "false" : "true"}>
		${avatar ? avatarView(avatar) : nothing}
		${quote ? html`<p class="quote" part="quote" dir="auto">${strings.answerTo(quote)}</p>` : nothing}
		<div class="body" part="text" ${answerText(makeWriter, before + text, close !== undefined, fresh)}></div>
		${before ? html`<div class="seam" part="seam" role="separator" aria-label=${strings.continued} title=${strings.continued}></div>` : nothing}
		${sources?.length ? part?.sourcesView(kit, sources, linkBase) : nothing}
		${close ? noteView(reply, place, actions) : typingView()}
		${close && before + text ? part?.toolsView(kit, reply, place, actions) : nothing}
	</article>`;
}

/** Shown while a reply is open. */
const typingView = () =>
	html`<div class="foot life" part="life"><i part="life-dot"></i><i part="life-dot"></i><i part="life-dot"></i><span class="sr">${strings.answering}</span></div>`;

/** Why a reply is incomplete, with buttons to continue or retry. */
function noteView(reply: Reply, { newest }: Place, { retry }: MessageActions) {
	const { close, text } = reply;
	if (!close) return nothing;
	const failed = close.by === "error";
	const note = failed ? errorText(close) : noteOf(close.reason);
	if (!note) return nothing;
	const goesOn = newest && text && (failed || close.reason === "stopped");
	const again = newest && failed && close.retryable;
	return html`<div class="foot ${failed ? "failed" : ""}" part="state">
		<p part="state-text" dir="auto">${note}</p>
		${goesOn ? quietButton(strings.continue, (event) => retry(reply, true, event)) : nothing}
		${again ? quietButton(strings.tryAgain, (event) => retry(reply, false, event)) : nothing}
	</div>`;
}

const noteOf = (reason: string): string | undefined =>
	({
		stopped: strings.stopped,
		length: strings.cutShort,
		filtered: strings.filtered,
	})[reason];
