/**
 * What of a session's changes is news: to the page as an event, to a screen reader as a sentence.
 *
 * The element hands it every change. History is no news: only answers that were seen open here, or
 * that this visitor asked for here, are told of.
 */
import { openReply, type Reply } from "../../protocol/conversation.ts";
import { errorText, strings } from "../i18n/strings.ts";
import type {
	Change,
	ChatSession,
	Connection,
	Pending,
} from "../session/session.ts";
import type { OutageTimer } from "../view/connection-notice.ts";
import {
	ChatConnectionEvent,
	ChatErrorEvent,
	ChatIntegrityEvent,
	ChatMessageEvent,
} from "./events.ts";
import type { LiveRegion } from "./live-region.ts";

export type NotificationTargets = {
	/** Where events are dispatched. */
	page: EventTarget;
	liveRegion: LiveRegion;
	outage: OutageTimer;
	/** Something was refused that no message shows. */
	showProblem(sentence: string): void;
	/** An answer that is news is closed. */
	answered(): void;
	/** A message is too long; `true`: its text is back in the composer, and the sentence with it. */
	takeBack(message: Pending, sentence: string): boolean;
};

export class Notifications {
	readonly #to: NotificationTargets;
	/** Messages sent from here, and replies seen while open. */
	readonly #live = new Set<string>();
	/** Refusals that have been spoken of. */
	readonly #told = new WeakSet<object>();
	#state: Connection["state"] | undefined;

	constructor(to: NotificationTargets) {
		this.#to = to;
	}

	/** Another session begins to speak. */
	begin({ pending, connection }: ChatSession) {
		for (const { id } of pending) this.expect(id);
		this.#state = connection.state;
		this.#to.outage.watch(connection);
	}

	/** The answer to the message `id` will be news. */
	expect(id: string) {
		this.#live.add(id);
	}

	hear(change: Change, session: ChatSession) {
		const { page, showProblem } = this.#to;
		switch (change.type) {
			case "conversation": {
				const { event } = change;
				if (event?.type === "control")
					if (event.action === "end" || event.action === "error")
						this.#closed(event.data.message, session);
				break;
			}
			case "pending":
				for (const message of session.pending) this.#pending(message);
				break;
			case "connection":
				this.#connection(session.connection);
				break;
			case "integrity":
				page.dispatchEvent(new ChatIntegrityEvent(change.message));
				break;
			case "error": {
				const { code, text, message } = change;
				page.dispatchEvent(new ChatErrorEvent(code, text, message));
				// A failed reply shows its own error, and is announced as it closes.
				if (!message) showProblem(text);
				break;
			}
		}
	}

	/** To be called after every painting. */
	painted({ conversation }: ChatSession) {
		const open = openReply(conversation);
		if (!open) return;
		this.#to.liveRegion.watch(open, this.#isLive(open));
		this.#live.add(open.id);
	}

	#isLive({ id, replyTo }: Reply) {
		return this.#live.has(id) || this.#live.has(replyTo);
	}

	#closed(id: string, { conversation }: ChatSession) {
		const found = conversation.messages.findLast(
			(message) => message.id === id,
		);
		if (found?.role !== "assistant" || !this.#isLive(found)) return;
		this.#to.liveRegion.close(found);
		this.#to.answered();
		this.#to.page.dispatchEvent(new ChatMessageEvent(found));
	}

	#pending(message: Pending) {
		const { id, state, refusal } = message;
		if (!refusal || this.#told.has(refusal)) return;
		this.#told.add(refusal);
		const { code } = refusal;
		const { page, takeBack, liveRegion } = this.#to;
		page.dispatchEvent(new ChatErrorEvent(code, refusal.text, id));
		const text = errorText(refusal);
		// It goes up again by itself.
		if (state === "sending") liveRegion.say(text);
		// Only its writer can mend a text that is too long.
		else if (code !== "too_large" || !takeBack(message, text))
			liveRegion.alert(`${strings.notSent} ${text}`);
	}

	#connection(connection: Connection) {
		const { page, liveRegion, outage } = this.#to;
		const wasTold = outage.over;
		outage.watch(connection);
		const { state } = connection;
		if (state === this.#state) return;
		this.#state = state;
		page.dispatchEvent(new ChatConnectionEvent(connection));
		if (state === "refused") liveRegion.alert(errorText(connection));
		else if (state === "ready" && wasTold)
			liveRegion.say(strings.connectedAgain);
	}
}

/** The visitor's messages that are not yet answered; `undefined` while the log was not read. */
export function unansweredIds({
	conversation,
	pending,
}: ChatSession): string[] | undefined {
	if (conversation.last + pending.length === 0) return undefined;
	const open = openReply(conversation);
	const waiting = open ? conversation.messages.slice(conversation.open) : [];
	return [
		...(open ? [open.replyTo] : []),
		...waiting.filter(({ role }) => role === "user").map(({ id }) => id),
		...pending.map(({ id }) => id),
	];
}
