/**
 * Whether this server can do its work: not while it drains, and not while its store rejects writes.
 *
 * The health endpoint is open to everyone, so the store is tried at most every 2 s. The reason of a
 * failure is logged once, for the operator.
 */
import type { Clock } from "../../protocol/clock.ts";
import type { Logger } from "../operations/logger.ts";
import type { Store } from "../store/store.ts";

/** A result is reused for this long, ms. */
const freshMs = 2_000;

export type Health =
	| { status: "ok" }
	| { status: "draining" }
	| { status: "unavailable"; text: string };

const unavailable: Health = {
	status: "unavailable",
	text: "Conversations cannot be saved just now. The server's log says why.",
};

export type HealthParts = { store: Store; clock: Clock; logger: Logger };

export class HealthCheck {
	readonly #parts: HealthParts;
	#checkedAt = Number.NEGATIVE_INFINITY;
	#last: Promise<Health> = Promise.resolve({ status: "ok" });
	#failing = false;

	constructor(parts: HealthParts) {
		this.#parts = parts;
	}

	now(): Promise<Health> {
		const now = this.#parts.clock.now();
		// The difference is negative after the clock was set back.
		if (Math.abs(now - this.#checkedAt) >= freshMs) {
			this.#checkedAt = now;
			this.#last = this.#check();
		}
		return this.#last;
	}

	async #check(): Promise<Health> {
		const { store, logger } = this.#parts;
		try {
			await store.check?.();
			if (this.#failing) logger("info", "store_works_again");
			this.#failing = false;
			return { status: "ok" };
		} catch (error) {
			if (!this.#failing) logger("error", "store_fails", { error });
			this.#failing = true;
			return unavailable;
		}
	}
}
