/**
 * What a session owes a line that is ready: pings, another reading, wishes and messages.
 *
 * The session asks at every frame, send, wake-up and tick, because timers of a hidden page cannot be
 * trusted: what is due is so by the wall clock. It says what is to be said, and holds no state.
 */
import type { ClientFrame, Hello } from "../../protocol/frames.ts";
import type { Transport } from "../transport/transport.ts";
import type { PendingCommands } from "./commands.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { LogReader } from "./log-reader.ts";
import type { Outbox } from "./outbox.ts";

export type Parts = {
	outbox: Outbox;
	reading: LogReader;
	silence: Heartbeat;
	wishes: PendingCommands;
};

/** Longest trust in a timer while the line is ready. */
const tickMs = 1_000;

/** `next`: ms until it is to be asked again. `refused`: a message was, as too long. */
export function doWhatIsDue(
	{ outbox, reading, silence, wishes }: Parts,
	line: Transport,
	{ now, limit, hello }: { now: number; limit: number; hello(): Hello },
): { next: "redial" | number; refused: boolean } {
	const carry = (frame: ClientFrame) => line.send(frame);
	const open = reading.openReply?.id;
	let silentMs = silence.check(now, open !== undefined);
	if (silentMs === "ping") {
		carry({ type: "ping" });
		silence.pinged(now);
		silentMs = tickMs;
	}
	let readingMs = reading.check(now);
	if (readingMs === "hello") {
		carry(hello());
		reading.said(now);
		readingMs = tickMs;
	}
	if (silentMs === "redial" || readingMs === "redial")
		return { next: "redial", refused: false };
	const isUnresponsive = wishes.flush(now, open, carry);
	const { refused, unanswered, nextMs } = outbox.flush(now, limit, carry);
	if (unanswered.length > 0) line.resendOverHttp?.(unanswered);
	const next =
		isUnresponsive || unanswered.length > 0
			? "redial"
			: Math.min(tickMs, silentMs, readingMs, nextMs);
	return { next, refused };
}
