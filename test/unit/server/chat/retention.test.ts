import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ChatError } from "../../../../protocol/errors.ts";
import { startRetention } from "../../../../server/chat/retention.ts";
import type { Logger } from "../../../../server/operations/logger.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import type { Store } from "../../../../server/store/store.ts";
import { type ManualClock, manualClock } from "../../../support/clock.ts";
import { question, reply, token } from "../../../support/drafts.ts";

const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;
let clock: ManualClock;
let store: Store;
let logged: [string, unknown][];
let stop: (() => Promise<void>) | undefined;

const logger: Logger = (_level, event, facts) => logged.push([event, facts]);
const start = (retentionDays: number) => {
	stop = startRetention({ store, clock, logger, retentionDays });
};
const kept = async () =>
	(await store.list({ limit: 1_000 })).map(({ conversation }) => conversation);

beforeEach(() => {
	clock = manualClock();
	store = memoryStore(clock);
	logged = [];
});
afterEach(async () => {
	await stop?.();
	await store.close();
});

describe("retention", () => {
	test("deletes at startup conversations silent for the retention period, and no others", async () => {
		await store.create("old", "ann");
		await store.append("old", [question("q")]);
		await store.create("empty", "ann");
		clock.sleep(1_000);
		await store.create("young", "ann");
		clock.sleep(30 * dayMs - 1_000);
		start(30);
		await clock.advance(100);
		expect(await kept()).toEqual(["young"]);
		expect(await store.read("old", 0)).toBeUndefined();
		expect(logged).toEqual([["retention", { deleted: 2 }]]);
	});

	test("counts from the newest event, be it a token of an open reply", async () => {
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r")]);
		clock.sleep(dayMs - 1);
		await store.append("c", [token("still there")]);
		clock.sleep(1);
		start(1);
		await clock.advance(0);
		expect(await kept()).toEqual(["c"]);
	});

	test("comes back every hour, and says nothing when there was nothing to do", async () => {
		await store.create("c", "ann");
		start(1);
		await clock.advance(dayMs - hourMs);
		expect(await kept()).toEqual(["c"]);
		await clock.advance(hourMs);
		expect(await kept()).toEqual([]);
		await clock.advance(3 * hourMs);
		expect(logged).toEqual([["retention", { deleted: 1 }]]);
	});

	test("works in batches, with time for others between them", async () => {
		for (let i = 0; i < 100; i++) await store.create(`c${i}`, "ann");
		clock.sleep(dayMs);
		start(1);
		const left: number[] = [];
		for (let i = 0; i < 5; i++) {
			await clock.advance(i === 0 ? 0 : 100);
			left.push((await kept()).length);
		}
		expect(left).toEqual([68, 36, 4, 0, 0]);
	});

	test("spares a conversation that gets a message at that moment", async () => {
		await store.create("c", "ann");
		clock.sleep(dayMs);
		const { quiet } = store;
		store.quiet = async (...args) => {
			const found = await quiet(...args);
			await store.append("c", [question("q")]);
			return found;
		};
		start(1);
		await clock.advance(0);
		expect(await kept()).toEqual(["c"]);
	});

	test("that fails says so, and is tried again an hour later", async () => {
		await store.create("c", "ann");
		clock.sleep(dayMs);
		const { remove } = store;
		store.remove = () =>
			Promise.reject(new ChatError("unavailable", "The disk is full."));
		start(1);
		await clock.advance(0);
		expect(logged.map(([event]) => event)).toEqual(["retention_failed"]);
		store.remove = remove;
		await clock.advance(hourMs);
		expect(await kept()).toEqual([]);
	});

	test("stops, twice if you like, and leaves no timer", async () => {
		for (let i = 0; i < 100; i++) await store.create(`c${i}`, "ann");
		clock.sleep(dayMs);
		start(1);
		await stop?.();
		await stop?.();
		expect(clock.pending).toBe(0);
		expect(await kept()).toHaveLength(68);
	});
});
