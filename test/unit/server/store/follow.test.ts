import { beforeEach, describe, expect, test } from "bun:test";
import type { LogEvent } from "../../../../protocol/frames.ts";
import {
	type Batch,
	follow,
	mergeTokens,
} from "../../../../server/store/follow.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import type { Store } from "../../../../server/store/store.ts";
import { manualClock, settle } from "../../../support/clock.ts";
import { question, reply, token } from "../../../support/drafts.ts";

describe("follow", () => {
	let clock = manualClock();
	let store: Store;
	/** What wakes the readers; a test may keep it from them. */
	let deaf = false;
	/** Whether the engine passes what it stored. */
	let passes = true;
	let reads = 0;
	let watches = 0;

	beforeEach(async () => {
		clock = manualClock();
		const inner = memoryStore(clock);
		deaf = false;
		passes = true;
		reads = 0;
		watches = 0;
		store = {
			...inner,
			read: (...args) => {
				reads++;
				return inner.read(...args);
			},
			watch: (conversation, hint) => {
				watches++;
				const unwatch = inner.watch(
					conversation,
					(stored) => !deaf && hint(passes ? stored : undefined),
				);
				return () => {
					watches--;
					unwatch();
				};
			},
		};
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r")]);
	});

	const start = (after: number) => {
		const abort = new AbortController();
		const batches: Batch[] = [];
		const { signal } = abort;
		const done = (async () => {
			for await (const batch of follow(store, "c", after, { signal, clock }))
				batches.push(batch);
			return "ended";
		})().catch((error) => error.code);
		return { abort, batches, done };
	};

	test("a reader that keeps up gets each append in its turn, without a read", async () => {
		const { signal } = new AbortController();
		const pushed: Batch[] = [];
		let hasSpace = true;
		const push = (batch: Batch) => {
			if (hasSpace) pushed.push(batch);
			return hasSpace;
		};
		const epoch = (await store.head("c"))?.epoch ?? "";
		const reader = follow(store, "c", 2, { signal, clock, epoch, push });
		const next = reader.next();
		await settle();
		const before = reads;
		await store.append("c", [token("a")]);
		await store.append("c", [token("b")]);
		expect(pushed.map(({ head }) => head)).toEqual([3, 4]);
		expect(reads).toBe(before);
		hasSpace = false;
		await store.append("c", [token("c")]);
		expect((await next).value?.events).toMatchObject([{ content: "c" }]);
		expect(pushed).toHaveLength(2);
		await reader.return?.();
	});

	test("a gap, another epoch or an engine without pages lead to a read", async () => {
		const { signal } = new AbortController();
		const pushed: Batch[] = [];
		const push = (batch: Batch) => pushed.push(batch) > 0;
		const epoch = (await store.head("c"))?.epoch ?? "";
		const reader = follow(store, "c", 2, { signal, clock, epoch, push });
		let next = reader.next();
		await settle();
		passes = false;
		await store.append("c", [token("a")]);
		expect((await next).value?.events).toMatchObject([{ content: "a" }]);
		next = reader.next();
		deaf = true;
		await store.append("c", [token("b")]);
		deaf = false;
		passes = true;
		await store.append("c", [token("c")]);
		expect((await next).value?.events).toMatchObject([{ content: "bc" }]);
		next = reader.next().catch((error) => error.code);
		await settle();
		await store.remove("c");
		await store.create("c", "bob");
		await store.append("c", [question("q"), reply("r")]);
		expect(await next).toBe("not_found" as never);
		expect(pushed).toEqual([]);
	});

	test("a lost hint is made good by the tick", async () => {
		deaf = true;
		const { abort, batches, done } = start(2);
		await settle();
		await store.append("c", [token("a")]);
		await clock.advance(999);
		expect(batches).toEqual([]);
		await clock.advance(1);
		expect(batches).toMatchObject([{ head: 3, events: [{ content: "a" }] }]);
		await store.append("c", [token("b")]);
		await clock.advance(1_000);
		expect(batches).toHaveLength(2);
		abort.abort();
		expect(await done).toBe("ended");
	});

	test("hints set no timers, and many hints are one read", async () => {
		const { abort, done } = start(2);
		await settle();
		const { pending } = clock;
		reads = 0;
		await Promise.all([..."abcdef"].map((c) => store.append("c", [token(c)])));
		await settle();
		expect(reads).toBeLessThanOrEqual(2);
		expect(clock.pending).toBe(pending);
		expect(pending).toBe(1);
		abort.abort();
		await done;
	});

	test("a slow reader gets what piled up as one batch", async () => {
		const { signal } = new AbortController();
		const reader = follow(store, "c", 0, { signal, clock });
		expect((await reader.next()).value?.events).toHaveLength(2);
		for (let i = 0; i < 100; i++) await store.append("c", [token("x")]);
		const { value } = await reader.next();
		expect(value?.head).toBe(102);
		expect(value?.events.at(-1)?.sequence).toBe(102);
		await reader.return?.();
		expect([watches, clock.pending]).toEqual([0, 0]);
	});

	test("a long log comes in several batches without waiting for a hint", async () => {
		for (let i = 0; i < 600; i++) await store.append("c", [question(`${i}`)]);
		deaf = true;
		const { abort, batches, done } = start(0);
		await settle(10);
		expect(batches.length).toBeGreaterThan(1);
		expect(batches.flatMap(({ events }) => events)).toHaveLength(602);
		abort.abort();
		await done;
	});

	test("abort frees everything, even if the reader never comes back", async () => {
		const abort = new AbortController();
		const reader = follow(store, "c", 0, { signal: abort.signal, clock });
		await reader.next();
		expect([watches, clock.pending]).toEqual([1, 1]);
		abort.abort();
		expect([watches, clock.pending]).toEqual([0, 0]);
		expect(await reader.next()).toEqual({ done: true, value: undefined });
	});

	test("an aborted signal reads nothing", async () => {
		const signal = AbortSignal.abort();
		const reader = follow(store, "c", 0, { signal, clock });
		expect((await reader.next()).done).toBe(true);
		expect([reads, watches, clock.pending]).toEqual([0, 0, 0]);
	});

	test("a log that is gone is not_found", async () => {
		const abort = new AbortController();
		const { signal } = abort;
		const reader = follow(store, "none", 0, { signal, clock });
		expect(await reader.next().catch(({ code }) => code)).toBe("not_found");
		expect([watches, clock.pending]).toEqual([0, 0]);
	});

	test("another log in its place is not_found", async () => {
		const { done, batches } = start(0);
		await settle();
		expect(batches).toHaveLength(1);
		const { read } = store;
		store.read = async (...args) => {
			const page = await read(...args);
			return page && { ...page, epoch: "another" };
		};
		await clock.advance(1_000);
		expect(await done).toBe("not_found");
		expect([watches, clock.pending]).toEqual([0, 0]);
	});
});

