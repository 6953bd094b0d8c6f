/** What a visitor can add to the store and have read of it is in a budget. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ChatError } from "../../../../protocol/errors.ts";
import { maxContextBytes } from "../../../../protocol/sizes.ts";
import { Chat } from "../../../../server/chat/chat.ts";
import { type Config, defaults } from "../../../../server/config/config.ts";
import { UsageLimits } from "../../../../server/limits/usage.ts";
import { silentLogger } from "../../../../server/operations/logger.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import { sqliteStore } from "../../../../server/store/sqlite/sqlite-store.ts";
import type { Store } from "../../../../server/store/store.ts";
import { type ManualClock, manualClock } from "../../../support/clock.ts";

const folder = mkdtempSync(join(tmpdir(), "chat-stream-stored-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const me = { id: "11111111-2222-4333-8444-555555555555" };
const hello = { type: "hello", version: 1 } as const;
const limited = expect.objectContaining({ code: "rate_limited" });

function chatWith(
	settings: Partial<Config>,
	store: Store,
	clock: ManualClock,
	answer = "an answer",
) {
	const limits = { ...defaults, ...settings };
	return new Chat({
		store,
		clock,
		logger: silentLogger,
		limits,
		settings: limits,
		provider: {
			name: "answers",
			async *reply() {
				yield answer;
			},
		},
		systemPrompt: undefined,
		usageLimits: new UsageLimits(limits, clock),
	});
}

/** Asks a question. @returns the conversation and the id of its closed reply. */
async function ask(
	chat: Chat,
	store: Store,
	clock: ManualClock,
	content = "a question",
) {
	const { conversation } = await chat.enter(me, hello);
	const id = crypto.randomUUID();
	await chat.send(me, conversation, { id, content });
	await clock.advance(1_000);
	const reply = (await store.message(conversation, id))?.reply ?? "";
	return { conversation, id, reply };
}

/** Repeats `attempt` until a limit stops it. @returns how often it succeeded. */
async function untilLimited(attempt: () => Promise<unknown>, most = 100_000) {
	for (let done = 0; done < most; done++)
		try {
			await attempt();
		} catch (error) {
			if (error instanceof ChatError && error.code === "rate_limited")
				return done;
			throw error;
		}
	return most;
}

describe("a rating", () => {
	test("that is repeated adds no event, also after a restart", async () => {
		const clock = manualClock();
		const file = join(folder, "ratings.db");
		let store = sqliteStore(file, clock);
		let chat = chatWith({}, store, clock);
		const { conversation, reply: message } = await ask(chat, store, clock);
		const rate = (value: "up" | "down") =>
			chat.rate(me, conversation, { message, value });
		const first = await rate("up");
		expect(await rate("up")).toEqual(first);
		await store.close();
		store = sqliteStore(file, clock);
		chat = chatWith({}, store, clock);
		expect(await rate("up")).toEqual(first);
		expect((await rate("down")).sequence).toBe(first.sequence + 1);
		await store.close();
	});

	test("given twice at once adds one event", async () => {
		const clock = manualClock();
		const store = memoryStore(clock);
		const chat = chatWith({}, store, clock);
		const { conversation, reply: message } = await ask(chat, store, clock);
		const rating = { message, value: "up" } as const;
		const [one, two] = await Promise.all([
			chat.rate(me, conversation, rating),
			chat.rate(me, conversation, rating),
		]);
		expect(one).toEqual(two);
	});

	test("of one reply changes a bounded number of times a day", async () => {
		const clock = manualClock();
		const store = memoryStore(clock);
		const chat = chatWith({}, store, clock);
		const { conversation, reply: message } = await ask(chat, store, clock);
		let times = 0;
		const changed = await untilLimited(() => {
			const value = times++ % 2 ? "up" : "down";
			return chat.rate(me, conversation, { message, value });
		});
		expect(changed).toBe(20);
		await clock.advance(60_000);
		await expect(
			chat.rate(me, conversation, { message, value: "none" }),
		).rejects.toEqual(limited);
	});

	test("is limited per minute over all replies", async () => {
		const clock = manualClock();
		const store = memoryStore(clock);
		const chat = chatWith({ maxFeedbackPerMinute: 3 }, store, clock);
		const rate = async () => {
			const { conversation, reply: message } = await ask(chat, store, clock);
			await chat.rate(me, conversation, { message, value: "up" });
		};
		expect(await untilLimited(rate)).toBe(3);
		await clock.advance(60_000);
		await rate();
	});
});

