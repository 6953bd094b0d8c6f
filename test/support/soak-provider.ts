/**
 * The model of a soak: tells stories that the oracle knows, and says how much memory its process has.
 *
 * Loaded by the real program (`CHAT_PROVIDER`). The question `memory` is answered by JSON, after the
 * rubbish has been collected, so that the heap can be seen from outside.
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
		// It is a long walk, and nobody asks what was asked.
		teller.asked.length = 0;
		const { content } = request.turns.at(-1) ?? {};
		if (content === "memory") yield JSON.stringify(memoryNow());
		else yield* teller.reply(request, signal);
	},
};

export default provider;
