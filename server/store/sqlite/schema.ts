/**
 * Opens the SQLite file, migrates its schema and prepares its statements.
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
import type { Role } from "../append-rules.ts";
import type { ConversationRow } from "./log-cache.ts";

/** Step n migrates a file from `user_version` n to n + 1. Steps are only ever added. */
const migrations = [
	`CREATE TABLE settings (
		name TEXT PRIMARY KEY,
		value TEXT NOT NULL
	) WITHOUT ROWID;

	-- head and touched: as of the newest event that stands in events, not in the journal.
	CREATE TABLE conversations (
		key INTEGER PRIMARY KEY,
		id TEXT NOT NULL UNIQUE,
		owner TEXT NOT NULL,
		epoch TEXT NOT NULL,
		head INTEGER NOT NULL,
		touched INTEGER NOT NULL,
		open TEXT
	);
	CREATE INDEX unfinished ON conversations (key) WHERE open IS NOT NULL;

	CREATE TABLE messages (
		conversation INTEGER NOT NULL,
		id TEXT NOT NULL,
		role TEXT NOT NULL,
		context TEXT,
		PRIMARY KEY (conversation, id)
	) WITHOUT ROWID;

	-- data: one event as a JSON object, or adjacent tokens as a JSON array of their contents.
	CREATE TABLE events (
		conversation INTEGER NOT NULL,
		last INTEGER NOT NULL,
		data TEXT NOT NULL,
		PRIMARY KEY (conversation, last)
	) WITHOUT ROWID;

	-- tokens: JSON array of conversation, sequence, content, conversation, sequence, content ...
	CREATE TABLE journal (
		id INTEGER PRIMARY KEY,
		at INTEGER NOT NULL,
		tokens TEXT NOT NULL
	);`,

	`-- A key is never given twice: the journal and what is being erased still name old ones.
	CREATE TABLE kept (
		key INTEGER PRIMARY KEY AUTOINCREMENT,
		id TEXT NOT NULL UNIQUE,
		owner TEXT NOT NULL,
		epoch TEXT NOT NULL,
		head INTEGER NOT NULL,
		touched INTEGER NOT NULL,
		open TEXT
	);
	INSERT INTO kept SELECT key, id, owner, epoch, head, touched, open FROM conversations;
	DROP TABLE conversations;
	ALTER TABLE kept RENAME TO conversations;
	CREATE INDEX unfinished ON conversations (key) WHERE open IS NOT NULL;
	CREATE INDEX owned ON conversations (owner, key);
	CREATE INDEX quiet ON conversations (touched);

	-- Conversations that exist no more, and whose messages and events are still to be erased.
	CREATE TABLE removed (key INTEGER PRIMARY KEY);`,

	`-- start and close: the sequences of these events. waiting: 1 for a question without a reply.
	ALTER TABLE messages ADD COLUMN start INTEGER;
	ALTER TABLE messages ADD COLUMN close INTEGER;
	ALTER TABLE messages ADD COLUMN replyTo TEXT;
	ALTER TABLE messages ADD COLUMN waiting INTEGER;
	UPDATE messages SET start = found.last, replyTo = found.replyTo FROM (
		SELECT conversation, last, json_extract(data, '$.data.message') AS id,
			json_extract(data, '$.data.replyTo') AS replyTo
		FROM events WHERE json_extract(data, '$.action') = 'start'
	) AS found WHERE messages.conversation = found.conversation AND messages.id = found.id;
	UPDATE messages SET close = found.last FROM (
		SELECT conversation, last, json_extract(data, '$.data.message') AS id
		FROM events WHERE json_extract(data, '$.action') IN ('end', 'error')
	) AS found WHERE messages.conversation = found.conversation AND messages.id = found.id;
	CREATE INDEX questions ON messages (conversation, start) WHERE role = 'user';
	CREATE INDEX replies ON messages (conversation, replyTo, start) WHERE replyTo IS NOT NULL;
	UPDATE messages SET waiting = 1 WHERE role = 'user' AND NOT EXISTS (
		SELECT 1 FROM messages AS reply
		WHERE reply.conversation = messages.conversation AND reply.replyTo = messages.id
	);
	CREATE INDEX waiting ON messages (conversation, start) WHERE waiting = 1;`,
];

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

type MessageRow = {
	role: Role;
	context: string | null;
	start: number;
	close: number | null;
	replyTo: string | null;
};

