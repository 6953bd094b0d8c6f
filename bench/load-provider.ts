/**
 * The model of the load test: counts at an even pace and stamps each number with the moment at which
 * it was due, so that whoever reads it can tell how late it is.
 *
 * Loaded by the real program (`CHAT_PROVIDER`). `load 900 33 0`: 900 pieces, one every 33 ms, filled
 * up to no width. `memory`: what the process weighs once the rubbish has been collected; `memory now`:
 * as it stands. Either stops everything for as long as the heap is walked.
 */
import { heapStats } from "bun:jsc";
import { setTimeout as wait } from "node:timers/promises";
import type { Provider } from "../server/providers/provider.ts";
import { memoryNow } from "../test/support/soak-provider.ts";

/** One clock for every process of this machine, to about 1 ms. */
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
