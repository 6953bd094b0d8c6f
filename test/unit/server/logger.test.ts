import { expect, test } from "bun:test";
import { ChatError } from "../../../protocol/errors.ts";
import { createLogger } from "../../../server/logger.ts";

function logged(facts: Record<string, unknown>): string {
	let lines = "";
	createLogger(
		(line) => {
			lines += line;
		},
		() => 0,
	)("warn", "something", facts);
	return lines;
}

test("an entry is one line of JSON, whatever is in it", () => {
	const nasty = 'a\r\n{"level":"info"}\u001b]52;c;x\u0007\u2028\u202e\u0085';
	const line = logged({ nasty });
	expect(line.match(/[\r\n]/g)).toEqual(["\n"]);
	for (const char of line.trimEnd())
		expect(char).toMatch(/[^\p{Cc}\p{Zl}\u202e]/u);
	expect(JSON.parse(line)).toMatchObject({ level: "warn", nasty });
});

test("an error is logged with its cause", () => {
	const cause = Object.assign(new Error("429 slow down"), { status: 429 });
	const error = new ChatError("provider_failed", "Not now.", { cause });
	expect(JSON.parse(logged({ error })).error).toMatchObject({
		code: "provider_failed",
		message: "Not now.",
		cause: { message: "429 slow down", status: 429 },
	});
});

test("the stack of a failure is logged where it began, and once while it repeats", () => {
	let lines: string[] = [];
	const logger = createLogger(
		(line) => lines.push(line),
		() => 0,
	);
	const cause = new Error("refused");
	const error = new ChatError("provider_failed", "Not now.", { cause });
	for (let i = 0; i < 3; i++) logger("error", "reply_failed", { error });
	const errors = lines.map((line) => JSON.parse(line).error);
	expect(errors[0].stack).toBeUndefined();
	expect(errors[0].cause.stack).toBeArray();
	expect(errors[1].cause).toEqual({ ...errors[0].cause, stack: "as before" });
	expect(lines[2]).toBe(lines[1] ?? "");
	lines = [];
	logger("error", "reply_failed", { error: new Error("another") });
	expect(JSON.parse(lines[0] ?? "").error.stack).toBeArray();
});
