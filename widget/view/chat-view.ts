/**
 * The templates of the element: launcher, header, transcript, notice, composer.
 *
 * Pure functions of `ChatViewState`. They never see a session.
 */
import { html, nothing, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { MessageActions } from "../answer/contract.ts";
import { strings } from "../i18n/strings.ts";
import { quietButton, toolButton } from "./button-view.ts";
import type { Notice } from "./connection-notice.ts";
import { icons } from "./icons.ts";
import { avatarView } from "./message-view.ts";
import { messagesView, type Transcript } from "./transcript-view.ts";

export type Actions = MessageActions & {
	toggle(): void;
	input(): void;
	key(event: KeyboardEvent): void;
	press(): void;
	latest(event: Event): void;
	scrolled(): void;
	submit(event: Event): void;
	suggest(text: string, event: Event): void;
	/** `ask` shows or hides the question whether to start a new conversation; the others answer it. */
	leave(step: "ask" | "confirm" | "cancel", event: Event): void;
};

export type ChatViewState = Transcript & {
	/** The language of the interface, a BCP 47 tag. */
	language: string;
	/** Set if it differs from the page's. */
	direction: "ltr" | "rtl" | undefined;
	/** A button with a panel, instead of a block in the page. */
	floating: boolean;
	/** The panel is rendered. */
	unfolded: boolean;
	opened: boolean;
	/** The closed panel is laid out but invisible, so that opening it is fast. */
	laidOut: boolean;
	/** Replies that arrived while the panel was closed. */
	unread: number;
	heading: string;
	placeholder: string;
	greeting: string;
	suggestions: readonly string[];
	/** The greeting may be shown: the log has been read, or reading it takes long. */
	settled: boolean;
	/** The visitor is asked whether to start a new conversation. */
	leaving: boolean;
	/** The transcript scrolls to its end while text grows. */
	following: boolean;
	/** Messages are below the fold. */
	away: boolean;
	/** The log grew since then. */
	unseen: boolean;
	/** The composer contains text that can be sent. */
	ready: boolean;
	/** A sentence: what is wrong with the text in the composer or the last action. */
	problem: string | undefined;
	/** Characters left, if there are few. */
	left: number | undefined;
	notice: Notice | undefined;
};

export function chatView(
	state: ChatViewState,
	actions: Actions,
): TemplateResult {
	const { floating, unfolded } = state;
	return html`<div class="base">${floating ? launcherView(state, actions) : nothing}${unfolded ? panelView(state, actions) : nothing}</div>`;
}

function launcherView(
	{ language, direction, opened, unread }: ChatViewState,
	{ toggle, key }: Actions,
) {
	const name = unread ? strings.openUnread(unread) : strings.open;
	return html`<button class="launcher" part="launcher" type="button" lang=${language} dir=${direction ?? nothing} popover="manual" aria-expanded=${opened ? "true" : "false"} aria-controls="chat" aria-label=${opened ? strings.close : name} @click=${toggle} @keydown=${key}>${icons.close}<slot name="launcher">${icons.chat}</slot>${unread ? html`<span class="badge" part="badge" aria-hidden="true">${unread}</span>` : nothing}</button>`;
}

function panelView(state: ChatViewState, actions: Actions) {
	const { language, direction, floating, opened, laidOut } = state;
	const closed = floating && !opened;
	return html`<div class="chat ${closed ? "closed" : ""}" part="chat" id="chat" lang=${language} dir=${direction ?? nothing} popover=${floating ? "manual" : nothing} role=${floating ? "dialog" : nothing} aria-labelledby=${floating ? "heading" : nothing} ?hidden=${closed && !laidOut} @keydown=${actions.key}>
		${headerView(state, actions)}
		<div class="stage" part="stage">
			<div class="transcript ${state.following ? "following" : ""}" part="transcript" role="log" aria-live="off" aria-label=${strings.transcript} tabindex="0" @scroll=${actions.scrolled}>
				<div class="messages ${state.avatar ? "pictured" : ""}" part="messages">${welcomeView(state, actions)}${keyed(language, messagesView(state, actions))}</div>
			</div>
			${latestView(state, actions)}
		</div>
		${noticeView(state.notice)}
		${composerView(state, actions)}
		<slot name="footer"></slot>
		<div class="sr" aria-live="polite"></div>
		<div class="sr" role="alert"></div>
	</div>`;
}

function headerView(state: ChatViewState, { leave, toggle }: Actions) {
	const { heading, floating, leaving } = state;
	return html`<header part="header">
		<slot name="header">
			${logoView(state)}
			<h2 part="heading" id="heading" dir="auto">${heading}</h2>
		</slot>
		${isEmpty(state) ? nothing : toolButton(strings.newConversation, icons.plus, (event) => leave("ask", event))}
		${floating ? toolButton(strings.close, icons.close, toggle) : nothing}
	</header>
	${
		leaving
			? html`<div class="ask" part="question" role="group" aria-labelledby="ask">
		<p part="question-text" id="ask">${strings.leaveConversation}</p>
		${quietButton(strings.newConversation, (event) => leave("confirm", event))}
		${quietButton(strings.cancel, (event) => leave("cancel", event))}
	</div>`
			: nothing
	}`;
}

/** The page's avatar, or the built-in icon. */
const logoView = ({ avatar }: ChatViewState) =>
	avatar === undefined
		? html`<span class="mark" part="mark">${icons.mark}</span>`
		: avatarView(avatar);

const isEmpty = ({ messages, pending }: ChatViewState) =>
	messages.length + pending.length === 0;

function welcomeView(state: ChatViewState, { suggest }: Actions) {
	const { settled, greeting, suggestions } = state;
	if (!settled || !isEmpty(state)) return nothing;
	return html`<div class="welcome" part="welcome"><slot name="empty">
		<div class="greeting" part="greeting" dir="auto"><slot name="greeting">${logoView(state)}<span part="greeting-text">${greeting}</span></slot></div>
		${
			suggestions.length > 0
				? html`<div class="suggestions" part="suggestions" role="group" aria-label=${strings.suggestions}>${suggestions.map(
						(text) =>
							html`<button class="suggestion" part="button suggestion" type="button" dir="auto" @click=${(event: Event) => suggest(text, event)}>${text}</button>`,
					)}</div>`
				: nothing
		}
	</slot></div>`;
}

function latestView({ away, unseen }: ChatViewState, { latest }: Actions) {
	if (!away) return nothing;
	return html`<button class="latest ${unseen ? "unseen" : ""}" part="button latest" type="button" aria-label=${unseen ? strings.newMessages : strings.latest} @click=${latest}>${icons.down}${unseen ? html`<span part="latest-text">${strings.newMessages}</span>` : nothing}</button>`;
}

function noticeView(notice: Notice | undefined) {
	if (!notice) return nothing;
	return html`<div class="notice ${notice.tone}" part="notice">
		<span class="dot" part="dot"></span><p part="notice-text" dir="auto">${notice.text}</p>
		${notice.actions.map(({ name, act }) => quietButton(name, act))}
	</div>`;
}

function composerView(state: ChatViewState, actions: Actions) {
	const { open, ready, problem, left } = state;
	const stops = open && !ready;
	// The button must not take the focus: a phone would close its on-screen keyboard.
	const keepFocus = (event: Event) => event.preventDefault();
	return html`<form part="composer" @submit=${actions.submit}>
		<p class="problem" part="problem" id="problem" ?hidden=${!problem}>${problem}</p>
		<div class="box" part="box">
			<textarea part="input" rows="1" autocomplete="off" data-1p-ignore data-bwignore data-lpignore="true" data-form-type="other" dir=${ready ? "auto" : nothing} enterkeyhint="send" aria-label=${strings.composer} aria-describedby="problem left" aria-invalid=${problem ? "true" : "false"} placeholder=${state.placeholder} @input=${actions.input} @change=${actions.input}></textarea>
			<span class="left" part="left" id="left">${left === undefined ? nothing : strings.left(left)}</span>
			<button class="send" part="button send" type="button" aria-label=${stops ? strings.stop : strings.send} aria-disabled=${stops || ready ? "false" : "true"} @mousedown=${keepFocus} @click=${actions.press}>${stops ? icons.stop : icons.send}</button>
		</div>
	</form>`;
}
