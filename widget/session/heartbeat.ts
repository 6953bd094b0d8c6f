/**
 * Tells a silent line from a quiet one, by the wall clock (PROTOCOL.md section 5, duty 8).
 *
 * The session asks it at every tick, send and wake-up, because the timers of a hidden page or a
 * sleeping machine cannot be trusted. It knows no line: it only says what is due.
 */

/** Beyond the server's heartbeat, before a line counts as dead. */
const graceMs = 10_000;
/** Without a word while a reply is open, before we ask. */
const stallMs = 8_000;
const stallAnswerMs = 3_000;

/** Milliseconds since `then`; for ever, if the clock was set back meanwhile. */
export const since = (then: number, now: number): number =>
	now < then ? Number.POSITIVE_INFINITY : now - then;

export class Heartbeat {
	heartbeatMs = 0;
	/** From ping to pong, the last one measured. */
	roundTripMs: number | undefined;
	#heardAt = 0;
	#ping: { at: number; answerMs: number; heard: boolean } | undefined;

	/** Something came. */
	heard(now: number) {
		this.#heardAt = now;
		if (this.#ping) this.#ping.heard = true;
	}

	/** A new line: what was asked on the old one has no answer any more. */
	begin(now: number, heartbeatMs: number) {
		this.heartbeatMs = heartbeatMs;
		this.#heardAt = now;
		this.#ping = undefined;
	}

	/** Asked for a sign of life. Asking twice grants no more time. */
	pinged(now: number, answerMs = stallAnswerMs) {
		if (this.#ping && !this.#ping.heard) return;
		this.#ping = { at: now, answerMs, heard: false };
	}

	ponged(now: number) {
		if (this.#ping) this.roundTripMs = now - this.#ping.at;
		this.#ping = undefined;
	}

	/** What to do now, or the milliseconds until that is to be asked again. */
	check(now: number, replyIsOpen: boolean): "ping" | "redial" | number {
		const silentMs = since(this.#heardAt, now);
		const limitMs = this.heartbeatMs + graceMs;
		if (silentMs >= limitMs) return "redial";
		let nextMs = limitMs - silentMs;
		const ping = this.#ping;
		if (ping && !ping.heard) {
			const leftMs = ping.answerMs - since(ping.at, now);
			if (leftMs <= 0) return "redial";
			nextMs = Math.min(nextMs, leftMs);
		} else if (replyIsOpen) {
			if (silentMs >= stallMs) return "ping";
			nextMs = Math.min(nextMs, stallMs - silentMs);
		}
		return nextMs;
	}
}
