/**
 * What the server reads out of a log: which question waits, and what the model is told.
 *
 * Pure functions over the same fold that the widget paints from. `chat.ts` and `reply.ts` call them.
 */
import {
	type Conversation,
	type Message,
	type Reply,
	reduce,
	type UserMessage,
} from "../../protocol/conversation.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import type { Turn } from "../providers/provider.ts";

export const fold = (events: readonly LogEvent[]): Conversation =>
	events.reduce<Conversation>(
		(conversation, event) => reduce(conversation, event, true).conversation,
		{ last: 0, messages: [] },
	);

export const messageOf = (
	conversation: Conversation,
	id: string,
): Message | undefined =>
	conversation.messages.find((message) => message.id === id);

/** The first question that no reply has been begun for. */
export function nextQuestion(
	conversation: Conversation,
): UserMessage | undefined {
	const answered = new Set(
		conversation.messages.map((message) =>
			message.role === "assistant" ? message.replyTo : "",
		),
	);
	return conversation.messages.find(
		(message): message is UserMessage =>
			message.role === "user" && !answered.has(message.id),
	);
}

/** The newest answer to a question that was broken off or stopped and has some text. */
export function unfinishedAnswer(
	conversation: Conversation,
	question: string,
): Reply | undefined {
	const newest = answersTo(conversation, question).at(-1);
	if (!newest?.close || newest.text === "") return undefined;
	const { close } = newest;
	const whole =
		close.by === "end" &&
		(close.reason === "complete" || close.reason === "filtered");
	return whole ? undefined : newest;
}

/** An answer's text together with the answers that it goes on from. */
export function wholeText(conversation: Conversation, reply: Reply): string {
	let text = reply.text;
	const seen = new Set([reply.id]);
	for (let id = reply.continues; id && !seen.has(id); ) {
		seen.add(id);
		const earlier = messageOf(conversation, id);
		if (earlier?.role !== "assistant") break;
		text = earlier.text + text;
		id = earlier.continues;
	}
	return text;
}

/** The question and as many of the newest turns before it as fit. `maxChars` 0: all. */
export function newestTurns(turns: readonly Turn[], maxChars: number): Turn[] {
	let chars = 0;
	const from = turns.findLastIndex((turn, i) => {
		chars += turn.content.length;
		return maxChars > 0 && chars > maxChars && i < turns.length - 1;
	});
	const kept = turns.slice(from + 1);
	// An answer without its question would be the model's word against nobody's.
	while (kept[0]?.role === "assistant") kept.shift();
	return kept;
}

/**
 * The turns up to and with the question, in the order in which they were asked, each with its
 * newest answer that has any text. Questions asked later, and earlier answers to this question,
 * are left out.
 */
export function turnsFor(
	conversation: Conversation,
	question: UserMessage,
): Turn[] {
	const turns: Turn[] = [];
	for (const message of conversation.messages) {
		if (message.role !== "user" || message.start > question.start) continue;
		turns.push({ role: "user", content: message.text });
		if (message.id === question.id) continue;
		const answer = answersTo(conversation, message.id).findLast(
			({ text }) => text !== "",
		);
		if (answer)
			turns.push({
				role: "assistant",
				content: wholeText(conversation, answer),
			});
	}
	return turns;
}

const answersTo = (conversation: Conversation, question: string): Reply[] =>
	conversation.messages.filter(
		(message): message is Reply =>
			message.role === "assistant" && message.replyTo === question,
	);