describe("mergeTokens", () => {
	const tokenAt = (sequence: number, content = `${sequence}`): LogEvent => ({
		type: "token",
		content,
		sequence,
	});
	const startAt = (sequence: number) =>
		({ ...question(`q${sequence}`), sequence }) as LogEvent;

	test("adjacent tokens become one, others stay as they are", () => {
		const events = [startAt(1), tokenAt(2), tokenAt(3), startAt(4), tokenAt(5)];
		expect(mergeTokens(events)).toEqual([
			startAt(1),
			{ type: "token", content: "23", sequence: 3, from: 2 },
			startAt(4),
			tokenAt(5),
		]);
	});

	test("merged tokens merge further", () => {
		const merged = mergeTokens([tokenAt(2), tokenAt(3)]);
		expect(mergeTokens([...merged, tokenAt(4)])).toEqual([
			{ type: "token", content: "234", sequence: 4, from: 2 },
		]);
	});

	test("tokens with a gap between them stay apart", () => {
		const events = [tokenAt(2), tokenAt(4)];
		expect(mergeTokens(events)).toEqual(events);
	});

	test("no merged token is longer than maxChars", () => {
		const events = [tokenAt(1, "abc"), tokenAt(2, "de"), tokenAt(3, "f")];
		expect(mergeTokens(events, 5)).toEqual([
			{ type: "token", content: "abcde", sequence: 2, from: 1 },
			tokenAt(3, "f"),
		]);
		expect(mergeTokens(events, 1)).toEqual(events);
	});
});
