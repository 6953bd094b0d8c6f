/** Time and chance as every part of the server gets them, so that a test owns both. */
export type Clock = {
	/** ms since 1970 */
	now(): number;
	setTimeout(call: () => void, ms: number): unknown;
	clearTimeout(timer: unknown): void;
	/** 0 ≤ x < 1 */
	random(): number;
};

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
