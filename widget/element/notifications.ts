/**
 * Turns a change of the session into effects: DOM events for the page, announcements for screen
 * readers, sentences at the composer.
 *
 * `effectsOf` is pure; the element carries the effects out. History causes none: only replies that were
 * open here, or that answer a message sent from here, are announced.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import {
	type Conversation,
	openReply,
	type Reply,
} from "../../protocol/conversation.ts";
import { errorText, strings } from "../i18n/strings.ts";
import type {
	Change,
	ChatSession,
	Connection,
	Pending,
} from "../session/types.ts";
import {
	ChatConnectionEvent,
	ChatErrorEvent,
	ChatIntegrityEvent,
	ChatMessageEvent,
} from "./events.ts";

export type Effect =
	/** Dispatches a DOM event from the element. */
	| { type: "event"; event: Event }
	/** Announces a sentence when the current one has been spoken. */
	| { type: "say"; text: string }
	/** Announces a sentence at once. */
	| { type: "alert"; text: string }
	/** Shows a sentence at the composer and announces it at once. */
	| { type: "problem"; text: string }
	/** Moves a rejected message back into the composer, if that is empty. */
	| { type: "takeBack"; message: Pending; text: string }
	/** The log contains something new. */
	| { type: "contentAdded" }
	/** The open reply is shown with all of its text so far. `fromStart`: none of it is history. */
	| { type: "replyGrown"; reply: Reply; fromStart: boolean }
	/** A reply that was asked for or seen open here is closed. */
	| { type: "replyClosed"; reply: Reply }
	/** The log contains the rating of this reply. */
	| { type: "ratingStored"; reply: string }
	| { type: "connection"; connection: Connection };

/** What was reported before. */
export type Known = {
	/** Messages sent from here, and replies seen while open. */
	live: Pick<Set<string>, "has">;
	/** Errors of messages in the outbox. */
	errors: Pick<WeakSet<object>, "has">;
	state: Connection["state"] | undefined;
	/** The visitor can see that the connection is lost. */
	outageShown: boolean;
};

type ControlEvent = Extract<
	NonNullable<Extract<Change, { type: "conversation" }>["event"]>,
	{ type: "control" }
>;

type Snapshot = Pick<ChatSession, "conversation" | "pending" | "connection">;

/** What has to happen because of `change`, in order. */
export function* effectsOf(
	change: Change,
	{ conversation, pending, connection }: Snapshot,
	known: Known,
): Generator<Effect, void> {
	switch (change.type) {
		case "conversation":
			yield { type: "contentAdded" };
			if (change.event?.type === "control")
				yield* effectsOfControl(change.event, conversation, known);
			break;
		case "pending":
			for (const message of pending) yield* effectsOfPending(message, known);
			break;
		case "connection":
			yield { type: "connection", connection };
			if (connection.state === known.state) return;
			yield dispatch(new ChatConnectionEvent(connection));
			if (connection.state === "refused")
				yield { type: "alert", text: errorText(connection) };
			else if (connection.state === "ready" && known.outageShown)
				yield { type: "say", text: strings.connectedAgain };
			break;
		case "integrity":
			yield dispatch(new ChatIntegrityEvent(change.message));
			break;
		case "error":
			yield dispatch(
				new ChatErrorEvent(change.code, change.text, change.message),
			);
			// A failed reply shows its own error, and is announced when it closes.
			if (!change.message) yield { type: "problem", text: change.text };
			break;
		default:
			change satisfies never;
	}
}

const dispatch = (event: Event): Effect => ({ type: "event", event });

function* effectsOfControl(
	event: ControlEvent,
	{ messages }: Conversation,
	{ live }: Known,
): Generator<Effect, void> {
	if (event.action === "feedback")
		yield { type: "ratingStored", reply: event.data.message };
	if (event.action !== "end" && event.action !== "error") return;
	const { message } = event.data;
	const reply = messages.findLast(({ id }) => id === message);
	if (reply?.role !== "assistant" || !isLive(reply, live)) return;
	yield { type: "replyClosed", reply };
	yield dispatch(new ChatMessageEvent(reply));
}

function* effectsOfPending(
	message: Pending,
	{ errors }: Known,
): Generator<Effect, void> {
	const { id, state, refusal } = message;
	if (!refusal || errors.has(refusal)) return;
	yield dispatch(new ChatErrorEvent(refusal.code, refusal.text, id));
	const text = errorText(refusal);
	// It is sent again without the visitor.
	if (state === "sending") yield { type: "say", text };
	// Only its author can shorten a text.
	else if (refusal.code === "too_large")
		yield { type: "takeBack", message, text };
	else yield { type: "alert", text: `${strings.notSent} ${text}` };
}

const isLive = ({ id, replyTo }: Reply, live: Known["live"]) =>
	live.has(id) || live.has(replyTo);

/** Remembers what was reported, so that each effect happens once. */
export class Notifications implements ReactiveController {
	readonly #session: () => ChatSession | undefined;
	readonly #run: (effect: Effect) => void;
	readonly #live = new Set<string>();
	readonly #errors = new WeakSet<object>();
	#state: Connection["state"] | undefined;

	/** `run` carries one effect out. */
	constructor(
		host: ReactiveControllerHost,
		session: () => ChatSession | undefined,
		run: (effect: Effect) => void,
	) {
		this.#session = session;
		this.#run = run;
		host.addController(this);
	}

	/** To be called when another session is shown. */
	begin({ pending, connection }: ChatSession) {
		for (const { id } of pending) this.expect(id);
		this.#state = connection.state;
		this.#run({ type: "connection", connection });
	}

	/** The reply to the message `id` will be announced. */
	expect(id: string) {
		this.#live.add(id);
	}

	/** `outageShown`: the visitor can see that the connection is lost. */
	changed(change: Change, session: ChatSession, outageShown: boolean) {
		const known = {
			live: this.#live,
			errors: this.#errors,
			state: this.#state,
			outageShown,
		};
		const effects = [...effectsOf(change, session, known)];
		// Before the effects: a listener of the page may cause the next change.
		if (change.type === "connection") this.#state = session.connection.state;
		if (change.type === "pending")
			for (const { refusal } of session.pending)
				if (refusal) this.#errors.add(refusal);
		for (const effect of effects) this.#run(effect);
	}

	hostUpdated() {
		const session = this.#session();
		const reply = session && openReply(session.conversation);
		if (!reply) return;
		const fromStart = isLive(reply, this.#live);
		this.#run({ type: "replyGrown", reply, fromStart });
		this.#live.add(reply.id);
	}
}
