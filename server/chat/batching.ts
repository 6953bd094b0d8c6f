/**
 * The batching interval of replies: short on an idle server, up to twice as long on a busy one.
 * Under load a reply then appends fewer and larger tokens.
 *
 * All replies of a process share one. An append takes one turn of the event loop and one
 * transaction, so its duration measures the load. Knows no reply and no store.
 */

/** An append up to this long is no sign of load, ms. */
const calmMs = 2;
/** Each further ms of an append lengthens the interval by this much, ms. */
const perMs = 4;
/** Weight of the newest append in the running mean: one part in this many. */
const memory = 64;

export class Batching {
	readonly #leastMs: number;
	#roundTripMs = 0;

	/**
	 * @param leastMs The interval of an idle server. 0 batches only what comes in one turn of the
	 * event loop.
	 */
	constructor(leastMs: number) {
		this.#leastMs = leastMs;
	}

	/** Takes the duration of an append into account. */
	record(roundTripMs: number) {
		this.#roundTripMs += (roundTripMs - this.#roundTripMs) / memory;
	}

	/** Between `leastMs` and twice that. */
	get batchMs(): number {
		const busyMs = Math.max(0, this.#roundTripMs - calmMs) * perMs;
		return this.#leastMs + Math.min(this.#leastMs, busyMs);
	}
}
