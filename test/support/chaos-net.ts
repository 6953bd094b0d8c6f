/**
 * The shared state of the chaos proxy's connections: current toxics, random numbers, and pipes that deliver bytes
 * late, slowly, in slices or never. Knows no HTTP.
 */
import type { Socket } from "node:net";

export type Toxics = {
	/** Delay of every byte, ms. */
	latencyMs?: number;
	/** Random variation of that delay in both directions, ms. */
	jitterMs?: number;
	/** For each direction of each connection. */
	bytesPerSecond?: number;
	/** Bytes are sent in slices of 1 to 7. */
	slice?: boolean;
	/** A black hole: nothing passes in this direction until it heals, not even the end of a connection. */
	hold?: "up" | "down" | "both";
	/** Cuts a connection after this number of bytes to the client. */
	cutAfterBytes?: number;
	/** @default "reset" */
	cutHow?: Cut;
	/** Answers an upgrade with this status, or accepts it and then sends nothing. */
	upgrade?: number | "swallow";
	/** A WebSocket delivers its hello to the server and nothing after it; requests pass. */
	deafSockets?: boolean;
	/** Event streams are held until they end, or in blocks, or compressed. */
	stream?: "hold" | "gzip" | { blockBytes: number };
	/** Cuts an event stream or a WebSocket at that age, ms. */
	cutStreamAfterMs?: number;
	/** Answers requests for paths with this prefix, in place of the server. */
	answers?: Record<
		string,
		{ status: number; headers?: Record<string, string>; body?: string }
	>;
	/** Answers every request with 200 and a login page. */
	portal?: boolean;
};

/** With RST, or with FIN like a regular end. */
export type Cut = "reset" | "end";

type Cuttable = { gone: Promise<void>; cut(how: Cut): void };

/** The state that all connections share. */
export class Net {
	readonly target: number;
	readonly stats = {
		connections: 0,
		open: 0,
		/** `GET /chat/health`, in order. */
		requests: [] as string[],
		bytesUp: 0,
		bytesDown: 0,
		cuts: 0,
	};
	toxics: Toxics = {};
	#seed: number;
	#open = new Set<Cuttable>();
	#changed = Promise.withResolvers<void>();

	constructor(target: number, seed: number) {
		this.target = target;
		this.#seed = seed;
	}

	set(toxics: Toxics) {
		this.toxics = toxics;
		this.#changed.resolve();
		this.#changed = Promise.withResolvers();
	}

	add(connection: Cuttable) {
		this.#open.add(connection);
		this.stats.connections++;
		this.stats.open++;
		void connection.gone.then(() => {
			this.#open.delete(connection);
			this.stats.open--;
		});
	}

	cut(how: Cut) {
		for (const connection of this.#open) connection.cut(how);
	}

	/** Resolves when the toxics let bytes pass in direction `way`. */
	async passes(way: "up" | "down", gone: Promise<void>) {
		const isHeld = () =>
			this.toxics.hold === way || this.toxics.hold === "both";
		while (isHeld())
			if (await Promise.race([this.#changed.promise, gone.then(() => true)]))
				return;
	}

	/** mulberry32: 0 ≤ x < 1 */
	random(): number {
		this.#seed = (this.#seed + 0x6d2b79f5) | 0;
		let x = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
		x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
		return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
	}
}

/** A pipe that holds more pauses its source, bytes. */
const maxQueuedBytes = 262_144;

/** Delivers bytes in one direction and in order: delayed, at a limited rate, in slices. */
export class Pipe {
	readonly #net: Net;
	readonly #way: "up" | "down";
	readonly #source: () => Socket | undefined;
	readonly #deliver: (bytes: Buffer) => Promise<void>;
	readonly #gone: Promise<void>;
	#queue: { dueAt: number; what: Buffer | (() => void) }[] = [];
	#queuedBytes = 0;
	#isRunning = false;

	constructor(
		net: Net,
		way: "up" | "down",
		gone: Promise<void>,
		source: () => Socket | undefined,
		deliver: (bytes: Buffer) => Promise<void>,
	) {
		this.#net = net;
		this.#way = way;
		this.#gone = gone;
		this.#source = source;
		this.#deliver = deliver;
	}

	/** Adds bytes, or an action to run after everything pushed before. */
	push(what: Buffer | (() => void)) {
		const { latencyMs = 0, jitterMs = 0 } = this.#net.toxics;
		const lateMs = latencyMs + (this.#net.random() * 2 - 1) * jitterMs;
		const dueAt = performance.now() + lateMs;
		this.#queue.push({ dueAt, what });
		// A full queue applies backpressure, as a slow network does.
		if (typeof what !== "function") this.#queuedBytes += what.length;
		if (this.#queuedBytes > maxQueuedBytes) this.#source()?.pause();
		if (!this.#isRunning) void this.#run();
	}

	async #run() {
		this.#isRunning = true;
		for (let item = this.#queue[0]; item; item = this.#queue[0]) {
			await this.#pause(item.dueAt - performance.now());
			await this.#net.passes(this.#way, this.#gone);
			if (typeof item.what === "function") item.what();
			else await this.#send(item.what);
			this.#queue.shift();
			if (this.#queuedBytes < maxQueuedBytes / 2) this.#source()?.resume();
		}
		this.#isRunning = false;
	}

	async #send(bytes: Buffer) {
		this.#queuedBytes -= bytes.length;
		for (let at = 0; at < bytes.length; ) {
			const { slice, bytesPerSecond } = this.#net.toxics;
			const most = slice
				? 1 + Math.floor(this.#net.random() * 7)
				: bytesPerSecond
					? Math.max(1, Math.ceil(bytesPerSecond / 50))
					: bytes.length;
			const piece = bytes.subarray(at, at + most);
			at += piece.length;
			if (bytesPerSecond)
				await this.#pause((piece.length / bytesPerSecond) * 1_000);
			await this.#net.passes(this.#way, this.#gone);
			await this.#deliver(piece);
			// Without a turn of the event loop between two slices the kernel would join them.
			if (slice) await new Promise(setImmediate);
		}
	}

	#pause(ms: number): Promise<void> | undefined {
		if (ms <= 0) return undefined;
		const { promise, resolve } = Promise.withResolvers<void>();
		const timer = setTimeout(resolve, ms);
		void this.#gone.then(() => {
			clearTimeout(timer);
			resolve();
		});
		return promise;
	}
}
