/**
 * From the value of CHAT_STORE to an engine. Called once, at start.
 */
import { memoryStore } from "./memory.ts";
import { sqliteStore } from "./sqlite.ts";
import type { Store } from "./store.ts";

/**
 * `memory:`, or `sqlite:<file>` with the file as a path; `sqlite:///data/chat.db` is `/data/chat.db`.
 * @throws {Error} a sentence for the operator.
 */
export function openStore(url: string, options: { now: () => number }): Store {
	if (url === "memory:") return memoryStore(options);
	const file = /^sqlite:(?:\/\/)?(.+)$/s.exec(url)?.[1];
	if (file) return sqliteStore(file, options);
	throw new Error(
		`Expected CHAT_STORE to be memory: or sqlite:<file>; got ${mask(url)}.`,
	);
}

/** Only the scheme: the rest of a URL may hold a password. */
function mask(url: string): string {
	const scheme = /^[a-z][a-z0-9+.-]*:(?:\/\/)?/i.exec(url)?.[0];
	if (scheme) return `"${scheme}${scheme === url ? "" : "…"}"`;
	return /[:@]/.test(url) ? "something else" : `"${url}"`;
}
