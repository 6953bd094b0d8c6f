/**
 * Endless reading of one log, from the three verbs of any store: what every reader of a
 * conversation stands on.
 *
 * Nothing is queued for a slow reader: while it is busy the log grows, and its next batch is larger.
 */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import type { Store } from "./store.ts";

export type FollowOptions = {
	/** Ends the reading, promptly; without it the watch would never end. */
	signal: AbortSignal;
	clock: Pick<Clock, "setTimeout" | "clearTimeout">;
	/** How long a lost hint can go unnoticed. @default 1000 ms */
	tickMs?: number;
};

/** Events that are read together, and the head of the log at that moment. */
export type Batch = { head: number; events: LogEvent[] };

/** At most about this many events in a batch: what a reader may hold in memory at once. */
const batchEvents = 256;

/**
 * Yields what follows `after`, then whatever is appended; never an empty batch.
 * Ends without an error when `signal` aborts.
 * @throws {ChatError} `not_found` when the log is gone, or another one stands in its place;
 * `unavailable` as the store does.
 */
export function follow(
	store: Store,
	conversation: string,
	after: number,
	options: FollowOptions,
): AsyncIterableIterator<Batch> {
	return new Follower(store, conversation, after, options);
}

/** An iterator by hand: every token of every reader comes through here. */
class Follower implements AsyncIterableIterator<Batch> {
	readonly #store: Store;
	readonly #conversation: string;
	readonly #options: FollowOptions;
	readonly #unwatch: () => void;
	#cursor: number;
	#epoch: string | undefined;
	/** There may be something that we have not read. */
	#hinted = true;
	/** The last page was cut: a long log must not hold the event loop until it is read. */
	#behind = false;
	#wake: (() => void) | undefined;
	#timer: unknown;
	#ended = false;

	constructor(
		store: Store,
		conversation: string,
		after: number,
		options: FollowOptions,
	) {
		this.#store = store;
		this.#conversation = conversation;
		this.#cursor = after;
		this.#options = options;
		const { signal } = options;
		// Ended by the signal too, since a reader may never come back for the batch it was given last.
		signal.addEventListener("abort", this.#end);
		this.#unwatch = store.watch(conversation, this.#rouse);
		this.#tick();
		if (signal.aborted) this.#end();
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<Batch, undefined>> {
		while (!this.#ended) {
			if (!this.#hinted) {
				await new Promise<void>((resolve) => {
					this.#wake = resolve;
				});
				this.#wake = undefined;
				continue;
			}
			this.#hinted = false;
			if (this.#behind) await nextTick();
			const value = await this.#read();
			if (value && !this.#ended) return { done: false, value };
		}
		return { done: true, value: undefined };
	}

	async return(): Promise<IteratorResult<Batch, undefined>> {
		this.#end();
		return { done: true, value: undefined };
	}

	async #read(): Promise<Batch | undefined> {
		const page = await this.#store
			.read(this.#conversation, this.#cursor, batchEvents)
			.catch((error) => {
				this.#end();
				throw error;
			});
		this.#epoch ??= page?.epoch;
		if (!page || page.epoch !== this.#epoch) {
			this.#end();
			throw new ChatError("not_found", "This conversation is gone.");
		}
		const last = page.events.at(-1)?.sequence;
		if (last === undefined) return undefined;
		this.#cursor = last;
		// A limit has cut the page: the rest can be read at once, without a hint.
		this.#behind = last < page.head;
		if (this.#behind) this.#hinted = true;
		return page;
	}

	#rouse = () => {
		this.#hinted = true;
		this.#wake?.();
	};

	/** One timer that arms itself again, not one for every wait: hints come by the thousand. */
	#tick = () => {
		const { clock, tickMs = 1_000 } = this.#options;
		this.#timer = clock.setTimeout(this.#tick, tickMs);
		this.#rouse();
	};

	#end = () => {
		if (this.#ended) return;
		this.#ended = true;
		this.#options.clock.clearTimeout(this.#timer);
		this.#unwatch();
		this.#options.signal.removeEventListener("abort", this.#end);
		this.#rouse();
	};
}

/**
 * Adjacent tokens as one, for catching up: fewer and larger frames. Never across an event of another
 * kind, and none longer than `maxChars` unless a token alone is.
 */
export function mergeTokens(
	events: readonly LogEvent[],
	maxChars = 16_384,
): LogEvent[] {
	const merged: LogEvent[] = [];
	for (const event of events) {
		const last = merged.at(-1);
		const joins =
			event.type === "token" &&
			last?.type === "token" &&
			(event.from ?? event.sequence) === last.sequence + 1 &&
			last.content.length + event.content.length <= maxChars;
		if (!joins) {
			merged.push(event);
			continue;
		}
		merged[merged.length - 1] = {
			type: "token",
			content: last.content + event.content,
			sequence: event.sequence,
			from: last.from ?? last.sequence,
		};
	}
	return merged;
}

const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve));
