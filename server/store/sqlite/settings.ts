/**
 * Values that the SQLite file stores beside the conversations, and the test that it accepts writes.
 * Knows no transaction: its writes belong to the caller's.
 */
import type { Database } from "bun:sqlite";
import { unavailable } from "./group-commit.ts";
import { fileGuard } from "./schema.ts";
import type { prepare } from "./statements.ts";

/** A question with its context, in bytes of JSON. */
const largestWrite = 65_536;

export class Settings {
	readonly #sql: ReturnType<typeof prepare>;
	readonly #isInPlace: () => boolean;

	constructor(db: Database, sql: ReturnType<typeof prepare>) {
		this.#sql = sql;
		this.#isInPlace = fileGuard(db.filename);
	}

	find = (name: string): string | undefined =>
		this.#sql.findSetting.get(name)?.value;

	/** Returns the stored value. `make` creates it on first use. */
	value(name: string, make: () => string): string {
		const found = this.find(name);
		if (found !== undefined) return found;
		const value = make();
		this.#sql.insertSetting.run(name, value);
		return value;
	}

	keep(name: string, value: string) {
		this.#sql.replaceSetting.run(name, value);
	}

	/**
	 * SQLite writes into a deleted file without an error, and what it writes is lost.
	 * @throws {ChatError} `unavailable` when the file is gone.
	 */
	mustBeInPlace() {
		if (!this.#isInPlace())
			throw unavailable(new Error("The store's file is no longer there."));
	}

	/**
	 * Writes the time, and after a failed write as much as the largest message: a full disk may have space
	 * for the time alone. SQLite throws when the disk is full.
	 */
	check(now: number, hasFailed: boolean) {
		this.keep("checked", `${now}`.padEnd(hasFailed ? largestWrite : 0));
	}
}
