/**
 * The part of a conversation that the model receives, found by the store's index from the newest turn
 * backwards. Its cost grows with what the model receives, not with the log.
 */
import {
	type Conversation,
	emptyHash,
	hexOfHash,
	LogFold,
} from "../../protocol/conversation.ts";
import type { Turn } from "../providers/provider.ts";
import type { Store, StoredMessage } from "../store/store.ts";

/** After this many turns other work on the event loop gets its turn. */
const turnsPerTick = 32;
/** Events in one read of a whole log. */
const readEvents = 256;

const hashOfNoText = hexOfHash(emptyHash);

/**
 * The turns up to and with `question`, in the order of the questions, each with its newest answer that
 * has any text. Later questions and earlier answers to `question` are left out. As many of the newest
 * turns as fit into `maxChars`, and the question in any case.
 * @param maxChars 0 disables the limit.
 */
export async function newestTurns(
	store: Store,
	conversation: string,
	question: string,
	maxChars: number,
): Promise<Turn[]> {
	const turns: Turn[] = [];
	let chars = 0;
	const fits = (turn: Turn): boolean => {
		chars += turn.content.length;
		if (maxChars > 0 && chars > maxChars && turns.length > 0) return false;
		turns.push(turn);
		return true;
	};
	for (let id: string | undefined = question; id !== undefined; ) {
		const asked: StoredMessage | undefined = await store.message(
			conversation,
			id,
		);
		const content = await store.text(conversation, id);
		if (!asked || content === undefined) break;
		if (id !== question) {
			const answer = await answerTo(store, conversation, asked);
			if (answer && !fits({ role: "assistant", content: answer })) break;
		}
		if (!fits({ role: "user", content })) break;
		if (turns.length % turnsPerTick === 0) await nextTick();
		id = asked.previous;
	}
	turns.reverse();
	// An answer whose question did not fit would have no context.
	while (turns[0]?.role === "assistant") turns.shift();
	return turns;
}

/** The whole text of the newest answer to a question that has any. */
async function answerTo(
	store: Store,
	conversation: string,
	question: StoredMessage,
): Promise<string | undefined> {
	for (let id = question.reply; id !== undefined; ) {
		const reply = await store.message(conversation, id);
		if (!reply) return undefined;
		if (hasText(reply)) return wholeText(store, conversation, id);
		id = reply.previous;
	}
	return undefined;
}

/** The text of an answer together with the answers that it continues. */
export async function wholeText(
	store: Store,
	conversation: string,
	reply: string,
): Promise<string> {
	const texts: string[] = [];
	const seen = new Set<string>();
	for (let id: string | undefined = reply; id && !seen.has(id); ) {
		seen.add(id);
		const found: StoredMessage | undefined = await store.message(
			conversation,
			id,
		);
		if (found?.start.data.role !== "assistant") break;
		texts.push((await store.text(conversation, id)) ?? "");
		id = found.start.data.continues;
	}
	return texts.reverse().join("");
}

/** The newest answer to a question, if it was broken off or stopped and has some text. */
export async function unfinishedAnswer(
	store: Store,
	conversation: string,
	question: StoredMessage,
): Promise<string | undefined> {
	const { reply } = question;
	if (reply === undefined) return undefined;
	const newest = await store.message(conversation, reply);
	if (!newest?.close || !hasText(newest)) return undefined;
	const { close } = newest;
	const isWhole =
		close.action === "end" &&
		(close.data.reason === "complete" || close.data.reason === "filtered");
	return isWhole ? undefined : reply;
}

/**
 * Folds a whole log, a part at a time: other work on the event loop runs in between.
 * `undefined`: no such log.
 */
export async function wholeConversation(
	store: Pick<Store, "read">,
	conversation: string,
): Promise<Conversation | undefined> {
	const fold = new LogFold();
	for (;;) {
		const { last } = fold.conversation;
		const page = await store.read(conversation, last, readEvents);
		if (!page) return undefined;
		fold.add(page.events);
		const { length } = page.events;
		if (length === 0 || fold.conversation.last >= page.head)
			return fold.conversation;
		await nextTick();
	}
}

const hasText = ({ hash }: StoredMessage): boolean => hash !== hashOfNoText;

const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve));
