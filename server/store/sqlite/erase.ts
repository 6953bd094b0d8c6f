/**
 * Erases the data of removed conversations from the SQLite file in small transactions, and returns
 * free pages to the disk.
 *
 * A removal deletes one row, however long the conversation is. The rest happens here, with pauses
 * for other work. After a crash it continues at the next start.
 */
import type { Database } from "bun:sqlite";
import type { Clock } from "../../../protocol/clock.ts";
import { pragma } from "./schema.ts";
import type { prepare } from "./statements.ts";

/** Most that one transaction erases, about: rows, and bytes of their events. */
const sliceRows = 256;
const sliceBytes = 262_144;
/** Pages (of 4 KiB) returned to the disk in one transaction. */
const slicePages = 64;
/** Pause between two transactions, ms. */
const slicePauseMs = 100;
/** Transactions that close() still runs. The rest waits for the next start. */
const closingSlices = 200;

export type EraserParts = {
	db: Database;
	sql: ReturnType<typeof prepare>;
	/** Runs `work` in a transaction, together with other writes. */
	write<Result>(work: () => Result): Promise<Result>;
	setTimeout: Clock["setTimeout"];
	/** Empties the write-ahead log. */
	checkpoint(): void;
	/** Deletes some of the oldest journal rows. @returns whether there were any. */
	trimJournal(): boolean;
};

export class Eraser {
	readonly #parts: EraserParts;
	#running = false;
	/** A conversation was removed since the last search. */
	#wanted = false;
	#finished = false;

	constructor(parts: EraserParts) {
		this.#parts = parts;
	}

	/** Starts erasing in the background. */
	wake() {
		if (this.#finished) return;
		this.#wanted = true;
		if (!this.#running) this.#run();
	}

	/** Erases what it can before the store is closed, inside a transaction. */
	finish() {
		this.#finished = true;
		for (let i = 0; i < closingSlices && this.#slice(); i++);
	}

	/** Never rejects. After a failure it continues with the next removal or start. */
	async #run() {
		const { write, setTimeout, checkpoint } = this.#parts;
		this.#running = true;
		try {
			while (this.#wanted) {
				this.#wanted = false;
				while (await write(() => this.#slice()))
					await new Promise<void>((done) => setTimeout(done, slicePauseMs));
				// The write-ahead log also contains erased data until it is truncated.
				checkpoint();
			}
		} catch {
			return; // The next write throws the same error.
		} finally {
			this.#running = false;
		}
	}

	/** @returns whether there may be more to erase. */
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

	/** @returns the number of rows used of the limit: all of it, once enough bytes are erased. */
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
		// SQLite frees one page for each row that is read.
		db.query(`PRAGMA incremental_vacuum(${slicePages})`).all();
		return true;
	}
}
