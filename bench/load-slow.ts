/**
 * Readers of the load test that leave nearly everything unread, like a phone with a bad connection: their
 * sockets are paused, so the server's buffers fill.
 */
import { connect, type Socket } from "node:net";
import { decodeServerFrame } from "../protocol/frames.ts";
import { EventStreamReader } from "../protocol/sse.ts";
import { eventsPath } from "../test/support/doors.ts";
import { frameOf, RawSocket } from "../test/support/raw-socket.ts";
import { Copy, greetMs, type Reader } from "./load-readers.ts";

/** A slow reader reads for one turn of the event loop at this interval, ms. */
const sipMs = 5_000;
/** The interval of its own pings, ms: it is slow, not dead. */
const sayMs = 10_000;

/** Reads a long conversation of `owner` very slowly, until `hurry`. */
export abstract class SlowReader implements Reader {
	readonly copy = new Copy();
	/** Bytes read. */
	abstract readonly received: number;
	protected readonly url: string;
	protected isHurried = false;
	#timers: ReturnType<typeof setInterval>[] = [];

	constructor(url: string, owner: Copy) {
		this.url = url;
		this.copy.ready = owner.ready;
		this.copy.token = owner.token;
	}

	async come() {
		await this.dial();
		this.pause();
		const sip = () => {
			this.resume();
			setImmediate(() => this.isHurried || this.pause());
		};
		this.#timers = [
			setInterval(sip, sipMs),
			setInterval(() => this.sayPing(), sayMs),
		];
	}

	hurry() {
		this.isHurried = true;
		for (const timer of this.#timers) clearInterval(timer);
		this.resume();
	}

	/** The server has closed the connection: like a widget, it resumes from its cursor. */
	protected comeBack() {
		if (this.copy.isWhole) return;
		this.copy.tally["lines ended by the server"]++;
		this.copy.tally.resumes++;
		this.dial().catch((error) => console.error(error));
	}

	leave() {
		for (const timer of this.#timers) clearInterval(timer);
		this.hangUp();
	}

	protected abstract dial(): Promise<void>;
	protected abstract pause(): void;
	protected abstract resume(): void;
	protected abstract sayPing(): void;
	protected abstract hangUp(): void;
}

export class SlowSocket extends SlowReader {
	#raw: RawSocket | undefined;

	get received() {
		return this.#raw?.received ?? 0;
	}

	protected async dial() {
		const raw = new RawSocket(this.url);
		this.#raw = raw;
		raw.say(this.copy.hello);
		await raw.when(() => raw.frames.length > 0, "ready", greetMs);
		const isOver = () => {
			for (const { kind, data } of raw.frames.splice(0))
				if (kind === "text") this.copy.take(decodeServerFrame(data.toString()));
			return raw.ended;
		};
		raw
			.when(isOver, "end of the line", 600_000)
			.then(() => this.#raw === raw && this.comeBack())
			.catch(() => undefined);
	}

	protected pause() {
		this.#raw?.pause();
	}

	protected resume() {
		this.#raw?.resume();
	}

	protected sayPing() {
		this.#raw?.write(frameOf('{"type":"ping"}'));
	}

	protected hangUp() {
		const raw = this.#raw;
		this.#raw = undefined;
		raw?.destroy();
	}
}

/** Leaves the body of an event stream unread. */
export class SlowStream extends SlowReader {
	received = 0;
	#socket: Socket | undefined;

	protected async dial() {
		const { conversation = "", epoch = "" } = this.copy.ready ?? {};
		const after = this.copy.picture.last;
		const { port, hostname, host } = new URL(this.url);
		const path = eventsPath({ conversation, epoch, after });
		const socket = connect(Number(port), hostname);
		this.#socket = socket;
		socket.write(
			`GET /chat${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${this.copy.token}\r\n\r\n`,
		);
		const { promise, resolve } = Promise.withResolvers<void>();
		const unchunk = unchunker();
		const reader = new EventStreamReader();
		const decoder = new TextDecoder();
		socket.on("data", (bytes: Buffer) => {
			resolve();
			this.received += bytes.length;
			const text = decoder.decode(unchunk(bytes), { stream: true });
			for (const { data } of reader.read(text))
				this.copy.take(decodeServerFrame(data));
		});
		socket.on("error", () => undefined);
		socket.on("close", () => this.#socket === socket && this.comeBack());
		await promise;
	}

	protected pause() {
		this.#socket?.pause();
	}

	protected resume() {
		this.#socket?.resume();
	}

	/** A stream sends nothing to the server. */
	protected sayPing() {}

	protected hangUp() {
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.destroy();
	}
}

/** The body of a chunked response (RFC 9112, section 7.1), chunk by chunk. */
function unchunker(): (bytes: Buffer) => Buffer {
	let rest: Buffer = Buffer.alloc(0);
	let isHead = true;
	return (bytes) => {
		rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
		const parts: Buffer[] = [];
		for (;;) {
			const end = rest.indexOf(isHead ? "\r\n\r\n" : "\r\n");
			if (end === -1) break;
			if (isHead) {
				rest = rest.subarray(end + 4);
				isHead = false;
				continue;
			}
			const length = Number.parseInt(rest.toString("latin1", 0, end), 16);
			if (rest.length < end + length + 4) break;
			parts.push(rest.subarray(end + 2, end + 2 + length));
			rest = rest.subarray(end + length + 4);
		}
		return Buffer.concat(parts);
	};
}
