/**
 * The contract of a session: what the element and the headless client see of a conversation.
 *
 * A leaf of the folder: it knows no frames beyond their types, no storage and no page.
 */
import type { Clock } from "../../protocol/clock.ts";
import type { Conversation } from "../../protocol/conversation.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { Event, FeedbackValue } from "../../protocol/frames.ts";
import type {
	TransportFactory,
	TransportName,
} from "../transport/transport.ts";

/** A message of the visitor that the log does not contain yet. */
export type Pending = {
	id: string;
	text: string;
	/** When it was typed, ms since 1970. */
	at: number;
	/** `refused`: the server rejected it; it stays, and is sent again only if the visitor asks. */
	state: "sending" | "refused";
	/** The reason, with a sentence for the visitor. */
	refusal?: { code: ErrorCode; text: string; retryAfter?: number | undefined };
};

export type Connection =
	| { state: "idle" }
	| { state: "connecting"; attempt: number }
	| { state: "ready"; transport: TransportName }
	/** Disconnected. The next attempt is at `until`, ms since 1970. `offline`: reported by the browser. */
	| { state: "waiting"; until: number; offline: boolean }
	/** Rejected for good: the session does not retry until `start()` is called again. */
	| { state: "refused"; code: ErrorCode; text: string };

export type Change =
	| { type: "conversation"; event?: Event | undefined }
	| { type: "pending" }
	| { type: "connection" }
	/** An error that affects no message in the outbox, or a failed reply. */
	| {
			type: "error";
			code: ErrorCode;
			text: string;
			message?: string | undefined;
	  }
	/** The text of `message` differed from the server's. The session reads it again. */
	| { type: "integrity"; message: string };

export type Diagnostics = {
	transport: TransportName | undefined;
	/** Last measured time from ping to pong, ms. */
	roundTripMs: number | undefined;
	resumes: number;
	gapsRepaired: number;
	repeatsDropped: number;
	fallbacks: number;
	integrityAlarms: number;
};

export type SessionStorage = Pick<
	Storage,
	"getItem" | "setItem" | "removeItem"
>;

export type SessionOptions = {
	/** The base address of the server, e.g. `https://chat.example.com/chat`. */
	url: string;
	/** `auto` uses the best transport that works. @default "auto" */
	transport?: "auto" | TransportName | undefined;
	/** Stores cursor, credential and outbox across reloads. @default memory */
	storage?: SessionStorage | undefined;
	/** Returns the site JWT of a known visitor. Called once more after `unauthorized`. */
	getToken?:
		| (() => Promise<string | undefined> | string | undefined)
		| undefined;
	/** Time and chance. @default the machine's own */
	clock?: Clock | undefined;
	/** Stores, for this tab, which transport worked. @default not stored */
	memo?: SessionStorage | undefined;
	/** Replaces the transport that `transport` selects. */
	makeTransport?: TransportFactory | undefined;
	/**
	 * Receives each connection state (`state`) and each frame (`sent`, `received`), for debugging.
	 * Credentials are redacted. @default none
	 */
	debug?: ((entry: string, detail?: unknown) => void) | undefined;
};

export interface ChatSession {
	readonly conversation: Conversation;
	readonly pending: readonly Pending[];
	readonly connection: Connection;
	/** Longest message, in characters (code points). Known after the first `ready`. */
	readonly limit: number | undefined;

	/** Connects, and reconnects until `stop()`. May be called twice. */
	start(): void;
	/** Disconnects. Conversation and outbox stay. May be called twice. */
	stop(): void;
	/** Ends the session as if the server had rejected it: the caller knows that it cannot connect. */
	giveUp(code: ErrorCode, text: string): void;
	/** Disconnects until `wake()`: the page is unloaded or cached. May be called twice. */
	sleep(): void;
	/** Reconnects after `sleep()`. Otherwise checks the connection, because it may have died meanwhile. */
	wake(): void;
	/** The browser's report about the network. It may be wrong, so an open connection is checked, not closed. */
	setOffline(offline: boolean): void;
	/**
	 * Puts a message into the outbox, until its own `start` event arrives. Returns its id.
	 * @throws {ChatError} `bad_frame` for a blank text or a context that is not plain JSON.
	 */
	send(text: string, context?: Record<string, unknown>): string;
	/** Sends a rejected message again, with the same id. Reconnects if the connection was rejected for good. */
	resend(id: string): void;
	/** Removes an unsent message from the outbox. Returns its text, if there was one. */
	discard(id: string): string | undefined;
	/** Stops the open reply. */
	stopReply(): void;
	/** Requests another answer to the user message with id `message`. */
	retry(message: string, options?: { continue?: boolean }): void;
	rate(message: string, value: FeedbackValue): void;
	/** Starts a new conversation. The server keeps the old one. */
	newConversation(): void;
	subscribe(listener: (change: Change) => void): () => void;
	diagnostics(): Diagnostics;
}
