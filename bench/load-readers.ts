/**
 * Readers of the load test, by what they do to the server: read, read far too slowly, or come and go.
 *
 * `load-client.ts` makes them. Each folds all it gets with the protocol's own `reduce` and holds it, at
 * the end, against what the model has counted: every number once, and in order.
 */
import { connect, type Socket } from "node:net";
import {
	type Conversation,
	emptyConversation,
	reduce,
} from "../protocol/conversation.ts";
import {
	type DownFrame,
	decodeDown,
	isEvent,
	type Ready,
} from "../protocol/frames.ts";
import { EventStreamReader } from "../protocol/sse.ts";
import { eventsPath } from "../test/support/doors.ts";
import { frameOf, RawSocket } from "../test/support/raw-socket.ts";
import { nowMs } from "./load-provider.ts";

/** What a reader asks for: so many answers one after the other, each of so many pieces. */
export type Order = {
	answers: number;
	pieces: number;
	everyMs: number;
	width: number;
};

/** What a reader must never see, and what became of it. */
export const emptyTally = {
	expected: 0,
	lost: 0,
	repeated: 0,
	"out of order": 0,
	damaged: 0,
	"broken off": 0,
	"lines ended by the server": 0,
	resumes: 0,
};
export type Tally = typeof emptyTally;

/** One reader's copy of its conversation, whichever line brought it. */
export class Copy {
	picture: Conversation = emptyConversation;
	ready: Ready | undefined;
	token = "";
	/** How late each number was, ms; of readers that keep up. */
	readonly lateMs: number[] = [];
	readonly tally: Tally = { ...emptyTally };
	readonly #asked: { id: string; order: Order }[] = [];

	take(frame: DownFrame | undefined, isTimed = false) {
		if (!frame) return;
		if (frame.type === "ready") {
			this.ready = frame;
			this.token = frame.token ?? this.token;
		}
		if (!isEvent(frame)) return;
		if (isTimed && frame.type === "token") this.#time(frame.content);
		const { outcome, conversation } = reduce(this.picture, frame);
		if (outcome === "repeat") this.tally.repeated++;
		if (outcome === "gap") this.tally["out of order"]++;
		if (outcome === "mismatch") this.tally.damaged++;
		this.picture = conversation;
	}

	#time(content: string) {
		const now = nowMs();
		for (const [, due] of content.matchAll(/@([\d.]+)/g))
			this.lateMs.push(now - Number(due));
	}

	/** Somebody has asked for this in this conversation. */
	expect(id: string, order: Order) {
		this.#asked.push({ id, order });
	}

	/** With which this reader comes back. */
	get hello() {
		const { conversation, epoch } = this.ready ?? {};
		const after = this.picture.last;
		const { token } = this;
		return conversation
			? { type: "hello", version: 1, token, conversation, epoch, after }
			: { type: "hello", version: 1 };
	}

	get isWhole(): boolean {
		const closed = this.picture.messages.filter(
			(message) => message.role === "assistant" && message.close,
		);
		return closed.length >= this.#asked.length;
	}

	/** What is wrong with the answers, number by number. */
	check(): Tally {
		const { tally } = this;
		for (const { id, order } of this.#asked) {
			tally.expected += order.pieces;
			const reply = this.picture.messages.find(
				(message) => message.role === "assistant" && message.replyTo === id,
			);
			const isEnded =
				reply?.role === "assistant" &&
				reply.close?.by === "end" &&
				reply.close.reason === "complete";
			if (!isEnded) tally["broken off"]++;
			const words = reply?.text.split(" ").slice(0, -1) ?? [];
			const numbers = words.map((word) => Number.parseInt(word, 10));
			const seen = new Set(numbers);
			for (let i = 1; i <= order.pieces; i++) if (!seen.has(i)) tally.lost++;
			tally.repeated += numbers.length - seen.size;
			numbers.forEach((number, at) => {
				if (at > 0 && number < (numbers[at - 1] as number))
					tally["out of order"]++;
			});
		}
		return tally;
	}
}

