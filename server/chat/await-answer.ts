/**
 * Picks one question and its newest answer out of a conversation that is being read. Knows no store
 * and no visitor.
 */
import type { LogEvent, Start } from "../../protocol/frames.ts";
import type { Batch, Reading } from "./reading.ts";

/**
 * Yields the events from the question's start to the answer's close.
 * @param known The answer's id, if it began before the reading did. The reading then begins at the
 * start of that answer.
 */
export async function* answerIn(
	{ first, rest }: Reading,
	question: Start,
	known: string | undefined,
): AsyncGenerator<LogEvent, void, undefined> {
	const asked = question.data.message;
	let reply = known;
	yield question;
	let open: string | undefined;
	for (let batch: Batch | undefined = first; batch; ) {
		for (const event of batch.events) {
			if (event.type === "token") {
				if (open !== undefined && open === reply) yield event;
			} else if (event.action === "start") {
				const { data } = event;
				if (data.role === "assistant") {
					open = data.message;
					if (data.replyTo === asked) reply ??= data.message;
				}
				if (data.message === reply) yield event;
			} else if (event.action === "end" || event.action === "error") {
				open = undefined;
				if (event.data.message !== reply) continue;
				yield event;
				return;
			}
		}
		batch = (await rest.next()).value;
	}
}
