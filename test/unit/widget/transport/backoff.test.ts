import { expect, test } from "bun:test";
import { Backoff } from "../../../../widget/transport/backoff.ts";
import { evenClock } from "../../../support/transport-rig.ts";

test("every failure doubles the longest wait, up to 30 s, and at least half of it is waited", () => {
	const clock = evenClock();
	for (const [chance, share] of [
		[0, 0.5],
		[0.999_999, 1],
	] as const) {
		const backoff = new Backoff(clock);
		clock.random = () => chance;
		const waits = Array.from({ length: 9 }, () => backoff.lost());
		expect(waits.map((ms) => Math.round(ms / share))).toEqual([
			500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
		]);
		expect(backoff.attempt).toBe(10);
	}
});

test("the loss of a stable connection resets the attempt count", async () => {
	const clock = evenClock();
	const backoff = new Backoff(clock);
	backoff.lost();
	backoff.ready();
	await clock.advance(10_000);
	expect(backoff.lost()).toBe(400);
	expect(backoff.attempt).toBe(1);
});

test("a connection that was ready for less than 10 s counts as one more failure", async () => {
	const clock = evenClock();
	const backoff = new Backoff(clock);
	backoff.lost();
	backoff.ready();
	await clock.advance(9_999);
	expect(backoff.lost()).toBe(750);
	expect(backoff.attempt).toBe(3);
});

test("what the server asks for is waited in any case, an hour at most, a redial included", async () => {
	const clock = evenClock();
	const backoff = new Backoff(clock);
	expect(backoff.lost(7_000)).toBe(7_375);
	expect(backoff.redial()).toBe(7_000);
	await clock.advance(7_000);
	expect(backoff.redial()).toBe(150);
	expect(backoff.lost(1e12)).toBe(3_600_750);
});
