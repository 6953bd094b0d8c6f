/** Limits on what a visitor may cost. Numbers in names are rows of the security checklist. */
import { beforeEach, describe, expect, test } from "bun:test";
import { Chat } from "../../../../server/chat/chat.ts";
import { type Config, defaults } from "../../../../server/config/config.ts";
import { UsageLimits } from "../../../../server/limits/usage.ts";
import { silentLogger } from "../../../../server/operations/logger.ts";
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

let clock: ManualClock;
let store: Store;
let asked: ReplyRequest[];
let ends: (() => void)[];

/** A chat whose model says `pieces` and then waits for its end. */
function chatWith(settings: Partial<Config>, pieces: readonly Chunk[] = []) {
	const limits = { ...defaults, ...settings };
	return new Chat({
		store,
		clock,
		logger: silentLogger,
		limits,
		settings: limits,
		provider: {
			name: "held",
			async *reply(request) {
				asked.push(request);
				const ended = new Promise<void>((resolve) => ends.push(resolve));
				yield* pieces;
				await ended;
			},
		},
		systemPrompt: undefined,
		usageLimits: new UsageLimits(limits, clock),
	});
}

beforeEach(() => {
	clock = manualClock();
	store = memoryStore(clock);
	asked = [];
	ends = [];
});

const hello = { type: "hello", version: 1 } as const;
let ids = 0;

async function ask(chat: Chat, visitor = "me", content = "question") {
	const { conversation } = await chat.enter({ id: visitor }, hello);
	const id = `${++ids}`;
	await chat.send({ id: visitor }, conversation, { id, content });
	await clock.advance(100);
	return { conversation, id };
}

async function endAll() {
	for (const end of ends.splice(0)) end();
	await clock.advance(100);
}

const limited = expect.objectContaining({
	code: "rate_limited",
	retryAfter: expect.any(Number),
});

/** How the newest reply of a conversation was closed. */
async function closeOf(conversation: string) {
	const page = await store.read(conversation, 0);
	return page?.events.findLast(
		(event) =>
			event.type === "control" &&
			(event.action === "end" || event.action === "error"),
	);
}

describe("replies at once", () => {
	test("are limited per visitor, over all conversations, and their places are freed", async () => {
		const chat = chatWith({ maxOpenRepliesPerVisitor: 2 });
		await ask(chat);
		await ask(chat);
		await expect(ask(chat)).rejects.toEqual(limited);
		await ask(chat, "another");
		await endAll();
		await ask(chat);
		expect(asked).toHaveLength(4);
	});

	test("are limited for the site", async () => {
		const chat = chatWith({ maxOpenReplies: 2 });
		await ask(chat, "one");
		await ask(chat, "two");
		await expect(ask(chat, "three")).rejects.toEqual(limited);
	});

	test("free their places after a stop, a failed append and an answer that waited", async () => {
		const chat = chatWith({ maxOpenReplies: 1 });
		const me = { id: "me" };
		for (let i = 0; i < 3; i++) {
			const { conversation } = await ask(chat);
			await chat.send(me, conversation, { id: `later ${i}`, content: "b" });
			await chat.stop(me, conversation);
			await clock.advance(100);
			await endAll();
			await endAll();
		}
		expect(asked).toHaveLength(6);
		const whole = store.append;
		store.append = async () => {
			throw new Error("no");
		};
		const { conversation } = await chat.enter(me, hello);
		const send = { id: "x", content: "x" };
		for (let i = 0; i < 3; i++)
			await expect(chat.send(me, conversation, send)).rejects.toThrow("no");
		store.append = whole;
		await ask(chat);
		expect(asked).toHaveLength(7);
	});
});

