/**
 * Opens the engine that CHAT_STORE names.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { memoryStore } from "./memory.ts";
import { checkIntegrity } from "./sqlite/backup.ts";
import type { SqliteOptions } from "./sqlite/schema.ts";
import { sqliteStore } from "./sqlite/sqlite-store.ts";
import type { Store } from "./store.ts";

/** Conversations in one list. */
const listed = 1_000;

/**
 * Opens `memory:` or `sqlite:<file>`. `sqlite:///data/chat.db` is `/data/chat.db`.
 * @throws {Error} a sentence for the operator.
 */
export function openStore(url: string, options: SqliteOptions): Store {
	const file = fileOf(url);
	return file === undefined ? memoryStore(options) : sqliteStore(file, options);
}

/**
 * Checks that a store can be opened. Creates no file.
 * @returns a sentence for the operator about what was found.
 * @throws {Error} a sentence about what will stop the server at start.
 */
export async function tryStore(
	url: string,
	options: SqliteOptions,
): Promise<string> {
	const file = fileOf(url);
	if (file === undefined)
		return "Conversations are kept in memory, and are gone after a restart.";
	if (!existsSync(file)) {
		let folder = dirname(resolve(file));
		while (!existsSync(folder)) folder = dirname(folder);
		try {
			accessSync(folder, constants.W_OK);
		} catch (cause) {
			throw new Error(
				`Cannot make the store file ${file}. Let this user write to ${folder}, or set CHAT_STORE to another file.`,
				{ cause },
			);
		}
		return `There is no ${file} yet; the server will make it.`;
	}
	const store = sqliteStore(file, { ...options, mustExist: true });
	const [first] = await store.list({ limit: 1 }).finally(() => store.close());
	return `${file} opens${first ? "" : ", and is empty"}.`;
}

/**
 * Opens a copy of a store as a server would, and checks that it is intact. The copy is then one file
 * without unfinished work.
 * @returns the number of conversations in it.
 * @throws {Error} a sentence for the operator.
 */
export async function verifyCopy(
	file: string,
	options: SqliteOptions,
): Promise<number> {
	checkIntegrity(file);
	const store = sqliteStore(file, { ...options, mustExist: true });
	try {
		let count = 0;
		for (let after = 0; ; ) {
			const entries = await store.list({ after, limit: listed });
			const last = entries.at(-1);
			if (!last) return count;
			count += entries.length;
			after = last.place;
		}
	} finally {
		await store.close();
	}
}

/** The file of a SQLite store. `undefined` for memory. */
export function fileOf(url: string): string | undefined {
	if (url === "memory:") return undefined;
	const file = /^sqlite:(?:\/\/)?(.+)$/s.exec(url)?.[1];
	if (file) return file;
	throw new Error(
		`Expected CHAT_STORE to be memory: or sqlite:<file>; got ${mask(url)}.`,
	);
}

/** Shows the scheme alone: the rest of a URL may contain a password. */
function mask(url: string): string {
	const scheme = /^[a-z][a-z0-9+.-]*:(?:\/\/)?/i.exec(url)?.[0];
	if (scheme) return `"${scheme}${scheme === url ? "" : "…"}"`;
	return /[:@]/.test(url) ? "something else" : `"${url}"`;
}
