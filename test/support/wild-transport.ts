/**
 * A connection through bad weather: the contract of a transport over the real service, without a socket.
 *
 * What goes up and comes down is lost, repeated, late or out of order by chance; the connection is cut, goes
 * unresponsive, and comes back as another transport. It never passes on a frame of an older
 * connection, or of an older read than the last `ready`.
 */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError, isWorthRetrying, statusOf } from "../../protocol/errors.ts";
import {
	type ClientFrame,
	type Hello,
	isEvent,
	type ServerFrame,
} from "../../protocol/frames.ts";
import type { Chat } from "../../server/chat/chat.ts";
import type { Batch } from "../../server/chat/reading.ts";
import type { Visitor } from "../../server/visitor.ts";
import type {
	Transport,
	TransportFactory,
	TransportName,
	TransportOptions,
} from "../../widget/transport/transport.ts";

/** The probability of each fault, from 0 to 1, and the delay of frames. */
export type Weather = {
	lateMs: number;
	lostDown: number;
	lostUp: number;
	repeated: number;
	/** An event arrives after some that follow it. */
	overtaken: number;
	/** A connection becomes unresponsive when a frame is sent on it. */
	unresponsive: number;
	/** A connection attempt fails. */
	unreachable: number;
};

export const calm: Weather = {
	lateMs: 5,
	lostDown: 0,
	lostUp: 0,
	repeated: 0,
	overtaken: 0,
	unresponsive: 0,
	unreachable: 0,
};

export type World = {
	clock: Clock;
	random(): number;
	weather: Weather;
	/** The current service; undefined between a crash and the restart. */
	chat: Chat | undefined;
	visitor: Visitor;
	heartbeatMs: number;
	transports: Set<WildTransport>;
};

const names: readonly TransportName[] = ["websocket", "stream", "poll"];

export const wildTransport =
	(world: World): TransportFactory =>
	(options) =>
		new WildTransport(options, world);

export class WildTransport implements Transport {
	name: TransportName = "websocket";
	readonly #world: World;
	readonly #options: TransportOptions;
	/** Counts connections: frames of an older one are dropped. */
	#connection = 0;
	#isReady = false;
	#isUnresponsive = false;
	#isOver = false;
	#conversation: string | undefined;
	#reading: AbortController | undefined;
	/** Counts `hello` frames, and the one whose `ready` arrived last. */
	#hellos = 0;
	#currentRead = 0;
	#head = 0;
	#dueAt = 0;
	#attempt = 1;
	#timers = new Set<unknown>();

	constructor(options: TransportOptions, world: World) {
		this.#options = options;
		this.#world = world;
	}

	start() {
		this.#world.transports.add(this);
		this.#dial(0);
	}

	send(frame: ClientFrame): boolean {
		if (!this.#isReady) return false;
		const { random, weather } = this.#world;
		if (random() < weather.unresponsive) this.#isUnresponsive = true;
		if (this.#isUnresponsive || random() < weather.lostUp) return true;
		const times = random() < weather.repeated ? 2 : 1;
		for (let time = 0; time < times; time++)
			this.#later(random() * weather.lateMs, () => this.#take(frame));
		return true;
	}

	redial() {
		if (!this.#isOver) this.lose(this.#world.random() * 300);
	}

	stop() {
		this.#isOver = true;
		this.#world.transports.delete(this);
		this.#drop();
	}

	/** The network cuts it. */
	lose(ms = 100 + this.#world.random() * 900) {
		if (this.#isOver) return;
		this.#drop();
		this.#options.events.waiting(this.#options.clock.now() + ms);
		if (!this.#isOver) this.#dial(ms);
	}

	/** A better transport takes over, as a fallback chain does it: no wait, and a hello at once. */
	switchOver() {
		if (this.#isOver || !this.#isReady) return;
		this.#drop();
		this.#dial(0);
	}

	/* ------------------------------------------------------------ the connection */

	#drop() {
		this.#connection++;
		this.#reading?.abort();
		this.#isReady = this.#isUnresponsive = false;
		this.#dueAt = 0;
		for (const timer of this.#timers) this.#options.clock.clearTimeout(timer);
		this.#timers.clear();
	}

	/** Runs `call` unless the connection has closed by then. */
	#later(ms: number, call: () => void) {
		const { clock } = this.#options;
		const timer = clock.setTimeout(() => {
			this.#timers.delete(timer);
			call();
		}, ms);
		this.#timers.add(timer);
	}

	#dial(ms: number) {
		this.#later(ms, () => {
			const { random, weather, chat } = this.#world;
			this.#options.events.dialing(this.#attempt++);
			if (this.#isOver) return;
			if (!chat || random() < weather.unreachable) return this.lose();
			this.name = names[Math.floor(random() * names.length)] ?? "poll";
			const hello = this.#options.events.greet();
			this.#later(random() * weather.lateMs, () => this.#greet(hello));
			this.#beat();
			// A handshake has a time limit.
			this.#later(5_000, () => {
				if (!this.#isReady) this.lose();
			});
		});
	}

	#beat() {
		this.#later(this.#world.heartbeatMs, () => {
			if (this.#isReady) this.#down({ type: "ping", head: this.#head });
			this.#beat();
		});
	}