describe("tokens per day", () => {
	test("security 49: a hundred concurrent messages with a budget for one make one call", async () => {
		const chat = chatWith({
			maxTokensPerDay: 500,
			maxOpenRepliesPerVisitor: 0,
			maxMessagesPerMinute: 0,
		});
		const visitors = Array.from({ length: 100 }, (_, i) => `visitor ${i}`);
		const sent = visitors.map(async (id) => {
			const { conversation } = await chat.enter({ id }, hello);
			return chat.send({ id }, conversation, { id: `q ${id}`, content: "x" });
		});
		const results = await Promise.allSettled(sent);
		await clock.advance(100);
		expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(
			1,
		);
		expect(asked).toHaveLength(1);
	});

	test("security 50: used up for the site they stop every visitor, with a retry time", async () => {
		const usage = { input: 400, output: 200 };
		const chat = chatWith({ maxTokensPerDay: 500 }, ["text", { usage }]);
		await ask(chat, "one");
		await endAll();
		const failure = await ask(chat, "two").catch((error) => error);
		expect(failure.code).toBe("rate_limited");
		expect(failure.retryAfter).toBeGreaterThan(86_000_000);
		expect(asked).toHaveLength(1);
	});

	test("used up by one visitor they stop only that visitor", async () => {
		const usage = { input: 400, output: 200 };
		const chat = chatWith({ maxTokensPerVisitorDay: 500 }, [{ usage }]);
		const { conversation, id: message } = await ask(chat);
		await endAll();
		await expect(ask(chat)).rejects.toEqual(limited);
		await expect(
			chat.retry({ id: "me" }, conversation, { message }),
		).rejects.toEqual(limited);
		await ask(chat, "another");
	});

	test("are estimated as a quarter of the characters, and end a long answer", async () => {
		const pieces = Array.from({ length: 50 }, () => "x".repeat(400));
		const slowly = pieces.flatMap((piece) => [piece]);
		const chat = chatWith({ maxTokensPerVisitorDay: 1_500 }, slowly);
		const { conversation } = await ask(chat);
		expect(await closeOf(conversation)).toMatchObject({
			data: { reason: "length" },
		});
		const page = await store.read(conversation, 0);
		const text = page?.events
			.map((event) => (event.type === "token" ? event.content : ""))
			.join("");
		// Counted in steps of 2000 characters.
		expect(text?.length).toBeGreaterThanOrEqual(6_000);
		expect(text?.length).toBeLessThan(9_000);
	});

	test("the provider's own count replaces the estimate", async () => {
		const usage = { input: 1, output: 1 };
		const text = "x".repeat(1_600);
		const chat = chatWith({ maxTokensPerVisitorDay: 450 }, [text, { usage }]);
		for (let i = 0; i < 3; i++) {
			await ask(chat);
			await endAll();
		}
		expect(asked).toHaveLength(3);
	});

	test("a waiting question whose budget is used up is closed with an error and not sent to the model", async () => {
		const usage = { input: 400, output: 200 };
		const chat = chatWith({ maxTokensPerVisitorDay: 1_500 }, [{ usage }]);
		const me = { id: "me" };
		const { conversation } = await ask(chat);
		for (const id of ["b", "c", "d"])
			await chat.send(me, conversation, { id, content: id });
		for (let i = 0; i < 4; i++) await endAll();
		expect(asked).toHaveLength(3);
		expect(await closeOf(conversation)).toMatchObject({
			action: "error",
			data: { code: "rate_limited", text: expect.stringMatching(/one day/) },
		});
	});
});

describe("reading", () => {
	const long = "x".repeat(490_000);

	test("of a long log again and again ends for its visitor, and for nobody else", async () => {
		const chat = chatWith({}, [long]);
		const { conversation } = await ask(chat);
		await endAll();
		const read = async () => {
			for (let times = 0; times < 1_000; times++) {
				const reader = new AbortController();
				await chat.open({ id: "me" }, { conversation }, reader.signal);
				reader.abort();
			}
		};
		await expect(read()).rejects.toMatchObject({ code: "rate_limited" });
		expect(asked).toHaveLength(1);
		expect(await ask(chat, "another")).toBeDefined();
	});

	test("is not needed to send, retry, stop, rate or close, however long the log is", async () => {
		const chat = chatWith({}, [long]);
		const me = { id: "me" };
		const { conversation, id } = await ask(chat);
		await endAll();
		store.read = () => Promise.reject(new Error("The log was read."));
		const content = "question";
		const { data } = await chat.send(me, conversation, { id, content });
		expect(data.message).toBe(id);
		await chat.stop(me, conversation);
		await chat.send(me, conversation, { id: "b", content });
		await chat.send(me, conversation, { id: "c", content });
		await chat.stop(me, conversation);
		await endAll();
		await endAll();
		const again = await chat.retry(me, conversation, { message: "b" });
		const { message } = again.data;
		await chat.rate(me, conversation, { message, value: "up" });
		for (let i = 0; i < 3; i++) await endAll();
		expect(asked).toHaveLength(4);
		expect((await store.head(conversation))?.open).toBeUndefined();
	});
});

describe("what the model receives of earlier turns", () => {
	test("reaches the provider", async () => {
		const chat = chatWith({ maxHistoryChars: 40 }, ["an answer"]);
		const me = { id: "me" };
		const { conversation } = await ask(chat, "me", "the first question");
		for (const id of ["second", "third"]) {
			await endAll();
			await chat.send(me, conversation, { id, content: `the ${id} question` });
			await settle();
			await clock.advance(100);
		}
		expect(asked[1]?.turns.map(({ content }) => content)).toEqual([
			"the second question",
		]);
	});
});
