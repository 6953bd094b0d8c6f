/**
 * How long replies batch their chunks: a little when the server is idle, up to twice as long when
 * it is busy, so that a crowd costs fewer and larger tokens instead of late ones.
 *
 * One for all replies of a process. An append waits for one turn of the event loop and one
 * transaction: how long that takes is how busy we are.
 */

/** A round trip up to this long is no sign of load, ms. */
const calmMs = 2;
/** How much of the batching interval each further ms of a round trip adds, ms. */
const perMs = 4;
/** The newest round trip counts for one part in this many. */
const memory = 64;

export class Batching {
	readonly #leastMs: number;
	#roundTripMs = 0;

	/** @param leastMs The batching interval of an idle server; 0 gathers nothing but what comes at once. */
	constructor(leastMs: number) {
		this.#leastMs = leastMs;
	}

	/** An append has taken so long. */
	record(roundTripMs: number) {
		this.#roundTripMs += (roundTripMs - this.#roundTripMs) / memory;
	}

	/** From `leastMs` to twice that. */
	get batchMs(): number {
		const busyMs = Math.max(0, this.#roundTripMs - calmMs) * perMs;
		return this.#leastMs + Math.min(this.#leastMs, busyMs);
	}
}
