/**
 * The SQL statements of the store, prepared once for the open file. Knows no rule of the log.
 */
import type { Database } from "bun:sqlite";
import type { Role } from "../append-rules.ts";
import type { ConversationRow } from "./log-cache.ts";

type MessageRow = {
	role: Role;
	context: string | null;
	start: number;
	close: number | null;
	replyTo: string | null;
	feedback: number | null;
};

export const prepare = (db: Database) => ({
	...conversationStatements(db),
	...removalStatements(db),
	...messageStatements(db),
	...eventStatements(db),
	...journalStatements(db),
	...settingStatements(db),
});

const conversationStatements = (db: Database) => ({
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
	listNewest: db.query<ConversationRow, [owner: string, limit: number]>(
		"SELECT * FROM conversations WHERE owner = ? ORDER BY touched DESC, key DESC LIMIT ?",
	),
	listQuiet: db.query<ConversationRow, [until: number, limit: number]>(
		"SELECT * FROM conversations WHERE touched <= ? ORDER BY touched LIMIT ?",
	),
	deleteConversation: db.query<never, [key: number]>(
		"DELETE FROM conversations WHERE key = ?",
	),
});

const removalStatements = (db: Database) => ({
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
});

const messageStatements = (db: Database) => ({
	findMessage: db.query<MessageRow, [conversation: number, id: string]>(
		"SELECT role, context, start, close, replyTo, feedback FROM messages WHERE conversation = ? AND id = ?",
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
	rateMessage: db.query<
		never,
		[feedback: number, conversation: number, id: string]
	>("UPDATE messages SET feedback = ? WHERE conversation = ? AND id = ?"),
});

const eventStatements = (db: Database) => ({
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
});

const journalStatements = (db: Database) => ({
	readJournal: db.query<{ at: number; tokens: string }, []>(
		"SELECT at, tokens FROM journal ORDER BY id",
	),
	insertJournal: db.query<never, [id: number, at: number, tokens: string]>(
		"INSERT INTO journal VALUES (?, ?, ?)",
	),
	trimJournal: db.query<never, [before: number]>(
		"DELETE FROM journal WHERE id < ?",
	),
});

const settingStatements = (db: Database) => ({
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
