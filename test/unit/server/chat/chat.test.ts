import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	type Conversation,
	foldLog,
	hashText,
	type Reply,
} from "../../../../protocol/conversation.ts";
import { ChatError } from "../../../../protocol/errors.ts";
import { Chat } from "../../../../server/chat/chat.ts";
import { defaults } from "../../../../server/config/config.ts";
import {
	createLogger,
	type Logger,
} from "../../../../server/operations/logger.ts";
import type {
	Chunk,
	ReplyRequest,
} from "../../../../server/providers/provider.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import type { Store } from "../../../../server/store/store.ts";
import {
	type ManualClock,
	manualClock,
	settle,
} from "../../../support/clock.ts";

/** A provider that says what the test says, when the test says it. */
class Script {
	readonly name = "script";
	readonly asked: ReplyRequest[] = [];
	aborted = 0;
	#waiting: ((piece: Chunk | Error | undefined) => void)[] = [];
	#said: (Chunk | Error | undefined)[] = [];

	/** A piece, a failure, or (undefined) the end. */
	async say(piece: Chunk | Error | undefined) {
		const taker = this.#waiting.shift();
		if (taker) taker(piece);
		else this.#said.push(piece);
		await settle();
	}

	async *reply(request: ReplyRequest, signal: AbortSignal) {
		this.asked.push(request);
		signal.addEventListener("abort", () => this.aborted++);
		for (;;) {
			const piece = this.#said.length
				? this.#said.shift()
				: await new Promise<Chunk | Error | undefined>((resolve) => {
						this.#waiting.push(resolve);
						signal.addEventListener("abort", () => resolve(undefined));
					});
			if (piece === undefined) return;
			if (piece instanceof Error) throw piece;
			yield piece;
		}
	}
}

/** The verbs of a store as plain functions, to replace some of them. */
const bound = (whole: Store): Store => ({
	create: (...args) => whole.create(...args),
	append: (...args) => whole.append(...args),
	read: (...args) => whole.read(...args),
	head: (...args) => whole.head(...args),
	message: (...args) => whole.message(...args),
	text: (...args) => whole.text(...args),
	waiting: (...args) => whole.waiting(...args),
	watch: (...args) => whole.watch(...args),
	context: (...args) => whole.context(...args),
	list: (...args) => whole.list(...args),
	newest: (...args) => whole.newest(...args),
	quiet: (...args) => whole.quiet(...args),
	remove: (...args) => whole.remove(...args),
	unfinished: () => whole.unfinished(),
	setting: (...args) => whole.setting(...args),
	keep: (...args) => whole.keep(...args),
	close: () => whole.close(),
});

const me = { id: "me" };
let clock: ManualClock;
let store: Store;
let script: Script;
let chat: Chat;
let conversation: string;
let logged: string[];

const newChat = (systemPrompt?: string) => {
	const logger: Logger = (_level, event) => logged.push(event);
	return new Chat({
		store,
		provider: script,
		clock,
		logger,
		limits: defaults,
		settings: defaults,
		systemPrompt,
	});
};

beforeEach(async () => {
	clock = manualClock();
	store = memoryStore(clock);
	script = new Script();
	logged = [];
	chat = newChat();
	const hello = { type: "hello", version: 1 } as const;
	({ conversation } = await chat.enter(me, hello));
});

afterEach(async () => {
	await chat.drain(0);
	await store.close();
});

const events = async () => (await store.read(conversation, 0))?.events ?? [];
const log = async (): Promise<Conversation> => foldLog(await events());
const reply = async (): Promise<Reply> => {
	const found = (await log()).messages.findLast(
		(message) => message.role === "assistant",
	);
	if (found?.role !== "assistant") throw new Error("there is no reply");
	return found;
};
const ask = async (id: string, content = `question ${id}`) => {
	const start = await chat.send(me, conversation, { id, content });
	await settle();
	return start;
};

