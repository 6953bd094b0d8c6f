/**
 * Carries the site's budget of the day over a restart: a server that falls over and over must not
 * spend the budget over and over.
 *
 * `main.ts` starts it. What has been spent is written every second in which it grew, so that a crash
 * forgets a second and what the replies under way had not counted yet. Knows the store and no visitor.
 */
import { z } from "zod";
import type { Clock } from "../../protocol/clock.ts";
import { pause } from "../clock.ts";
import type { Logger } from "../operations/logger.ts";
import type { Store } from "../store/store.ts";
import type { UsageLimits } from "./usage.ts";

/** The setting of the store that holds it. */
const name = "spent";
const everyMs = 1_000;

const keptSchema = z.object({
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
 * Takes up what is kept, and keeps what is spent from now on.
 * @returns what writes the last of it and stops; twice is fine.
 * @throws {ChatError} `unavailable`: the store is out of reach.
 */
export async function keepBudget(
	parts: BudgetParts,
): Promise<() => Promise<void>> {
	const { store, usageLimits, clock, logger } = parts;
	let kept = await resume(parts);
	const stopped = new AbortController();
	const { signal } = stopped;

	async function write() {
		const { used: tokens, againMs } = await usageLimits.spentToday();
		if (tokens === kept) return;
		try {
			const until = clock.now() + againMs;
			await store.keep(name, JSON.stringify({ tokens, until }));
			kept = tokens;
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

/** @returns how many tokens of today had been spent before. */
async function resume({ store, usageLimits, clock }: BudgetParts) {
	const text = await store.setting(name, () => "{}");
	const { success, data } = keptSchema.safeParse(JSON.parse(text));
	const againMs = success ? data.until - clock.now() : 0;
	if (!success || againMs <= 0) return 0;
	await usageLimits.resumeDay({ used: data.tokens, againMs });
	return data.tokens;
}
