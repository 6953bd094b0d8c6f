/**
 * Parts for some rows of the failure matrix: a server that can restart on its port, and a store with an injected
 * fault.
 */
import { memoryStore } from "../../server/store/memory.ts";
import type { Store } from "../../server/store/store.ts";
import { proxyTo } from "./rig.ts";
import { startProgram, tempFolder } from "./server.ts";

/** The real program with a store file; it can restart on the same port. */
export async function programOn(environment: Record<string, string> = {}) {
	const file = `${tempFolder()}/chat.db`;
	const start = (more: Record<string, string> = {}) =>
		startProgram({ CHAT_STORE: `sqlite:${file}`, ...environment, ...more });
	const first = await start();
	const { port } = new URL(first.url);
	const proxy = await proxyTo(first.url);
	return { file, first, proxy, again: () => start({ PORT: port }) };
}

/** A store in memory into which a test injects a fault. */
export function faultyStore(clock: { now(): number }) {
	const whole = memoryStore(clock);
	const it = {
		fault: undefined as
			| ((conversation: string) => Error | undefined)
			| undefined,
		store: {
			...whole,
			async append(...args) {
				const fault = it.fault?.(args[0]);
				if (fault) throw fault;
				return whole.append(...args);
			},
			async read(...args) {
				const fault = it.fault?.(args[0]);
				if (fault) throw fault;
				return whole.read(...args);
			},
		} as Store,
	};
	return it;
}
