/**
 * A conversation as a picture, folded from its log, event by event (PROTOCOL.md section 2).
 *
 * Pure, and the same on both sides: the widget paints it, the server makes the model's history
 * from it. Invariant: two readers that have applied the same log hold equal conversations, whatever
 * was merged, repeated or read twice on the way.
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
	/** The sequence of its `start`: its place, for ever. */
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
	/** Something is missing before this event: read again from `conversation.last`. */
	| { outcome: "gap"; conversation: Conversation }
	/** Applied, but our text of `message` is not what the writer closed. */
	| { outcome: "mismatch"; conversation: Conversation; message: string };

/**
 * Takes one event, by the table "How a reader takes an event".
 * @param own The caller's own log and picture: closes are not held against our text, and `messages` is
 * changed in place, which makes a long log as cheap as a short one.
 */
export function reduce(
	conversation: Conversation,
	event: Event,
	own = false,
): Reduction {
	const { last } = conversation;
	const { sequence } = event;
	if (sequence <= last) return { outcome: "repeat", conversation };
	const from = (event.type === "token" && event.from) || sequence;
	const follows = from === last + 1;
	const open = openReply(conversation);
	const replaces =
		event.type === "token" && from <= last && from === open?.firstToken;
	if (!follows && !replaces) return { outcome: "gap", conversation };

	if (event.type === "token") {
		if (!open) return applied({ ...conversation, last: sequence });
		return applied(
			change(conversation, own, sequence, {
				...open,
				firstToken: open.firstToken ?? from,
				text: replaces ? event.content : open.text + event.content,
			}),
		);
	}
	switch (event.action) {
		case "start":
			return applied(begin(conversation, own, event));
		case "end":
		case "error": {
			if (!open || open.id !== event.data.message)
				return applied({ ...conversation, last: sequence });
			const closed = { ...open, close: closeOf(event) };
			const next = change(conversation, own, sequence, closed);
			if (own || hashText(open.text) === event.data.hash) return applied(next);
			return { outcome: "mismatch", conversation: next, message: open.id };
		}
		case "feedback": {
			const at = conversation.messages.findIndex(
				({ id }) => id === event.data.message,
			);
			const rated = conversation.messages[at];
			if (rated?.role !== "assistant")
				return applied({ ...conversation, last: sequence });
			const feedback = event.data.value;
			const messages = put(conversation, own, at, { ...rated, feedback });
			return applied({ ...conversation, last: sequence, messages });
		}
		default:
			return applied({ ...conversation, last: sequence });
	}
}

/** The reply that is being made, if any. */
export function openReply(conversation: Conversation): Reply | undefined {
	if (conversation.open === undefined) return undefined;
	return conversation.messages[conversation.open] as Reply;
}

/**
 * The conversation as it was before `message` began, for a reader that must read it again.
 * Everything that began later goes too; it comes back with the same reading.
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
export function hashText(text: string): string {
	let hash = 0x811c9dc5;
	const bytes = new TextEncoder().encode(text);
	for (let at = 0; at < bytes.length; at++)
		hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
	return (hash >>> 0).toString(16).padStart(8, "0");
}

function begin(
	conversation: Conversation,
	own: boolean,
	event: Start,
): Conversation {
	const { sequence: start, data } = event;
	const { message: id, at } = data;
	const { length } = conversation.messages;
	const message: Message =
		data.role === "user"
			? { role: "user", id, text: data.content, at, start }
			: {
					role: "assistant",
					id,
					replyTo: data.replyTo,
					...(data.continues && { continues: data.continues }),
					text: "",
					at,
					start,
				};
	return {
		last: start,
		messages: put(conversation, own, length, message),
		open: data.role === "assistant" ? length : conversation.open,
	};
}

/** Puts back the open reply, which is no longer open if it bears a close. */
function change(
	conversation: Conversation,
	own: boolean,
	last: number,
	reply: Reply,
): Conversation {
	const at = conversation.open as number;
	const messages = put(conversation, own, at, reply);
	return { last, messages, open: reply.close ? undefined : at };
}

function put(
	{ messages }: Conversation,
	own: boolean,
	at: number,
	message: Message,
): readonly Message[] {
	const list = own ? (messages as Message[]) : messages.slice();
	list[at] = message;
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
