/**
 * What the operator's commands need of a store, and how it crosses the local socket.
 *
 * Two implementations: the engine itself, and a client of the running server. A contract: it opens
 * nothing.
 */
import * as z from "zod";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { ConversationStore, Store } from "../store/store.ts";

export type OperatorStore = ConversationStore &
	Pick<Store, "check" | "backup" | "close">;

/** Raised when a client of the last version would misread this one. */
export const socketVersion = 1;

/** The response to `GET /`. */
export type ServerStatus = {
	socket: number;
	version: string;
	/** Of the server's process. */
	pid: number;
};

/** A ChatError as JSON. */
export type Failure = { code: ErrorCode; text: string; cause?: string };

/** The response to a verb. `undefined` is a missing result. */
export type Outcome = { result?: unknown } | { error: Failure };

const id = z.string().min(1).max(500);
const whole = z.number().int().min(0);

/** The arguments of each verb, as `POST /<verb>` carries them. `POST /backup` has none. */
export const verbs = {
	list: z.tuple([
		z.object({ owner: id.optional(), after: whole.optional(), limit: whole }),
	]),
	head: z.tuple([id]),
	read: z.tuple([id, whole, whole]),
	context: z.tuple([id, id]),
	remove: z.tuple([id]),
	check: z.tuple([]),
} as const;

export type Verb = keyof typeof verbs;
