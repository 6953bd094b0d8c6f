/**
 * What is kept about one visitor: handed out, and deleted, at the visitor's own wish.
 *
 * `gates/me.ts` and the command line call it. Knows the store, no Request and no credential; what a
 * copy holds is folded from the log, as everything else is.
 */
import type {
	Message,
	Reply,
	UserMessage,
} from "../../protocol/conversation.ts";
import type { ConversationEntry, Store } from "../store/store.ts";
import type { Visitor } from "../visitor.ts";
import { wholeConversation } from "./history.ts";

/** Conversations looked at together. */
const batch = 32;

export class VisitorData {
	readonly #store: Store;

	constructor(store: Store) {
		this.#store = store;
	}

	/**
	 * All that is kept about a visitor, as the text of one JSON object, a conversation at a time: no
	 * more than one is in memory.
	 * @throws {ChatError} `unavailable`, perhaps after half of it.
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
	 * Deletes every conversation that the visitor has when this is called. Replies being written end,
	 * and whoever reads one is told that it is gone.
	 * @returns how many they were. When the promise resolves, no crash brings them back.
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

	/** Whether anything is kept about a visitor of this id. */
	isKept = async (owner: string): Promise<boolean> =>
		(await this.#store.list({ owner, limit: 1 })).length > 0;

	/** LogPage by page, so that what is removed or begun meanwhile does no harm. */
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

/** A message as a copy has it: for people, without its place in the log. */
export type Said =
	| (Pick<UserMessage, "role" | "id" | "text"> & {
			at: string;
			context?: Record<string, unknown>;
	  })
	| (Omit<Reply, "at" | "start" | "firstToken"> & { at: string });

/** One conversation in plain words; `undefined` if it is gone by now. */
export async function copyOf(store: Store, conversation: string) {
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
