/**
 * Deletes conversations without new events for longer than the retention period: at start and every
 * hour.
 *
 * Works in small batches with pauses, so that no open reply waits for it. Knows the store and no
 * visitor.
 */
import type { Clock } from "../../protocol/clock.ts";
import { pause } from "../clock.ts";
import type { Logger } from "../operations/logger.ts";
import type { Store } from "../store/store.ts";

const everyMs = 3_600_000;
/** Conversations deleted in one batch. */
const batch = 32;
/** Pause between two batches, ms. */
const batchPauseMs = 100;

export type RetentionParts = {
	store: Store;
	clock: Clock;
	logger: Logger;
	/** How long a conversation is kept after its newest event, days. */
	retentionDays: number;
};

/** Starts at once. @returns the function that stops it, within a batch. It may be called twice. */
export function startRetention(parts: RetentionParts): () => Promise<void> {
	const { clock, logger } = parts;
	const stopped = new AbortController();
	const { signal } = stopped;
	const running = (async () => {
		while (!signal.aborted) {
			const deleted = await deleteQuiet(parts, signal);
			// For the record of what was deleted. It names no visitor and no conversation.
			if (deleted > 0) logger("info", "retention", { deleted });
			await pause(clock, everyMs, signal);
		}
	})();
	return () => {
		stopped.abort();
		return running;
	};
}

/** Never rejects. What cannot be deleted now is deleted in the next run. */
async function deleteQuiet(
	{ store, clock, logger, retentionDays }: RetentionParts,
	signal: AbortSignal,
): Promise<number> {
	const silentMs = retentionDays * 24 * 3_600_000;
	let deleted = 0;
	try {
		while (!signal.aborted) {
			const quiet = await store.quiet(silentMs, batch);
			// The guard rejects the removal if a message was appended since the list was read.
			const removals = quiet.map((id) => store.remove(id, { silentMs }));
			const gone = (await Promise.all(removals)).filter(Boolean).length;
			deleted += gone;
			if (gone === 0) break;
			await pause(clock, batchPauseMs, signal);
		}
	} catch (error) {
		logger("error", "retention_failed", { error });
	}
	return deleted;
}