describe("a question", () => {
	test("is stored, answered chunk by chunk, and closed with its hash", async () => {
		await ask("q");
		await script.say("Be");
		expect((await reply()).text).toBe("Be");
		await script.say("cause");
		await clock.advance(defaults.batchMs);
		await script.say({ usage: { input: 1, output: 2 } });
		await script.say(undefined);
		const { text, close } = await reply();
		expect(text).toBe("Because");
		expect(close).toEqual({
			by: "end",
			reason: "complete",
			usage: { input: 1, output: 2 },
		});
		const last = (await events()).at(-1);
		expect(last).toMatchObject({ data: { hash: hashText("Because") } });
	});

	test("sent again is the same message and asks the model once", async () => {
		const first = await ask("q");
		const again = await ask("q");
		expect(again).toEqual(first);
		expect(script.asked).toHaveLength(1);
		expect((await events()).length).toBe(2);
	});

	test("sent twenty times at once is stored once", async () => {
		const send = { id: "q", content: "x" };
		const starts = await Promise.all(
			Array.from({ length: 20 }, () => chat.send(me, conversation, send)),
		);
		expect(new Set(starts.map(({ sequence }) => sequence)).size).toBe(1);
		await settle();
		expect(script.asked).toHaveLength(1);
	});

	test("with the id of another is a conflict, which names it", async () => {
		await ask("q");
		await expect(
			chat.send(me, conversation, { id: "q", content: "else" }),
		).rejects.toMatchObject({ code: "conflict", id: "q" });
		const { id } = await reply();
		await expect(
			chat.send(me, conversation, { id, content: "x" }),
		).rejects.toMatchObject({ code: "conflict" });
	});

	test("asked while a reply is open waits for its turn, in order", async () => {
		await ask("q1");
		await ask("q2");
		await ask("q3");
		expect(script.asked).toHaveLength(1);
		for (const id of ["q1", "q2", "q3"]) {
			expect((await reply()).replyTo).toBe(id);
			await script.say(`to ${id}`);
			await script.say(undefined);
		}
		const replies = (await log()).messages.filter(
			(m) => m.role === "assistant",
		);
		expect(replies.map(({ text }) => text)).toEqual([
			"to q1",
			"to q2",
			"to q3",
		]);
		expect((await log()).open).toBeUndefined();
	});

	test("over the limit is too large, counted in characters", async () => {
		const emoji = "👩".repeat(defaults.maxContentChars);
		await ask("fits", emoji);
		await expect(
			chat.send(me, conversation, { id: "q", content: `${emoji}!` }),
		).rejects.toMatchObject({ code: "too_large", id: "q" });
	});

	test("loses half characters and NUL, and is still the same when sent again", async () => {
		const content = "a\ud83d b\0c";
		await ask("q", content);
		await ask("q", content);
		expect((await log()).messages[0]?.text).toBe("a\ufffd bc");
	});

	test("without any text that can be stored is rejected", async () => {
		await expect(
			chat.send(me, conversation, { id: "q", content: "\0" }),
		).rejects.toMatchObject({ code: "bad_frame", id: "q" });
	});

	test("in another visitor's conversation is rejected", async () => {
		const stranger = { id: "stranger" };
		const send = { id: "q", content: "x" };
		for (const attempt of [
			() => chat.send(stranger, conversation, send),
			() => chat.stop(stranger, conversation),
			() => chat.retry(stranger, conversation, { message: "q" }),
			() => chat.rate(stranger, conversation, { message: "a", value: "up" }),
			() => chat.send(me, "no-such-conversation", send),
		])
			await expect(attempt()).rejects.toMatchObject({
				code: "not_found",
				message: "There is no such conversation.",
			});
	});

	test("comes to the model with the system prompt, the page's context and the history", async () => {
		chat = newChat("Be brief.");
		await ask("q1");
		await script.say("one");
		await script.say(undefined);
		const context = { url: "https://a.example/" };
		await chat.send(me, conversation, { id: "q2", content: "two?", context });
		await settle();
		expect(script.asked[1]?.context).toEqual(context);
		expect(script.asked[1]?.turns).toEqual([
			{ role: "system", content: "Be brief." },
			{ role: "user", content: "question q1" },
			{ role: "assistant", content: "one" },
			{ role: "user", content: "two?" },
		]);
	});
});

