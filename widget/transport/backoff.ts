/**
 * How long a transport waits before its next attempt.
 *
 * Every wait is random, so that clients that lost a server together do not return together. It knows
 * no socket and starts no timer.
 */
import type { Clock } from "../../protocol/clock.ts";

export const backoffDefaults = Object.freeze({
	/** A connection that was ready for this long is stable: its loss is a blip, not a failure. */
	stableMs: 10_000,
	/** The longest first wait after the loss of a stable connection. */
	blipMs: 800,
	/** The first wait otherwise; it doubles with every failure. */
	firstMs: 500,
	/** The longest wait. */
	mostMs: 30_000,
	/** The longest wait before an attempt that the session asked for. */
	redialMs: 300,
	/** The longest wait that a server may ask for. A timer cannot hold more than 24 days. */
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

	/** The number of the next attempt, from 1, since the connection was last stable. */
	get attempt(): number {
		return this.#failures + 1;
	}

	/** The connection is ready. */
	ready() {
		this.#readySince ??= this.#clock.now();
	}

	/**
	 * The connection is lost, or an attempt failed. Returns the ms to wait: what the server asks for
	 * plus a random wait, so that clients with the same `Retry-After` do not return together.
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

	/** The connection was dropped on purpose. Returns the ms to wait, at least what the server asked for. */
	redial(): number {
		this.#ends();
		const blipMs = this.#clock.random() * backoffDefaults.redialMs;
		return Math.max(blipMs, this.#notBefore - this.#clock.now());
	}

	/** Whether the connection that ends now was stable. */
	#ends(): boolean {
		const since = this.#readySince ?? Number.POSITIVE_INFINITY;
		const stable = this.#clock.now() - since >= backoffDefaults.stableMs;
		if (stable) this.#failures = 0;
		this.#readySince = undefined;
		return stable;
	}
}
