/**
 * What the element looks like, as pure templates: header, transcript, composer, notice.
 *
 * Called by chat-stream.ts once a frame with all there is to show. One message is message-view.ts.
 * Holds no state, starts nothing, and never sees a session.
 */
import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { Message } from "../protocol/conversation.ts";
import { icons } from "./icons.ts";
import {
	type MessageActions,
	replyView,
	userView,
	type WriterMaker,
} from "./message-view.ts";
import type { Notice } from "./notice.ts";
import type { Pending } from "./session.ts";
import { strings } from "./strings.ts";

export type Actions = MessageActions & {
	input(): void;
	key(event: KeyboardEvent): void;
	press(): void;
	latest(event: Event): void;
	scrolled(): void;
	submit(event: Event): void;
};

export type Picture = {
	heading: string;
	placeholder: string;
	messages: readonly Message[];
	pending: readonly Pending[];
	/** A reply is being made. */
	open: boolean;
	/** The greeting may be shown: nothing is known to come. */
	settled: boolean;
	away: boolean;
	unseen: boolean;
	/** The composer holds text that could be sent. */
	ready: boolean;
	/** What is wrong with the text in the composer, or with what was asked last. */
	problem: string | undefined;
	/** Characters left, once they are few. */
	left: number | undefined;
	notice: Notice | undefined;
	makeWriter: WriterMaker;
	/** What addresses without an origin in an answer begin from: the server's. */
	linkBase: string;
};

export function chatView(picture: Picture, actions: Actions): TemplateResult {
	return html`<div class="chat" part="chat" @keydown=${actions.key}>
		<header part="header"><span class="mark" part="mark">${icons.mark}</span><h2 part="heading" id="heading" dir="auto">${picture.heading}</h2></header>
		<div class="stage">
			<div class="transcript" part="transcript" role="log" aria-live="off" aria-label=${strings.transcript} tabindex="0" @scroll=${actions.scrolled}>
				<div class="messages" part="messages">${greetingView(picture)}${messagesView(picture, actions)}</div>
			</div>
			${latestView(picture, actions)}
		</div>
		${noticeView(picture.notice)}
		${composerView(picture, actions)}
		<div class="sr" aria-live="polite"></div>
		<div class="sr" role="alert"></div>
	</div>`;
}

function greetingView({ messages, pending, settled }: Picture) {
	if (!settled || messages.length + pending.length > 0) return nothing;
	return html`<p class="greeting" part="greeting">${icons.mark}${strings.greeting}</p>`;
}

type Item = Message | Pending;

function messagesView(picture: Picture, actions: Actions) {
	const { messages, pending, open } = picture;
	const items: readonly Item[] =
		pending.length > 0 ? [...messages, ...pending] : messages;
	const newest = open ? undefined : messages.at(-1);
	return repeat(
		items,
		({ id }) => id,
		(item) => {
			if ("state" in item) return userView(item, actions);
			// A message is a frozen picture of itself: unchanged means the same object.
			return guard([item, item === newest], () =>
				item.role === "user"
					? userView(item, actions)
					: replyView(item, item === newest, picture, actions),
			);
		},
	);
}

function latestView({ away, unseen }: Picture, actions: Actions) {
	if (!away) return nothing;
	return html`<button class="latest ${unseen ? "unseen" : ""}" part="button latest" type="button" aria-label=${unseen ? strings.newMessages : strings.latest} @click=${actions.latest}>${icons.down}${unseen ? html`<span>${strings.newMessages}</span>` : nothing}</button>`;
}

function noticeView(notice: Notice | undefined) {
	if (!notice) return nothing;
	return html`<div class="notice ${notice.tone}" part="notice">
		<span class="dot"></span><p>${notice.text}</p>
		${notice.actions.map(
			({ name, act }) =>
				html`<button class="quiet" part="button" type="button" @click=${act}>${name}</button>`,
		)}
	</div>`;
}

function composerView(picture: Picture, actions: Actions) {
	const { open, ready, problem, left } = picture;
	const stops = open && !ready;
	// Pressing the button must not take the focus, or a phone folds its keyboard away.
	const keepFocus = (event: Event) => event.preventDefault();
	return html`<form part="composer" @submit=${actions.submit}>
		<p class="problem" part="problem" id="problem" ?hidden=${!problem}>${problem}</p>
		<div class="box" part="box">
			<textarea part="input" rows="1" dir="auto" enterkeyhint="send" aria-label=${strings.composer} aria-describedby="problem left" aria-invalid=${problem ? "true" : "false"} placeholder=${picture.placeholder} @input=${actions.input}></textarea>
			<span class="left" part="left" id="left">${left === undefined ? nothing : strings.left(left)}</span>
			<button class="send" part="button send" type="button" aria-label=${stops ? strings.stop : strings.send} aria-disabled=${stops || ready ? "false" : "true"} @mousedown=${keepFocus} @click=${actions.press}>${stops ? icons.stop : icons.send}</button>
		</div>
	</form>`;
}
