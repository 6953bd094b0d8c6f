/**
 * Joins all writes of one turn of the event loop into one transaction, which costs ten times as
 * much as an append. Knows no table and no log.
 */
import { type Database, SQLiteError } from "bun:sqlite";
import { ChatError } from "../../../protocol/errors.ts";

export type Hooks = {
	now: () => number;
	/** The last work inside every transaction. */
	beforeCommit(now: number): void;
	/** The promises of this transaction's writes are settled by now. */
	committed(): void;
	/** Nothing of this transaction is stored: memory must follow. */
	rolledBack(): void;
};

type Task = {
	work: (now: number) => unknown;
	resolve: (result: never) => void;
	reject: (error: unknown) => void;
	result?: unknown;
	failure?: { error: unknown };
};

export class GroupCommit {
	#db: Database;
	#hooks: Hooks;
	#tasks: Task[] = [];
	#begin;
	#commit;
	#rollBack;

	constructor(db: Database, hooks: Hooks) {
		this.#db = db;
		this.#hooks = hooks;
		this.#begin = db.query("BEGIN");
		this.#commit = db.query("COMMIT");
		this.#rollBack = db.query("ROLLBACK");
	}

	/**
	 * Does `work` in the next transaction and resolves with its result once that is committed.
	 * If `work` throws, it alone fails, and it must have changed nothing yet.
	 * @throws {ChatError} `unavailable` when the engine fails: then nothing of the turn is stored.
	 */
	write<Result>(work: (now: number) => Result): Promise<Result> {
		return new Promise((resolve, reject) => {
			const waiting = this.#tasks.push({ work, resolve, reject });
			if (waiting === 1) setImmediate(() => this.flush());
		});
	}

	/** Commits what waits, now. */
	flush() {
		const tasks = this.#tasks;
		if (tasks.length === 0) return;
		this.#tasks = [];
		const now = this.#hooks.now();
		try {
			this.#begin.run();
			for (const task of tasks) attempt(task, now);
			this.#hooks.beforeCommit(now);
			this.#commit.run();
		} catch (cause) {
			// A full disk makes SQLite roll back by itself.
			if (this.#db.inTransaction) this.#rollBack.run();
			this.#hooks.rolledBack();
			const error = unavailable(cause);
			for (const { reject } of tasks) reject(error);
			return;
		}
		for (const { failure, reject, resolve, result } of tasks) {
			if (failure) reject(failure.error);
			else resolve(result as never);
		}
		this.#hooks.committed();
	}
}

/** A task that fails by its own fault must not spoil the others; one that the engine fails must. */
function attempt(task: Task, now: number) {
	try {
		task.result = task.work(now);
	} catch (error) {
		if (error instanceof SQLiteError) throw error;
		task.failure = { error };
	}
}

export const unavailable = (cause: unknown): ChatError =>
	new ChatError(
		"unavailable",
		"The chat cannot be read or saved just now. Please try again in a moment.",
		{ cause },
	);
