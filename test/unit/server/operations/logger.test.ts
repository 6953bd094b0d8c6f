/** What a line of the log contains, and what it must not. */
import { expect, test } from "bun:test";
import { ChatError } from "../../../../protocol/errors.ts";
import {
	createLogger,
	type Level,
} from "../../../../server/operations/logger.ts";

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

test("an entry is one line of JSON, whatever it contains", () => {
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

test("the innermost stack of a failure is logged, and once while it repeats", () => {
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

test("an error is logged without fields that a library has added", () => {
	const headers = { authorization: "Basic canary" };
	const error = Object.assign(new Error("no"), { headers, request: headers });
	expect(logged({ error })).not.toContain("canary");
});

test("credentials and visitors' text are redacted, by field name and by pattern", () => {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.canary-canary";
	const line = logged({
		token: "canary",
		facts: { accessToken: "canary", headers: { Cookie: "canary=1" } },
		apiKey: "canary",
		CHAT_SECRET: "canary",
		content: "canary",
		text: ["canary"],
		url: "https://me:canary@host/path",
		error: new Error(`Refused: Authorization: Bearer canary.x, ${jwt}`, {
			cause: new Error("key sk-canary-canary and v1.canary.canary"),
		}),
		other: [{ deep: jwt }],
	});
	expect(line).not.toContain("canary");
	expect(JSON.parse(line)).toMatchObject({
		token: "…",
		url: "https://…@host/path",
		error: {
			message: "Refused: Authorization: Bearer …, eyJ…",
			cause: { message: "key sk-… and v1.…" },
		},
	});
});

test("only the network of an address is logged", () => {
	for (const [address, said] of [
		["203.0.113.77", "203.0.113.0/24"],
		["::ffff:203.0.113.77", "203.0.113.0/24"],
		["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
		["2001:db8::77", "2001:db8:0::/48"],
		["::1", "0:0:0::/48"],
		["somebody.example", "…"],
	] as const)
		expect(JSON.parse(logged({ address })).address).toBe(said);
});

test("no value makes the logger throw", () => {
	const loop: Record<string, unknown> = {};
	loop.loop = loop;
	const hostile = new Proxy({}, { ownKeys: () => ["a"] });
	const getter = {
		get a() {
			throw new Error("no");
		},
	};
	const json = {
		toJSON() {
			throw new Error("no");
		},
	};
	for (const facts of [loop, { hostile }, { getter }, { json }, { n: 1n }])
		expect(JSON.parse(logged(facts))).toMatchObject({ level: "warn" });
});

test("hidden texts are redacted, whole or cut off, quoted or not, and the line stays JSON", () => {
	const lines: string[] = [];
	const logger = createLogger(
		(line) => lines.push(line),
		() => 0,
		["sk-a-key-of-mine"],
	);
	const words = 'said "this" in private';
	const body = JSON.stringify({ echo: JSON.stringify({ words }) });
	logger("error", "failed", { body, cut: `${words.slice(0, 12)}…` }, [words]);
	logger("error", "failed", { error: new Error("bad sk-a-key-of-mine") });
	logger("info", "failed", { status: 500, a: { b: {} } }, [
		"500,}}}}}",
		":500,null",
		"short",
	]);
	expect(lines.join("")).not.toMatch(/this|private|sk-a/);
	expect(lines.map((line) => JSON.parse(line).event)).toEqual(
		Array(3).fill("failed"),
	);
	expect(JSON.parse(lines[2] ?? "").status).toBe(500);
});

test("lines below the minimum level are dropped", () => {
	const lines: string[] = [];
	let minimum: Level = "info";
	const logger = createLogger(
		(line) => lines.push(line),
		() => 0,
		[],
		() => minimum,
	);
	const logAll = () => {
		for (const level of ["debug", "info", "warn", "error"] as const)
			logger(level, "something");
		return lines.splice(0).map((line) => JSON.parse(line).level);
	};
	expect(logAll()).toEqual(["info", "warn", "error"]);
	minimum = "debug";
	expect(logAll()).toEqual(["debug", "info", "warn", "error"]);
	minimum = "error";
	expect(logAll()).toEqual(["error"]);
});
