/** Rate windows and live counts. Numbers in names are rows of the security checklist. */
import { beforeEach, expect, test } from "bun:test";
import { LiveCount, RateWindow } from "../../../../server/limits/counters.ts";

let nowMs: number;
const now = () => nowMs;
beforeEach(() => {
	nowMs = Date.UTC(2026, 10, 23);
});

test("a key has its points once per window, and again in the next", () => {
	const window = new RateWindow(2, 60_000, now);
	expect(window.take("a")).toBeUndefined();
	nowMs += 20_000;
	expect(window.take("a")).toBeUndefined();
	expect(window.take("a")).toBe(40_000);
	expect(window.take("b")).toBeUndefined();
	nowMs += 40_000;
	expect(window.look("a").used).toBe(0);
	expect(window.take("a")).toBeUndefined();
});

test("points that are given back can be taken again", () => {
	const window = new RateWindow(10, 60_000, now);
	expect(window.add("a", 8)).toEqual({ used: 8, againMs: 60_000 });
	nowMs += 1_000;
	expect(window.add("a", -5)).toEqual({ used: 3, againMs: 59_000 });
});

test("a resumed window ends when it would have ended", () => {
	const window = new RateWindow(10, 60_000, now);
	window.resume("a", { used: 10, againMs: 5_000 });
	expect(window.take("a")).toBe(5_000);
	nowMs += 5_000;
	expect(window.take("a")).toBeUndefined();
});

test("a clock that is set back locks no key out for longer than a window", () => {
	const window = new RateWindow(1, 60_000, now);
	window.take("a");
	expect(window.take("a")).toBe(60_000);
	nowMs -= 3_600_000;
	expect(window.take("a")).toBeUndefined();
});

test("a limit of 0 is disabled, and no key is stored for it", () => {
	const window = new RateWindow(0, 60_000, now);
	for (let i = 0; i < 50; i++) expect(window.take(`${i}`)).toBeUndefined();
	expect(window.size).toBe(0);
});

test("security 46: a million keys take the memory of a few, and an active key stays limited", () => {
	const window = new RateWindow(5, 60_000, now, 100);
	for (let i = 0; i < 5; i++) window.take("hot");
	for (let i = 0; i < 1_000_000; i++) {
		window.take(`cold ${i}`);
		if (i % 50 === 0 && window.take("hot") === undefined)
			throw new Error(`The active key was forgotten after ${i} others.`);
	}
	expect(window.size).toBe(100);
	expect(window.look("cold 0").used).toBe(0);
});

test("an open thing is counted until it is released, once", () => {
	const count = new LiveCount();
	const first = count.add("a");
	const second = count.add("a");
	expect(count.of("a")).toBe(2);
	first();
	first();
	expect(count.of("a")).toBe(1);
	second();
	expect(count.size).toBe(0);
});
