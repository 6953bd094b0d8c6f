/**
 * Reads a consistent copy of the store file while the store is open.
 *
 * In WAL mode the file changes only at a checkpoint. So a backup starts with a checkpoint, and no
 * other one runs until its last byte is read. Commits go to the write-ahead log meanwhile. Neither
 * `VACUUM INTO` nor a second connection would do: one blocks the event loop, the other is locked out.
 */
import { Database } from "bun:sqlite";
import { closeSync, fstatSync, openSync, read } from "node:fs";
import { promisify } from "node:util";
import { storeClosed } from "../append-rules.ts";
import { unavailable } from "./group-commit.ts";
import { fileGuard } from "./schema.ts";

/** Bytes in one chunk. */
const chunkBytes = 262_144;
/** SQLite's own default, in pages. */
const autoCheckpointPages = 1_000;

const readFile = promisify(read);

export class Backups {
	readonly #db: Database;
	readonly #isInPlace: () => boolean;
	/** Backups that are being read. */
	#open = 0;
	#isClosing = false;
	readonly #reads = new Set<Promise<unknown>>();
	/**
	 * Open until the database is closed: closing any descriptor of the file would release the locks
	 * that this process holds on it.
	 */
	#descriptor: number | undefined;

	constructor(db: Database) {
		this.#db = db;
		this.#isInPlace = fileGuard(db.filename);
	}

	/**
	 * Yields the bytes of the file as it is at the first chunk.
	 * @throws {ChatError} `unavailable` if the store is closed meanwhile or the engine fails.
	 */
	async *read(): AsyncGenerator<Uint8Array, void, undefined> {
		if (this.#isClosing) throw storeClosed();
		if (!this.#isInPlace())
			throw unavailable(new Error("The store's file is no longer there."));
		this.#open++;
		try {
			if (this.#open === 1) this.#hold();
			this.#descriptor ??= openSync(this.#db.filename, "r");
			const { size } = fstatSync(this.#descriptor);
			for (let position = 0; position < size && !this.#isClosing; ) {
				const chunk = await this.#readAt(this.#descriptor, position, size);
				// Closing writes the log into the file.
				if (this.#isClosing) throw storeClosed();
				if (chunk.length === 0) throw new Error("The file became shorter.");
				position += chunk.length;
				yield chunk;
			}
			if (this.#isClosing) throw storeClosed();
		} catch (cause) {
			throw this.#isClosing ? storeClosed() : unavailable(cause);
		} finally {
			this.#open--;
			if (this.#open === 0 && !this.#isClosing) this.#release();
		}
	}

	/** Empties the write-ahead log, now or after the backup that is being read. */
	checkpoint() {
		if (this.#open === 0) this.#db.run("PRAGMA wal_checkpoint(TRUNCATE)");
	}

	/** Ends every backup. Call {@link closed} when the database is closed. */
	async close() {
		this.#isClosing = true;
		await Promise.allSettled(this.#reads);
	}

	closed() {
		if (this.#descriptor !== undefined) closeSync(this.#descriptor);
		this.#descriptor = undefined;
	}

	async #readAt(
		descriptor: number,
		position: number,
		size: number,
	): Promise<Uint8Array> {
		const bytes = Math.min(chunkBytes, size - position);
		const buffer = new Uint8Array(bytes);
		const reading = readFile(descriptor, buffer, 0, bytes, position);
		this.#reads.add(reading);
		try {
			const { bytesRead } = await reading;
			return buffer.subarray(0, bytesRead);
		} finally {
			this.#reads.delete(reading);
		}
	}

	#hold() {
		const result = this.#db
			.query<{ busy: number }, []>("PRAGMA wal_checkpoint(TRUNCATE)")
			.get();
		if (result?.busy !== 0) throw new Error("The checkpoint did not finish.");
		this.#db.run("PRAGMA wal_autocheckpoint = 0");
	}

	#release() {
		this.#db.run(`PRAGMA wal_autocheckpoint = ${autoCheckpointPages}`);
		this.checkpoint();
	}
}

/** @throws {Error} a sentence, if SQLite finds a fault in the file. */
export function checkIntegrity(file: string) {
	const db = new Database(file, { readwrite: true, create: false });
	try {
		const [first] = db
			.query<{ integrity_check: string }, []>("PRAGMA integrity_check(1)")
			.all();
		if (first?.integrity_check !== "ok")
			throw new Error(first?.integrity_check ?? "no result");
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : cause;
		throw new Error(`${file} is no intact store: ${why}.`, { cause });
	} finally {
		db.close();
	}
}
