/**
 * The logs that the SQLite engine holds in memory: all that are written or watched, and some that
 * were used lately. Knows no transaction and no SQL.
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
	/** The journal row with the first token of `tail.growing`. */
	journaled: number;
};

/** A row of the table of conversations. */
export type ConversationRow = {
	key: number;
	id: string;
	owner: string;
	epoch: string;
	head: number;
	touched: number;
	open: string | null;
};

/** Weight of the events that stay in memory for readers who keep up; see tail.ts. */
const tailWeight = 16_384;
/** Logs kept in memory although they are neither watched nor written. */
const maxIdleLogs = 512;

export class LogCache {
	/** Holds every log that has an open reply or a watcher. */
	readonly #logs = new Map<string, Log>();
	/** Logs that may be dropped, the least recently used first. */
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

	/** Adds a log that is not cached. */
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

	/** The list entry of a row. A cached log is newer than its row. */
	entryOf({ key, id, owner, ...row }: ConversationRow): ConversationEntry {
		const { head, touched } = this.#logs.get(id)?.state ?? row;
		return { conversation: id, owner, head, touched, place: key };
	}

	/** Puts back a log that was taken out. */
	put(log: Log) {
		this.#logs.set(log.id, log);
	}

	/** Removes a log, unless another one has its id now. */
	takeOut(log: Log) {
		if (this.#logs.get(log.id) !== log) return;
		this.#logs.delete(log.id);
		this.#idle.delete(log.id);
	}

	/** Keeps a log in memory until it is settled. */
	hold(id: string) {
		this.#idle.delete(id);
	}

	/** Trims a log after use, and drops another one if too many are cached. */
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
