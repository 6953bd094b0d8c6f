/**
 * All stored data of one visitor: exports and deletes it. Knows the store, no HTTP request and no
 * credential.
 */
import type {
	Message,
	Reply,
	UserMessage,
} from "../../protocol/conversation.ts";
import type { ConversationEntry, ConversationStore } from "../store/store.ts";
import type { Visitor } from "../visitor.ts";
import { wholeConversation } from "./history.ts";

/** Conversations read or deleted in one batch. */
const batch = 32;

export class VisitorData {
	readonly #store: ConversationStore;

	constructor(store: ConversationStore) {
		this.#store = store;
	}

	/**
	 * Yields the text of one JSON object with all data of a visitor, one conversation at a time.
	 * @throws {ChatError} `unavailable`, perhaps after a part of the text.
	 */
	async *copy({ id }: Visitor): AsyncGenerator<string, void, undefined> {
		yield `{"visitor":${JSON.stringify(id)},"conversations":[`;
		let separator = "\n";
		for await (const { conversation } of this.#conversationsOf(id)) {
			const copy = await copyOf(this.#store, conversation);
			if (!copy) continue;
			yield separator + JSON.stringify(copy);
			separator = ",\n";
		}
		yield "\n]}\n";
	}

	/**
	 * Deletes every conversation that the visitor has at this moment. Open replies end, and readers
	 * receive `not_found`.
	 * @returns their number. When the promise resolves, no crash restores them.
	 * @throws {ChatError} `unavailable`: some may be left, and the caller may try again.
	 */
	async delete({ id }: Visitor): Promise<number> {
		let deleted = 0;
		let ids: string[] = [];
		const deleteThese = async () => {
			const removals = ids.map((id) => this.#store.remove(id));
			deleted += (await Promise.all(removals)).filter(Boolean).length;
			ids = [];
		};
		for await (const { conversation } of this.#conversationsOf(id)) {
			if (ids.push(conversation) === batch) await deleteThese();
		}
		await deleteThese();
		return deleted;
	}

	/** Whether any conversation of this visitor is stored. */
	isKept = async (owner: string): Promise<boolean> =>
		(await this.#store.list({ owner, limit: 1 })).length > 0;

	/** Lists in batches by place, so that conversations created or removed meanwhile do no harm. */
	async *#conversationsOf(owner: string): AsyncGenerator<ConversationEntry> {
		for (let after = 0; ; ) {
			const entries = await this.#store.list({ owner, after, limit: batch });
			yield* entries;
			const last = entries.at(-1);
			if (!last || entries.length < batch) return;
			after = last.place;
		}
	}
}

/** A message in an export: without its place in the log. */
export type Said =
	| (Pick<UserMessage, "role" | "id" | "text"> & {
			at: string;
			context?: Record<string, unknown>;
	  })
	| (Omit<Reply, "at" | "start" | "firstToken"> & { at: string });

/** One conversation as exported. `undefined` if it was removed meanwhile. */
export async function copyOf(store: ConversationStore, conversation: string) {
	const head = await store.head(conversation);
	const folded = await wholeConversation(store, conversation);
	if (!head || !folded) return undefined;
	const messages: Said[] = [];
	for (const message of folded.messages) {
		const { role, id } = message;
		const context =
			role === "user" ? await store.context(conversation, id) : undefined;
		messages.push({ ...wordsOf(message), ...(context && { context }) });
	}
	return {
		conversation,
		visitor: head.owner,
		lastChanged: new Date(head.touched).toISOString(),
		messages,
	};
}

function wordsOf(message: Message): Said {
	const { id, role, text } = message;
	const at = new Date(message.at).toISOString();
	if (role === "user") return { id, role, at, text };
	const { replyTo, continues, close, feedback } = message;
	return {
		id,
		role,
		at,
		text,
		replyTo,
		...(continues && { continues }),
		...(close && { close }),
		...(feedback && { feedback }),
	};
}
