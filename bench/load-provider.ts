/**
 * The model of the load test: counts at an even rate and stamps each number with the time at which it was
 * due, so that readers can compute its lateness.
 *
 * Loaded by the real program (`CHAT_PROVIDER`). `load 900 33 0`: 900 chunks, one every 33 ms, without padding.
 * `memory`: memory of the process after a garbage collection; `memory now`: without one. Both block the
 * process while the heap is walked.
 */
import { heapStats } from "bun:jsc";
import { setTimeout as wait } from "node:timers/promises";
import type { Provider } from "../server/providers/provider.ts";
import { memoryNow } from "../test/support/soak-provider.ts";

/** A clock shared by all processes of this machine, accurate to about 1 ms. */
export const nowMs = () => performance.timeOrigin + performance.now();

async function* count(
	pieces: number,
	everyMs: number,
	width: number,
	signal: AbortSignal,
) {
	const begun = nowMs();
	for (let i = 1; i <= pieces && !signal.aborted; i++) {
		const due = begun + i * everyMs;
		const leftMs = due - nowMs();
		if (leftMs > 0) await wait(leftMs);
		yield `${`${i}@${due.toFixed(2)}`.padEnd(width, ".")} `;
	}
}

const provider: Provider = {
	name: "load",
	async *reply(request, signal) {
		const { content = "" } = request.turns.at(-1) ?? {};
		const [, pieces, everyMs, width] = content.split(" ").map(Number);
		if (content === "memory") yield JSON.stringify(memoryNow());
		else if (content === "memory now")
			yield JSON.stringify({
				heap: heapStats().heapSize,
				rss: process.memoryUsage.rss(),
			});
		else yield* count(pieces ?? 0, everyMs ?? 0, width ?? 0, signal);
	},
};

export default provider;
