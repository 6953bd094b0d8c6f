/**
 * Reads one log endlessly, with the verbs of any store. Knows no engine and no transport.
 *
 * A reader that keeps up gets the events from the append itself. Nothing is queued for a slow one:
 * while it is busy the log grows, and its next batch is read from the store and larger.
 */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import type { LogPage, Store } from "./store.ts";

export type FollowOptions = {
	/** Ends the reading at once. */
	signal: AbortSignal;
	clock: Pick<Clock, "setTimeout" | "clearTimeout">;
	/** How long a lost hint can go unnoticed. @default 1000 ms */
	tickMs?: number;
	/** Called with each page. `isBehind`: the log holds more. What it throws ends the reading. */
	onRead?:
		| ((events: readonly LogEvent[], isBehind: boolean) => void)
		| undefined;
	/** The epoch of the log, if it is known. Nothing can be pushed before it is known. */
	epoch?: string;
	/**
	 * Receives new events in the turn of their append while the reader waits in `next`, because a
	 * promise for each reader of each token costs more than the token. Returns false if it has no
	 * space: `next` then returns the events.
	 */
	push?: ((batch: Batch) => boolean) | undefined;
};

/** Events that are read together, and the head of the log at that moment. */
export type Batch = { head: number; events: LogEvent[] };

/** Events in one batch, about: the most that one reader holds in memory. */
const batchEvents = 256;

/**
 * Yields the events after `after`, then each new one; never an empty batch. Ends without an error
 * when `signal` aborts.
 * @throws {ChatError} `not_found` when the log was removed or replaced; `unavailable` as the store
 * does.
 */
export function follow(
	store: Store,
	conversation: string,
	after: number,
	options: FollowOptions,
): AsyncIterableIterator<Batch> {
	return new Follower(store, conversation, after, options);
}

/** Written without a generator, because every token of every reader passes through it. */
class Follower implements AsyncIterableIterator<Batch> {
	readonly #store: Store;
	readonly #conversation: string;
	readonly #options: FollowOptions;
	readonly #unwatch: () => void;
	#cursor: number;
	#epoch: string | undefined;
	/** The log may hold events that were not read yet. */
	#hinted = true;
	/**
	 * The last page was cut by its limit. Other work on the event loop runs before the next one.
	 */
	#behind = false;
	/** Set while the reader waits in `next`. */
	#wake: ((pushed?: Batch) => void) | undefined;
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
		this.#epoch = options.epoch;
		const { signal } = options;
		// A reader may abort without asking for another batch.
		signal.addEventListener("abort", this.#end);
		this.#unwatch = store.watch(conversation, this.#hint);
		this.#tick();
		if (signal.aborted) this.#end();
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<Batch, undefined>> {
		while (!this.#ended) {
			if (!this.#hinted) {
				const pushed = await new Promise<Batch | undefined>((resolve) => {
					this.#wake = resolve;
				});
				if (pushed && !this.#ended) return { done: false, value: pushed };
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
		// The rest can be read without a hint.
		this.#behind = last < page.head;
		if (this.#behind) this.#hinted = true;
		try {
			this.#options.onRead?.(page.events, this.#behind);
		} catch (error) {
			this.#end();
			throw error;
		}
		return page;
	}

	/**
	 * Takes the events of an append if they are the next ones and the reader waits for them.
	 * Otherwise the next read finds them.
	 */
	#hint = (stored?: LogPage) => {
		const wake = this.#wake;
		const isNext =
			wake &&
			stored?.events[0]?.sequence === this.#cursor + 1 &&
			stored.epoch === this.#epoch;
		if (!isNext) return this.#rouse();
		const { push, onRead } = this.#options;
		if (push && !push(stored)) return this.#rouse();
		this.#cursor = stored.head;
		onRead?.(stored.events, false);
		if (push) return;
		this.#wake = undefined;
		wake(stored);
	};

	#rouse = () => {
		this.#hinted = true;
		const wake = this.#wake;
		this.#wake = undefined;
		wake?.();
	};

	/** One timer that is set again, instead of one for each wait: hints are frequent. */
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
 * Merges adjacent tokens into fewer and larger frames. Never across an event of another kind, and
 * never longer than `maxChars` unless one token is.
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
