/**
 * Deletes conversations in which nothing has been said for too long: at start, and every hour.
 *
 * `main.ts` starts it when `CHAT_RETENTION_DAYS` is set. It works in small batches with pauses, so
 * that no answer being written waits for it. Knows the store and no visitor.
 */
import type { Clock } from "../../protocol/clock.ts";
import { pause } from "../clock.ts";
import type { Logger } from "../operations/logger.ts";
import type { Store } from "../store/store.ts";

const everyMs = 3_600_000;
/** So many conversations are deleted at once. */
const batch = 32;
/** What lies between two batches, ms. */
const batchPauseMs = 100;

export type RetentionParts = {
	store: Store;
	clock: Clock;
	logger: Logger;
	/** How long a conversation is kept after its newest event, days. */
	retentionDays: number;
};

/** Begins at once. @returns what stops it, within a batch; twice is fine. */
export function startRetention(parts: RetentionParts): () => Promise<void> {
	const { clock, logger } = parts;
	const stopped = new AbortController();
	const { signal } = stopped;
	const running = (async () => {
		while (!signal.aborted) {
			const deleted = await deleteQuiet(parts, signal);
			// The record that what was promised was done; no word about whom it concerned.
			if (deleted > 0) logger("info", "retention", { deleted });
			await pause(clock, everyMs, signal);
		}
	})();
	return () => {
		stopped.abort();
		return running;
	};
}

/** Never rejects: what could not be deleted now is deleted next time. */
async function deleteQuiet(
	{ store, clock, logger, retentionDays }: RetentionParts,
	signal: AbortSignal,
): Promise<number> {
	const silentMs = retentionDays * 24 * 3_600_000;
	let deleted = 0;
	try {
		while (!signal.aborted) {
			const quiet = await store.quiet(silentMs, batch);
			// Somebody may speak between the look and the deletion: hence the guard.
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
