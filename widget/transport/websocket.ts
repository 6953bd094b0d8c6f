/**
 * A transport over a WebSocket, reconnected by reconnecting-websocket 4.4.0.
 *
 * The library, here called the dialer, only starts the next attempt. It asks for an address first, and
 * the promise of that address is the wait: cancellable, with jitter, by the injected clock. Close
 * codes and frames come from the native socket, because the dialer changes both. `reconnect()` is
 * never called: after a close at the wrong moment it stays locked. A new dialer replaces it instead.
 */
import ReconnectingWebSocket from "reconnecting-websocket";
import {
	ChatError,
	closeCodeOf,
	type ErrorCode,
	isWorthRetrying,
	statusOf,
} from "../../protocol/errors.ts";
import {
	type ClientFrame,
	decodeServerFrame,
	type ErrorFrame,
	encode,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { Backoff } from "./backoff.ts";
import type {
	Transport,
	TransportFactory,
	TransportOptions,
} from "./transport.ts";

const violation = "securitypolicyviolation";
const subprotocol = "chat-stream.v1";

/** For an attempt to open, and then for its `ready`. */
const attemptMs = 5_000;
/** The close code for a frame that is larger than a proxy on the way allows (RFC 6455, 7.4.1). */
const tooBig = 1009;
/** Disables the dialer's own time limit, which ignores the injected clock. */
const never = 2 ** 31 - 1;

export const websocketTransport: TransportFactory = (options) =>
	new WebSocketTransport(options);

class WebSocketTransport implements Transport {
	readonly name = "websocket";
	readonly #options: TransportOptions;
	#dialer: ReconnectingWebSocket | undefined;
	/** The current socket. Events of an older one are ignored. */
	#socket: WebSocket | undefined;
	/** The address that the dialer waits for, and the function that resolves it. */
	#turn: Promise<string> | undefined;
	#go: ((address: string) => void) | undefined;
	/** The end of the wait, or the deadline of the attempt. */
	#timer: unknown;
	readonly #backoff: Backoff;
	#isReady = false;
	/** The largest message on this socket: if a frame is too big, it is this one. */
	#largest: { id: string; length: number } | undefined;

	constructor(options: TransportOptions) {
		this.#options = options;
		this.#backoff = new Backoff(options.clock);
	}

	start() {
		if (this.#dialer) return;
		globalThis.addEventListener?.(violation, this.#forbidden);
		this.#renew();
		this.#wait(0);
	}

	send(frame: ClientFrame): boolean {
		if (!this.#isReady || this.#socket?.readyState !== 1) return false;
		const text = encode(frame);
		const { length } = text;
		if (frame.type === "send" && length > (this.#largest?.length ?? 0))
			this.#largest = { id: frame.id, length };
		this.#socket.send(text);
		return true;
	}

	redial() {
		if (!this.#dialer) return;
		this.#drop();
		this.#renew();
		this.#announceWait(this.#backoff.redial());
	}

	stop() {
		this.#drop();
		this.#dialer?.close(1000);
		this.#dialer = undefined;
		globalThis.removeEventListener?.(violation, this.#forbidden);
	}

	/** A socket that the page's policy forbids may hang without an event of its own. */
	readonly #forbidden = (event: Event) => {
		const { blockedURI, disposition } = event as SecurityPolicyViolationEvent;
		if (disposition !== "enforce" || blockedURI !== this.#socket?.url) return;
		this.#options.events.failed?.("unsupported");
		this.#fail(true);
	};

	/** Replaces the dialer, which may be locked. */
	#renew() {
		this.#dialer?.close(1000);
		this.#awaitTurn();
		const open = (address: string) => this.#open(address);
		function Tap(address: string) {
			return open(address);
		}
		// The dialer accepts a class as a WebSocket if it has this constant.
		Tap.CLOSING = 2;
		this.#dialer = new ReconnectingWebSocket(
			() => this.#turn as Promise<string>,
			undefined,
			{ WebSocket: Tap, minReconnectionDelay: 0, connectionTimeout: never },
		);
	}

	#awaitTurn() {
		this.#turn = new Promise((go) => {
			this.#go = go;
		});
	}

	#wait(ms: number) {
		const { clock, url } = this.#options;
		this.#timer = clock.setTimeout(() => {
			this.#within(attemptMs);
			this.#options.events.dialing(this.#backoff.attempt);
			this.#go?.(url.replace(/^http/, "ws"));
		}, ms);
	}

	#announceWait(ms: number) {
		const { clock, events } = this.#options;
		this.#wait(ms);
		events.waiting(clock.now() + ms);
	}

	/** A deadline that also covers the dialer, which may be stuck. */
	#within(ms: number) {
		const { clock } = this.#options;
		clock.clearTimeout(this.#timer);
		this.#timer = clock.setTimeout(() => {
			const isSwallowed = this.#socket?.readyState === 1;
			this.#drop();
			if (isSwallowed) this.#options.events.failed?.("swallowed");
			this.#fail(true);
		}, ms);
	}

	/** Called by the dialer as its `new WebSocket(address)`; must not throw. */
	#open(address: string): EventTarget {
		this.#awaitTurn();
		try {
			const socket = new WebSocket(address, subprotocol);
			this.#socket = socket;
			this.#listen(socket);
			return socket;
		} catch {
			// The page's policy, a bad address, no WebSocket: a failed attempt like any other.
			this.#options.events.failed?.("unsupported");
			this.#fail(false);
			const dead = Object.assign(new EventTarget(), { readyState: 3 });
			queueMicrotask(() => dead.dispatchEvent(new Event("close")));
			return dead;
		}
	}

	#listen(socket: WebSocket) {
		const isCurrent = () => this.#socket === socket;
		socket.addEventListener("open", () => {
			if (!isCurrent()) return;
			this.#within(attemptMs);
			socket.send(encode(this.#options.events.greet()));
		});
		socket.addEventListener("message", ({ data }) => {
			if (isCurrent()) this.#receive(data);
		});
		socket.addEventListener("close", ({ code }) => {
			if (!isCurrent()) return;
			if (code === tooBig) this.#rejectLargest();
			if (isCurrent()) this.#end(code);
		});
	}

	/** The outbox must not send such a message again: it would end the next connection, too. */
	#rejectLargest() {
		const { id } = this.#largest ?? {};
		if (!id || !this.#isReady) return;
		const text = "Your message is too long.";
		const data = { code: "too_large", text, id } as const;
		this.#options.events.receive({ type: "control", action: "error", data });
	}

	#receive(data: unknown) {
		const frame = readFrame(data);
		if (!frame) return;
		if (isFinal(frame))
			return this.#end(closeCodeOf(frame.data.code), frame.data);
		if (frame.type === "ready" && !this.#isReady) {
			this.#options.clock.clearTimeout(this.#timer);
			this.#backoff.ready();
			this.#isReady = true;
		}
		this.#options.events.receive(frame);
	}

	#end(closeCode: number, refusal?: ErrorFrame["data"]) {
		if (isWorthRetrying(closeCode))
			return this.#fail(refusal !== undefined, refusal?.retryAfter);
		this.stop();
		this.#options.events.refused(
			refusal?.code ?? codeOf(closeCode),
			refusal?.text ??
				`The server closed the connection with code ${closeCode}.`,
		);
	}

	/**
	 * Ends an attempt or a connection, and waits for the next attempt.
	 * `ours`: the dialer does not know that it ended, so it is replaced.
	 */
	#fail(ours: boolean, retryAfter?: number) {
		// A listener may have stopped the transport.
		if (!this.#dialer) return;
		this.#drop();
		if (ours) this.#renew();
		this.#announceWait(this.#backoff.lost(retryAfter));
	}

	#drop() {
		this.#options.clock.clearTimeout(this.#timer);
		this.#socket = this.#largest = undefined;
		this.#isReady = false;
	}
}

/** An invalid frame is skipped: if it was an event, the next one shows the gap. */
function readFrame(data: unknown): ServerFrame | undefined {
	try {
		return decodeServerFrame(data);
	} catch (error) {
		if (error instanceof ChatError) return undefined;
		throw error;
	}
}

/** An error frame without `id`: the server closes the connection next. */
const isFinal = (frame: ServerFrame): frame is ErrorFrame =>
	frame.type === "control" &&
	frame.action === "error" &&
	!("sequence" in frame) &&
	frame.data.id === undefined;

function codeOf(closeCode: number): ErrorCode {
	const codes = Object.keys(statusOf) as ErrorCode[];
	return codes.find((code) => closeCodeOf(code) === closeCode) ?? "internal";
}