export const prepare = (db: Database) => ({
	findConversation: db.query<ConversationRow, [id: string]>(
		"SELECT * FROM conversations WHERE id = ?",
	),
	insertConversation: db.query<
		never,
		[id: string, owner: string, epoch: string, touched: number]
	>(
		"INSERT INTO conversations (id, owner, epoch, head, touched) VALUES (?, ?, ?, 0, ?)",
	),
	updateConversation: db.query<
		never,
		[head: number, touched: number, open: string | null, key: number]
	>("UPDATE conversations SET head = ?, touched = ?, open = ? WHERE key = ?"),
	renewEpochs: db.query<never, []>(
		"UPDATE conversations SET epoch = lower(hex(randomblob(16)))",
	),
	unfinished: db.query<{ id: string }, []>(
		"SELECT id FROM conversations WHERE open IS NOT NULL",
	),
	listAll: db.query<ConversationRow, [after: number, limit: number]>(
		"SELECT * FROM conversations WHERE key > ? ORDER BY key LIMIT ?",
	),
	listOwned: db.query<
		ConversationRow,
		[owner: string, after: number, limit: number]
	>(
		"SELECT * FROM conversations WHERE owner = ? AND key > ? ORDER BY key LIMIT ?",
	),
	listQuiet: db.query<ConversationRow, [until: number, limit: number]>(
		"SELECT * FROM conversations WHERE touched <= ? ORDER BY touched LIMIT ?",
	),
	deleteConversation: db.query<never, [key: number]>(
		"DELETE FROM conversations WHERE key = ?",
	),

	insertRemoved: db.query<never, [key: number]>(
		"INSERT INTO removed VALUES (?)",
	),
	nextRemoved: db.query<{ key: number }, []>("SELECT key FROM removed LIMIT 1"),
	deleteRemoved: db.query<never, [key: number]>(
		"DELETE FROM removed WHERE key = ?",
	),
	sizesOfEvents: db.query<
		{ last: number; size: number },
		[key: number, limit: number]
	>(
		"SELECT last, octet_length(data) AS size FROM events WHERE conversation = ? ORDER BY last LIMIT ?",
	),
	deleteEvents: db.query<never, [key: number, upTo: number]>(
		"DELETE FROM events WHERE conversation = ? AND last <= ?",
	),
	deleteMessages: db.query<never, [key: number, key: number, limit: number]>(
		"DELETE FROM messages WHERE conversation = ? AND id IN (SELECT id FROM messages WHERE conversation = ? ORDER BY id LIMIT ?)",
	),

	findMessage: db.query<MessageRow, [conversation: number, id: string]>(
		"SELECT role, context, start, close, replyTo FROM messages WHERE conversation = ? AND id = ?",
	),
	newestReply: db.query<{ id: string }, [conversation: number, to: string]>(
		"SELECT id FROM messages WHERE conversation = ? AND replyTo = ? ORDER BY start DESC LIMIT 1",
	),
	replyBefore: db.query<
		{ id: string },
		[conversation: number, to: string, start: number]
	>(
		"SELECT id FROM messages WHERE conversation = ? AND replyTo = ? AND start < ? ORDER BY start DESC LIMIT 1",
	),
	questionBefore: db.query<
		{ id: string },
		[conversation: number, start: number]
	>(
		"SELECT id FROM messages WHERE conversation = ? AND role = 'user' AND start < ? ORDER BY start DESC LIMIT 1",
	),
	firstWaiting: db.query<{ id: string }, [conversation: number]>(
		"SELECT id FROM messages WHERE conversation = ? AND waiting = 1 ORDER BY start LIMIT 1",
	),
	insertQuestion: db.query<
		never,
		[conversation: number, id: string, context: string | null, start: number]
	>(
		"INSERT INTO messages (conversation, id, role, context, start, waiting) VALUES (?, ?, 'user', ?, ?, 1)",
	),
	insertReply: db.query<
		never,
		[conversation: number, id: string, start: number, replyTo: string]
	>(
		"INSERT INTO messages (conversation, id, role, start, replyTo) VALUES (?, ?, 'assistant', ?, ?)",
	),
	endWaiting: db.query<never, [conversation: number, id: string]>(
		"UPDATE messages SET waiting = NULL WHERE conversation = ? AND id = ? AND waiting = 1",
	),
	closeMessage: db.query<
		never,
		[close: number, conversation: number, id: string]
	>("UPDATE messages SET close = ? WHERE conversation = ? AND id = ?"),

	readEvents: db.query<
		{ last: number; data: string },
		[conversation: number, after: number, before: number, limit: number]
	>(
		"SELECT last, data FROM events WHERE conversation = ? AND last > ? AND last < ? ORDER BY last LIMIT ?",
	),
	/** The rows of tokens: only they are arrays, and "[" sorts before "{". */
	readTokens: db.query<
		{ data: string },
		[conversation: number, after: number, before: number]
	>(
		"SELECT data FROM events WHERE conversation = ? AND last > ? AND last < ? AND data < '{' ORDER BY last",
	),
	findEvent: db.query<{ data: string }, [conversation: number, last: number]>(
		"SELECT data FROM events WHERE conversation = ? AND last = ?",
	),
	insertEvent: db.query<
		never,
		[conversation: number, last: number, data: string]
	>("INSERT INTO events VALUES (?, ?, ?)"),

	readJournal: db.query<{ at: number; tokens: string }, []>(
		"SELECT at, tokens FROM journal ORDER BY id",
	),
	insertJournal: db.query<never, [id: number, at: number, tokens: string]>(
		"INSERT INTO journal VALUES (?, ?, ?)",
	),
	trimJournal: db.query<never, [before: number]>(
		"DELETE FROM journal WHERE id < ?",
	),

	findSetting: db.query<{ value: string }, [name: string]>(
		"SELECT value FROM settings WHERE name = ?",
	),
	insertSetting: db.query<never, [name: string, value: string]>(
		"INSERT INTO settings VALUES (?, ?)",
	),
	replaceSetting: db.query<never, [name: string, value: string]>(
		"INSERT OR REPLACE INTO settings VALUES (?, ?)",
	),
});

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
