/**
 * The contract of a store: append-only logs of conversations. One conformance suite tests every
 * engine. Knows no socket, no provider and no credential.
 */
import type {
	End,
	Failure,
	Feedback,
	LogEvent,
	Start,
} from "../../protocol/frames.ts";

/** An event before the store has numbered it. */
export type Draft = LogEvent extends infer E
	? E extends LogEvent
		? Omit<E, "sequence" | "from">
		: never
	: never;

/** Conditions that must hold at the moment of an append. If one does not, nothing is stored. */
export type Guard = {
	/** The log still ends here. */
	head?: number;
	/** This reply is still open. */
	open?: string;
	/** Nothing was appended for this many ms, by the store clock. */
	silentMs?: number;
};

/** Where a log ends, and whose it is. */
export type LogHead = {
	/** Identifies this log. Another log under the same id has another epoch. */
	epoch: string;
	/** The id of the visitor who may read and write it. */
	owner: string;
	/** The last sequence of the whole log. */
	head: number;
	/** When the newest event was stored, ms since 1970 by the store's clock. */
	touched: number;
	/** The id of the open reply. */
	open?: string | undefined;
};

/** A part of a log. */
export type LogPage = LogHead & {
	/**
	 * Events after the cursor, in order and without a gap, up to `head` or the limit. Adjacent
	 * tokens may be merged. The tokens of a closed message may be one that begins at or before the
	 * cursor.
	 */
	events: LogEvent[];
};

/** Called after an append; `stored` is what was stored, if the engine has it in memory. */
export type Hint = (stored?: LogPage) => void;

/** A message as the index of an engine knows it, found without reading the log. */
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
	/** Of a reply: its newest rating. */
	feedback: Feedback | undefined;
};

/** What exporting and deleting conversations needs. */
export type ConversationStore = Pick<
	Store,
	"list" | "head" | "read" | "context"
> & { remove(conversation: string): Promise<boolean> };

/** Which conversations to list. */
export type Which = {
	/** Only the conversations of this visitor. */
	owner?: string;
	/** Only conversations after this place. */
	after?: number;
	limit: number;
};

/** A conversation in a list. */
export type ConversationEntry = {
	conversation: string;
	owner: string;
	head: number;
	/** As in {@link LogPage}. */
	touched: number;
	/** Its place in the order of creation. The next list continues after it. */
	place: number;
};

export interface Store {
	/**
	 * Creates an empty log.
	 * @throws {ChatError} `conflict` if it exists, `unavailable` if the engine fails.
	 */
	create(conversation: string, owner: string): Promise<LogHead>;

	/**
	 * Numbers and stores `drafts` in one atomic step, and wakes the watchers.
	 *
	 * Stores nothing and returns `undefined` if: there is no such log; a guard does not hold; a
	 * `start` names a message that exists; a reply starts while another is open (a close earlier in
	 * the same append permits it); a token or a close comes when no reply is open, or a close of
	 * another message; feedback is on a message that is no reply. `context` is stored beside the
	 * log, for the question that starts in this append.
	 *
	 * Invariant: when the promise resolves, the events survive a crash of the process. No reader
	 * sees them before.
	 * @throws {ChatError} `unavailable`: nothing is stored, and the caller may try again.
	 */
	append(
		conversation: string,
		drafts: readonly Draft[],
		options?: Guard & { context?: Record<string, unknown> | undefined },
	): Promise<LogEvent[] | undefined>;

	/**
	 * The end of a log. Reads no event, so it costs the same for every log. `undefined`: no such
	 * log.
	 * @throws {ChatError} `unavailable`.
	 */
	head(conversation: string): Promise<LogHead | undefined>;

	/**
	 * A message, found by an index: it costs the same for every log. `undefined`: no such log or
	 * message.
	 * @throws {ChatError} `unavailable`.
	 */
	message(
		conversation: string,
		message: string,
	): Promise<StoredMessage | undefined>;

	/**
	 * The text of a message, as far as it is stored. The cost grows with the message, not with the
	 * log before it. `undefined`: no such log or message.
	 * @throws {ChatError} `unavailable`.
	 */
	text(conversation: string, message: string): Promise<string | undefined>;

	/**
	 * The first question of a log that no reply has been begun for, by an index.
	 * @throws {ChatError} `unavailable`.
	 */
	waiting(conversation: string): Promise<string | undefined>;

	/**
	 * Events after `after`, about `limit` at most, and at least one if there is one. A limit also
	 * ends a page of about 256 KiB. `undefined`: no such log.
	 * @throws {ChatError} `unavailable`.
	 */
	read(
		conversation: string,
		after: number,
		limit?: number,
	): Promise<LogPage | undefined>;

	/**
	 * Calls `hint` after appends. It may come late, twice or never: the log is the truth. `hint` is
	 * quick and does not throw. Returns the function that ends the watch. It may be called twice.
	 *
	 * An engine that has the new events in memory passes them, so that a reader who keeps up needs no
	 * read. All watchers share the page: it is read-only.
	 */
	watch(conversation: string, hint: Hint): () => void;

	/** The page context that was sent with a question, if any. */
	context(
		conversation: string,
		message: string,
	): Promise<Record<string, unknown> | undefined>;

	/** Conversations in the order of their creation. */
	list(which: Which): Promise<ConversationEntry[]>;

	/**
	 * The conversation of this visitor with the newest event, or the newest conversation if none has
	 * an event. Found by an index: it costs the same for every visitor. `undefined`: none is stored.
	 * @throws {ChatError} `unavailable`.
	 */
	newest(owner: string): Promise<ConversationEntry | undefined>;

	/** At most `limit` conversations without an append for `silentMs`, in any order. */
	quiet(silentMs: number, limit: number): Promise<string[]>;

	/**
	 * Deletes a log and everything stored beside it, and wakes the watchers.
	 *
	 * Invariant: when the promise resolves, no read finds it and no append extends it, also after a
	 * crash. A log created later under its id is another one. The data is erased from the engine
	 * shortly afterwards, in small steps.
	 * @returns false if there was none, or the guard does not hold.
	 */
	remove(conversation: string, guard?: Guard): Promise<boolean>;

	/** Conversations with an open reply: after a crash they are unanswered. */
	unfinished(): Promise<string[]>;

	/** Returns the value stored under a name. `make` creates it on first use. */
	setting(name: string, make: () => string): Promise<string>;

	/** Stores a value under a name, instead of the earlier one. */
	keep(name: string, value: string): Promise<void>;

	/**
	 * Writes a little, to learn whether the engine accepts writes.
	 * @throws {ChatError} `unavailable` with the reason in `cause`.
	 */
	check?(): Promise<void>;

	/**
	 * Yields the bytes of a file that holds the store as it is at one moment: all that was appended
	 * before the first chunk. Appends continue meanwhile. An engine without files has no backup.
	 * @throws {ChatError} `unavailable`, perhaps after a part of the bytes.
	 */
	backup?(): AsyncGenerator<Uint8Array, void, undefined>;

	/** Finishes pending writes and releases the engine. It may be called twice. */
	close(): Promise<void>;
}
