/**
 * The logs that the SQLite engine has at hand: in memory are those that are being written or watched,
 * and some that were used lately.
 *
 * `sqlite.ts` alone calls it, and says what is in the file. Knows no transaction.
 */
import { emptyHash } from "../../../protocol/conversation.ts";
import type { LogState } from "../append-rules.ts";
import type { ConversationEntry } from "../store.ts";
import { Tail } from "../tail.ts";
import type { Watchers } from "../watchers.ts";

export type Log = {
	readonly key: number;
	readonly id: string;
	readonly owner: string;
	readonly epoch: string;
	state: LogState;
	readonly tail: Tail;
	/** The journal's row that holds the first token of `tail.growing`. */
	journaled: number;
};

/** A log as a row of the file says it is. */
export type ConversationRow = {
	key: number;
	id: string;
	owner: string;
	epoch: string;
	head: number;
	touched: number;
	open: string | null;
};

/** What of a log stays in memory for readers who keep up, in the units of tail.ts. */
const tailWeight = 16_384;
/** Logs kept at hand though nobody watches them and nothing is being written. */
const maxIdleLogs = 512;

export class LogCache {
	/** Always here: every log that has an open reply or a watcher. */
	readonly #logs = new Map<string, Log>();
	/** Those of `#logs` that may be forgotten, the longest unused first. */
	readonly #idle = new Set<string>();
	readonly #watchers: Watchers;

	constructor(watchers: Watchers) {
		this.#watchers = watchers;
	}

	get(id: string): Log | undefined {
		return this.#logs.get(id);
	}

	all(): Iterable<Log> {
		return this.#logs.values();
	}

	/** Takes a log in that is not here. */
	load({ key, id, owner, epoch, head, touched, open }: ConversationRow): Log {
		const state = {
			head,
			touched,
			open: open ?? undefined,
			hash: emptyHash,
		};
		const tail = new Tail(head);
		const log: Log = { key, id, owner, epoch, state, tail, journaled: 0 };
		this.put(log);
		this.#idle.add(id);
		return log;
	}

	/** What a list says of it: newer than the row, if it is here. */
	entryOf({ key, id, owner, ...row }: ConversationRow): ConversationEntry {
		const { head, touched } = this.#logs.get(id)?.state ?? row;
		return { conversation: id, owner, head, touched, place: key };
	}

	/** Puts a log back that was taken out. */
	put(log: Log) {
		this.#logs.set(log.id, log);
	}

	/** Unless another one stands there under its id. */
	takeOut(log: Log) {
		if (this.#logs.get(log.id) !== log) return;
		this.#logs.delete(log.id);
		this.#idle.delete(log.id);
	}

	/** It is in use: not to be forgotten until it is settled. */
	hold(id: string) {
		this.#idle.delete(id);
	}

	/** Makes a log small again after use, and forgets another one if too many lie about. */
	settle(log: Log) {
		if (this.#logs.get(log.id) !== log) return; // Removed meanwhile.
		log.tail.trim(tailWeight);
		if (log.state.open !== undefined) return;
		this.#idle.delete(log.id);
		if (this.#watchers.has(log.id)) return;
		this.#idle.add(log.id);
		if (this.#idle.size <= maxIdleLogs) return;
		for (const oldest of this.#idle) {
			this.#idle.delete(oldest);
			this.#logs.delete(oldest);
			break;
		}
	}
}
