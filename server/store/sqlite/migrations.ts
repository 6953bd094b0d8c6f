/**
 * The tables of the store file, as the steps that lead to them. Knows no statement that uses them.
 */

/** Step n migrates a file from `user_version` n to n + 1. Steps are only ever added. */
export const migrations = [
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

	"CREATE INDEX newest ON conversations (owner, touched, key);",

	`-- feedback: the sequence of the newest rating of a reply.
	ALTER TABLE messages ADD COLUMN feedback INTEGER;
	UPDATE messages SET feedback = found.last FROM (
		SELECT conversation, max(last) AS last, json_extract(data, '$.data.message') AS id
		FROM events WHERE json_extract(data, '$.action') = 'feedback' GROUP BY 1, 3
	) AS found WHERE messages.conversation = found.conversation AND messages.id = found.id;`,
];
