/**
 * A store as one process sees it: after the process has died, its calls have no effect.
 */
import type { Store } from "../../server/store/store.ts";

export function mortal(store: Store): Store & { die(): void } {
	let dead = false;
	const never = new Promise<never>(() => undefined);
	return {
		create: (...args) => (dead ? never : store.create(...args)),
		append: (...args) => (dead ? never : store.append(...args)),
		read: (...args) => (dead ? never : store.read(...args)),
		head: (...args) => (dead ? never : store.head(...args)),
		message: (...args) => (dead ? never : store.message(...args)),
		text: (...args) => (dead ? never : store.text(...args)),
		waiting: (...args) => (dead ? never : store.waiting(...args)),
		context: (...args) => (dead ? never : store.context(...args)),
		list: (...args) => (dead ? never : store.list(...args)),
		newest: (...args) => (dead ? never : store.newest(...args)),
		quiet: (...args) => (dead ? never : store.quiet(...args)),
		remove: (...args) => (dead ? never : store.remove(...args)),
		unfinished: () => (dead ? never : store.unfinished()),
		setting: (...args) => store.setting(...args),
		keep: (...args) => store.keep(...args),
		watch: (conversation, hint) =>
			store.watch(conversation, () => {
				if (!dead) hint();
			}),
		close: () => store.close(),
		die() {
			dead = true;
		},
	};
}
