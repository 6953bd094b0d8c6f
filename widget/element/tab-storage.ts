/**
 * What this tab stores about the chat with one server: the draft, and the questions without an answer.
 *
 * It survives a reload, and the element itself, which some sites replace on navigation. Where the
 * browser blocks storage, it lasts as long as the page.
 */
import { openReply } from "../../protocol/conversation.ts";
import { JsonStorage } from "../session/json-storage.ts";
import type { ChatSession, SessionStorage } from "../session/types.ts";
import { pageStorage } from "./page-storage.ts";

const memory = new Map<string, string>();

const memoryStorage: SessionStorage = {
	getItem: (key) => memory.get(key) ?? null,
	setItem: (key, value) => void memory.set(key, value),
	removeItem: (key) => void memory.delete(key),
};

export class TabStorage {
	readonly #storage: JsonStorage;

	constructor(server: string) {
		const storage = pageStorage("sessionStorage") ?? memoryStorage;
		this.#storage = new JsonStorage(storage, `chat-stream ${server} tab `);
	}

	get draft(): string {
		const { text } = this.#storage.read("draft");
		return typeof text === "string" ? text : "";
	}
	set draft(text: string) {
		this.#storage.write("draft", { text });
	}

	/** Ids of user messages without an answer. */
	get awaited(): readonly string[] {
		const { ids } = this.#storage.read("awaited");
		return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
	}
	set awaited(ids: readonly string[]) {
		this.#storage.write("awaited", { ids });
	}
}

/** Ids of the user messages without an answer. `undefined` if the log has not been read yet. */
export function unansweredIds({
	conversation,
	pending,
}: ChatSession): string[] | undefined {
	if (conversation.last + pending.length === 0) return undefined;
	const open = openReply(conversation);
	const waiting = open ? conversation.messages.slice(conversation.open) : [];
	return [
		...(open ? [open.replyTo] : []),
		...waiting.filter(({ role }) => role === "user").map(({ id }) => id),
		...pending.map(({ id }) => id),
	];
}
