import { expect, test } from "bun:test";
import { Batching } from "../../../../server/chat/batching.ts";
import { manualClock } from "../../../support/clock.ts";

const clock = manualClock();
const after = (maxMs: number, roundTripMs: number, times = 1_000) => {
	const batching = new Batching(maxMs, clock);
	for (let time = 0; time < times; time++) batching.record(roundTripMs);
	return batching;
};

test("an idle server appends at once", () => {
	expect(new Batching(40, clock).batchMs).toBe(0);
	expect(after(40, 3).batchMs).toBe(0);
	let appends = 0;
	after(40, 3).run(() => appends++);
	expect(appends).toBe(1);
});

test("a busy server batches longer, up to the longest interval", () => {
	expect(after(40, 6).batchMs).toBeCloseTo(8, 1);
	expect(after(40, 500).batchMs).toBe(40);
});

test("one slow append alone is no load", () => {
	expect(after(40, 50, 1).batchMs).toBe(0);
});

test("an interval of 0 stays 0 on a busy server", () => {
	expect(after(0, 500).batchMs).toBe(0);
});

test("under load all replies append together, by one timer", async () => {
	const batching = after(40, 500);
	const appends: string[] = [];
	batching.run(() => appends.push("first"));
	await clock.advance(0);
	expect(appends).toEqual(["first"]);
	const pending = clock.pending;
	batching.run(() => appends.push("a"));
	batching.run(() => appends.push("b"));
	expect(clock.pending).toBe(pending + 1);
	await clock.advance(39);
	expect(appends).toEqual(["first"]);
	await clock.advance(1);
	expect(appends).toEqual(["first", "a", "b"]);
});
