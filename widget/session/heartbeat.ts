/**
 * Tells a dead connection from a quiet one, by the wall clock (PROTOCOL.md section 5, duty 8).
 *
 * Timers of a hidden page or a sleeping machine cannot be trusted, so it has none: the session asks it
 * at every tick, send and wake-up. It knows no transport.
 */

/** Beyond the server's heartbeat, before a silent connection counts as dead. */
const graceMs = 10_000;
/** Silence while a reply is open, before a ping is due. */
const stallMs = 8_000;
const stallAnswerMs = 3_000;

/** Milliseconds since `then`; infinite if the clock was set back meanwhile. */
export const since = (then: number, now: number): number =>
	now < then ? Number.POSITIVE_INFINITY : now - then;

export class Heartbeat {
	/** From ping to pong, the last one measured. */
	roundTripMs: number | undefined;
	#heartbeatMs = 0;
	#receivedAt = 0;
	#ping: { at: number; answerMs: number; isAnswered: boolean } | undefined;

	/** A frame of any type was received. */
	received(now: number) {
		this.#receivedAt = now;
		if (this.#ping) this.#ping.isAnswered = true;
	}

	/** A new connection is ready. A ping of the old one gets no answer any more. */
	connected(now: number, heartbeatMs: number) {
		this.#heartbeatMs = heartbeatMs;
		this.#receivedAt = now;
		this.#ping = undefined;
	}

	/** A ping was sent. A second ping does not move the deadline of the first. */
	pingSent(now: number, answerMs = stallAnswerMs) {
		if (this.#ping && !this.#ping.isAnswered) return;
		this.#ping = { at: now, answerMs, isAnswered: false };
	}

	pongReceived(now: number) {
		if (this.#ping) this.roundTripMs = now - this.#ping.at;
		this.#ping = undefined;
	}

	/** What is due now, or the milliseconds until the next check. */
	check(now: number, isReplyOpen: boolean): "ping" | "redial" | number {
		const silentMs = since(this.#receivedAt, now);
		const limitMs = this.#heartbeatMs + graceMs;
		if (silentMs >= limitMs) return "redial";
		const nextMs = limitMs - silentMs;
		const ping = this.#ping;
		if (ping && !ping.isAnswered) {
			const leftMs = ping.answerMs - since(ping.at, now);
			return leftMs <= 0 ? "redial" : Math.min(nextMs, leftMs);
		}
		if (!isReplyOpen) return nextMs;
		return silentMs >= stallMs ? "ping" : Math.min(nextMs, stallMs - silentMs);
	}
}
