/**
 * The append rules that every engine shares: which events an append may add to a log. Pure. Knows
 * no engine and no file.
 */

import {
	emptyHash,
	extendHash,
	hexOfHash,
} from "../../protocol/conversation.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import type { Draft, Guard, LogHead } from "./store.ts";

export type Role = "user" | "assistant";

/** The state of a log. Immutable, so that an engine can go back to an earlier one. */
export type LogState = {
	readonly head: number;
	readonly touched: number;
	/** The id of the open reply. */
	readonly open: string | undefined;
	/** The hash of the open reply's text, as `extendHash` makes it. */
	readonly hash: number;
};

export const openHashOf = ({ hash }: LogState): string => hexOfHash(hash);

export type AcceptedAppend = { events: LogEvent[]; state: LogState };

/**
 * Numbers `drafts`, or returns `undefined` if one of them may not be stored: all or none.
 * @param roleOf Returns the role of a stored message. Called for starts and feedback, never for
 * tokens.
 */
export function checkAppend(
	state: LogState,
	drafts: readonly Draft[],
	guard: Guard,
	now: number,
	roleOf: (message: string) => Role | undefined,
): AcceptedAppend | undefined {
	if (!guardHolds(guard, state, now)) return undefined;
	if (drafts.length === 0) return { events: [], state };
	let { head, open, hash } = state;
	let begun: Map<string, Role> | undefined;
	const events: LogEvent[] = [];
	for (const draft of drafts) {
		const sequence = ++head;
		if (draft.type === "token") {
			if (open === undefined) return undefined;
			hash = extendHash(hash, draft.content);
			events.push({ type: "token", sequence, content: draft.content });
			continue;
		}
		const { message } = draft.data;
		switch (draft.action) {
			case "start": {
				const { role } = draft.data;
				if (begun?.has(message) || roleOf(message)) return undefined;
				if (role === "assistant") {
					if (open !== undefined) return undefined;
					open = message;
					hash = emptyHash;
				}
				begun ??= new Map();
				begun.set(message, role);
				break;
			}
			case "end":
			case "error":
				if (open !== message) return undefined;
				open = undefined;
				break;
			case "feedback": {
				const role = begun?.get(message) ?? roleOf(message);
				if (role !== "assistant") return undefined;
				break;
			}
			default: {
				const never: never = draft;
				return never;
			}
		}
		events.push({ ...draft, sequence });
	}
	return { events, state: { head, touched: now, open, hash } };
}

/** Whether the conditions of a guard hold. */
export function guardHolds(
	guard: Guard,
	state: LogState,
	now: number,
): boolean {
	const { head, open, silentMs } = guard;
	if (head !== undefined && head !== state.head) return false;
	if (open !== undefined && open !== state.open) return false;
	return silentMs === undefined || now - state.touched >= silentMs;
}

export function logHead(log: {
	epoch: string;
	owner: string;
	state: LogState;
}): LogHead {
	const { epoch, owner, state } = log;
	const { head, touched, open } = state;
	return { epoch, owner, head, touched, open };
}

export const storeClosed = (): ChatError =>
	new ChatError("unavailable", "The chat is shutting down.");
