/**
 * Decides when the replies of a process append what their providers have sent: at once while the
 * event loop has time, together at an interval under load. A reply then appends fewer and larger
 * tokens.
 *
 * All replies share one interval and one timer. An append takes one turn of the event loop and one
 * transaction, so its duration measures the delay of the loop. Knows no reply and no store.
 */
import type { Clock } from "../../protocol/clock.ts";

/** An append up to this long is no sign of load, ms. */
const calmMs = 4;
/** Each further ms of an append lengthens the interval by this much, ms. */
const perMs = 4;
/** Weight of the newest append in the running mean: one part in this many. */
const memory = 64;

export class Batching {
	readonly #maxMs: number;
	readonly #clock: Pick<Clock, "now" | "setTimeout">;
	#roundTripMs = 0;
	#flushedAt = Number.NEGATIVE_INFINITY;
	#waiting: (() => void)[] = [];

	/**
	 * @param maxMs The longest interval. 0 batches only what comes during one append.
	 */
	constructor(maxMs: number, clock: Pick<Clock, "now" | "setTimeout">) {
		this.#maxMs = maxMs;
		this.#clock = clock;
	}

	/** Takes the duration of an append into account. */
	record(roundTripMs: number) {
		this.#roundTripMs += (roundTripMs - this.#roundTripMs) / memory;
	}

	/** Between 0 and the longest interval. */
	get batchMs(): number {
		const busyMs = Math.max(0, this.#roundTripMs - calmMs) * perMs;
		return Math.min(this.#maxMs, busyMs);
	}

	/** Calls `append` now, or together with those of the other replies at the end of the interval. */
	run(append: () => void) {
		const { batchMs } = this;
		if (batchMs === 0) return append();
		if (this.#waiting.push(append) > 1) return;
		const waitMs = this.#flushedAt + batchMs - this.#clock.now();
		// The clock may have been set back.
		const delayMs = Math.max(0, Math.min(waitMs, batchMs));
		this.#clock.setTimeout(() => this.#flush(), delayMs);
	}

	#flush() {
		const waiting = this.#waiting;
		this.#waiting = [];
		this.#flushedAt = this.#clock.now();
		for (const append of waiting) append();
	}
}
