/**
 * A conversation, folded from the events of its log (PROTOCOL.md section 2). Knows no network and no
 * store.
 *
 * Invariant: two readers that have applied the same log hold equal conversations, whatever was
 * merged, repeated or read twice on the way.
 */
import type { ErrorCode } from "./errors.ts";
import type {
	EndReason,
	Event,
	FeedbackValue,
	Source,
	Start,
	Usage,
} from "./frames.ts";

export type UserMessage = {
	readonly role: "user";
	readonly id: string;
	readonly text: string;
	/** When it was stored, in ms since 1970. */
	readonly at: number;
	/** The sequence of its `start`: its place, which never changes. */
	readonly start: number;
};

export type Close =
	| {
			readonly by: "end";
			readonly reason: EndReason;
			readonly usage?: Usage | undefined;
			readonly sources?: readonly Source[] | undefined;
	  }
	| {
			readonly by: "error";
			readonly code: ErrorCode;
			readonly text: string;
			readonly retryable: boolean;
	  };

export type Reply = {
	readonly role: "assistant";
	readonly id: string;
	readonly replyTo: string;
	readonly continues?: string | undefined;
	readonly text: string;
	readonly at: number;
	readonly start: number;
	/** The sequence of its first token. */
	readonly firstToken?: number;
	/** Absent while the reply is open. */
	readonly close?: Close;
	readonly feedback?: FeedbackValue;
};

export type Message = UserMessage | Reply;

export type Conversation = {
	/** The highest sequence applied: the reader's cursor. */
	readonly last: number;
	/** In the order of their starts. */
	readonly messages: readonly Message[];
	/** The place in `messages` of the one open reply. */
	readonly open?: number | undefined;
};

export const emptyConversation: Conversation = { last: 0, messages: [] };

export type Reduction =
	| { outcome: "applied" | "repeat"; conversation: Conversation }
	/** Events before this one are missing: read again from `conversation.last`. */
	| { outcome: "gap"; conversation: Conversation }
	/** Applied, but the text of `message` differs from its hash. */
	| { outcome: "mismatch"; conversation: Conversation; message: string };

/**
 * Takes one event, by the table "How a reader takes an event". Changes nothing in `conversation`.
 */
export function reduce(conversation: Conversation, event: Event): Reduction {
	const open = openReply(conversation);
	const fit = fitOf(event, conversation.last, open);
	if (fit === "repeat" || fit === "gap") return { outcome: fit, conversation };
	const last = event.sequence;

	if (event.type === "token") {
		if (!open) return applied({ ...conversation, last });
		return applied(
			withReply(conversation, last, {
				...open,
				firstToken: open.firstToken ?? firstOf(event),
				text: fit === "replaces" ? event.content : open.text + event.content,
			}),
		);
	}
	switch (event.action) {
		case "start": {
			const { messages } = conversation;
			const message = begun(event);
			return applied({
				last,
				messages: [...messages, message],
				open:
					message.role === "assistant" ? messages.length : conversation.open,
			});
		}
		case "end":
		case "error": {
			if (!open || open.id !== event.data.message)
				return applied({ ...conversation, last });
			const closed = { ...open, close: closeOf(event) };
			const next = withReply(conversation, last, closed);
			if (hashText(open.text) === event.data.hash) return applied(next);
			return { outcome: "mismatch", conversation: next, message: open.id };
		}
		case "feedback": {
			const { message, value } = event.data;
			const place = conversation.messages.findIndex(({ id }) => id === message);
			const rated = conversation.messages[place];
			if (rated?.role !== "assistant")
				return applied({ ...conversation, last });
			const messages = put(conversation, place, { ...rated, feedback: value });
			return applied({ ...conversation, last, messages });
		}
		case "unknown":
			return applied({ ...conversation, last });
		default: {
			const never: never = event;
			return never;
		}
	}
}

/** The conversation of a log that the caller trusts: see {@link LogFold}. */
export function foldLog(events: Iterable<Event>): Conversation {
	const fold = new LogFold();
	fold.add(events);
	return fold.conversation;
}

/**
 * Folds a log of the caller's own in linear time: it changes its messages in place and compares no
 * hashes. Invariant: its conversation equals the one that {@link reduce} makes of the same events.
 */
export class LogFold {
	#last = 0;
	readonly #messages: Mutable<Message>[] = [];
	/** Places in `#messages`, by id. */
	readonly #places = new Map<string, number>();
	#open: { reply: Mutable<Reply>; place: number } | undefined;

