/**
 * What some rows of the failure matrix need beside a rig: a server that can be started again where it
 * was, and a store with a fault that a test can put in.
 */
import { memoryStore } from "../../server/store/memory.ts";
import type { Store } from "../../server/store/store.ts";
import { proxyTo } from "./rig.ts";
import { startProgram, tempFolder } from "./server.ts";

/** The real program on a file, which can be started again where it was. */
export async function programOn(environment: Record<string, string> = {}) {
	const file = `${tempFolder()}/chat.db`;
	const start = (more: Record<string, string> = {}) =>
		startProgram({ CHAT_STORE: `sqlite:${file}`, ...environment, ...more });
	const first = await start();
	const { port } = new URL(first.url);
	const proxy = await proxyTo(first.url);
	return { file, first, proxy, again: () => start({ PORT: port }) };
}

/** A store with a fault that a test can put in, and an engine in memory. */
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
