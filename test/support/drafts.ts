/** Drafts of events for tests of stores and of the service, and a reader that checks them. */
import {
	type Conversation,
	emptyConversation,
	hashText,
	reduce,
} from "../../protocol/conversation.ts";
import type { EndReason, LogEvent } from "../../protocol/frames.ts";
import type { Draft, Store } from "../../server/store/store.ts";

export const question = (message: string, content = "How?"): Draft => ({
	type: "control",
	action: "start",
	data: { message, role: "user", content, at: 1 },
});

export const reply = (message: string, replyTo = "q"): Draft => ({
	type: "control",
	action: "start",
	data: { message, role: "assistant", replyTo, at: 1 },
});

export const token = (content: string): Draft => ({ type: "token", content });

/** `text`: the whole text of the closed message. */
export const end = (
	message: string,
	text: string,
	reason: EndReason = "complete",
): Draft => ({
	type: "control",
	action: "end",
	data: { message, reason, hash: hashText(text) },
});

export const failure = (message: string, text: string): Draft => ({
	type: "control",
	action: "error",
	data: {
		message,
		code: "interrupted",
		text: "The answer broke off.",
		retryable: true,
		hash: hashText(text),
	},
});

export const feedback = (message: string, value: "up" | "down"): Draft => ({
	type: "control",
	action: "feedback",
	data: { message, value },
});

/** The conversation after `events`; throws on an event that would make a reader start again. */
export function fold(
	events: readonly LogEvent[],
	before: Conversation = emptyConversation,
): Conversation {
	let conversation = before;
	for (const event of events) {
		const next = reduce(conversation, event);
		if (next.outcome === "gap" || next.outcome === "mismatch")
			throw new Error(
				`${next.outcome} at ${event.sequence}, having read to ${conversation.last}`,
			);
		conversation = next.conversation;
	}
	return conversation;
}

/** Reads from `before` to the head, `limit` events at a time. */
export async function readOn(
	store: Store,
	conversation: string,
	before: Conversation = emptyConversation,
	limit?: number,
): Promise<Conversation> {
	let picture = before;
	for (;;) {
		const page = await store.read(conversation, picture.last, limit);
		if (!page) throw new Error(`There is no log ${conversation}.`);
		if (page.events.length === 0) return picture;
		picture = fold(page.events, picture);
	}
}
