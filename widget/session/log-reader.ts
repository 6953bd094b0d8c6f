/**
 * A reader's own copy of the log: the fold, the cursor, and the repair of what went missing.
 *
 * The session hands it every event and asks it what is to be said again. It knows no line and no
 * visitor; a hello is for the session to send.
 */
import {
	type Conversation,
	emptyConversation,
	openReply,
	reduce,
	rewind,
} from "../../protocol/conversation.ts";
import type { Event, Ready } from "../../protocol/frames.ts";
import { since } from "./heartbeat.ts";

/** Two readings again without progress are this far apart, doubling. */
const rereadMs = 500;
const longestRereadMs = 30_000;
/** For the `ready` that answers. */
const answerMs = 5_000;
/** Later than this after an event, the next one is not under way any more. */
const underWayMs = 1_000;

export type Taken =
	/** `isNews`: it was never told before; history and second readings are no news. */
	| { outcome: "applied"; isNews: boolean }
	| { outcome: "dropped" }
	| { outcome: "mismatch"; message: string };

export class LogReader {
	conversation: Conversation = emptyConversation;
	/** As the diagnostics name them. */
	readonly counts = {
		resumes: 0,
		gapsRepaired: 0,
		repeatsDropped: 0,
		integrityAlarms: 0,
	};
	/** The cursor that the last hello named. */
	#after = 0;
	/** The highest sequence of which something was told. */
	#told = 0;
	#eventAt = 0;
	/** Wanted: a second hello on the same line, `ms` after `from`. Then the same for its answer. */
	#again: { gap: boolean; said: boolean; from: number; ms: number } | undefined;
	/** Readings again since the last event that fitted. */
	#futile = 0;
	#mismatched: string | undefined;

	/** The cursor for a hello that is said now. */
	greet(): number {
		this.#after = this.conversation.last;
		return this.#after;
	}

	/** The line is gone; the next one begins with a hello anyway. */
	down() {
		this.#again = undefined;
	}

	forget() {
		this.conversation = emptyConversation;
		this.#told = 0;
		this.#mismatched = undefined;
	}

	/** Takes the answer to a hello. Returns whether our copy is of another log and was dropped. */
	welcome(ready: Ready, isKnownLog: boolean, now: number): boolean {
		this.#eventAt = now;
		if (this.#again?.said) {
			if (this.#again.gap) this.counts.gapsRepaired++;
			this.#again = undefined;
		}
		const isOther = !isKnownLog || ready.head < this.#after;
		const hadAny = this.conversation.last > 0;
		if (isOther) this.forget();
		if (this.conversation.last === 0) this.#told = ready.head;
		return isOther && hadAny;
	}

	take(event: Event, now: number): Taken {
		const reduction = reduce(this.conversation, event);
		if (reduction.outcome === "repeat") {
			this.counts.repeatsDropped++;
			return { outcome: "dropped" };
		}
		if (reduction.outcome === "gap") {
			this.#wantAgain(true, now);
			return { outcome: "dropped" };
		}
		this.#eventAt = now;
		this.#futile = 0;
		if (reduction.outcome === "mismatch") {
			const { message } = reduction;
			// The second time in a row it is the log that says so.
			if (message !== this.#mismatched) {
				this.#mismatched = message;
				this.counts.integrityAlarms++;
				this.conversation = rewind(reduction.conversation, message);
				this.#wantAgain(false, now);
				return { outcome: "mismatch", message };
			}
		}
		this.conversation = reduction.conversation;
		const isNews = event.sequence > this.#told;
		if (isNews) this.#told = event.sequence;
		return { outcome: "applied", isNews };
	}

	/** The server says how far the log goes. */
	compare(head: number, now: number) {
		const isQuiet = since(this.#eventAt, now) >= underWayMs;
		if (head > this.conversation.last && isQuiet) this.#wantAgain(true, now);
	}

	/** What to do now, or the milliseconds until that is to be asked again. */
	check(now: number): "hello" | "redial" | number {
		const again = this.#again;
		if (!again) return Number.POSITIVE_INFINITY;
		const leftMs = again.ms - since(again.from, now);
		if (leftMs > 0) return leftMs;
		return again.said ? "redial" : "hello";
	}

	/** The second hello is said. */
	said(now: number) {
		if (this.#again)
			Object.assign(this.#again, { said: true, from: now, ms: answerMs });
	}

	get openReply() {
		return openReply(this.conversation);
	}

	/** Once until it is answered, and ever more slowly while it brings nothing. */
	#wantAgain(gap: boolean, now: number) {
		if (this.#again) return;
		const ms =
			this.#futile && Math.min(rereadMs * 2 ** this.#futile, longestRereadMs);
		this.#futile++;
		this.#again = { gap, said: false, from: now, ms };
	}
}
