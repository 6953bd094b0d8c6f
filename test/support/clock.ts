/**
 * Time and random numbers under a test's control: no timer fires before `advance`, and a seed repeats its numbers.
 * The clock has the shape of the server's and of the widget's.
 */

export type ManualClock = {
	now(): number;
	setTimeout(call: () => void, ms: number): unknown;
	clearTimeout(timer: unknown): void;
	random(): number;
	/** Moves time by `ms`: due timers run in order, each followed by the work that it starts. */
	advance(ms: number): Promise<void>;
	/** Moves only the wall clock, as on a machine that slept: no timer fires. */
	sleep(ms: number): void;
	/** The number of pending timers. */
	readonly pending: number;
};

export function manualClock(seed = 1, start = 1_763_836_000_000): ManualClock {
	let now = start;
	let id = 0;
	const timers = new Map<number, { at: number; call: () => void }>();
	return {
		now: () => now,
		setTimeout(call, ms) {
			timers.set(++id, { at: now + Math.max(0, ms), call });
			return id;
		},
		clearTimeout(timer) {
			timers.delete(timer as number);
		},
		random: seeded(seed),
		async advance(ms) {
			const end = now + ms;
			await settle();
			for (;;) {
				const [next] = [...timers]
					.filter(([, { at }]) => at <= end)
					.sort(([a, { at: x }], [b, { at: y }]) => x - y || a - b);
				if (!next) break;
				const [timer, { at, call }] = next;
				timers.delete(timer);
				now = Math.max(now, at);
				call();
				await settle();
			}
			now = Math.max(now, end);
			await settle();
		},
		sleep(ms) {
			now += ms;
		},
		get pending() {
			return timers.size;
		},
	};
}

/** Runs everything that waits only for its turn in the event loop. */
export async function settle(turns = 3): Promise<void> {
	for (let turn = 0; turn < turns; turn++)
		await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Mulberry32 (Tommy Ettinger, public domain): 0 ≤ x < 1, the same sequence for the same seed. */
export function seeded(seed: number): () => number {
	let state = seed | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
	};
}
