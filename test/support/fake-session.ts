/**
 * A session without a server: a fake of our own contract, which a test drives by hand.
 *
 * Its events go through the protocol's own `reduce`, so a real log could produce every conversation. `asked`
 * records the element's calls.
 */
import {
	emptyConversation,
	hashText,
	openReply,
	reduce,
	rewind,
} from "../../protocol/conversation.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type {
	EndReason,
	Event,
	FeedbackValue,
	LogEvent,
	Source,
} from "../../protocol/frames.ts";
import type {
	Change,
	ChatSession,
	Connection,
	Diagnostics,
	Pending,
} from "../../widget/session/session.ts";

type Unnumbered<E> = E extends unknown ? Omit<E, "sequence"> : never;

export class FakeSession implements ChatSession {
	conversation = emptyConversation;
	pending: readonly Pending[] = [];
	connection: Connection = { state: "idle" };
	limit: number | undefined;
	/** Every call of the element as text: `send Hello`, `stopReply`, `retry q1 continue`. */
	readonly asked: string[] = [];
	readonly contexts: (Record<string, unknown> | undefined)[] = [];
	/** The time of every event. */
	at = Date.UTC(2026, 0, 5, 9, 30);
	#listeners = new Set<(change: Change) => void>();
	#made = 0;

	/* ------------------------------------------------------------ the element's calls */

	start() {
		this.asked.push("start");
	}
	stop() {
		this.asked.push("stop");
	}
	giveUp(code: ErrorCode) {
		this.asked.push(`giveUp ${code}`);
	}
	sleep() {
		this.asked.push("sleep");
	}
	wake() {
		this.asked.push("wake");
	}
	setOffline(offline: boolean) {
		this.asked.push(`setOffline ${offline}`);
	}
	send(text: string, context?: Record<string, unknown>) {
		this.asked.push(`send ${text}`);
		this.contexts.push(context);
		const id = `q${++this.#made}`;
		this.#keep([...this.pending, { id, text, at: this.at, state: "sending" }]);
		return id;
	}
	resend(id: string) {
		this.asked.push(`resend ${id}`);
		this.#keep(
			this.pending.map((message) =>
				message.id === id
					? { id, text: message.text, at: message.at, state: "sending" }
					: message,
			),
		);
	}
	discard(id: string) {
		this.asked.push(`discard ${id}`);
		const found = this.pending.find((message) => message.id === id);
		this.#keep(this.pending.filter((message) => message !== found));
		return found?.text;
	}
	stopReply() {
		this.asked.push("stopReply");
	}
	retry(message: string, options: { continue?: boolean } = {}) {
		this.asked.push(`retry ${message}${options.continue ? " continue" : ""}`);
	}
	rate(message: string, value: FeedbackValue) {
		this.asked.push(`rate ${message} ${value}`);
	}
	newConversation() {
		this.asked.push("newConversation");
		this.conversation = emptyConversation;
		this.#tell({ type: "conversation" });
		this.#keep([]);
	}
	subscribe(listener: (change: Change) => void) {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}
	diagnostics(): Diagnostics {
		return {
			transport: "websocket",
			roundTripMs: 12,
			resumes: 0,
			gapsRepaired: 0,
			repeatsDropped: 0,
			fallbacks: 0,
			integrityAlarms: 0,
		};
	}

	/* ------------------------------------------------------------ the test's events */

	get listeners() {
		return this.#listeners.size;
	}

	connect(connection: Connection = { state: "ready", transport: "websocket" }) {
		this.connection = connection;
		this.#tell({ type: "connection" });
	}

	/** The server stores a message: the pending one of that id, or one of another tab. */
	stored(id: string, text = this.pending.find((m) => m.id === id)?.text ?? "") {
		this.happen({
			type: "control",
			action: "start",
			data: { message: id, role: "user", content: text, at: this.at },
		});
		if (this.pending.some((message) => message.id === id))
			this.#keep(this.pending.filter((message) => message.id !== id));
	}

	/** The server starts a reply. */
	answer(replyTo: string, id = `a${++this.#made}`, continues?: string) {
		this.happen({
			type: "control",
			action: "start",
			data: {
				message: id,
				role: "assistant",
				replyTo,
				at: this.at,
				...(continues && { continues }),
			},
		});
		return id;
	}

	token(content: string) {
		this.happen({ type: "token", content });
	}

	end(reason: EndReason = "complete", sources?: Source[]) {
		const { id, text } = this.#open;
		this.happen({
			type: "control",
			action: "end",
			data: {
				message: id,
				reason,
				hash: hashText(text),
				...(sources && { sources }),
			},
		});
	}

	fail(code: ErrorCode, text: string, retryable = true) {
		const { id, text: said } = this.#open;
		this.happen({
			type: "control",
			action: "error",
			data: { message: id, code, text, retryable, hash: hashText(said) },
		});
		this.#tell({ type: "error", code, text, message: id });
	}

	/** A question and its whole answer, at once. */
	exchange(question: string, answer: string, sources?: Source[]) {
		const id = `q${++this.#made}`;
		this.stored(id, question);
		this.answer(id);
		this.token(answer);
		this.end("complete", sources);
	}

	/** The server rejects a pending message. */
	refuse(id: string, code: ErrorCode, text: string) {
		this.#keep(
			this.pending.map((message) =>
				message.id === id
					? { ...message, state: "refused", refusal: { code, text } }
					: message,
			),
		);
	}

	/** The server rejects a pending message for now; the session sends it again. */
	hold(id: string, text: string, retryAfter: number) {
		const refusal = { code: "rate_limited", text, retryAfter } as const;
		this.#keep(
			this.pending.map((message) =>
				message.id === id ? { ...message, refusal } : message,
			),
		);
	}

	/** The server stores the visitor's rating of an answer. */
	rated(message: string, value: FeedbackValue) {
		this.happen({
			type: "control",
			action: "feedback",
			data: { message, value },
		});
	}

	/** A rejection that concerns no message. */
	complain(code: ErrorCode, text: string) {
		this.#tell({ type: "error", code, text });
	}

	/** The copy of `message` is corrupt: it and all later messages are removed until they are read again. */
	mistrust(message: string) {
		this.#tell({ type: "integrity", message });
		this.conversation = rewind(this.conversation, message);
		this.#tell({ type: "conversation" });
	}

	happen(event: Unnumbered<LogEvent>) {
		const numbered = {
			...event,
			sequence: this.conversation.last + 1,
		} as Event;
		const { outcome, conversation } = reduce(this.conversation, numbered);
		if (outcome !== "applied")
			throw new Error(`Expected an event that fits; it was a ${outcome}.`);
		this.conversation = conversation;
		this.#tell({ type: "conversation", event: numbered });
	}

	get #open() {
		const open = openReply(this.conversation);
		if (!open) throw new Error("Expected an open reply; there is none.");
		return open;
	}

	#keep(pending: readonly Pending[]) {
		this.pending = pending;
		this.#tell({ type: "pending" });
	}

	#tell(change: Change) {
		for (const listener of this.#listeners) listener(change);
	}
}
