/** The site's budget of the day, over restarts. */
import { beforeEach, expect, test } from "bun:test";
import { defaults } from "../../../../server/config/config.ts";
import { keepBudget } from "../../../../server/limits/daily-budget.ts";
import { Spending } from "../../../../server/limits/usage.ts";
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

/** As a process that starts on the same store. */
async function start() {
	const spending = new Spending(limits);
	const logger = (_level: string, event: string) => void logged.push(event);
	const stop = await keepBudget({ store, spending, clock, logger });
	return { spending, stop };
}

async function spend(spending: Spending, tokens: number) {
	const permit = await spending.reply("me");
	permit.release({ input: 0, output: tokens });
	await settle();
}

const limited = expect.objectContaining({ code: "rate_limited" });

test("a process that was killed has written what it spent a second ago", async () => {
	const { spending } = await start();
	await spend(spending, 60);
	await clock.advance(1_000);
	const next = await start();
	expect((await next.spending.spentToday()).used).toBe(60);
	await spend(next.spending, 40);
	await clock.advance(1_000);
	const last = await start();
	await expect(last.spending.afford("me")).rejects.toEqual(limited);
});

test("a process that ends in order writes to the last token", async () => {
	const { spending, stop } = await start();
	await spend(spending, 100);
	await Promise.all([stop(), stop()]);
	const next = await start();
	await expect(next.spending.afford("you")).rejects.toEqual(limited);
});

test("the day ends when it would have ended", async () => {
	const { spending } = await start();
	await spend(spending, 100);
	await clock.advance(1_000);
	clock.sleep(dayMs / 2);
	const next = await start();
	const { used, againMs } = await next.spending.spentToday();
	expect(used).toBe(100);
	expect(againMs).toBeWithin(dayMs / 2 - 5_000, dayMs / 2 + 1);
	clock.sleep(dayMs / 2);
	const last = await start();
	expect((await last.spending.spentToday()).used).toBe(0);
	await last.spending.afford("me");
});

test("what cannot be written is logged, and written when it can be", async () => {
	const { spending } = await start();
	const { keep } = store;
	store.keep = () => Promise.reject(new Error("full"));
	await spend(spending, 60);
	await clock.advance(1_000);
	expect(logged).toEqual(["budget_not_kept"]);
	store.keep = keep;
	await clock.advance(1_000);
	const next = await start();
	expect((await next.spending.spentToday()).used).toBe(60);
});

test("nothing is written while nothing is spent", async () => {
	let writes = 0;
	const { keep } = store;
	store.keep = (...args) => {
		writes++;
		return keep(...args);
	};
	const { spending } = await start();
	await clock.advance(60_000);
	expect(writes).toBe(0);
	await spend(spending, 1);
	await clock.advance(60_000);
	expect(writes).toBe(1);
});
