/** Answers questions about opening hours, word by word, without a model. */
import type { Chunk, ReplyRequest } from "chat-stream/server";

const days = [
	"Sunday",
	"Monday",
	"Tuesday",
	"Wednesday",
	"Thursday",
	"Friday",
	"Saturday",
];
const source = { title: "Opening hours", url: "https://shop.example/hours" };

const hoursOn = (day: string): string =>
	day === "Sunday" ? "We are closed on Sundays." : `On ${day} we open at 9:00.`;

export default async function* (
	request: ReplyRequest,
	signal: AbortSignal,
): AsyncGenerator<Chunk> {
	const question = request.turns.at(-1)?.content ?? "";
	const day = days.find((name) => question.includes(name));
	const answer = day ? hoursOn(day) : "Which day do you ask about?";
	for (const word of answer.split(" ")) {
		if (signal.aborted) return;
		yield `${word} `;
		await new Promise((resolve) => setTimeout(resolve, 30));
	}
	if (day) yield { sources: [source] };
}
