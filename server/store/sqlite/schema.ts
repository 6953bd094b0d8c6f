/**
 * Opens the SQLite file and migrates its schema.
 *
 * Checks everything that can be wrong with a path at start, with sentences for the operator.
 */
import { Database, SQLiteError } from "bun:sqlite";
import {
	chmodSync,
	closeSync,
	existsSync,
	mkdirSync,
	openSync,
	statSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "../../../protocol/clock.ts";
import { migrations } from "./migrations.ts";

export type SqliteOptions = {
	now: Clock["now"];
	/** Timers of background work. @default globalThis.setTimeout */
	setTimeout?: Clock["setTimeout"];
	/** How long to wait until another process releases the file. @default 5000 ms */
	busyMs?: number;
	/** Opens an existing file only, and creates nothing. */
	mustExist?: boolean;
	/** Called when other users could read the store file. `narrowed`: now they cannot. */
	onReadableByOthers?: (file: string, narrowed: boolean) => void;
	/**
	 * Called when commits may be missing, after a power cut or from a restored backup: every log has
	 * got a new epoch, so that no reader continues a past that the file does not hold.
	 */
	onEpochsRenewed?: () => void;
};

/**
 * Opens `file` exclusively, and creates it and its folder if necessary. `begin` reads the file,
 * which may show that it is damaged.
 * @throws {Error} a sentence that names the file and what to do.
 */
export function openDatabase<Engine>(
	file: string,
	options: Omit<SqliteOptions, "now">,
	begin: (db: Database) => Engine,
): Engine {
	const { busyMs = 5_000, mustExist = false } = options;
	if (mustExist && !existsSync(file))
		throw new Error(
			`There is no store file ${file}. Set CHAT_STORE to the one that the server uses.`,
		);
	let db: Database | undefined;
	try {
		if (!mustExist) makeFile(file);
		db = new Database(file);
		// The engine holds newer data in memory than in the tables, so a second writer would
		// corrupt the log. The operating system releases this lock when the process dies.
		db.run("PRAGMA locking_mode = EXCLUSIVE");
		db.run(`PRAGMA busy_timeout = ${busyMs}`);
		refuseOthers(db, file);
		if (!mustExist) makePrivate(file, options);
		// Must come before the first page: it lets deleted pages return to the disk in steps.
		db.run("PRAGMA auto_vacuum = INCREMENTAL");
		// Overwrites deleted data. No measurable cost.
		db.run("PRAGMA secure_delete = ON");
		db.run("PRAGMA journal_mode = WAL");
		db.run("PRAGMA synchronous = NORMAL");
		db.run("BEGIN EXCLUSIVE");
		migrate(db);
		db.run("COMMIT");
		// A file of version 1 lacks the pages for auto_vacuum: it is rewritten once.
		if (pragma(db, "auto_vacuum") === 0) db.run("VACUUM");
		return begin(db);
	} catch (cause) {
		db?.close();
		if (cause instanceof NotOurs) throw cause;
		throw new Error(explain(file, cause), { cause });
	}
}

/** The folder and the file are for this user alone: every conversation and the secret are in it. */
const privateFolder = 0o700;
const privateFile = 0o600;

/** Before SQLite makes it with wider rights. The write-ahead log gets the rights of the file. */
function makeFile(file: string) {
	mkdirSync(dirname(file), { recursive: true, mode: privateFolder });
	closeSync(openSync(file, "a", privateFile));
}

/** Takes the rights of other users away from a file that exists. */
function makePrivate(
	file: string,
	{ onReadableByOthers }: Pick<SqliteOptions, "onReadableByOthers">,
) {
	// Windows has other rights, which the folder passes on.
	if (process.platform === "win32") return;
	for (const part of [file, `${file}-wal`, `${file}-shm`]) {
		const found = statSync(part, { throwIfNoEntry: false });
		if (!found?.isFile() || (found.mode & 0o077) === 0) continue;
		let narrowed = true;
		try {
			chmodSync(part, privateFile);
		} catch {
			// The file of another user: it can be used, and its owner decides about its rights.
			narrowed = false;
		}
		onReadableByOthers?.(part, narrowed);
	}
}

/**
 * Returns a check that the file is still the one that was opened. SQLite reports no error when it
 * writes into a deleted file.
 */
export function fileGuard(file: string): () => boolean {
	const inodeNow = () =>
		statSync(file, { throwIfNoEntry: false, bigint: true })?.ino;
	const opened = inodeNow();
	return () => inodeNow() === opened;
}

class NotOurs extends Error {}

/** The value of a SQLite pragma. */
export const pragma = (db: Database, name: string): number =>
	Number(Object.values(db.query(`PRAGMA ${name}`).get() ?? {})[0]);

/** Rejects files of newer versions and of other programs before changing them. */
function refuseOthers(db: Database, file: string) {
	const found = pragma(db, "user_version");
	if (found > migrations.length)
		throw new NotOurs(
			`Expected the store file ${file} to be of version ${migrations.length} or older; got ${found}. Start the newer chat-stream that wrote it, or set CHAT_STORE to another file.`,
		);
	const tables = db
		.query<{ name: string }, []>(
			"SELECT name FROM sqlite_schema WHERE type = 'table'",
		)
		.all()
		.map(({ name }) => name);
	const ours = ["conversations", "events", "journal"];
	const isOurs = ours.every((name) => tables.includes(name));
	if (found === 0 ? tables.length > 0 : !isOurs)
		throw new NotOurs(
			`The SQLite database ${file} belongs to another program. Set CHAT_STORE to a file of its own.`,
		);
}

function migrate(db: Database) {
	for (const step of migrations.slice(pragma(db, "user_version"))) db.run(step);
	db.run(`PRAGMA user_version = ${migrations.length}`);
}

function explain(file: string, cause: unknown): string {
	const code = cause instanceof SQLiteError ? cause.code : undefined;
	if (code?.startsWith("SQLITE_BUSY"))
		return `The store file ${file} is in use by another process, most likely a running chat-stream, which has it locked for readers, too. Stop that process, or set CHAT_STORE to another file.`;
	if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT")
		return `The store file ${file} is no intact SQLite database. Restore it from a backup, or set CHAT_STORE to another file.`;
	return `Cannot write the store file ${file}. Let this user write to it and to its folder, or set CHAT_STORE to another file. (${cause instanceof Error ? cause.message : cause})`;
}