describe("commands that store nothing are limited:", () => {
	const clock = manualClock();
	const store = memoryStore(clock);
	const most = defaults.maxMessagesPerMinute * 10;

	test("retries of no question, repeated sends, stops and unknown ratings", async () => {
		const chat = chatWith({}, store, clock);
		const { conversation, id } = await ask(chat, store, clock);
		const ignoreAbsence = (error: ChatError) => {
			if (error.code !== "not_found") throw error;
		};
		const commands = [
			() => chat.retry(me, conversation, { message: "none" }),
			() => chat.send(me, conversation, { id, content: "a question" }),
			() => chat.stop(me, conversation, "none"),
			() => chat.rate(me, conversation, { message: "none", value: "up" }),
		];
		for (const command of commands) {
			await clock.advance(60_000);
			const done = await untilLimited(() => command().catch(ignoreAbsence));
			expect(done).toBeGreaterThan(most - 10);
			expect(done).toBeLessThanOrEqual(most);
		}
	});
});

describe("reading", () => {
	test("of events without a text is limited like reading of answers", async () => {
		const clock = manualClock();
		const store = memoryStore(clock);
		const chat = chatWith({}, store, clock);
		const { conversation, reply: message } = await ask(chat, store, clock);
		const rating = {
			type: "control",
			action: "feedback",
			data: { message, value: "up" },
		} as const;
		await store.append(conversation, Array(2_000).fill(rating));
		let pages = 0;
		const readAll = async () => {
			const reader = new AbortController();
			const { ready, first, rest } = await chat.open(
				me,
				{ conversation },
				reader.signal,
			);
			for (let { events } = first; ; ) {
				pages++;
				if ((events.at(-1)?.sequence ?? 0) >= ready.head) break;
				events = (await rest.next()).value?.events ?? [];
			}
			reader.abort();
		};
		expect(await untilLimited(readAll)).toBeLessThan(400);
		expect(pages).toBeGreaterThan(1_000);
	});

	test("of an empty page again and again is limited, too", async () => {
		const clock = manualClock();
		const store = memoryStore(clock);
		const chat = chatWith({}, store, clock);
		const { conversation } = await ask(chat, store, clock);
		const look = async () => {
			const reader = new AbortController();
			const cursor = { conversation, after: 4 };
			await chat.open(me, cursor, reader.signal);
			reader.abort();
		};
		expect(await untilLimited(look)).toBeLessThan(60_000);
	});
});

describe("the bytes of a day", () => {
	const budget = 3_000_000;
	/** Six bytes of JSON for each character, the most there is. */
	const worst = "\u0001".repeat(defaults.maxContentChars - 1);
	const endless = {
		maxMessagesPerMinute: 0,
		maxMessagesPerDay: 0,
		maxFeedbackPerMinute: 0,
		maxOpenRepliesPerVisitor: 0,
		maxTokensPerVisitorDay: 0,
	};

	const attacks: Record<
		string,
		(chat: Chat, store: Store, clock: ManualClock) => Promise<unknown>
	> = {
		"the largest messages": (chat, store, clock) =>
			ask(chat, store, clock, `x${worst}`),
		"messages that just miss a page": (chat, store, clock) =>
			ask(chat, store, clock, "x".repeat(4_200)),
		"the shortest messages": (chat, store, clock) =>
			ask(chat, store, clock, "x"),
		"new conversations": async (chat, _, clock) => {
			await clock.advance(1_000);
			return chat.enter(me, hello);
		},
		retries: (() => {
			let asked: Awaited<ReturnType<typeof ask>> | undefined;
			return async (chat: Chat, store: Store, clock: ManualClock) => {
				asked ??= await ask(chat, store, clock, "x");
				await chat.retry(me, asked.conversation, { message: asked.id });
				await clock.advance(1_000);
			};
		})(),
	};
	for (const [name, attack] of Object.entries(attacks))
		test(`bound what the file grows by ${name}`, async () => {
			const clock = manualClock();
			const file = join(folder, `${name.replaceAll(" ", "-")}.db`);
			const store = sqliteStore(file, clock);
			const settings = { ...endless, maxStoredPerVisitorDay: budget };
			const chat = chatWith(settings, store, clock);
			const done = await untilLimited(() => attack(chat, store, clock));
			expect(done).toBeGreaterThan(40);
			await store.close();
			expect(statSync(file).size).toBeLessThan(budget);
		}, 60_000);

	test("end an answer that would exceed them", async () => {
		const clock = manualClock();
		const store = memoryStore(clock);
		const settings = { ...endless, maxStoredPerVisitorDay: 100_000 };
		const chat = chatWith(settings, store, clock, "x".repeat(30_000));
		const { conversation } = await ask(chat, store, clock);
		const page = await store.read(conversation, 0);
		expect(page?.events.at(-1)).toMatchObject({ data: { reason: "length" } });
		await expect(ask(chat, store, clock)).rejects.toEqual(limited);
	});

	test("are at most 25 MB by default, and without them the other limits allow more", () => {
		const { maxMessagesPerDay, maxContentChars } = defaults;
		const { maxTokensPerVisitorDay, maxStoredPerVisitorDay } = defaults;
		const { maxFeedbackPerMinute } = defaults;
		const messages =
			maxMessagesPerDay * (6 * maxContentChars + maxContextBytes);
		const answers = maxTokensPerVisitorDay * 4;
		const ratings = maxFeedbackPerMinute * 60 * 24 * 155;
		expect(maxStoredPerVisitorDay).toBeLessThanOrEqual(25_000_000);
		expect(messages + answers + ratings).toBeGreaterThan(
			maxStoredPerVisitorDay,
		);
		// A visitor who writes as much as a book a day never notices.
		expect(maxMessagesPerDay * 20_000).toBeLessThan(maxStoredPerVisitorDay);
	});
});

