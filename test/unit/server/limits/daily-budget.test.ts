/** The site's daily token budget across restarts. */
import { beforeEach, expect, test } from "bun:test";
import { defaults } from "../../../../server/config/config.ts";
import { keepBudget } from "../../../../server/limits/daily-budget.ts";
import { UsageLimits } from "../../../../server/limits/usage.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import type { Store } from "../../../../server/store/store.ts";
import {
	type ManualClock,
	manualClock,
	settle,
} from "../../../support/clock.ts";

const dayMs = 86_400_000;
const limits = { ...defaults, maxTokensPerDay: 100 };

let clock: ManualClock;
let store: Store;
let logged: string[];

beforeEach(() => {
	clock = manualClock();
	store = memoryStore(clock);
	logged = [];
});

/** Starts another process on the same store. */
async function start() {
	const usageLimits = new UsageLimits(limits, clock);
	const logger = (_level: string, event: string) => void logged.push(event);
	const stop = await keepBudget({ store, usageLimits, clock, logger });
	return { usageLimits, stop };
}

async function spend(usageLimits: UsageLimits, tokens: number) {
	const permit = usageLimits.openReply("me");
	permit.release({ input: 0, output: tokens });
	await settle();
}

const limited = expect.objectContaining({ code: "rate_limited" });

test("a killed process has stored what it spent up to a second before", async () => {
	const { usageLimits } = await start();
	await spend(usageLimits, 60);
	await clock.advance(1_000);
	const next = await start();
	expect(next.usageLimits.spentToday().used).toBe(60);
	await spend(next.usageLimits, 40);
	await clock.advance(1_000);
	const last = await start();
	expect(() => last.usageLimits.checkBudget("me")).toThrow(limited);
});

test("a process that stops in order stores every token", async () => {
	const { usageLimits, stop } = await start();
	await spend(usageLimits, 100);
	await Promise.all([stop(), stop()]);
	const next = await start();
	expect(() => next.usageLimits.checkBudget("you")).toThrow(limited);
});

test("the day ends at the same time after a restart", async () => {
	const { usageLimits } = await start();
	await spend(usageLimits, 100);
	await clock.advance(1_000);
	clock.sleep(dayMs / 2);
	const next = await start();
	const { used, againMs } = next.usageLimits.spentToday();
	expect(used).toBe(100);
	expect(againMs).toBeWithin(dayMs / 2 - 5_000, dayMs / 2 + 1);
	clock.sleep(dayMs / 2);
	const last = await start();
	expect(last.usageLimits.spentToday().used).toBe(0);
	last.usageLimits.checkBudget("me");
});

test("a failed write is logged and repeated", async () => {
	const { usageLimits } = await start();
	const { keep } = store;
	store.keep = () => Promise.reject(new Error("full"));
	await spend(usageLimits, 60);
	await clock.advance(1_000);
	expect(logged).toEqual(["budget_not_kept"]);
	store.keep = keep;
	await clock.advance(1_000);
	const next = await start();
	expect(next.usageLimits.spentToday().used).toBe(60);
});

test("nothing is stored while nothing is spent", async () => {
	let writes = 0;
	const { keep } = store;
	store.keep = (...args) => {
		writes++;
		return keep(...args);
	};
	const { usageLimits } = await start();
	await clock.advance(60_000);
	expect(writes).toBe(0);
	await spend(usageLimits, 1);
	await clock.advance(60_000);
	expect(writes).toBe(1);
});
