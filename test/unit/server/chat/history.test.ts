import { describe, expect, test } from "bun:test";
import type { UserMessage } from "../../../../protocol/conversation.ts";
import { hashText } from "../../../../protocol/conversation.ts";
import type { LogEvent } from "../../../../protocol/frames.ts";
import {
	fold,
	messageOf,
	nextQuestion,
	turnsFor,
	unfinishedAnswer,
	wholeText,
} from "../../../../server/chat/history.ts";

/** A log in shorthand: `["ask", id]`, `["begin", id, to, continues?]`, `["say", text]`, … */
type Step =
	| ["ask", string]
	| ["begin", string, string, string?]
	| ["say", string]
	| ["end", "complete" | "stopped"]
	| ["fail"];

function logOf(...steps: Step[]): LogEvent[] {
	let open = "";
	let text = "";
	return steps.map((step, index): LogEvent => {
		const sequence = index + 1;
		const type = "control";
		switch (step[0]) {
			case "ask": {
				const data = { message: step[1], role: "user" as const, at: sequence };
				const content = `question ${step[1]}`;
				return { type, action: "start", sequence, data: { ...data, content } };
			}
			case "begin": {
				const [, message, replyTo, continues] = step;
				open = message;
				text = "";
				const data = { message, role: "assistant" as const, replyTo };
				const more = continues ? { continues } : {};
				return {
					type,
					action: "start",
					sequence,
					data: { ...data, at: sequence, ...more },
				};
			}
			case "say":
				text += step[1];
				return { type: "token", content: step[1], sequence };
			case "end": {
				const hash = hashText(text);
				const data = { message: open, reason: step[1], hash };
				return { type, action: "end", sequence, data };
			}
			default: {
				const hash = hashText(text);
				const code = "interrupted" as const;
				const failure = { code, text: "Broken off.", retryable: true, hash };
				const data = { message: open, ...failure };
				return { type, action: "error", sequence, data };
			}
		}
	});
}

const told = (log: LogEvent[], question: string) => {
	const conversation = fold(log);
	const asked = messageOf(conversation, question) as UserMessage;
	return turnsFor(conversation, asked).map(({ content }) => content);
};

describe("what the model is told", () => {
	test("a first question alone", () => {
		expect(told(logOf(["ask", "q"], ["begin", "a", "q"]), "q")).toEqual([
			"question q",
		]);
	});

	test("questions and answers in the order of the questions, whenever they were asked", () => {
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
		expect(told(log, "q3")).toEqual([
			"question q1",
			"one",
			"question q2",
			"two",
			"question q3",
		]);
		expect(told(log, "q2")).toEqual(["question q1", "one", "question q2"]);
	});

	test("an answer given anew replaces the older one, an empty one does not", () => {
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
		expect(told(log, "q2")).toEqual(["question q1", "new", "question q2"]);
	});

	test("a retried question without its own earlier answers", () => {
		const log = logOf(
			["ask", "q"],
			["begin", "a", "q"],
			["say", "old"],
			["end", "complete"],
			["begin", "b", "q"],
		);
		expect(told(log, "q")).toEqual(["question q"]);
	});

	test("an answer that was gone on with is whole", () => {
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
		expect(told(log, "q2")).toEqual([
			"question q1",
			"Once upon a time",
			"question q2",
		]);
	});
});

describe("which answer can be gone on with", () => {
	const after = (...steps: Step[]) =>
		unfinishedAnswer(
			fold(logOf(["ask", "q"], ["begin", "a", "q"], ...steps)),
			"q",
		)?.id;
	test("a broken-off one with text", () => {
		expect(after(["say", "x"], ["fail"])).toBe("a");
	});
	test("a stopped one with text", () => {
		expect(after(["say", "x"], ["end", "stopped"])).toBe("a");
	});
	test("no complete one", () => {
		expect(after(["say", "x"], ["end", "complete"])).toBeUndefined();
	});
	test("no empty one", () => {
		expect(after(["fail"])).toBeUndefined();
	});
	test("no open one", () => {
		expect(after(["say", "x"])).toBeUndefined();
	});
});

test("answers that claim to go on from each other end", () => {
	const log = fold(
		logOf(["ask", "q"], ["begin", "a", "q", "a"], ["say", "x"], ["fail"]),
	);
	const reply = messageOf(log, "a");
	expect(reply?.role === "assistant" && wholeText(log, reply)).toBe("x");
});

test("the question that waits is the first without a reply", () => {
	const log = logOf(
		["ask", "q1"],
		["begin", "a1", "q1"],
		["ask", "q2"],
		["ask", "q3"],
	);
	expect(nextQuestion(fold(log))?.id).toBe("q2");
	expect(nextQuestion(fold(log.slice(0, 2)))).toBeUndefined();
});
