/**
 * Endless reading of one log, from the three verbs of any store: what every reader of a
 * conversation stands on.
 *
 * Nothing is queued for a slow reader: while it is busy the log grows, and its next batch is larger.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import type { Clock } from "../clock.ts";
import type { Page, Store } from "./store.ts";

export type FollowOptions = {
	/** Ends the reading, promptly; without it the watch would never end. */
	signal: AbortSignal;
	clock: Pick<Clock, "setTimeout" | "clearTimeout">;
	/** How long a lost hint can go unnoticed. @default 1000 ms */
	tickMs?: number;
};

export type Batch = Pick<Page, "epoch" | "head" | "events">;

/** At most about this many events in a batch: what a reader may hold in memory at once. */
const batchEvents = 256;

/**
 * Yields what follows `after`, then whatever is appended; never an empty batch.
 * Ends without an error when `signal` aborts.
 * @throws {ChatError} `not_found` when the log is gone, or another one stands in its place;
 * `unavailable` as the store does.
 */
export async function* follow(
	store: Store,
	conversation: string,
	after: number,
	{ signal, clock, tickMs = 1_000 }: FollowOptions,
): AsyncGenerator<Batch, void, undefined> {
	if (signal.aborted) return;
	let hinted = true;
	let wake: (() => void) | undefined;
	const rouse = () => {
		hinted = true;
		wake?.();
	};
	// One timer that arms itself again, not one for every wait: hints come by the thousand.
	const tick = () => {
		timer = clock.setTimeout(tick, tickMs);
		rouse();
	};
	let timer = clock.setTimeout(tick, tickMs);
	const unwatch = store.watch(conversation, rouse);
	// Also called on abort, since a reader may never come back for the batch it was given last.
	const end = () => {
		clock.clearTimeout(timer);
		unwatch();
		signal.removeEventListener("abort", end);
		rouse();
	};
	signal.addEventListener("abort", end);

	let cursor = after;
	let epoch: string | undefined;
	try {
		while (!signal.aborted) {
			if (!hinted) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
				wake = undefined;
				continue;
			}
			hinted = false;
			const page = await store.read(conversation, cursor, batchEvents);
			if (signal.aborted) return;
			epoch ??= page?.epoch;
			if (!page || page.epoch !== epoch)
				throw new ChatError("not_found", "This conversation is gone.");
			const last = page.events.at(-1)?.sequence;
			if (last === undefined) continue;
			cursor = last;
			// A limit has cut the page: the rest is there already, whether a hint comes or not.
			if (cursor < page.head) hinted = true;
			yield page;
		}
	} finally {
		end();
	}
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
