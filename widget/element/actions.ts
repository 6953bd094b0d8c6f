/**
 * What the visitor does with the element: keys, buttons, and what is under way because of them.
 *
 * Used by the element, which hands its `actions` to the templates. It decides nothing about the
 * conversation: it calls the element's own methods and its session's.
 */
import type { FeedbackValue } from "../../protocol/frames.ts";
import { strings } from "../i18n/strings.ts";
import type { Change, ChatSession } from "../session/session.ts";
import type { Actions } from "../view/chat-view.ts";
import type { ChatStream } from "./chat-stream.ts";
import type { Composer } from "./composer.ts";
import { ChatFeedbackEvent } from "./events.ts";
import type { FloatingPanel } from "./floating-panel.ts";
import type { LiveRegion } from "./live-region.ts";
import type { Notifications } from "./notifications.ts";
import type { ScrollAnchor } from "./scroll-anchor.ts";

/** How long a button says that it has copied. */
const copiedMs = 2_000;

export type UserActionsParts = {
	element: ChatStream;
	session(): ChatSession | undefined;
	composer: Composer;
	scroll: ScrollAnchor;
	panel: FloatingPanel;
	notifications: Notifications;
	liveRegion: LiveRegion;
	/** Shows a sentence at the composer, and says it. */
	showProblem(sentence: string): void;
};

export class UserActions {
	/** The visitor is being asked whether to leave this conversation. */
	leaving = false;
	/** The answer that was just copied. */
	copied: string | undefined;
	/** Ratings that the log does not have yet. */
	readonly ratings = new Map<string, FeedbackValue>();
	readonly #to: UserActionsParts;

	constructor(reach: UserActionsParts) {
		this.#to = reach;
	}

	/** The log has a rating now: from here on its word counts. */
	hear(change: Change) {
		const event = change.type === "conversation" ? change.event : undefined;
		if (event?.type === "control" && event.action === "feedback")
			this.ratings.delete(event.data.message);
	}

	readonly actions: Actions = {
		toggle: () => this.#to.element.toggle(),
		input: () => this.#to.composer.typed(),
		key: (event) => this.#key(event),
		press: () => {
			const { element, composer } = this.#to;
			if (this.#isAnswering && composer.isBlank) element.stop();
			else this.#submit();
		},
		submit: (event) => {
			event.preventDefault();
			this.#submit();
		},
		suggest: (text, event) => {
			if (this.#to.element.send(text) !== undefined) this.#handOn(event);
		},
		scrolled: () => this.#to.scroll.scrolled(),
		latest: (event) => {
			this.#to.scroll.follow();
			this.#handOn(event);
		},
		resend: (id, event) => {
			this.#to.session()?.resend(id);
			this.#handOn(event);
		},
		edit: (id) => {
			const text = this.#to.session()?.discard(id);
			if (text !== undefined) this.#to.composer.putBack(text);
		},
		retry: ({ replyTo }, goOn, event) => {
			this.#to.notifications.expect(replyTo);
			this.#to.session()?.retry(replyTo, goOn ? { continue: true } : {});
			this.#to.scroll.follow();
			this.#handOn(event);
		},
		copied: ({ id }, isCopied) => {
			const { liveRegion, showProblem } = this.#to;
			if (!isCopied) return showProblem(strings.notCopied);
			liveRegion.say(strings.copied);
			this.#sayCopied(id);
			setTimeout(() => {
				if (this.copied === id) this.#sayCopied(undefined);
			}, copiedMs);
		},
		rate: (reply, value) => {
			const { element, session } = this.#to;
			if (!element.dispatchEvent(new ChatFeedbackEvent(reply, value))) return;
			this.ratings.set(reply.id, value);
			session()?.rate(reply.id, value);
			element.requestUpdate();
		},
		leave: (wish, event) => {
			this.leaving = wish === "perhaps" && !this.leaving;
			if (wish === "yes") this.#to.element.newConversation();
			if (wish !== "perhaps") this.#handOn(event);
			this.#to.element.requestUpdate();
		},
	};

	get #isAnswering(): boolean {
		return this.#to.session()?.conversation.open !== undefined;
	}

	#submit() {
		const { element, composer } = this.#to;
		if (element.send(composer.text) !== undefined) composer.write("");
	}

	#key(event: KeyboardEvent) {
		// Enter chooses a word while an input method composes; Safari says so by 229 only.
		if (event.isComposing || event.keyCode === 229) return;
		const { element, panel } = this.#to;
		panel.key(event);
		if (event.key === "Escape" && (this.#isAnswering || element.opened)) {
			event.preventDefault();
			if (this.#isAnswering) element.stop();
			else element.close();
		} else if (
			event.key === "Enter" &&
			!event.shiftKey &&
			event.target instanceof HTMLTextAreaElement
		) {
			event.preventDefault();
			this.#submit();
		}
	}

	/** A button that is about to vanish hands the focus on, or keys would go to the page. */
	#handOn({ currentTarget }: Event) {
		const byKeyboard = (currentTarget as Element).matches(":focus-visible");
		// A finger would get a keyboard that it has not asked for.
		if (byKeyboard || !matchMedia("(pointer: coarse)").matches)
			this.#to.element.focus();
	}

	#sayCopied(id: string | undefined) {
		this.copied = id;
		this.#to.element.requestUpdate();
	}
}