describe("chunks", () => {
	test("each goes in its turn of the event loop while the server has time", async () => {
		await ask("q");
		await script.say("a");
		await script.say("b");
		await script.say("c");
		expect((await reply()).text).toBe("abc");
		expect((await log()).last).toBe(5);
	});

	test("a character cut in two between chunks arrives whole", async () => {
		await ask("q");
		await script.say("x\ud83d");
		expect((await reply()).text).toBe("x");
		await script.say("\udc69y");
		await clock.advance(defaults.batchMs);
		expect((await reply()).text).toBe("x👩y");
	});

	test("half a character at the end is replaced, not lost in silence", async () => {
		await ask("q");
		await script.say("x\ud83d");
		await script.say(undefined);
		const { text, close } = await reply();
		expect(text).toBe("x\ufffd");
		expect(close).toMatchObject({ reason: "complete" });
	});

	test("a huge one becomes several tokens, none of which cuts a character", async () => {
		const huge = "👩".repeat(50_000);
		await ask("q");
		await script.say(huge);
		await script.say(undefined);
		expect((await reply()).text).toBe(huge);
		for (const event of await events())
			if (event.type === "token")
				expect(event.content.isWellFormed()).toBe(true);
	});

	test("beyond the longest reply end it as `length`, and the model is let go", async () => {
		await ask("q");
		await script.say("x".repeat(defaults.maxReplyChars + 1));
		await settle();
		const { text, close } = await reply();
		expect(close).toMatchObject({ reason: "length" });
		expect(text.length).toBe(defaults.maxReplyChars);
		expect(script.aborted).toBe(1);
	});

	test("a silent reply says every ten seconds that it is alive", async () => {
		await ask("q");
		await script.say("a");
		const { last } = await log();
		await clock.advance(21_000);
		expect((await log()).last).toBe(last + 2);
		expect((await reply()).text).toBe("a");
	});
});

describe("a reply ends", () => {
	test("by stop: what was said stays, the model is let go", async () => {
		await ask("q");
		await script.say("so far");
		await chat.stop(me, conversation);
		await settle();
		expect(await reply()).toMatchObject({
			text: "so far",
			close: { by: "end", reason: "stopped" },
		});
		expect(script.aborted).toBe(1);
	});

	test("once: a second stop, and one for another message, change nothing", async () => {
		await ask("q");
		await chat.stop(me, conversation, "another");
		expect((await log()).open).toBeDefined();
		await chat.stop(me, conversation, (await reply()).id);
		const before = await events();
		await chat.stop(me, conversation);
		await script.say("late");
		expect(await events()).toEqual(before);
	});

	test("by stop, and the next question's reply begins in the same step", async () => {
		await ask("q1");
		await ask("q2");
		await chat.stop(me, conversation);
		const actions = (await events()).map(
			(e) => e.type === "control" && e.action,
		);
		expect(actions).toEqual(["start", "start", "start", "end", "start"]);
		await settle();
		expect(script.asked).toHaveLength(2);
	});

	test("by a failure, in words of ours, and the cause is logged", async () => {
		await ask("q");
		await script.say("so far");
		await script.say(new Error("vendor says sk-secret"));
		const { close, text } = await reply();
		expect(text).toBe("so far");
		expect(close).toMatchObject({ by: "error", code: "provider_failed" });
		expect(JSON.stringify(close)).not.toContain("sk-secret");
		expect(logged).toContain("reply_failed");
	});

	test("by an error of the provider, with its sentence for the visitor", async () => {
		await ask("q");
		await script.say(new ChatError("provider_failed", "The model is busy."));
		expect((await reply()).close).toMatchObject({ text: "The model is busy." });
	});

	test("when the first chunk does not come in time", async () => {
		await ask("q");
		await clock.advance(defaults.firstChunkTimeoutMs - 2_000);
		expect((await reply()).close).toBeUndefined();
		await clock.advance(4_000);
		expect((await reply()).close).toMatchObject({ code: "provider_timeout" });
		expect(script.aborted).toBe(1);
	});

	test("when the next chunk does not come in time", async () => {
		await ask("q");
		await script.say("a");
		await clock.advance(defaults.nextChunkTimeoutMs + 2_000);
		expect((await reply()).close).toMatchObject({ code: "provider_timeout" });
	});

	test("when it does not end in time, however steadily it comes and is read", async () => {
		await ask("q");
		await chat.open(me, { conversation }, new AbortController().signal);
		const tick = async (ms: number) => {
			for (let passed = 0; passed < ms; passed += 25_000) {
				await script.say(".");
				await clock.advance(25_000);
			}
		};
		await tick(defaults.replyMs - 50_000);
		expect((await reply()).close).toBeUndefined();
		await tick(75_000);
		expect((await reply()).close).toMatchObject({ code: "provider_timeout" });
		expect(script.aborted).toBe(1);
	});

	test("when it had no reader for too long, and not before", async () => {
		await ask("q");
		const tick = async (ms: number) => {
			for (let passed = 0; passed < ms; passed += 20_000) {
				await script.say(".");
				await clock.advance(20_000);
			}
		};
		await tick(defaults.unreadMs - 40_000);
		expect((await reply()).close).toBeUndefined();
		const leave = new AbortController();
		await chat.open(me, { conversation }, leave.signal);
		await tick(defaults.unreadMs + 60_000);
		expect((await reply()).close).toBeUndefined();
		leave.abort();
		await tick(defaults.unreadMs + 40_000);
		expect((await reply()).close).toMatchObject({ code: "interrupted" });
	});
});

