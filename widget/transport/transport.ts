/**
 * The contract of a transport: it carries frames between one session and one server, and reconnects
 * until it is stopped.
 *
 * A transport knows no conversation, no page and no element.
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
	 * A connection is open: returns the hello to send first. It changes nothing, because the fallback
	 * chain also asks for a probe's hello while the session is ready on another transport.
	 */
	greet(): Hello;
	/**
	 * A frame was received. On `ready` the listener may already send. An error frame without `id` is
	 * not passed on: it ends the connection, and `waiting` or `refused` follows.
	 */
	receive(frame: ServerFrame): void;
	/** An attempt starts: its number, from 1, since the connection was last stable. */
	dialing(attempt: number): void;
	/** The connection is lost, or an attempt failed. The next one is at `until`, ms since 1970. */
	waiting(until: number): void;
	/**
	 * Just before `waiting`, for the fallback chain: the transport, not the network, seems to cause the
	 * loss. `unsupported`: the browser lacks or blocks it. `swallowed`: the connection opened, but a
	 * frame that must come within 5 s did not.
	 */
	failed?(why: "unsupported" | "swallowed"): void;
	/** The server's rejection is final: the transport has stopped. */
	refused(code: ErrorCode, text: string): void;
};

export interface Transport {
	readonly name: TransportName;
	/** How often it stepped down to another transport; only the fallback chain counts. */
	readonly fallbacks?: number;
	/** Starts the first attempt. */
	start(): void;
	/**
	 * Sends one frame now. `false`: the connection is not ready and the frame was not sent; the caller
	 * keeps it until the next `ready`.
	 */
	send(frame: ClientFrame): boolean;
	/**
	 * Drops the connection and starts an attempt within 300 ms. `why`: `silent` (it is dead), or `wake`
	 * (the network may be another one, so the fallback chain probes a better transport at once).
	 */
	redial(why: string): void;
	/**
	 * Sends messages by plain requests, in order, while the connection seems unresponsive. The result
	 * shows only in the log, so the caller keeps the messages. Absent where there is no other way.
	 */
	resendOverHttp?(frames: readonly Send[]): void;
	/** Stops for good. No event follows after it returns. Twice is fine. */
	stop(): void;
}

export type TransportOptions = {
	/** The base address of the server, e.g. `https://chat.example.com/chat`, no slash at the end. */
	url: string;
	events: TransportEvents;
	clock: Clock;
	/** For HTTP: the present credential, which the last `ready` may have changed. */
	token(): string | undefined;
	/** Where the fallback chain remembers what worked in this tab, e.g. `sessionStorage`. */
	memo?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined;
};

export type TransportFactory = (options: TransportOptions) => Transport;
