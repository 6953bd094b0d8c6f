/** The machine's own clock, and waiting by any clock. */
import type { Clock } from "../protocol/clock.ts";

export const systemClock: Clock = {
	now: () => Date.now(),
	setTimeout: (call, ms) => setTimeout(call, ms),
	clearTimeout: (timer) => clearTimeout(timer as Timer),
	random: () => Math.random(),
};

/** Resolves after `ms`, or at once when `signal` aborts. */
export function pause(
	clock: Clock,
	ms: number,
	signal?: AbortSignal,
): Promise<void> {
	return new Promise((resolve) => {
		if (signal?.aborted) return resolve();
		const done = () => {
			clock.clearTimeout(timer);
			signal?.removeEventListener("abort", done);
			resolve();
		};
		const timer = clock.setTimeout(done, ms);
		signal?.addEventListener("abort", done);
	});
}