describe("a reply whose provider is careless", () => {
	test("is closed even when the error cannot be written as JSON", async () => {
		const cyclic: Error & { self?: unknown } = new Error("round");
		cyclic.cause = cyclic;
		cyclic.self = { cyclic, big: 1n };
		chat = new Chat({
			store,
			provider: script,
			clock,
			limits: defaults,
			settings: defaults,
			systemPrompt: undefined,
			logger: createLogger(
				(line) => logged.push(line),
				() => 0,
			),
		});
		await ask("q");
		await script.say(cyclic);
		expect((await reply()).close).toMatchObject({ code: "provider_failed" });
		expect(() => JSON.parse(logged.join(""))).not.toThrow();
	});

	test("continues without invalid facts", async () => {
		await ask("q");
		for (const fact of [
			{ reason: "banana" },
			{ reason: "stopped" },
			{ usage: "lots" },
			{ usage: { input: Number.NaN, output: 1 } },
			{ usage: { input: -1, output: 1 } },
			{ usage: { input: 1, output: 1e308 } },
			{ sources: "abc" },
			{ sources: [{ title: 1 }] },
			{
				sources: Array(2_000).fill({ title: "t", url: "https://x.test/page" }),
			},
			{
				sources: [{ title: "t", url: `https://x.test/${"p".repeat(70_000)}` }],
			},
		])
			await script.say(fact as unknown as Chunk);
		await script.say("text");
		await script.say(undefined);
		const { close, text } = await reply();
		expect(text).toBe("text");
		expect(close).toEqual({ by: "end", reason: "complete" });
		expect(logged.filter((e) => e === "provider_fact_refused")).toHaveLength(
			10,
		);
	});

	for (const piece of [5, null, true, { text: 5 }, { text: {} }])
		test(`fails on the chunk ${JSON.stringify(piece)}`, async () => {
			await ask("q");
			await script.say("so far");
			await script.say(piece as unknown as Chunk);
			expect(await reply()).toMatchObject({
				text: "so far",
				close: { code: "provider_failed" },
			});
		});
});

describe("a store that is out of reach", () => {
	const outage = new ChatError("unavailable", "The store is full.");

	test("for longer than its patience breaks the reply off: no hole is closed as complete", async () => {
		let isOut = false;
		const whole = store;
		store = {
			...bound(whole),
			append: (...args) =>
				isOut ? Promise.reject(outage) : whole.append(...args),
		};
		chat = newChat();
		await ask("q");
		await script.say("first ");
		isOut = true;
		await clock.advance(100);
		await script.say("lost ");
		await script.say("last");
		await script.say(undefined);
		await clock.advance(21_000);
		isOut = false;
		await clock.advance(21_000);
		expect(await reply()).toMatchObject({
			text: "first ",
			close: { by: "error", code: "unavailable" },
		});
	});

	test("for a moment costs nothing but the moment", async () => {
		let outages = 3;
		const whole = store;
		store = {
			...bound(whole),
			append: (...args) =>
				args[1][0]?.type === "token" && outages-- > 0
					? Promise.reject(outage)
					: whole.append(...args),
		};
		chat = newChat();
		await ask("q");
		await script.say("one ");
		await script.say("two");
		await script.say(undefined);
		await clock.advance(5_000);
		expect(await reply()).toMatchObject({
			text: "one two",
			close: { reason: "complete" },
		});
	});

	test("rejects a message by its id, and says when to try again", async () => {
		store = { ...bound(store), append: () => Promise.reject(outage) };
		chat = newChat();
		await expect(
			chat.send(me, conversation, { id: "q", content: "x" }),
		).rejects.toMatchObject({
			code: "unavailable",
			id: "q",
			retryAfter: 2_000,
		});
	});
});

