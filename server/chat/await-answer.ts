/**
 * One question and its newest answer, picked out of a conversation that is being read.
 *
 * `chat.ts` calls it for those who wait for a whole answer to one plain request.
 */
import type { LogEvent, Start } from "../../protocol/frames.ts";
import type { Batch, Reading } from "./reading.ts";

/**
 * From the question's start to the answer's close. `known` is the answer's id if it had begun before
 * the reading; the reading may begin at the start of that answer.
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
