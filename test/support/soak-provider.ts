/**
 * The model of the soak: streams stories that the oracle knows, and reports the memory of its process.
 *
 * Loaded by the real program (`CHAT_PROVIDER`). The answer to the question `memory` is JSON, measured after a garbage
 * collection.
 */
import { heapStats } from "bun:jsc";
import { systemClock } from "../../server/clock.ts";
import type { Provider } from "../../server/providers/provider.ts";
import { storyteller } from "./oracle.ts";

export type Memory = { heap: number; rss: number };

export function memoryNow(): Memory {
	Bun.gc(true);
	return { heap: heapStats().heapSize, rss: process.memoryUsage.rss() };
}

const teller = storyteller(systemClock);

const provider: Provider = {
	name: "soak",
	async *reply(request, signal) {
		// It grows for the whole run, and the soak never reads it.
		teller.asked.length = 0;
		const { content } = request.turns.at(-1) ?? {};
		if (content === "memory") yield JSON.stringify(memoryNow());
		else yield* teller.reply(request, signal);
	},
};

export default provider;