export interface Reader {
	readonly copy: Copy;
	/** Resolves when it is greeted. */
	come(): Promise<void>;
	/** From now on it reads all there is, whatever it did before. */
	hurry(): void;
	leave(): void;
}

const greetMs = 30_000;

/** Reads as it comes. With `flapMs` its line is lost that often, and it comes back with its cursor. */
export class QuickReader implements Reader {
	readonly copy = new Copy();
	readonly #url: string;
	readonly #isTimed: boolean;
	readonly #flapMs: number;
	#socket: Bun.WebSocket | undefined;
	#flap: ReturnType<typeof setInterval> | undefined;

	constructor(
		url: string,
		{
			isTimed = false,
			flapMs = 0,
		}: { isTimed?: boolean; flapMs?: number } = {},
	) {
		this.#url = url;
		this.#isTimed = isTimed;
		this.#flapMs = flapMs;
	}

	come(): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const late = setTimeout(
			() => reject(new Error(`No ready in ${greetMs} ms.`)),
			greetMs,
		);
		this.#dial(() => {
			clearTimeout(late);
			resolve();
		});
		return promise;
	}

	#dial(onReady = () => {}) {
		const socket = new WebSocket(
			`${this.#url.replace("http", "ws")}/chat`,
			// Bun's own, which can be cut off without a word.
		) as unknown as Bun.WebSocket;
		this.#socket = socket;
		socket.onopen = () => socket.send(JSON.stringify(this.copy.hello));
		socket.onmessage = ({ data }) => {
			// What a lost line still brings is lost.
			if (this.#socket !== socket) return;
			const frame = decodeDown(data);
			this.copy.take(frame, this.#isTimed);
			if (frame?.type === "ready") onReady();
		};
		socket.onclose = () => {
			if (this.#socket !== socket) return;
			this.copy.tally["lines ended by the server"]++;
			setTimeout(() => this.#socket === socket && this.#dial(), 100);
		};
	}

	/** @returns the ids of the questions, in their order. */
	ask(order: Order): string[] {
		const { answers, pieces, everyMs, width } = order;
		const content = `load ${pieces} ${everyMs} ${width}`;
		const ids = Array.from({ length: answers }, () => crypto.randomUUID());
		for (const id of ids) {
			this.copy.expect(id, order);
			this.#socket?.send(JSON.stringify({ type: "send", id, content }));
		}
		if (this.#flapMs > 0) this.#flap = setInterval(this.#lose, this.#flapMs);
		return ids;
	}

	#lose = () => {
		// Not before the question has come back: it would be asked by nobody.
		if (this.copy.picture.last === 0) return;
		this.copy.tally.resumes++;
		const lost = this.#socket;
		this.#dial();
		lost?.terminate();
	};

	hurry() {
		clearInterval(this.#flap);
	}

	leave() {
		this.hurry();
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.close();
	}
}

/** A slow reader takes what one turn of the event loop brings, this often. */
const sipMs = 5_000;
/** It is no dead peer: it says something, as a widget does whose way up is free. */
const sayMs = 10_000;

/** Reads a long conversation of `owner`'s, but takes hardly any of it until it is told to hurry. */
export abstract class SlowReader implements Reader {
	readonly copy = new Copy();
	/** Bytes that it has taken. */
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

	/** The server has ended the line: as a widget does, it reads on from its cursor. */
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
				if (kind === "text") this.copy.take(decodeDown(data.toString()));
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
				this.copy.take(decodeDown(data));
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

	/** Nothing goes up on a stream. */
	protected sayPing() {}

	protected hangUp() {
		const socket = this.#socket;
		this.#socket = undefined;
		socket?.destroy();
	}
}

/** The body of an answer in chunks (RFC 9112, section 7.1), piece by piece. */
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
