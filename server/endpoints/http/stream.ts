/**
 * Frames as the body of an HTTP answer, made at the pace at which they are read.
 *
 * `http.ts` calls it. A body that nobody reads holds one chunk, and is ended after a while: Bun's
 * own timer does not see a peer that has stopped reading.
 */

import type { Clock } from "../../../protocol/clock.ts";
import { encode, isEvent, type ServerFrame } from "../../../protocol/frames.ts";
import { encodeEvent } from "../../../protocol/sse.ts";

/** A reader that takes nothing for this long is dropped, ms. */
const stalledMs = 60_000;

/** A frame as an event of the stream; events of the log bear their place as `id`. */
export const streamText = (frame: ServerFrame, epoch: string): string =>
	encodeEvent(
		encode(frame),
		isEvent(frame) ? `${epoch}.${frame.sequence}` : undefined,
	);

/**
 * The answer that streams `chunks`. `lastWords` makes the text of a failure; `onGone` is called once,
 * when the stream has ended in whatever way.
 */
export function streamResponse(
	chunks: AsyncGenerator<string>,
	clock: Clock,
	lastWords: (error: unknown) => string,
	onGone: () => void,
): Response {
	const encoder = new TextEncoder();
	let stalled: unknown;
	/** The reader has left, or was left: nothing may be written any more. */
	let gone = false;
	const end = () => {
		gone = true;
		clock.clearTimeout(stalled);
		onGone();
		// Ends at its next yield, where it lets go of what it reads.
		chunks.return(undefined).catch(() => undefined);
	};
	const body = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				clock.clearTimeout(stalled);
				const { done, value } = await chunks
					.next()
					.catch((error) => ({ done: true, value: lastWords(error) }));
				if (gone) return;
				if (value) controller.enqueue(encoder.encode(value));
				if (done) {
					controller.close();
					return end();
				}
				stalled = clock.setTimeout(() => {
					controller.error(new Error("The reader has stopped reading."));
					end();
				}, stalledMs);
			},
			cancel: end,
		},
		{ highWaterMark: 0 },
	);
	return new Response(body, {
		headers: {
			"Content-Type": "text/event-stream; charset=utf-8",
			"Cache-Control": "no-store, no-transform",
			"X-Accel-Buffering": "no",
		},
	});
}

/** What `source` yields, and `undefined` whenever it has yielded nothing for `idleMs`. */
export async function* withIdleTicks<Item>(
	source: AsyncIterableIterator<Item>,
	idleMs: number,
	clock: Clock,
): AsyncGenerator<Item | undefined> {
	let timer: unknown;
	try {
		for (let next = source.next(); ; ) {
			const quiet = new Promise<undefined>((resolve) => {
				timer = clock.setTimeout(() => resolve(undefined), idleMs);
			});
			const came = await Promise.race([next, quiet]);
			clock.clearTimeout(timer);
			if (!came) yield undefined;
			else if (came.done) return;
			else {
				yield came.value;
				next = source.next();
			}
		}
	} finally {
		clock.clearTimeout(timer);
		source.return?.().catch(() => undefined);
	}
}
