/**
 * Streams text as the body of an HTTP response, at the speed at which the client reads it.
 *
 * A body that is not read holds one chunk and is closed after a while: Bun's idle timer does not
 * notice a client that stopped reading.
 */
import type { Clock } from "../../../protocol/clock.ts";
import { encode, isEvent, type ServerFrame } from "../../../protocol/frames.ts";
import { encodeEvent } from "../../../protocol/sse.ts";

/** A client that reads nothing for this long is disconnected, ms. */
const stalledMs = 60_000;

/** A frame as an event of the stream. Events of the log have their cursor as `id`. */
export const streamText = (frame: ServerFrame, epoch: string): string =>
	encodeEvent(
		encode(frame),
		isEvent(frame) ? `${epoch}.${frame.sequence}` : undefined,
	);

export type StreamOptions = {
	clock: Clock;
	/** The text that is sent if `chunks` throws. */
	errorText: (error: unknown) => string;
	/** Called once, when the stream ends for any reason. */
	onEnd: () => void;
};

export function streamResponse(
	chunks: AsyncGenerator<string>,
	{ clock, errorText, onEnd }: StreamOptions,
): Response {
	const encoder = new TextEncoder();
	let stalled: unknown;
	/** The client has left or was disconnected: the controller must not be used any more. */
	let ended = false;
	const end = () => {
		ended = true;
		clock.clearTimeout(stalled);
		onEnd();
		// The generator ends at its next yield and releases what it reads.
		chunks.return(undefined).catch(() => undefined);
	};
	const body = new ReadableStream<Uint8Array>(
		{
			async pull(controller) {
				clock.clearTimeout(stalled);
				const { done, value } = await chunks
					.next()
					.catch((error) => ({ done: true, value: errorText(error) }));
				if (ended) return;
				if (value) controller.enqueue(encoder.encode(value));
				if (done) {
					controller.close();
					return end();
				}
				stalled = clock.setTimeout(() => {
					controller.error(new Error("The client has stopped reading."));
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

/** Yields the items of `source`, and `undefined` whenever none arrives for `idleMs`. */
export async function* withIdleTicks<Item>(
	source: AsyncIterableIterator<Item>,
	idleMs: number,
	clock: Clock,
): AsyncGenerator<Item | undefined> {
	let timer: unknown;
	try {
		for (let next = source.next(); ; ) {
			const idle = new Promise<undefined>((resolve) => {
				timer = clock.setTimeout(() => resolve(undefined), idleMs);
			});
			const result = await Promise.race([next, idle]);
			clock.clearTimeout(timer);
			if (!result) yield undefined;
			else if (result.done) return;
			else {
				yield result.value;
				next = source.next();
			}
		}
	} finally {
		clock.clearTimeout(timer);
		source.return?.().catch(() => undefined);
	}
}
