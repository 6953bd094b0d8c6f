import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Chat } from "../../../../server/chat/chat.ts";
import { VisitorData } from "../../../../server/chat/visitor-data.ts";
import { defaults } from "../../../../server/config/config.ts";
import { silentLogger } from "../../../../server/operations/logger.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import type { Store } from "../../../../server/store/store.ts";
import {
	type ManualClock,
	manualClock,
	settle,
} from "../../../support/clock.ts";
import {
	end,
	failure,
	feedback,
	question,
	reply,
	token,
} from "../../../support/drafts.ts";

const ann = { id: "ann" };
let clock: ManualClock;
let store: Store;
let data: VisitorData;

beforeEach(() => {
	clock = manualClock();
	store = memoryStore(clock);
	data = new VisitorData(store);
});
afterEach(() => store.close());

const copyOf = async (visitor: { id: string }) => {
	const chunks = await Array.fromAsync(data.copy(visitor));
	return { chunks, copy: JSON.parse(chunks.join("")) };
};
const idsOf = async (owner: string) =>
	(await store.list({ owner, limit: 1_000 })).map(
		(entry) => entry.conversation,
	);

describe("a copy", () => {
	test("holds all that is kept: words, times, contexts, ends and feedback", async () => {
		await store.create("c", "ann");
		await store.append("c", [question("q", "How?"), reply("r")], {
			context: { url: "/boots" },
		});
		await store.append("c", [token("Like "), token("this")]);
		await store.append("c", [end("r", "Like this"), feedback("r", "up")]);
		const broken = [question("q2", "And?"), reply("r2", "q2"), token("We")];
		await store.append("c", [...broken, failure("r2", "We")]);
		await store.append("c", [question("q3", "So?"), reply("r3", "q3")]);
		const { copy } = await copyOf(ann);
		const at = "1970-01-01T00:00:00.001Z";
		const context = { url: "/boots" };
		const [q, r, q2, r2, q3, r3] = copy.conversations[0].messages;
		expect(q).toEqual({ id: "q", role: "user", at, text: "How?", context });
		expect(r).toEqual({
			id: "r",
			role: "assistant",
			at,
			text: "Like this",
			replyTo: "q",
			close: { by: "end", reason: "complete" },
			feedback: "up",
		});
		expect(q2).toEqual({ id: "q2", role: "user", at, text: "And?" });
		expect(r2).toMatchObject({ text: "We", close: { code: "interrupted" } });
		expect(q3).toMatchObject({ text: "So?" });
		expect(r3).not.toHaveProperty("close");
		expect(copy).toMatchObject({
			visitor: "ann",
			conversations: [
				{
					conversation: "c",
					lastChanged: new Date(clock.now()).toISOString(),
				},
			],
		});
	});

	test("contains every conversation of the visitor, one at a time, and no other", async () => {
		for (let i = 0; i < 100; i++) {
			const owner = i % 2 ? "ann" : "bob";
			await store.create(`c${i}`, owner);
			await store.append(`c${i}`, [question("q", `${owner} ${i}`)]);
		}
		const { chunks, copy } = await copyOf(ann);
		expect(copy.conversations).toHaveLength(50);
		expect(chunks).toHaveLength(52);
		expect(chunks.join("")).not.toContain("bob");
	});

	test("of a stranger is empty, and any text stands in it as it is", async () => {
		expect((await copyOf({ id: 'x"y' })).copy).toEqual({
			visitor: 'x"y',
			conversations: [],
		});
		await store.create("c", "ann");
		const text = '"\\\n\u2028 </script> 👩';
		await store.append("c", [question("q", text)]);
		const { copy } = await copyOf(ann);
		expect(copy.conversations[0].messages[0].text).toBe(text);
	});

	test("leaves out what is removed while it is made", async () => {
		for (const id of ["a", "b", "c"]) await store.create(id, "ann");
		const chunks = data.copy(ann);
		const first = [await chunks.next(), await chunks.next()];
		await store.remove("b");
		const rest = await Array.fromAsync(chunks);
		const text = [...first.map(({ value }) => value), ...rest].join("");
		const ids = JSON.parse(text).conversations.map(
			({ conversation }: { conversation: string }) => conversation,
		);
		expect(ids).toEqual(["a", "c"]);
	});
});

describe("a deletion", () => {
	test("deletes every conversation of the visitor and no others, and can be repeated", async () => {
		for (let i = 0; i < 150; i++)
			await store.create(`c${i}`, i % 3 ? "ann" : "bob");
		expect(await data.delete(ann)).toBe(100);
		expect(await idsOf("ann")).toEqual([]);
		expect(await idsOf("bob")).toHaveLength(50);
		expect(await data.delete(ann)).toBe(0);
	});

	test("ends the open reply: its provider is aborted, its reader gets an error, no event follows", async () => {
		const signals: AbortSignal[] = [];
		const late = Promise.withResolvers<string>();
		const chat = new Chat({
			store,
			provider: {
				name: "held",
				async *reply(_request, signal) {
					signals.push(signal);
					yield "first";
					yield await late.promise;
				},
			},
			clock,
			logger: silentLogger,
			limits: defaults,
			settings: defaults,
			systemPrompt: undefined,
		});
		const hello = { type: "hello", version: 1 } as const;
		const { conversation } = await chat.enter(ann, hello);
		const stop = new AbortController();
		const { rest } = await chat.open(ann, { conversation }, stop.signal);
		await chat.send(ann, conversation, { id: "q", content: "?" });
		await chat.send(ann, conversation, { id: "q2", content: "waits" });
		await settle();
		expect(chat.openReplies).toBe(1);

		expect(await data.delete(ann)).toBe(1);
		await settle();
		expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
		expect(chat.openReplies).toBe(0);
		late.resolve("late");
		await clock.advance(60_000);
		const told = Array.fromAsync(rest).catch((error) => error.code);
		expect(await told).toBe("not_found");
		expect(await store.read(conversation, 0)).toBeUndefined();
		expect(await store.unfinished()).toEqual([]);

		// No door brings it back, and the visitor begins with nothing.
		const again = { conversation, epoch: "x", after: 3 };
		for (const work of [
			chat.open(ann, again, stop.signal),
			chat.enter(ann, { ...hello, conversation }),
			chat.send(ann, conversation, { id: "q", content: "?" }),
			chat.stop(ann, conversation),
			chat.retry(ann, conversation, { message: "q" }),
			chat.rate(ann, conversation, { message: "r", value: "up" }),
		])
			expect(await work.catch((error) => error.code)).toBe("not_found");
		expect((await chat.enter(ann, hello)).head).toBe(0);
		stop.abort();
		await chat.drain(0);
	});

	test("wins against a send under way, whichever comes first", async () => {
		const clock = manualClock();
		const chat = new Chat({
			store,
			provider: { name: "mute", async *reply() {} },
			clock,
			logger: silentLogger,
			limits: defaults,
			settings: defaults,
			systemPrompt: undefined,
		});
		for (let turns = 0; turns < 8; turns++) {
			const { conversation } = await chat.enter(ann, {
				type: "hello",
				version: 1,
			});
			const send = chat.send(ann, conversation, { id: "q", content: "?" });
			const sent = send.then(
				() => "stored",
				(error) => error.code,
			);
			for (let i = 0; i < turns; i++) await Promise.resolve();
			expect(await data.delete(ann)).toBe(1);
			expect(["stored", "not_found"]).toContain(await sent);
			await settle();
			expect(await store.read(conversation, 0)).toBeUndefined();
		}
		await chat.drain(0);
	});
});
