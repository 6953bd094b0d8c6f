/**
 * What the visitor does: keys and buttons, and the state they leave in the interface.
 *
 * It calls methods of the element and its session, and decides nothing about the conversation.
 */
import type { ReactiveControllerHost } from "lit";
import type { FeedbackValue } from "../../protocol/frames.ts";
import { strings } from "../i18n/strings.ts";
import type { ChatSession } from "../session/types.ts";
import type { Actions } from "../view/chat-view.ts";
import type { Composer } from "./composer.ts";
import { ChatFeedbackEvent } from "./events.ts";
import type { FloatingPanel } from "./floating-panel.ts";
import type { Effect, Notifications } from "./notifications.ts";
import { keepKeyup } from "./own-keys.ts";
import type { ScrollAnchor } from "./scroll-anchor.ts";

/** How long the copy button shows that it copied, in ms. */
const copiedMs = 2_000;

/** What the actions call of the element. */
export interface ActionsHost
	extends Pick<ReactiveControllerHost, "requestUpdate">,
		Pick<HTMLElement, "dispatchEvent" | "focus"> {
	readonly open: boolean;
	send(text: string): string | undefined;
	stop(): void;
	newConversation(): void;
	toggle(): void;
	hide(): void;
}

export type ActionsParts = {
	session(): ChatSession | undefined;
	composer: Composer;
	scroll: ScrollAnchor;
	panel: FloatingPanel;
	notifications: Notifications;
	run(effect: Effect): void;
};

export class UserActions {
	/** The visitor is asked whether to start a new conversation. */
	leaving = false;
	/** The id of the reply that was just copied. */
	copied: string | undefined;
	/** Ratings that the log does not contain yet. */
	readonly ratings = new Map<string, FeedbackValue>();
	readonly #host: ActionsHost;
	readonly #parts: ActionsParts;

	constructor(host: ActionsHost, parts: ActionsParts) {
		this.#host = host;
		this.#parts = parts;
	}

	readonly actions: Actions = {
		toggle: () => this.#host.toggle(),
		input: () => this.#parts.composer.typed(),
		key: (event) => this.#key(event),
		press: () => {
			if (this.#isAnswering && this.#parts.composer.isBlank) this.#host.stop();
			else this.#submit();
		},
		submit: (event) => {
			event.preventDefault();
			this.#submit();
		},
		suggest: (text, event) => {
			if (this.#host.send(text) !== undefined) this.#moveFocus(event);
		},
		scrolled: () => this.#parts.scroll.scrolled(),
		latest: (event) => {
			this.#parts.scroll.follow();
			this.#moveFocus(event);
		},
		resend: (id, event) => {
			this.#parts.session()?.resend(id);
			this.#moveFocus(event);
		},
		edit: (id) => {
			const text = this.#parts.session()?.discard(id);
			if (text !== undefined) this.#parts.composer.putBack(text);
		},
		retry: ({ replyTo }, continues, event) => {
			const { notifications, session } = this.#parts;
			notifications.expect(replyTo);
			session()?.retry(replyTo, continues ? { continue: true } : {});
			this.#moveFocus(event);
		},
		copied: ({ id }, isCopied) => {
			const { run } = this.#parts;
			if (!isCopied) return run({ type: "problem", text: strings.notCopied });
			run({ type: "say", text: strings.copied });
			this.#showCopied(id);
			setTimeout(() => {
				if (this.copied === id) this.#showCopied(undefined);
			}, copiedMs);
		},
		rate: (reply, value) => {
			if (!this.#host.dispatchEvent(new ChatFeedbackEvent(reply, value)))
				return;
			this.ratings.set(reply.id, value);
			this.#parts.session()?.rate(reply.id, value);
			this.#host.requestUpdate();
		},
		leave: (step, event) => {
			this.leaving = step === "ask" && !this.leaving;
			if (step === "confirm") this.#host.newConversation();
			if (step !== "ask") this.#moveFocus(event);
			this.#host.requestUpdate();
		},
	};

	get #isAnswering(): boolean {
		return this.#parts.session()?.conversation.open !== undefined;
	}

	#submit() {
		const { composer } = this.#parts;
		if (this.#host.send(composer.text) !== undefined) composer.write("");
	}

	#key(event: KeyboardEvent) {
		// During input method composition Enter accepts a word. Safari marks it by code 229 only.
		if (event.isComposing || event.keyCode === 229) return;
		this.#parts.panel.key(event);
		if (event.key === "Escape" && (this.#isAnswering || this.#host.open)) {
			event.preventDefault();
			// Otherwise it would also close what the page shows.
			event.stopPropagation();
			keepKeyup(event);
			if (this.#isAnswering) this.#host.stop();
			else this.#host.hide();
		} else if (
			event.key === "Enter" &&
			!event.shiftKey &&
			event.target instanceof HTMLTextAreaElement
		) {
			event.preventDefault();
			this.#submit();
		}
	}

	/** Moves the focus from a button that is about to disappear, or keys would go to the page. */
	#moveFocus({ currentTarget }: Event) {
		const byKeyboard = (currentTarget as Element).matches(":focus-visible");
		// On a touch screen, focus would open the on-screen keyboard.
		if (byKeyboard || !matchMedia("(pointer: coarse)").matches)
			this.#host.focus();
	}

	#showCopied(id: string | undefined) {
		this.copied = id;
		this.#host.requestUpdate();
	}
}