	/* ------------------------------------------------------------ client frames, as an endpoint handles them */

	#take(frame: ClientFrame) {
		if (frame.type === "hello") return this.#greet(frame);
		const { chat, visitor } = this.#world;
		const conversation = this.#conversation as string;
		if (!chat) return;
		const refuse = (error: unknown) => this.#refuse(error);
		switch (frame.type) {
			case "send":
				return void chat.send(visitor, conversation, frame).catch(refuse);
			case "stop":
				return void chat
					.stop(visitor, conversation, frame.message)
					.catch(refuse);
			case "retry":
				return void chat.retry(visitor, conversation, frame).catch(refuse);
			case "feedback":
				return void chat.rate(visitor, conversation, frame).catch(refuse);
			case "ping":
				return this.#down({ type: "pong" });
		}
	}

	#greet(hello: Hello) {
		const connection = this.#connection;
		const reading = ++this.#hellos;
		this.#read(hello, connection, reading).catch((error) => {
			if (connection === this.#connection && reading === this.#hellos)
				this.#refuse(error);
		});
	}

	async #read(hello: Hello, connection: number, number: number) {
		const { chat, visitor } = this.#world;
		if (!chat) return;
		const { conversation } = await chat.enter(visitor, hello);
		if (connection !== this.#connection) return;
		this.#conversation = conversation;
		this.#reading?.abort();
		const reading = new AbortController();
		this.#reading = reading;
		const { signal } = reading;
		const wanted = { ...hello, conversation };
		const { ready, first, rest } = await chat.open(visitor, wanted, signal);
		if (signal.aborted) return;
		this.#down(ready, number);
		for (let batch: Batch | undefined = first; batch && !signal.aborted; ) {
			this.#head = batch.head;
			for (const event of batch.events) this.#down(event, number);
			batch = (await rest.next()).value;
		}
	}

	#refuse(error: unknown) {
		if (!(error instanceof ChatError)) throw error;
		const { code, id, message: text, retryAfter } = error;
		if (id !== undefined) {
			const data = { code, text, id, ...(retryAfter && { retryAfter }) };
			return this.#down({ type: "control", action: "error", data });
		}
		if (isWorthRetrying(statusOf[code])) return this.lose();
		this.stop();
		this.#options.events.refused(code, text);
	}

	/* ------------------------------------------------------------ server frames */

	/** `reading`: the hello that an event or a `ready` belongs to. */
	#down(frame: ServerFrame, reading = 0) {
		const { random, weather } = this.#world;
		if (random() < weather.unresponsive / 4) this.#isUnresponsive = true;
		if (this.#isUnresponsive || random() < weather.lostDown) return;
		const now = this.#options.clock.now();
		let dueAt = Math.max(this.#dueAt, now + random() * weather.lateMs);
		if (isEvent(frame) && random() < weather.overtaken) dueAt += 30;
		else this.#dueAt = dueAt;
		const hand = () => {
			if (this.#isUnresponsive) return;
			if (frame.type === "ready") {
				this.#currentRead = reading;
				this.#isReady = true;
			} else if (isEvent(frame) && reading < this.#currentRead) return;
			this.#options.events.receive(frame);
		};
		this.#later(dueAt - now, hand);
		if (random() < weather.repeated && frame.type !== "ready")
			this.#later(dueAt - now + random() * 50, hand);
	}
}
