/**
 * Sends messages by plain requests, one after the other, while a WebSocket seems unresponsive.
 *
 * A message is stored once however often it arrives, so a failure here loses nothing. It knows no outbox.
 */
import {
	decodeServerFrame,
	encode,
	isEvent,
	type Send,
} from "../../protocol/frames.ts";
import { fetchEndpoint, json, Task } from "./request.ts";
import type { TransportOptions } from "./transport.ts";

/** From a request to its answer. */
const answerMs = 10_000;

/** Returns whether the server took a message: plain HTTP works. */
export async function resendOverHttp(
	frames: readonly Send[],
	{ url, clock, token, events }: TransportOptions,
	signal: AbortSignal,
): Promise<boolean> {
	const { conversation } = events.greet();
	if (!conversation) return false;
	const address = `${url}/frames?${new URLSearchParams({ conversation })}`;
	const task = new Task(clock);
	signal.addEventListener("abort", () => task.end());
	let works = false;
	try {
		for (const frame of frames) {
			task.within(answerMs);
			const response = await fetchEndpoint(address, task, clock, {
				type: json,
				body: encode(frame),
				token: token(),
			});
			const answer = decodeServerFrame(await response.text());
			if (!answer || !isEvent(answer)) break;
			works = true;
		}
	} catch {
		// The connection meets the same rejection or dead network, and reports it.
	} finally {
		task.end();
	}
	return works && !signal.aborted;
}
