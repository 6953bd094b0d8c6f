/**
 * The page's timers under a test's control: no timer fires until the test advances them.
 *
 * For browser tests of the element's timing. Animation frames stay the browser's own.
 */
export type PageClock = {
	/** Moves time by `ms` and fires the timers that become due, in order. */
	advance(ms: number): void;
	restore(): void;
};

export function holdTimers(): PageClock {
	const { setTimeout, clearTimeout } = window;
	let now = 0;
	let made = 1_000_000;
	const timers = new Map<number, { at: number; call: () => void }>();
	window.setTimeout = ((call: () => void, ms = 0) => {
		timers.set(++made, { at: now + ms, call });
		return made;
	}) as typeof window.setTimeout;
	window.clearTimeout = (id) => {
		// A timer that was set before the test replaced the functions.
		if (!timers.delete(id as number)) clearTimeout(id as number);
	};
	return {
		advance(ms) {
			const until = now + ms;
			for (;;) {
				const due = [...timers]
					.filter(([, { at }]) => at <= until)
					.sort(([, a], [, b]) => a.at - b.at)[0];
				if (!due) break;
				const [id, { at, call }] = due;
				timers.delete(id);
				now = at;
				call();
			}
			now = until;
		},
		restore() {
			window.setTimeout = setTimeout;
			window.clearTimeout = clearTimeout;
		},
	};
}
