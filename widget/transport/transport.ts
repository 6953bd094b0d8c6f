/**
 * The contract of a line: carries frames between one session and one server, and redials by itself
 * until it is stopped.
 *
 * `session.ts` owns one line at a time and never knows which kind it is. A transport knows no
 * conversation, no page and no element: it says when a line is open, hands over what came, and
 * carries what it is given.
 */

import type { Clock } from "../../protocol/clock.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type {
	ClientFrame,
	Hello,
	Send,
	ServerFrame,
} from "../../protocol/frames.ts";

export type TransportName = "websocket" | "stream" | "poll";

export type TransportEvents = {
	/**
	 * The line is up and nothing has been said on it: now say hello, by returning it. It only tells
	 * the cursor of the moment and changes nothing: a ladder asks it for a probe, too, while the
	 * session is ready on another line.
	 */
	greet(): Hello;
	/**
	 * A frame came. The line is `ready` just before the `ready` frame is handed over, so that the
	 * listener may already send. A refusal without `id` is not handed over: it ends the line, which
	 * then says `waiting` or `refused`.
	 */
	receive(frame: ServerFrame): void;
	/** The attempt numbered `attempt` (from 1) since the line was last stable has begun. */
	dialing(attempt: number): void;
	/** The line is down; the next attempt is at `until` (ms since 1970). */
	waiting(until: number): void;
	/**
	 * Just before `waiting`: the transport rather than the network seems to be at fault. Only the
	 * ladder listens. `unsupported`: there is none here, or its constructor throws. `swallowed`: the
	 * line opened, but no `ready` came in the 5 s of a handshake, or what must come did not.
	 */
	failed?(why: "unsupported" | "swallowed"): void;
	/** The server's answer is final: the line has stopped and does not redial. */
	refused(code: ErrorCode, text: string): void;
};

export interface Transport {
	readonly name: TransportName;
	/** How often it has stepped down to a lesser transport; only a ladder counts. */
	readonly fallbacks?: number;
	/** Begins dialing. */
	start(): void;
	/**
	 * Carries one frame now. `false`: the line is not ready and nothing was carried; whoever needs
	 * the frame to arrive keeps it and tries again after the next `ready`.
	 */
	send(frame: ClientFrame): boolean;
	/**
	 * Drops what is there and dials anew after at most 300 ms: `online`, `wake` (the network may be
	 * another one: a ladder looks upwards at once) or `silent`.
	 */
	redial(why: string): void;
	/**
	 * Carries messages past a line that seems deaf, by plain requests and in their order, whatever the
	 * line itself does. What comes of it is in the log, or comes to nothing: the sender keeps them.
	 * Absent where there is no other way.
	 */
	resendOverHttp?(frames: readonly Send[]): void;
	/** Ends for good. Nothing is handed over after this returns. Twice is fine. */
	stop(): void;
}

export type TransportOptions = {
	/** The base address of the server, e.g. `https://chat.example.com/chat`, no slash at the end. */
	url: string;
	events: TransportEvents;
	clock: Clock;
	/** For HTTP: the credential of the moment, the one that the last `ready` brought included. */
	token(): string | undefined;
	/** Where a ladder remembers for this tab what worked, e.g. `sessionStorage`. */
	memo?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined;
};

export type TransportFactory = (options: TransportOptions) => Transport;
