/**
 * Answers that are known in advance: the answer to each question, and a provider that streams it by the test's
 * clock.
 */
import type { Clock } from "../../protocol/clock.ts";
import { pause } from "../../server/clock.ts";
import type { Provider } from "../../server/providers/provider.ts";
import { hugeText, scriptedProvider } from "./scripted-provider.ts";

/** Text that breaks if bytes are cut: scripts, joined emoji, combining marks, framing of every layer. */
const words = [
	"plain ",
	"größer ",
	"日本語 ",
	"😀 ",
	"👩‍👧‍👦 ",
	"e\u0301a\u0308 ",
	"שלום ",
	"مرحبا ",
	"\r\n",
	"data: x\n\n",
	"\u2028",
	'"}\\u0000{" ',
];

const storyPieces = (count: number): string[] =>
	Array.from({ length: count }, (_, i) => `${i + 1}${words[i % words.length]}`);

const numbers = (count: number) =>
	Array.from({ length: count }, (_, i) => `${i + 1} `).join("");

/** The whole text of the answer to a question; an interrupted answer is a prefix of it. */
export function oracle(question: string): string {
	const [command, first = "", second = ""] = question.split(" ");
	switch (command) {
		case "story":
			return storyPieces(Number(first)).join("");
		case "count":
			return numbers(Number(first));
		case "slow":
			return numbers(Number(second));
		case "endless":
			return numbers(20_000);
		case "huge":
			return hugeText(Number(first));
		case "hold":
			return "held and released";
		case "throw":
			return "Half an answer";
		case "silent":
		case "empty":
		case "error":
		case "refuse":
			return "";
		default:
			return `You said: ${question}`;
	}
}

/**
 * `story 30 100`: 30 chunks, one every 100 ms of the clock. Any other question goes to the scripted provider.
 * `asked` has one question per started reply.
 */
export function storyteller(clock: Clock): Provider & { asked: string[] } {
	const scripted = scriptedProvider();
	return {
		name: "storyteller",
		asked: scripted.asked,
		async *reply(request, signal) {
			const question =
				request.turns.findLast(({ role }) => role === "user")?.content ?? "";
			const [command, count, everyMs = "0"] = question.split(" ");
			if (command !== "story") return yield* scripted.reply(request, signal);
			scripted.asked.push(question);
			for (const piece of storyPieces(Number(count))) {
				yield piece;
				await pause(clock, Number(everyMs), signal);
				if (signal.aborted) return;
			}
		},
	};
}

/** A storage that a test can read. */
export function memoryStorage() {
	const items = new Map<string, string>();
	return {
		getItem: (key: string) => items.get(key) ?? null,
		setItem: (key: string, value: string) => void items.set(key, value),
		removeItem: (key: string) => void items.delete(key),
		/** The value that a session stores under one of its names. */
		record(name: string) {
			const key = [...items.keys()].find((key) => key.endsWith(` ${name}`));
			return JSON.parse(items.get(key ?? "") ?? "{}");
		},
		keys: () => [...items.keys()],
	};
}
