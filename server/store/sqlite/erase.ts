/**
 * Erases what conversations that were removed have left in the SQLite file, a little at a time, and
 * gives the room back to the disk.
 *
 * `sqlite.ts` wakes it after a removal and at start. A removal itself is one row deleted, however
 * long the conversation was; all the rest happens here, in slices between which everybody else has
 * a turn. What a slice has not come to when the process dies is found again at the next start.
 */
import type { Database } from "bun:sqlite";
import type { Clock } from "../../../protocol/clock.ts";
import { pragma, type prepare } from "./schema.ts";

/** At most about so much is erased in one transaction: rows, and bytes of their events. */
const sliceRows = 256;
const sliceBytes = 262_144;
/** So many pages (of 4 KiB) are given back in one transaction. */
const slicePages = 64;
/** What lies between two slices, ms: most of the disk's time belongs to those who talk. */
const slicePauseMs = 100;
/** So many slices are done at once when the store is closed; the rest waits for the next start. */
const closingSlices = 200;

export type EraserParts = {
	db: Database;
	sql: ReturnType<typeof prepare>;
	/** Does `work` in a transaction, together with what others write. */
	write<Result>(work: () => Result): Promise<Result>;
	setTimeout: Clock["setTimeout"];
	/** Gives up some of the oldest rows of the journal that are no newer than the last removal. */
	trimJournal(): boolean;
};

export class Eraser {
	readonly #parts: EraserParts;
	#running = false;
	/** Something was removed since the rows were looked through. */
	#wanted = false;
	#finished = false;

	constructor(parts: EraserParts) {
		this.#parts = parts;
	}

	/** There may be something to erase. Returns at once. */
	wake() {
		if (this.#finished) return;
		this.#wanted = true;
		if (!this.#running) this.#run();
	}

	/** The last chance before the store is closed, inside a transaction. */
	finish() {
		this.#finished = true;
		for (let i = 0; i < closingSlices && this.#slice(); i++);
	}

	/** Never rejects: an engine that fails is tried again after the next removal or start. */
	async #run() {
		const { db, write, setTimeout } = this.#parts;
		this.#running = true;
		try {
			while (this.#wanted) {
				this.#wanted = false;
				while (await write(() => this.#slice()))
					await new Promise<void>((done) => setTimeout(done, slicePauseMs));
				// The write-ahead log, too, holds what was erased, until it is begun anew.
				db.run("PRAGMA wal_checkpoint(TRUNCATE)");
			}
		} catch {
			return; // Whoever writes next hears of it, in words.
		} finally {
			this.#running = false;
		}
	}

	/** @returns whether there may be more to do. */
	#slice(): boolean {
		const { trimJournal } = this.#parts;
		return this.#eraseRows() || trimJournal() || this.#giveBack();
	}

	#eraseRows(): boolean {
		const { sql } = this.#parts;
		let left = sliceRows;
		for (;;) {
			const key = sql.nextRemoved.get()?.key;
			if (key === undefined) return left < sliceRows;
			left -= this.#eraseEvents(key, left);
			if (left > 0) left -= sql.deleteMessages.run(key, key, left).changes;
			if (left <= 0) return true;
			sql.deleteRemoved.run(key);
			left--;
		}
	}

	/** @returns how many rows that has cost: all that there are, once enough bytes are erased. */
	#eraseEvents(key: number, limit: number): number {
		const { sql } = this.#parts;
		let bytes = 0;
		let rows = 0;
		let upTo = 0;
		for (const { last, size } of sql.sizesOfEvents.iterate(key, limit)) {
			upTo = last;
			rows++;
			bytes += size;
			if (bytes >= sliceBytes) break;
		}
		if (rows > 0) sql.deleteEvents.run(key, upTo);
		return bytes >= sliceBytes ? limit : rows;
	}

	#giveBack(): boolean {
		const { db } = this.#parts;
		if (pragma(db, "freelist_count") === 0) return false;
		// The engine frees a page for each row that is asked for.
		db.query(`PRAGMA incremental_vacuum(${slicePages})`).all();
		return true;
	}
}
