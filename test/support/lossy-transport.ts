/**
 * A network without sockets, all of whose faults a test chooses: connections (the contract in
 * widget/transport/transport.ts) on one end, the server's own WebSocket endpoint on the other.
 *
 * Frames take their time and keep their order, unless the weather says otherwise. Time and chance
 * are the clock's. It knows no conversation: frames are text.
 */

import type { Clock } from "../../protocol/clock.ts";
import { closeCodeOf, isWorthRetrying } from "../../protocol/errors.ts";
import {
	type ClientFrame,
	decodeServerFrame,
	type ErrorFrame,
	encode,
	type ServerFrame,
} from "../../protocol/frames.ts";
import type { WebSocketConnection } from "../../server/endpoints/websocket.ts";
import { Backoff } from "../../widget/transport/backoff.ts";
import type {
	Transport,
	TransportFactory,
	TransportName,
	TransportOptions,
} from "../../widget/transport/transport.ts";

type Way = "up" | "down";

/** Probabilities are per frame. */
export type Weather = {
	/** The longest delay of a frame, ms. */
	latencyMs: number;
	/** Connection attempts fail at once. */
	isDown: boolean;
	/** The traffic that a proxy blocks. */
	blocked: readonly TransportName[];
	/** A frame is lost; later ones arrive. */
	lose: number;
	/** A frame arrives again, after up to 3 s. */
	repeat: number;
	/** Later frames overtake a frame. */
	late: number;
	/** The network changes a token's text. */
	corrupt: number;
	/** A `send` gets an error; half of those are stored nevertheless. */
	refuse: number;
};

export const fair: Weather = Object.freeze({
	latencyMs: 20,
	isDown: false,
	blocked: [],
	lose: 0,
	repeat: 0,
	late: 0,
	corrupt: 0,
	refuse: 0,
});

const handshakeMs = 5_000;

export class Network {
	readonly clock: Clock;
	weather: Weather = fair;
	/** How many tokens the network has changed. */
	corrupted = 0;
	readonly cables = new Set<Cable>();
	readonly #accept: () => WebSocketConnection | undefined;

	/** @param accept The server's end of a new connection; none while there is no server. */
	constructor(clock: Clock, accept: () => WebSocketConnection | undefined) {
		this.clock = clock;
		this.#accept = accept;
	}

	/** @param heard Called with each frame of the session when it is sent. */
	line(
		name: TransportName,
		heard: (frame: ClientFrame) => void = () => undefined,
	): TransportFactory {
		return (options) => new LossyTransport(name, this, options, heard);
	}

	dial(name: TransportName, end: ClientEnd): Cable {
		const { isDown, blocked } = this.weather;
		const passes = !isDown && !blocked.includes(name);
		const cable = new Cable(this, passes ? this.#accept() : undefined, end);
		this.cables.add(cable);
		return cable;
	}
}

/** The client's end of a cable. */
type ClientEnd = {
	opened(): void;
	received(text: string): void;
	closed(code: number): void;
};

/** One connection. */
export class Cable {
	readonly #net: Network;
	readonly #connection: WebSocketConnection | undefined;
	readonly #end: ClientEnd;
	/** The arrival time of the last frame that stays in order. */
	readonly #arrivesAt = { up: 0, down: 0 };
	#isOver = false;
	/** A black hole: nothing passes in this direction, without an error. */
	hole: Way | "both" | undefined;
	/** The peer accepts nothing for now. */
	isFull = false;

	constructor(
		net: Network,
		connection: WebSocketConnection | undefined,
		end: ClientEnd,
	) {
		this.#net = net;
		this.#connection = connection;
		this.#end = end;
		if (!connection) {
			this.#carry("down", () => this.cut());
			return;
		}
		connection.open(
			this.#socket(connection) as unknown as Parameters<
				WebSocketConnection["open"]
			>[0],
		);
		this.#carry("down", () => end.opened());
	}

	/** Ends it. A side that gets no close must detect it. */
	cut({ client = true, server = true, code = 1006 } = {}) {
		if (client) this.#end.closed(code);
		if (this.#isOver) return;
		if (server) this.#over();
		else this.hole = "both";
	}

	/** The client has closed; frames in transit to it still arrive. */
	leave() {
		this.#carry("up", () => this.#over());
	}

	/** Accepts again the frames that had no room. */
	drain() {
		if (!this.isFull) return;
		this.isFull = false;
		this.#connection?.onDrain();
	}

	up(frame: ClientFrame) {
		const { weather } = this.#net;
		if (frame.type === "send" && this.#happens(weather.refuse)) {
			this.#refuse(frame.id);
			if (this.#happens(0.5)) return;
		}
		if (this.#happens(weather.lose)) return;
		this.#carry("up", () => {
			if (!this.#isOver) this.#connection?.receive(encode(frame));
		});
	}

	#happens(chance: number): boolean {
		return chance > 0 && this.#net.clock.random() < chance;
	}

	#down(text: string) {
		const { weather } = this.#net;
		if (this.#happens(weather.lose)) return;
		let received = text;
		const isToken = text.startsWith('{"type":"token"');
		if (isToken && this.#happens(weather.corrupt)) {
			received = text.replace('"content":"', '"content":"?');
			this.#net.corrupted++;
		}
		const late = this.#happens(weather.late) ? 200 : 0;
		this.#carry("down", () => this.#end.received(received), late);
		// An overtaken head would announce another log; no transport does that.
		const mayRepeat = !text.startsWith('{"type":"ready"');
		if (mayRepeat && this.#happens(weather.repeat))
			this.#carry("down", () => this.#end.received(received), 3_000);
	}

	#refuse(id: string) {
		const { random } = this.#net.clock;
		const codes = ["rate_limited", "unavailable", "internal"] as const;
		const code = codes[Math.floor(random() * codes.length)] ?? "internal";
		const wait = random() < 0.5 && { retryAfter: Math.floor(random() * 4_000) };
		const refusal: ErrorFrame = {
			type: "control",
			action: "error",
			data: { code, text: "Not now.", id, ...wait },
		};
		this.#down(encode(refusal));
	}

	/** In order, or up to `lateMs` after its turn. */
	#carry(way: Way, call: () => void, lateMs = 0) {
		const { clock, weather } = this.#net;
		const now = clock.now();
		const arrivesAt = Math.max(
			this.#arrivesAt[way],
			now + clock.random() * weather.latencyMs,
		);
		if (lateMs === 0) this.#arrivesAt[way] = arrivesAt;
		const ms = arrivesAt - now + clock.random() * lateMs;
		clock.setTimeout(() => {
			if (this.hole !== way && this.hole !== "both") call();
		}, ms);
	}

