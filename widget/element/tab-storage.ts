/**
 * What this tab remembers of the chat with one server: what was typed and not sent, and which
 * questions wait for their answers.
 *
 * Used by the element; it outlives the element, which a site that swaps its body replaces, and a
 * reload. Where the browser refuses to store, it lasts as long as the page.
 */
import { JsonStorage } from "../session/json-storage.ts";
import type { SessionStorage } from "../session/types.ts";
import { pageStorage } from "./host-page.ts";

const held = new Map<string, string>();

const memoryStorage: SessionStorage = {
	getItem: (key) => held.get(key) ?? null,
	setItem: (key, value) => void held.set(key, value),
	removeItem: (key) => void held.delete(key),
};

export class TabStorage {
	readonly #kept: JsonStorage;

	constructor(server: string) {
		const storage = pageStorage("sessionStorage") ?? memoryStorage;
		this.#kept = new JsonStorage(storage, `chat-stream ${server} tab `);
	}

	get draft(): string {
		const { text } = this.#kept.read("draft");
		return typeof text === "string" ? text : "";
	}
	set draft(text: string) {
		this.#kept.write("draft", { text });
	}

	/** Ids of the visitor's messages. */
	get awaited(): readonly string[] {
		const { ids } = this.#kept.read("awaited");
		return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
	}
	set awaited(ids: readonly string[]) {
		this.#kept.write("awaited", { ids });
	}
}
