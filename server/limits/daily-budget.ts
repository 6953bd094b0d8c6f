/**
 * Keeps the site's daily token budget across restarts, so that a server that crashes repeatedly does
 * not spend the budget repeatedly.
 *
 * The amount is stored every second in which it grew. A crash loses at most one second, and what open
 * replies had not counted yet. Knows the store and no visitor.
 */
import * as z from "zod";
import type { Clock } from "../../protocol/clock.ts";
import { pause } from "../clock.ts";
import type { Logger } from "../operations/logger.ts";
import type { Store } from "../store/store.ts";
import type { UsageLimits } from "./usage.ts";

/** The name of the setting in the store. */
const name = "spent";
const everyMs = 1_000;

const storedSchema = z.object({
	tokens: z.number(),
	/** When the day ends, ms since 1970. */
	until: z.number(),
});

export type BudgetParts = {
	store: Store;
	usageLimits: UsageLimits;
	clock: Clock;
	logger: Logger;
};

/**
 * Continues the stored budget and stores what is spent from now on.
 * @returns a function that stores the last amount and stops. Calling it again has no effect.
 * @throws {ChatError} `unavailable` if the store cannot be read.
 */
export async function keepBudget(
	parts: BudgetParts,
): Promise<() => Promise<void>> {
	const { store, usageLimits, clock, logger } = parts;
	let stored = await resume(parts);
	const stopped = new AbortController();
	const { signal } = stopped;

	async function write() {
		const { used: tokens, againMs } = usageLimits.spentToday();
		if (tokens === stored) return;
		try {
			const until = clock.now() + againMs;
			await store.keep(name, JSON.stringify({ tokens, until }));
			stored = tokens;
		} catch (error) {
			logger("error", "budget_not_kept", { error });
		}
	}

	const running = (async () => {
		while (!signal.aborted) {
			await pause(clock, everyMs, signal);
			await write();
		}
	})();
	return () => {
		stopped.abort();
		return running;
	};
}

/** @returns tokens of today that were spent before the start. */
async function resume({ store, usageLimits, clock }: BudgetParts) {
	const text = await store.setting(name, () => "{}");
	const { success, data } = storedSchema.safeParse(JSON.parse(text));
	const againMs = success ? data.until - clock.now() : 0;
	if (!success || againMs <= 0) return 0;
	usageLimits.resumeDay({ used: data.tokens, againMs });
	return data.tokens;
}
