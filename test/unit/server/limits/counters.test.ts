/** Counting. Numbers in names are rows of the security checklist. */
import { afterEach, expect, setSystemTime, test } from "bun:test";
import { LiveCount, RateWindow } from "../../../../server/limits/counters.ts";

afterEach(() => {
	setSystemTime();
});

test("so many points are there in a stretch of time, and then again", async () => {
	const start = new Date("2026-11-23T00:00:00Z").getTime();
	setSystemTime(start);
	const window = new RateWindow(2, 60);
	expect(await window.take("a")).toBeUndefined();
	setSystemTime(start + 20_000);
	expect(await window.take("a")).toBeUndefined();
	expect(await window.take("a")).toBe(40_000);
	expect(await window.take("b")).toBeUndefined();
	setSystemTime(start + 60_001);
	expect((await window.look("a")).used).toBe(0);
	expect(await window.take("a")).toBeUndefined();
});

test("0 is no limit, and nothing is kept for it", async () => {
	const window = new RateWindow(0, 60);
	for (let i = 0; i < 50; i++)
		expect(await window.take(`${i}`)).toBeUndefined();
	expect(window.size).toBe(0);
});

test("security 46: a million keys take the room of a few, and who calls often stays limited", async () => {
	const window = new RateWindow(5, 60, 100);
	for (let i = 0; i < 5; i++) await window.take("hot");
	for (let i = 0; i < 20_000; i++) {
		await window.take(`cold ${i}`);
		if (i % 50 === 0) expect(await window.take("hot")).toBeNumber();
	}
	expect(window.size).toBe(100);
	// What is forgotten is forgotten everywhere.
	expect((await window.look("cold 0")).used).toBe(0);
});

test("what is open is counted until it is let go, once", () => {
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
