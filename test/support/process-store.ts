/**
 * A store as one process sees it. The engine may be unreachable for it. After the process has died, its calls have
 * no effect; the engine's own rules decide about its pending appends.
 *
 * For crashes inside a test: the next "process" wraps the same engine again.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import type { Store } from "../../server/store/store.ts";

export type ProcessStore = Store & {
	die(): void;
	/** The engine is unreachable for now. */
	isOut: boolean;
};

/** @param stored Called with appended events, even if the process has died since. */
export function processStore(
	engine: Store,
	stored: (conversation: string, events: readonly LogEvent[]) => void,
): ProcessStore {
	let isDead = false;
	const never = new Promise<never>(() => undefined);
	const within = async <Result>(call: () => Promise<Result>) => {
		if (isDead) return never;
		if (store.isOut)
			throw new ChatError("unavailable", "The store is unreachable.");
		const result = await call();
		return isDead ? never : result;
	};
	const store: ProcessStore = {
		isOut: false,
		create: (...args) => within(() => engine.create(...args)),
		append: (...args) =>
			within(async () => {
				const events = await engine.append(...args);
				if (events) stored(args[0], events);
				return events;
			}),
		read: (...args) => within(() => engine.read(...args)),
		head: (...args) => within(() => engine.head(...args)),
		message: (...args) => within(() => engine.message(...args)),
		text: (...args) => within(() => engine.text(...args)),
		waiting: (...args) => within(() => engine.waiting(...args)),
		context: (...args) => within(() => engine.context(...args)),
		list: (...args) => within(() => engine.list(...args)),
		newest: (...args) => within(() => engine.newest(...args)),
		quiet: (...args) => within(() => engine.quiet(...args)),
		remove: (...args) => within(() => engine.remove(...args)),
		unfinished: () => within(() => engine.unfinished()),
		setting: (...args) => engine.setting(...args),
		keep: (...args) => engine.keep(...args),
		watch: (conversation, hint) =>
			engine.watch(conversation, () => {
				if (!isDead) hint();
			}),
		close: () => engine.close(),
		die() {
			isDead = true;
		},
	};
	return store;
}