	/** A view of the fold, not a copy: it changes with the next events. */
	get conversation(): Conversation {
		return {
			last: this.#last,
			messages: this.#messages,
			open: this.#open?.place,
		};
	}

	add(events: Iterable<Event>) {
		for (const event of events) this.#take(event);
	}

	#take(event: Event) {
		const open = this.#open?.reply;
		const fit = fitOf(event, this.#last, open);
		if (fit === "repeat" || fit === "gap") return;
		this.#last = event.sequence;
		if (event.type === "token") {
			if (!open) return;
			open.firstToken ??= firstOf(event);
			open.text =
				fit === "replaces" ? event.content : open.text + event.content;
			return;
		}
		switch (event.action) {
			case "start": {
				const message = begun(event);
				const place = this.#messages.push(message) - 1;
				this.#places.set(message.id, place);
				if (message.role === "assistant")
					this.#open = { reply: message, place };
				return;
			}
			case "end":
			case "error":
				if (open?.id !== event.data.message) return;
				open.close = closeOf(event);
				this.#open = undefined;
				return;
			case "feedback": {
				const place = this.#places.get(event.data.message);
				const rated = place === undefined ? undefined : this.#messages[place];
				if (rated?.role === "assistant") rated.feedback = event.data.value;
				return;
			}
			case "unknown":
				return;
			default: {
				const never: never = event;
				return never;
			}
		}
	}
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** Compares an event with what a reader has, by the same table. */
function fitOf(
	event: Event,
	last: number,
	open: Reply | undefined,
): "repeat" | "gap" | "follows" | "replaces" {
	if (event.sequence <= last) return "repeat";
	const from = firstOf(event);
	if (from === last + 1) return "follows";
	const replaces =
		event.type === "token" && from <= last && from === open?.firstToken;
	return replaces ? "replaces" : "gap";
}

/** The first sequence that an event covers. */
const firstOf = (event: Event): number =>
	(event.type === "token" && event.from) || event.sequence;

/** The reply that is not closed yet, if any. */
export function openReply(conversation: Conversation): Reply | undefined {
	if (conversation.open === undefined) return undefined;
	return conversation.messages[conversation.open] as Reply;
}

/**
 * The conversation before `message` began, for a reader that must read it again. Later messages are
 * dropped, too, and come back with the same reading.
 */
export function rewind(
	conversation: Conversation,
	message: string,
): Conversation {
	const at = conversation.messages.findIndex(({ id }) => id === message);
	const found = conversation.messages[at];
	if (!found) return conversation;
	return {
		last: found.start - 1,
		messages: conversation.messages.slice(0, at),
	};
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo), over the UTF-8 bytes, as 8 lower-case hex digits. */
export const hashText = (text: string): string =>
	hexOfHash(extendHash(emptyHash, text));

const encoder = new TextEncoder();

/** The hash of the empty text: where {@link extendHash} begins. */
export const emptyHash = 0x811c9dc5;

/** The hash of a text that goes on with `text`, which must not begin in the middle of a character. */
export function extendHash(hash: number, text: string): number {
	for (const byte of encoder.encode(text))
		hash = Math.imul(hash ^ byte, 0x01000193);
	return hash;
}

/** A hash in the form of the wire: 8 hex digits. */
export const hexOfHash = (hash: number): string =>
	(hash >>> 0).toString(16).padStart(8, "0");

function begun({ sequence: start, data }: Start): Message {
	const { message: id, at } = data;
	if (data.role === "user")
		return { role: "user", id, text: data.content, at, start };
	const { replyTo, continues } = data;
	return {
		role: "assistant",
		id,
		replyTo,
		...(continues && { continues }),
		text: "",
		at,
		start,
	};
}

/** With another state of the open reply, which is no longer open if it has a close. */
function withReply(
	conversation: Conversation,
	last: number,
	reply: Reply,
): Conversation {
	const { open } = conversation;
	if (open === undefined) return conversation;
	const messages = put(conversation, open, reply);
	return { last, messages, open: reply.close ? undefined : open };
}

function put(
	{ messages }: Conversation,
	place: number,
	message: Message,
): readonly Message[] {
	const list = messages.slice();
	list[place] = message;
	return list;
}

function closeOf(event: Extract<Event, { action: "end" | "error" }>): Close {
	if (event.action === "error") {
		const { code, text, retryable } = event.data;
		return { by: "error", code, text, retryable };
	}
	const { reason, usage, sources } = event.data;
	return {
		by: "end",
		reason,
		...(usage && { usage }),
		...(sources && { sources }),
	};
}

const applied = (conversation: Conversation): Reduction => ({
	outcome: "applied",
	conversation,
});