describe("one address", () => {
	const office = { group: "192.0.2.1", isLocal: false };
	const homes = Array.from({ length: 10 }, (_, i) => ({
		group: `20010db8000000${i}0/64`,
		wider: "20010db80000/48",
		isLocal: false,
	}));
	const settings = {
		...defaults,
		maxMessagesPerAddressMinute: 3,
		maxConversationsPerAddressMinute: 3,
		maxTokensPerAddressDay: 1_500,
	};
	let ids = 0;
	const visitorAt = (address: typeof office) => ({ id: `${++ids}`, address });
	const count = async (attempt: (limits: UsageLimits) => void) => {
		const limits = new UsageLimits(settings, manualClock());
		return untilLimited(async () => attempt(limits), 20);
	};

	test("has as many messages, conversations and tokens as its limits, however many visitors it makes", async () => {
		expect(
			await count((limits) => limits.countMessage(visitorAt(office), "a")),
		).toBe(3);
		expect(
			await count((limits) => limits.countConversation(visitorAt(office))),
		).toBe(3);
		const replies = await count((limits) => {
			const visitor = visitorAt(office);
			limits.countMessage(visitor, "a");
			limits.openReply(visitor.id).release({ input: 600, output: 0 });
		});
		expect(replies).toBe(3);
	});

	test("is not limited on this machine", async () => {
		const local = { ...office, isLocal: true };
		expect(
			await count((limits) => limits.countMessage(visitorAt(local), "a")),
		).toBe(20);
	});

	test("of a /48 network shares twice the limit with the others in it", async () => {
		let home = 0;
		const next = () => visitorAt(homes[home++ % 10] ?? office);
		expect(await count((limits) => limits.countMessage(next(), "a"))).toBe(6);
		expect(await count((limits) => limits.countConversation(next()))).toBe(6);
	});
});

test("one visitor gets at most 2 % of the tokens of the site's day by default", () => {
	const { maxTokensPerDay, maxTokensPerVisitorDay, maxTokensPerAddressDay } =
		defaults;
	expect(maxTokensPerVisitorDay / maxTokensPerDay).toBeLessThanOrEqual(0.02);
	expect(maxTokensPerAddressDay).toBeLessThan(maxTokensPerDay);
});

test("a conversation of another visitor is refused like one that does not exist, by its head alone", async () => {
	const clock = manualClock();
	const store = memoryStore(clock);
	const chat = chatWith({}, store, clock);
	const { conversation, id, reply } = await ask(chat, store, clock);
	const noRead = () => Promise.reject(new Error("The log was read."));
	store.read = noRead;
	store.message = noRead;
	store.text = noRead;
	store.append = noRead;
	const stranger = { id: "another" };
	const { signal } = new AbortController();
	const verbs: ((conversation: string) => Promise<unknown>)[] = [
		(conversation) => chat.enter(stranger, { ...hello, conversation }),
		(conversation) => chat.open(stranger, { conversation }, signal),
		(conversation) =>
			chat.send(stranger, conversation, { id, content: "a question" }),
		(conversation) => chat.stop(stranger, conversation),
		(conversation) => chat.retry(stranger, conversation, { message: id }),
		(conversation) =>
			chat.rate(stranger, conversation, { message: reply, value: "up" }),
	];
	for (const verb of verbs) {
		const [foreign, absent] = await Promise.all(
			[conversation, "absent"].map(async (of) => {
				const error = await verb(of).catch((error: unknown) => error);
				if (!(error instanceof ChatError)) throw error;
				const { code, message, id, retryAfter } = error;
				return { code, message, id, retryAfter };
			}),
		);
		expect(foreign?.code).toBe("not_found");
		expect(foreign).toEqual(absent);
	}
});
