import { describe, expect, test } from "bun:test";
import { foldLog } from "../../../../protocol/conversation.ts";
import {
	newestTurns,
	unfinishedAnswer,
	wholeConversation,
	wholeText,
} from "../../../../server/chat/history.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import type { Store } from "../../../../server/store/store.ts";
import { manualClock } from "../../../support/clock.ts";
import { end, failure, question, token } from "../../../support/drafts.ts";

/** A log in shorthand: `["ask", id]`, `["begin", id, to, continues?]`, `["say", text]`, … */
type Step =
	| ["ask", string]
	| ["begin", string, string, string?]
	| ["say", string]
	| ["end", "complete" | "stopped"]
	| ["fail"];

async function logOf(...steps: Step[]): Promise<Store> {
	const store = memoryStore(manualClock());
	await store.create("c", "ann");
	let open = "";
	let text = "";
	const draftOf = (step: Step) => {
		switch (step[0]) {
			case "ask":
				return question(step[1], `question ${step[1]}`);
			case "begin": {
				const [, message, replyTo, continues] = step;
				open = message;
				text = "";
				const data = { message, role: "assistant" as const, replyTo, at: 1 };
				const more = continues ? { continues } : {};
				return {
					type: "control" as const,
					action: "start" as const,
					data: { ...data, ...more },
				};
			}
			case "say":
				text += step[1];
				return token(step[1]);
			case "end":
				return end(open, text, step[1]);
			case "fail":
				return failure(open, text);
			default: {
				const never: never = step;
				return never;
			}
		}
	};
	for (const step of steps) await store.append("c", [draftOf(step)]);
	return store;
}

const told = async (log: Promise<Store>, id: string, maxChars = 0) => {
	const turns = await newestTurns(await log, "c", id, maxChars);
	return turns.map(({ content }) => content);
};

describe("what the model receives", () => {
	test("a first question alone", async () => {
		expect(await told(logOf(["ask", "q"], ["begin", "a", "q"]), "q")).toEqual([
			"question q",
		]);
	});

	test("questions and answers in the order of the questions, whenever they were asked", async () => {
		const log = logOf(
			["ask", "q1"],
			["begin", "a1", "q1"],
			["ask", "q2"],
			["ask", "q3"],
			["say", "one"],
			["end", "complete"],
			["begin", "a2", "q2"],
			["say", "two"],
			["end", "complete"],
			["begin", "a3", "q3"],
		);
		expect(await told(log, "q3")).toEqual([
			"question q1",
			"one",
			"question q2",
			"two",
			"question q3",
		]);
		expect(await told(log, "q2")).toEqual([
			"question q1",
			"one",
			"question q2",
		]);
	});

	test("a repeated answer replaces the older one, an empty one does not", async () => {
		const log = logOf(
			["ask", "q1"],
			["begin", "a1", "q1"],
			["say", "old"],
			["end", "complete"],
			["begin", "b1", "q1"],
			["say", "new"],
			["end", "complete"],
			["begin", "c1", "q1"],
			["fail"],
			["ask", "q2"],
			["begin", "a2", "q2"],
		);
		expect(await told(log, "q2")).toEqual([
			"question q1",
			"new",
			"question q2",
		]);
	});

	test("a retried question without its own earlier answers", async () => {
		const log = logOf(
			["ask", "q"],
			["begin", "a", "q"],
			["say", "old"],
			["end", "complete"],
			["begin", "b", "q"],
		);
		expect(await told(log, "q")).toEqual(["question q"]);
	});

	test("an answer that was gone on with is whole", async () => {
		const log = logOf(
			["ask", "q1"],
			["begin", "a", "q1"],
			["say", "Once "],
			["fail"],
			["begin", "b", "q1", "a"],
			["say", "upon "],
			["end", "stopped"],
			["begin", "c", "q1", "b"],
			["say", "a time"],
			["end", "complete"],
			["ask", "q2"],
			["begin", "d", "q2"],
		);
		expect(await told(log, "q2")).toEqual([
			"question q1",
			"Once upon a time",
			"question q2",
		]);
	});

	describe("of a long conversation", () => {
		// Turns of 11, 10, 11, 10 and 11 characters.
		const log = logOf(
			["ask", "q1"],
			["begin", "a1", "q1"],
			["say", "ten signs."],
			["end", "complete"],
			["ask", "q2"],
			["begin", "a2", "q2"],
			["say", "ten signs."],
			["end", "complete"],
			["ask", "q3"],
			["begin", "a3", "q3"],
		);
		const whole = ["question q1", "ten signs.", "question q2", "ten signs."];
		for (const [maxChars, left] of [
			[0, 0],
			[53, 0],
			[52, 2],
			[32, 2],
			[31, 4],
			[5, 4],
		] as const)
			test(`at most ${maxChars} characters are the newest turns, from a question on`, async () => {
				expect(await told(log, "q3", maxChars)).toEqual([
					...whole.slice(left),
					"question q3",
				]);
			});

		test("no more is read than fits", async () => {
			const read: string[] = [];
			const store = await log;
			const counting: Store = {
				...store,
				text: (conversation, message) => {
					read.push(message);
					return store.text(conversation, message);
				},
			};
			await newestTurns(counting, "c", "q3", 15);
			expect(read).toEqual(["q3", "q2", "a2"]);
		});
	});
});

describe("which answer can be continued", () => {
	const after = async (...steps: Step[]) => {
		const store = await logOf(["ask", "q"], ["begin", "a", "q"], ...steps);
		const asked = await store.message("c", "q");
		return asked && (await unfinishedAnswer(store, "c", asked));
	};
	test("a broken-off one with text", async () => {
		expect(await after(["say", "x"], ["fail"])).toBe("a");
	});
	test("a stopped one with text", async () => {
		expect(await after(["say", "x"], ["end", "stopped"])).toBe("a");
	});
	test("no complete one", async () => {
		expect(await after(["say", "x"], ["end", "complete"])).toBeUndefined();
	});
	test("no empty one", async () => {
		expect(await after(["fail"])).toBeUndefined();
	});
	test("no open one", async () => {
		expect(await after(["say", "x"])).toBeUndefined();
	});
});

test("answers that claim to continue each other end", async () => {
	const store = await logOf(
		["ask", "q"],
		["begin", "a", "q", "a"],
		["say", "x"],
		["fail"],
	);
	expect(await wholeText(store, "c", "a")).toBe("x");
});

test("a log that is folded in parts is the same conversation", async () => {
	const store = await logOf(
		["ask", "q"],
		["begin", "a", "q"],
		...Array.from({ length: 400 }, (): Step => ["say", "word "]),
		...Array.from({ length: 400 }, (_, at): Step => ["ask", `q${at}`]),
		["end", "complete"],
	);
	const { events } = (await store.read("c", 0)) ?? { events: [] };
	expect(await wholeConversation(store, "c")).toEqual(foldLog(events));
	expect(await wholeConversation(store, "d")).toBeUndefined();
});