	#over() {
		this.#isOver = true;
		this.#net.cables.delete(this);
		this.#connection?.dispose();
	}

	/** The part of Bun's socket that the connection uses. */
	#socket(connection: WebSocketConnection) {
		const close = (code: number) => {
			if (this.#isOver) return;
			this.#over();
			this.#carry("down", () => this.#end.closed(code));
		};
		return {
			send: (text: string) => {
				if (this.#isOver) return 0;
				this.#down(text);
				return this.isFull ? -1 : text.length;
			},
			cork: (call: () => void) => call(),
			getBufferedAmount: () => (this.isFull ? 1_000_000 : 0),
			ping: () =>
				this.#carry("down", () =>
					this.#carry("up", () => connection.noteActivity()),
				),
			close,
			terminate: () => close(1006),
		};
	}
}

class LossyTransport implements Transport {
	readonly name: TransportName;
	readonly #net: Network;
	readonly #options: TransportOptions;
	readonly #heard: (frame: ClientFrame) => void;
	readonly #backoff: Backoff;
	#cable: Cable | undefined;
	#timer: unknown;
	#life: "new" | "on" | "over" = "new";
	#isReady = false;

	constructor(
		name: TransportName,
		net: Network,
		options: TransportOptions,
		heard: (frame: ClientFrame) => void,
	) {
		this.name = name;
		this.#net = net;
		this.#options = options;
		this.#heard = heard;
		this.#backoff = new Backoff(options.clock);
	}

	start() {
		if (this.#life !== "new") return;
		this.#life = "on";
		this.#after(0, () => this.#dial());
	}

	send(frame: ClientFrame): boolean {
		if (!this.#isReady) return false;
		this.#heard(frame);
		this.#cable?.up(frame);
		return true;
	}

	redial() {
		if (this.#life === "on") this.#wait(this.#backoff.redial());
	}

	stop() {
		this.#life = "over";
		this.#drop();
	}

	#dial() {
		const { events } = this.#options;
		this.#after(handshakeMs, () => this.#lost("swallowed"));
		events.dialing(this.#backoff.attempt);
		if (this.#life === "over") return;
		const cable = this.#net.dial(this.name, {
			opened: () => {
				if (this.#cable !== cable) return;
				this.#after(handshakeMs, () => this.#lost("swallowed"));
				const hello = events.greet();
				this.#heard(hello);
				cable.up(hello);
			},
			// Frames of an old cable are late and are dropped.
			received: (text) => {
				if (this.#cable === cable) this.#receive(text);
			},
			closed: (code) => {
				if (this.#cable === cable) this.#end(code);
			},
		});
		this.#cable = cable;
	}

	#receive(text: string) {
		const { clock, events } = this.#options;
		const frame = decodeServerFrame(text);
		if (!frame) return;
		if (isLastWord(frame))
			return this.#end(closeCodeOf(frame.data.code), frame);
		if (frame.type === "ready" && !this.#isReady) {
			clock.clearTimeout(this.#timer);
			this.#backoff.ready();
			this.#isReady = true;
		}
		events.receive(frame);
	}

	#end(code: number, refusal?: ErrorFrame) {
		if (isWorthRetrying(code))
			return this.#lost(undefined, refusal?.data.retryAfter);
		this.stop();
		const { code: why = "internal", text = `Closed with ${code}.` } =
			refusal?.data ?? {};
		this.#options.events.refused(why, text);
	}

	#lost(why?: "swallowed", retryAfter?: number) {
		this.#drop();
		if (why) this.#options.events.failed?.(why);
		if (this.#life === "on") this.#wait(this.#backoff.lost(retryAfter));
	}

	#wait(ms: number) {
		const { clock, events } = this.#options;
		this.#drop();
		this.#after(ms, () => this.#dial());
		events.waiting(clock.now() + ms);
	}

	#after(ms: number, call: () => void) {
		const { clock } = this.#options;
		clock.clearTimeout(this.#timer);
		this.#timer = clock.setTimeout(call, ms);
	}

	#drop() {
		this.#options.clock.clearTimeout(this.#timer);
		this.#cable?.leave();
		this.#cable = undefined;
		this.#isReady = false;
	}
}

const isLastWord = (frame: ServerFrame): frame is ErrorFrame =>
	frame.type === "control" &&
	frame.action === "error" &&
	!("sequence" in frame) &&
	frame.data.id === undefined;
