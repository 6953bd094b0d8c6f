/**
 * The contract of a session: what the element and the headless client see of a conversation.
 *
 * session.ts fulfils it. Whoever paints knows these types and nothing of lines, frames or storage.
 */

import type { Clock } from "../../protocol/clock.ts";
import type { Conversation } from "../../protocol/conversation.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Event, FeedbackValue } from "../../protocol/frames.ts";
import type {
	TransportFactory,
	TransportName,
} from "../transport/transport.ts";
import type { SessionStorage } from "./json-storage.ts";
import type { Pending } from "./outbox.ts";

export type Connection =
	| { state: "idle" }
	| { state: "connecting"; attempt: number }
	| { state: "ready"; transport: TransportName }
	/** Down; the next attempt is at `until`, ms since 1970. `offline`: the browser says so. */
	| { state: "waiting"; until: number; offline: boolean }
	/** The server's last word: nothing more is tried until `start()` is called again. */
	| { state: "refused"; code: ErrorCode; text: string };

export type Change =
	| { type: "conversation"; event?: Event | undefined }
	| { type: "pending" }
	| { type: "connection" }
	/** A refusal that concerns no message in the outbox, or a reply that failed. */
	| {
			type: "error";
			code: ErrorCode;
			text: string;
			message?: string | undefined;
	  }
	/** Our text of `message` was not what the server closed; it is being read again. */
	| { type: "integrity"; message: string };

export type Diagnostics = {
	transport: TransportName | undefined;
	/** Milliseconds from ping to pong, the last one measured. */
	roundTripMs: number | undefined;
	resumes: number;
	gapsRepaired: number;
	repeatsDropped: number;
	fallbacks: number;
	integrityAlarms: number;
};

export type SessionOptions = {
	/** The base address of the server, e.g. `https://chat.example.com/chat`. */
	url: string;
	/** `auto` takes the best that works. @default "auto" */
	transport?: "auto" | TransportName | undefined;
	/** Where cursor, credential and outbox outlive a reload. Refused or absent → memory. */
	storage?: SessionStorage | undefined;
	/** The page's own credential for a known visitor; asked again, once, after `unauthorized`. */
	getToken?:
		| (() => Promise<string | undefined> | string | undefined)
		| undefined;
	/** Time and chance. @default the machine's own */
	clock?: Clock | undefined;
	/** Where a line remembers for this tab what worked: the tab's `sessionStorage`. Absent → nowhere. */
	memo?: SessionStorage | undefined;
	/** A transport of the caller's own instead of `transport`. */
	makeTransport?: TransportFactory | undefined;
	/**
	 * Called with each connection state (`state`), and each frame that is sent or received (`sent`,
	 * `received`), for logs while a fault is looked for. Credentials are redacted. @default none
	 */
	debug?: ((entry: string, detail?: unknown) => void) | undefined;
};

export interface ChatSession {
	readonly conversation: Conversation;
	readonly pending: readonly Pending[];
	readonly connection: Connection;
	/** Longest message in characters (code points); known after the first `ready`. */
	readonly limit: number | undefined;

	/** Dials, and stays connected until `stop()`. Twice is fine. */
	start(): void;
	/** Lets go of the line; the conversation and the outbox stay. Twice is fine. */
	stop(): void;
	/** Ends like a refusal of the server: whoever calls knows that no line can come up, and why. */
	giveUp(code: ErrorCode, text: string): void;
	/** The page is going away or into a cache: lets go of the line until `wake()`. Twice is fine. */
	sleep(): void;
	/** The page is back, visible or online: comes back if asleep, does not trust the line if not. */
	wake(): void;
	/** What the browser says about the network. It may err, so an open line is asked, not dropped. */
	setOffline(offline: boolean): void;
	/**
	 * Puts a message into the outbox and returns its id. It leaves when its own `start` comes back.
	 * @throws {ChatError} `bad_frame` for a blank text or a context that is not plain JSON.
	 */
	send(text: string, context?: Record<string, unknown>): string;
	/** Sends a refused message again, under its old id; after a final refusal, dials again. */
	resend(id: string): void;
	/** Takes a message that was not sent out of the outbox and returns its text, if there is one. */
	discard(id: string): string | undefined;
	/** Asks for the open reply to be closed. */
	stopReply(): void;
	/** Asks for another answer to the user's message `message`. */
	retry(message: string, options?: { continue?: boolean }): void;
	rate(message: string, value: FeedbackValue): void;
	/** Forgets this conversation here (not on the server) and begins another. */
	newConversation(): void;
	subscribe(listener: (change: Change) => void): () => void;
	diagnostics(): Diagnostics;
}
