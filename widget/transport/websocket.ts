/**
 * A line over one WebSocket, redialed by reconnecting-websocket 4.4.0.
 *
 * The dialer decides nothing but that there is a next attempt. It asks for an address before each,
 * and the answer is our wait: cancellable, with fresh jitter, by the injected clock. Codes and
 * frames are read off the native socket, because the dialer hands on neither the real code nor
 * anything in our order. It is never told to `reconnect()`: after a close in the wrong moment it
 * would stay locked for ever, so whatever we end ourselves gets a new dialer.
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

/** Lets one attempt take this long to open, and then this long to be `ready`. */
const attemptMs = 5_000;
/** The close code for a frame that is larger than somebody on the way allows (RFC 6455, 7.4.1). */
const tooBig = 1009;
/** The dialer's own time limit, which no test clock could move: out of the way. */
const never = 2 ** 31 - 1;

export const websocketTransport: TransportFactory = (options) =>
	new WebSocketTransport(options);

class WebSocketTransport implements Transport {
	readonly name = "websocket";
	readonly #options: TransportOptions;
	#dialer: ReconnectingWebSocket | undefined;
	/** The socket whose word counts. What another one says is late and is dropped. */
	#socket: WebSocket | undefined;
	/** What the dialer waits for before it dials, and how to let it. */
	#turn: Promise<string> | undefined;
	#go: ((address: string) => void) | undefined;
	/** The end of the wait, or the deadline of the attempt. */
	#timer: unknown;
	readonly #backoff: Backoff;
	#isReady = false;
	/** The largest message that this socket was given: what is too big is at least that. */
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
		this.#waitLoudly(this.#backoff.redial());
	}

	stop() {
		this.#drop();
		this.#dialer?.close(1000);
		this.#dialer = undefined;
		globalThis.removeEventListener?.(violation, this.#forbidden);
	}

	/** A socket that the page's policy forbids may hang without a word: this event tells of it. */
	readonly #forbidden = (event: Event) => {
		const { blockedURI, disposition } = event as SecurityPolicyViolationEvent;
		if (disposition !== "enforce" || blockedURI !== this.#socket?.url) return;
		this.#options.events.failed?.("unsupported");
		this.#fail(true);
	};

	/** Takes a fresh dialer and leaves the old one, which may be locked, to itself. */
	#renew() {
		this.#dialer?.close(1000);
		this.#takeTurn();
		const open = (address: string) => this.#open(address);
		function Tap(address: string) {
			return open(address);
		}
		// By this the dialer knows a WebSocket.
		Tap.CLOSING = 2;
		this.#dialer = new ReconnectingWebSocket(
			() => this.#turn as Promise<string>,
			undefined,
			{ WebSocket: Tap, minReconnectionDelay: 0, connectionTimeout: never },
		);
	}

	#takeTurn() {
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

	#waitLoudly(ms: number) {
		const { clock, events } = this.#options;
		this.#wait(ms);
		events.waiting(clock.now() + ms);
	}

	/** Runs from before the dialer moves, so that one that is stuck is replaced, too. */
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
		this.#takeTurn();
		try {
			const socket = new WebSocket(address, subprotocol);
			this.#socket = socket;
			this.#listen(socket);
			return socket;
		} catch {
			// The page's policy, a bad address, no WebSocket at all: a failed attempt like any other.
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
			if (code === tooBig) this.#blameLargest();
			if (isCurrent()) this.#end(code);
		});
	}

	/** Sent again on the next line, such a message would cost that one, too. */
	#blameLargest() {
		const { id } = this.#largest ?? {};
		if (!id || !this.#isReady) return;
		const text = "Your message is too long.";
		const data = { code: "too_large", text, id } as const;
		this.#options.events.receive({ type: "control", action: "error", data });
	}

	#receive(data: unknown) {
		const frame = readFrame(data);
		if (!frame) return;
		if (isLastWord(frame))
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
			refusal?.text ?? `The server closed the line with code ${closeCode}.`,
		);
	}

	/**
	 * Ends an attempt or a line that may come back.
	 * `ours`: the dialer knows nothing of the end and goes with its socket.
	 */
	#fail(ours: boolean, retryAfter?: number) {
		// Whoever was told of the failure may have stopped the line.
		if (!this.#dialer) return;
		this.#drop();
		if (ours) this.#renew();
		this.#waitLoudly(this.#backoff.lost(retryAfter));
	}

	#drop() {
		this.#options.clock.clearTimeout(this.#timer);
		this.#socket = this.#largest = undefined;
		this.#isReady = false;
	}
}

/** What is no frame is skipped: if it was an event, the next one shows the gap. */
function readFrame(data: unknown): ServerFrame | undefined {
	try {
		return decodeServerFrame(data);
	} catch (error) {
		if (error instanceof ChatError) return undefined;
		throw error;
	}
}

/** A refusal that concerns no single frame; the server closes the line next. */
const isLastWord = (frame: ServerFrame): frame is ErrorFrame =>
	frame.type === "control" &&
	frame.action === "error" &&
	!("sequence" in frame) &&
	frame.data.id === undefined;

function codeOf(closeCode: number): ErrorCode {
	const codes = Object.keys(statusOf) as ErrorCode[];
	return codes.find((code) => closeCodeOf(code) === closeCode) ?? "internal";
}
