/** The work of a page's main thread, from Chromium's trace. For the benchmarks; knows no chat. */
import type { Page } from "puppeteer-core";

/** ms; `at` and `until` use the clock of the marks, `thread` is thread time. */
export type Task = { at: number; until: number; thread: number };

export type Trace = {
	tasks: Task[];
	/** Time of the last `performance.mark(name)`, ms. */
	marks: ReadonlyMap<string, number>;
};

type TraceEvent = {
	name: string;
	cat: string;
	pid: number;
	tid: number;
	/** µs, all three. */
	ts: number;
	dur?: number;
	/** Thread time. */
	tdur?: number;
};

const ours = "bench-of-ours";

/** @returns a function that ends the trace and returns its content. */
export async function beginTrace(page: Page): Promise<() => Promise<Trace>> {
	await page.tracing.start({ categories: ["toplevel", "blink.user_timing"] });
	return async () => {
		await page.evaluate((mark) => void performance.mark(mark), ours);
		const bytes = await page.tracing.stop();
		const { traceEvents } = JSON.parse(new TextDecoder().decode(bytes)) as {
			traceEvents: TraceEvent[];
		};
		// Chromium's own pages also have main threads.
		const mark = traceEvents.find(({ name }) => name === ours);
		const events = traceEvents.filter(
			({ pid, tid }) => pid === mark?.pid && tid === mark.tid,
		);
		const tasks = events
			// The trace contains the same task under a second name.
			.filter(({ name }) => name === "ThreadControllerImpl::RunTask")
			.map(({ ts, dur = 0, tdur = 0 }) => ({
				at: ts / 1_000,
				until: (ts + dur) / 1_000,
				thread: tdur / 1_000,
			}));
		const marks = new Map(
			events
				.filter(({ cat }) => cat.includes("user_timing"))
				.map(({ name, ts }) => [name, ts / 1_000]),
		);
		return { tasks, marks };
	};
}

export const median = (values: readonly number[]) =>
	values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
