/**
 * A reader's copy of the log: it folds events, keeps the cursor and repairs gaps.
 *
 * It knows no transport and no visitor: the session sends the hello that reads again.
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

/** The wait before reading again without progress; it doubles each time. */
const rereadMs = 500;
const longestRereadMs = 30_000;
/** From a second hello to its `ready`. */
const answerMs = 5_000;
/** If no event came for this long, no further event is on its way. */
const inFlightMs = 1_000;

export type Taken =
	/** `isNew`: not history, and not read before. */
	| { outcome: "applied"; isNew: boolean }
	| { outcome: "dropped" }
	| { outcome: "mismatch"; message: string };

/** A second hello on the same connection. */
type Reread = {
	state: "due" | "sent";
	isGap: boolean;
	/** Due, or answered at the latest, `ms` after `from`. */
	from: number;
	ms: number;
};

export class LogReader {
	conversation: Conversation = emptyConversation;
	/** Under the names of the diagnostics. */
	readonly counts = {
		resumes: 0,
		gapsRepaired: 0,
		repeatsDropped: 0,
		integrityAlarms: 0,
	};
	/** The cursor in the last hello. */
	#after = 0;
	/** The highest sequence that was reported as new. */
	#reported = 0;
	#eventAt = 0;
	#reread: Reread | undefined;
	/** How often the log was read again since an event was last applied. */
	#futileRereads = 0;
	#mismatched: string | undefined;

	get openReply() {
		return openReply(this.conversation);
	}

	/** The cursor for a hello that is sent now. */
	helloCursor(): number {
		this.#after = this.conversation.last;
		return this.#after;
	}

	/** The connection is lost: the next one starts with a hello anyway. */
	disconnected() {
		this.#reread = undefined;
	}

	reset() {
		this.conversation = emptyConversation;
		this.#reported = 0;
		this.#mismatched = undefined;
	}

	/** Takes the answer to a hello. Returns whether the copy was of another log and was dropped. */
	readyReceived(ready: Ready, isKnownLog: boolean, now: number): boolean {
		this.#eventAt = now;
		if (this.#reread?.state === "sent") {
			if (this.#reread.isGap) this.counts.gapsRepaired++;
			this.#reread = undefined;
		}
		const isOtherLog = !isKnownLog || ready.head < this.#after;
		const hadEvents = this.conversation.last > 0;
		if (isOtherLog) this.reset();
		if (this.conversation.last === 0) this.#reported = ready.head;
		return isOtherLog && hadEvents;
	}

	take(event: Event, now: number): Taken {
		const reduction = reduce(this.conversation, event);
		if (reduction.outcome === "repeat") {
			this.counts.repeatsDropped++;
			return { outcome: "dropped" };
		}
		if (reduction.outcome === "gap") {
			this.#readAgain(true, now);
			return { outcome: "dropped" };
		}
		this.#eventAt = now;
		this.#futileRereads = 0;
		if (reduction.outcome === "mismatch") {
			const { message } = reduction;
			// After a second mismatch in a row the log itself holds this text: it is accepted.
			if (message !== this.#mismatched) {
				this.#mismatched = message;
				this.counts.integrityAlarms++;
				this.conversation = rewind(reduction.conversation, message);
				this.#readAgain(false, now);
				return { outcome: "mismatch", message };
			}
		}
		this.conversation = reduction.conversation;
		const isNew = event.sequence > this.#reported;
		if (isNew) this.#reported = event.sequence;
		return { outcome: "applied", isNew };
	}

	/** Reads again if the server's log is ahead and no event is on its way. */
	compareHead(head: number, now: number) {
		const isQuiet = since(this.#eventAt, now) >= inFlightMs;
		if (head > this.conversation.last && isQuiet) this.#readAgain(true, now);
	}

	/** What is due now, or the milliseconds until the next check. */
	check(now: number): "hello" | "redial" | number {
		if (!this.#reread) return Number.POSITIVE_INFINITY;
		const { state, from, ms } = this.#reread;
		const leftMs = ms - since(from, now);
		if (leftMs > 0) return leftMs;
		return state === "due" ? "hello" : "redial";
	}

	/** The second hello was sent. */
	helloSent(now: number) {
		if (!this.#reread) return;
		const { isGap } = this.#reread;
		this.#reread = { state: "sent", isGap, from: now, ms: answerMs };
	}

	/** One hello at a time; without progress, the waits double. */
	#readAgain(isGap: boolean, now: number) {
		if (this.#reread) return;
		const ms =
			this.#futileRereads &&
			Math.min(rereadMs * 2 ** this.#futileRereads, longestRereadMs);
		this.#futileRereads++;
		this.#reread = { state: "due", isGap, from: now, ms };
	}
}
