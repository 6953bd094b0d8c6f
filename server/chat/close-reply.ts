/**
 * The one way in which a reply ends: an append that closes its message. Stop, failure and recovery
 * use it. Knows the store and no provider.
 */

import type { Clock } from "../../protocol/clock.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { EndReason, Source, Start, Usage } from "../../protocol/frames.ts";
import type { Draft, Store } from "../store/store.ts";

export type ReplyClose =
	| { by: "end"; reason: EndReason; usage?: Usage; sources?: Source[] }
	| { by: "error"; code: ErrorCode; text: string };

export const interrupted: ReplyClose = {
	by: "error",
	code: "interrupted",
	text: "The answer was broken off. You can ask for it again.",
};

/**
 * Closes a reply and, in the same append, opens the reply to the next waiting question. First close
 * wins: `closed` is false if the reply was closed already.
 * @param silentMs Close only if nothing was appended for this long.
 */
export async function closeReply(
	store: Store,
	clock: Clock,
	conversation: string,
	message: string,
	how: ReplyClose,
	silentMs = 0,
): Promise<{ closed: boolean; next?: Start }> {
	for (;;) {
		const log = await store.head(conversation);
		if (log?.open !== message || clock.now() - log.touched < silentMs)
			return { closed: false };
		const hash = (await store.message(conversation, message))?.hash;
		if (hash === undefined) return { closed: false };
		const drafts = [closeDraft(message, hash, how)];
		const question = await store.waiting(conversation);
		if (question !== undefined) drafts.push(replyStart(question, clock));
		const stored = await store.append(conversation, drafts, {
			head: log.head,
			open: message,
		});
		if (!stored) continue; // The log has grown meanwhile: read its head again.
		const next = stored[1] as Start | undefined;
		return { closed: true, ...(next && { next }) };
	}
}

export const replyStart = (
	replyTo: string,
	clock: Clock,
	continues?: string,
): Draft => ({
	type: "control",
	action: "start",
	data: {
		message: crypto.randomUUID(),
		role: "assistant",
		replyTo,
		at: clock.now(),
		...(continues && { continues }),
	},
});

function closeDraft(message: string, hash: string, how: ReplyClose): Draft {
	if (how.by === "error") {
		const { code, text } = how;
		const data = { message, code, text, retryable: true, hash };
		return { type: "control", action: "error", data };
	}
	const { reason, usage, sources } = how;
	const facts = {
		...(usage && { usage }),
		...(sources?.length && { sources }),
	};
	const data = { message, reason, hash, ...facts };
	return { type: "control", action: "end", data };
}