describe("retry", () => {
	const brokenOff = async () => {
		await ask("q");
		await script.say("Once upon");
		await script.say(new Error("gone"));
	};

	test("answers the question again", async () => {
		await brokenOff();
		const start = await chat.retry(me, conversation, { message: "q" });
		await settle();
		expect(start.data).toMatchObject({ role: "assistant", replyTo: "q" });
		expect(start.data).not.toHaveProperty("continues");
		expect(script.asked[1]?.turns).toHaveLength(1);
	});

	test("continues where the answer was broken off", async () => {
		await brokenOff();
		const { id } = await reply();
		const retry = { message: "q", continue: true };
		const start = await chat.retry(me, conversation, retry);
		await settle();
		expect(start.data).toMatchObject({ continues: id });
		expect(script.asked[1]?.beginning).toBe("Once upon");
		expect(script.asked[1]?.turns.at(-1)).toEqual({
			role: "assistant",
			content: "Once upon",
		});
	});

	test("of an open reply is a conflict, of no question not found", async () => {
		await ask("q");
		await expect(
			chat.retry(me, conversation, { message: "q" }),
		).rejects.toMatchObject({ code: "conflict", id: "q" });
		for (const message of ["nothing", (await reply()).id])
			await expect(
				chat.retry(me, conversation, { message }),
			).rejects.toMatchObject({
				code: "not_found",
				id: message,
			});
	});
});

test("feedback is kept; on what is no answer it is not found", async () => {
	await ask("q");
	const { id } = await reply();
	await chat.rate(me, conversation, { message: id, value: "up" });
	expect((await reply()).feedback).toBe("up");
	for (const message of ["q", "nothing"])
		await expect(
			chat.rate(me, conversation, { message, value: "up" }),
		).rejects.toMatchObject({ code: "not_found", id: message });
});

describe("after a crash", () => {
	test("the open reply is closed as interrupted and waiting questions are answered", async () => {
		await ask("q1");
		await script.say("half");
		await ask("q2");
		// The process is gone: another one opens the same log.
		script = new Script();
		const next = newChat();
		await next.recover();
		await settle();
		const [first] = (await log()).messages.filter(
			(m) => m.role === "assistant",
		);
		expect(first).toMatchObject({
			text: "half",
			close: { code: "interrupted", retryable: true },
		});
		expect(script.asked).toHaveLength(1);
		await script.say("whole");
		await script.say(undefined);
		expect(await reply()).toMatchObject({ replyTo: "q2", text: "whole" });
		await next.drain(0);
	});

	test("a reply whose writer has died is closed by the next request after thirty seconds", async () => {
		await ask("q1");
		await clock.advance(1_000);
		const other = new Script();
		script = other;
		const next = newChat();
		// The old process hangs: its clock stands still while the store's goes on.
		clock.sleep(31_000);
		await next.send(me, conversation, { id: "q2", content: "x" });
		await settle();
		const [first] = (await log()).messages.filter(
			(m) => m.role === "assistant",
		);
		expect(first).toMatchObject({ close: { code: "interrupted" } });
		expect(other.asked).toHaveLength(1);
		await next.drain(0);
	});
});

test("a writer that was presumed dead and returns does not write into another reply", async () => {
	const zombie = script;
	// Hints may be lost: what holds is that the log refuses it.
	const hearing = store;
	store = { ...bound(hearing), watch: () => () => undefined };
	chat = newChat();
	await ask("q1");
	store = hearing;
	await zombie.say("first");
	script = new Script();
	const next = newChat();
	clock.sleep(31_000);
	await next.send(me, conversation, { id: "q2", content: "x" });
	await settle();
	await zombie.say(" from the grave");
	await clock.advance(100);
	await script.say("second");
	await script.say(undefined);
	const replies = (await log()).messages.filter((m) => m.role === "assistant");
	expect(replies.map(({ text }) => text)).toEqual(["first", "second"]);
	expect(zombie.aborted).toBe(1);
	await next.drain(0);
});

describe("draining", () => {
	test("waits for the open reply and takes nothing new", async () => {
		await ask("q");
		const drained = chat.drain(25_000);
		expect(chat.draining).toBe(true);
		await expect(ask("q2")).rejects.toMatchObject({
			code: "unavailable",
			id: "q2",
		});
		await script.say("the end");
		await script.say(undefined);
		await drained;
		expect((await reply()).close).toMatchObject({ reason: "complete" });
	});

	test("closes what is not finished in time", async () => {
		await ask("q");
		await script.say("half");
		const drained = chat.drain(25_000);
		await clock.advance(25_000);
		await drained;
		expect(await reply()).toMatchObject({
			text: "half",
			close: { code: "interrupted" },
		});
		expect(script.aborted).toBe(1);
	});
});
