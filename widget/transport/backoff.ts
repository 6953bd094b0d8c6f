/**
 * How long a line waits before it dials again (one per line; every transport has the same numbers).
 *
 * Every wait is drawn anew, so that clients who lost one server together do not come back together.
 * Knows no socket and starts no timer.
 */
import type { Clock } from "../../protocol/clock.ts";

export const backoffDefaults = Object.freeze({
	/** A line that was ready for so long counts as stable: its loss is a blip, not a failure. */
	stableMs: 10_000,
	/** The longest first wait after the loss of a stable line. */
	blipMs: 800,
	/** The first wait otherwise; it doubles with every failure. */
	firstMs: 500,
	/** The longest wait. */
	mostMs: 30_000,
	/** The longest wait before an attempt that was asked for: online again, woken up. */
	redialMs: 300,
	/** The longest wait that a server may ask for; a timer cannot hold more than 24 days. */
	mostRetryAfterMs: 3_600_000,
});

export class Backoff {
	readonly #clock: Clock;
	#failures = 0;
	#readySince: number | undefined;
	#notBefore = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** The number of the next attempt, from 1, since the line was last stable. */
	get attempt(): number {
		return this.#failures + 1;
	}

	/** The line is up. */
	ready() {
		this.#readySince ??= this.#clock.now();
	}

	/**
	 * The line is down, or an attempt has failed: ms to wait. What the server asks for is added to
	 * our own wait, so that those who were all told the same do not come back together.
	 */
	lost(retryAfterMs = 0): number {
		const { blipMs, firstMs, mostMs, mostRetryAfterMs } = backoffDefaults;
		const chance = this.#clock.random();
		const waitMs = this.#ends()
			? chance * blipMs
			: (0.5 + chance / 2) * Math.min(mostMs, firstMs * 2 ** this.#failures++);
		const askedMs = Math.min(retryAfterMs, mostRetryAfterMs);
		this.#notBefore = this.#clock.now() + askedMs;
		return askedMs + waitMs;
	}

	/** The line was dropped on purpose: ms to wait, at least what the server asked for. */
	redial(): number {
		this.#ends();
		const blipMs = this.#clock.random() * backoffDefaults.redialMs;
		return Math.max(blipMs, this.#notBefore - this.#clock.now());
	}

	/** Whether the line that ends here was stable. */
	#ends(): boolean {
		const since = this.#readySince ?? Number.POSITIVE_INFINITY;
		const stable = this.#clock.now() - since >= backoffDefaults.stableMs;
		if (stable) this.#failures = 0;
		this.#readySince = undefined;
		return stable;
	}
}
