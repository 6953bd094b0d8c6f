/**
 * The contract of a store: append-only logs of conversations, three verbs and what keeps and ends
 * them.
 *
 * `chat.ts` and `reply.ts` call it; engines implement it and share `ledger.ts`. Knows no socket,
 * no provider and no visitor's credential. One conformance function holds every engine to it.
 */
import type { End, Failure, LogEvent, Start } from "../../protocol/frames.ts";

/** An event before the store has numbered it. */
export type Draft = LogEvent extends infer E
	? E extends LogEvent
		? Omit<E, "sequence" | "from">
		: never
	: never;

/** What must still be true at the moment of an append, or nothing is stored. */
export type Guard = {
	/** The log ends here: nobody has appended since it was read. */
	head?: number;
	/** This reply is open: the tokens and the close in this append are its own. */
	open?: string;
	/** This many ms of silence by the store's clock have passed since the last append. */
	silentMs?: number;
};

/** Where a log ends, and whose it is. */
export type LogHead = {
	/** Names this log; another log under the same id has another epoch. */
	epoch: string;
	/** Who may read and write it: a visitor's id. */
	owner: string;
	/** The last sequence of the whole log. */
	head: number;
	/** When the newest event was stored, ms since 1970 by the store's clock. */
	touched: number;
	/** The reply that is being written. */
	open?: string | undefined;
};

/** A part of a log. */
export type LogPage = LogHead & {
	/**
	 * Events after the cursor, in order, without a gap, up to `head` unless a limit cut them.
	 * Adjacent tokens may come merged; those of a closed message may come as one that begins at or
	 * before the cursor.
	 */
	events: LogEvent[];
};

/** A message as an engine's index knows it: found without reading the log. */
export type StoredMessage = {
	start: Start;
	/** The event that closed a reply. */
	close: End | Failure | undefined;
	/** Of a reply: the hash of its text as far as it is stored. */
	hash: string | undefined;
	/** Of a question: the question before it. Of a reply: the reply before it to the same question. */
	previous: string | undefined;
	/** Of a question: its newest reply. */
	reply: string | undefined;
};

/** What a list is to name. */
export type Which = {
	/** Only this visitor's. */
	owner?: string;
	/** Only those after this place. */
	after?: number;
	limit: number;
};

/** A conversation as a list names it. */
export type ConversationEntry = {
	conversation: string;
	owner: string;
	head: number;
	/** As in {@link LogPage}. */
	touched: number;
	/** Its place in the order of creation: where the next part of the list goes on. */
	place: number;
};

export interface Store {
	/**
	 * Opens a new, empty log.
	 * @throws {ChatError} `conflict` if it exists, `unavailable` when the engine is out of reach.
	 */
	create(conversation: string, owner: string): Promise<LogHead>;

	/**
	 * Numbers and keeps `drafts` in one atomic step and tells the watchers.
	 *
	 * `undefined`, with nothing stored: no such log; a guard does not hold; a `start` of a message
	 * that exists; a reply's `start` while another is open (a close earlier in the same append makes
	 * room); a token or a close when no reply is open, or a close of a message other than the open
	 * one; feedback on a message that is no reply.
	 * `context` is kept beside the log, for the user's message that begins in this append.
	 *
	 * Invariant: when the promise resolves the events survive a crash, and only then may a reader see
	 * them.
	 * @throws {ChatError} `unavailable`: nothing stored; the caller may try again.
	 */
	append(
		conversation: string,
		drafts: readonly Draft[],
		options?: Guard & { context?: Record<string, unknown> | undefined },
	): Promise<LogEvent[] | undefined>;

	/**
	 * Where the log ends. Reads no event, so it costs the same for every log.
	 * `undefined`: no such log.
	 * @throws {ChatError} `unavailable`.
	 */
	head(conversation: string): Promise<LogHead | undefined>;

	/**
	 * A message of a log, by an index: it costs the same for every log.
	 * `undefined`: no such log or message.
	 * @throws {ChatError} `unavailable`.
	 */
	message(
		conversation: string,
		message: string,
	): Promise<StoredMessage | undefined>;

	/**
	 * The text of a message, as far as it is stored. Its cost grows with the message, not with the log
	 * before it.
	 * `undefined`: no such log or message.
	 * @throws {ChatError} `unavailable`.
	 */
	text(conversation: string, message: string): Promise<string | undefined>;

	/**
	 * The first question of a log that no reply has been begun for, by an index.
	 * @throws {ChatError} `unavailable`.
	 */
	waiting(conversation: string): Promise<string | undefined>;

	/**
	 * Events after `after`, at most about `limit` of them (always at least one if there is one). A limit
	 * also ends a page of about 256 KiB.
	 * `undefined`: no such log.
	 * @throws {ChatError} `unavailable`.
	 */
	read(
		conversation: string,
		after: number,
		limit?: number,
	): Promise<LogPage | undefined>;

	/**
	 * Calls `hint` after appends, perhaps late, twice or never: the log is the truth. `hint` is quick
	 * and does not throw. Returns what ends the watch; ending it twice is fine.
	 */
	watch(conversation: string, hint: () => void): () => void;

	/** What the page told the model beside the user's message, if anything. */
	context(
		conversation: string,
		message: string,
	): Promise<Record<string, unknown> | undefined>;

	/** Conversations in the order of their creation. */
	list(which: Which): Promise<ConversationEntry[]>;

	/** At most `limit` conversations to which nothing has been appended for so long, in no order. */
	quiet(silentMs: number, limit: number): Promise<string[]>;

	/**
	 * Deletes a log and all that is kept beside it, and tells the watchers.
	 *
	 * Invariant: when the promise resolves no read finds it and no append adds to it, also after a
	 * crash; a log created under its id later is another one. What it held is erased from the engine
	 * soon after, a little at a time.
	 * @returns false when there was none, or the guard does not hold.
	 */
	remove(conversation: string, guard?: Guard): Promise<boolean>;

	/** Conversations that have an open reply: what a crash may have left unanswered. */
	unfinished(): Promise<string[]>;

	/** A value that lasts as long as the store: made once by `make`, the same ever after. */
	setting(name: string, make: () => string): Promise<string>;

	/** Puts a value in the place of what is kept under a name, if anything is. */
	keep(name: string, value: string): Promise<void>;

	/**
	 * Writes a little, to learn whether it still can.
	 * @throws {ChatError} `unavailable` with the reason in `cause`.
	 */
	check?(): Promise<void>;

	/** Finishes what is under way and lets go of the engine. Twice is fine. */
	close(): Promise<void>;
}
