import { expect, test } from "bun:test";
import { Batching } from "../../../../server/chat/batching.ts";

const after = (leastMs: number, roundTripMs: number, times = 1_000) => {
	const batching = new Batching(leastMs);
	for (let time = 0; time < times; time++) batching.record(roundTripMs);
	return batching.batchMs;
};

test("an idle server batches for the shortest interval", () => {
	expect(new Batching(20).batchMs).toBe(20);
	expect(after(20, 1)).toBe(20);
});

test("a busy server batches longer, up to twice that", () => {
	expect(after(20, 4)).toBeCloseTo(28, 1);
	expect(after(20, 500)).toBe(40);
});

test("one slow append alone is no load", () => {
	expect(after(20, 50, 1)).toBe(20);
});

test("an interval of 0 stays 0 on a busy server", () => {
	expect(after(0, 500)).toBe(0);
});
