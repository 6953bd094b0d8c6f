/**
 * The WebSocket door: frames in, frames out, with back-pressure.
 *
 * `server.ts` plugs it into Bun. It translates and nothing more. What Bun leaves to us, and is done
 * here: handlers that cannot reject (an async one would end the process), frames taken in their
 * order (async handlers overlap), `send` that may drop (0) or queue (-1), dead peers that are kept
 * alive by what we send them.
 *
 * Past 300 lines because a line is one state: what it reads, whom it serves and until when.
 */
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { decodeUp } from "../../protocol/client-frames.ts";
import { ChatError, closeCodeOf } from "../../protocol/errors.ts";
import {
	type DownFrame,
	encode,
	type Hello,
	maxFrameBytes,
	type UpFrame,
} from "../../protocol/frames.ts";
import { expired, whenExpired } from "../auth/expiry.ts";
import type { Admission } from "../auth/visitor-tokens.ts";
import {
	type Batch,
	type Chat,
	checkVersion,
	type Visitor,
} from "../chat/chat.ts";
import type { Clock } from "../clock.ts";
import type { OpenLine } from "../limits/connections.ts";
import type { Counts } from "../operations/counters.ts";
import type { Logger } from "../operations/logger.ts";
import { refusalOf } from "./errors.ts";

export const subprotocol = "chat-stream.v1";

/** A peer that does not take what we send is looked at again this often, ms: `drain` may be lost. */
const drainTickMs = 250;
/** We send on when less than this is queued in the socket, bytes. */
const roomBytes = 65_536;
/** Frames of one line that may wait for their turn, and their sizes together. */
const maxWaitingFrames = 64;
const maxWaitingBytes = 8 * maxFrameBytes;
/** How often a line asks the peer's network stack for a sign of life, ms. */
const protocolPingMs = 20_000;

export type WebSocketParts = {
	chat: Chat;
	admission: Admission;
	clock: Clock;
	logger: Logger;
	counts?: Counts | undefined;
	settings: { heartbeatMs: number; helloMs: number; idleTimeoutMs: number };
	/** The lines that are open now. */
	lines: Set<Line>;
	/** This line, as far as it is counted. */
	counted?: OpenLine;
};

type Socket = ServerWebSocket<Line>;

/** One line: what a peer has said about itself and what is under way for it. */
export class Line {
	readonly #parts: WebSocketParts;
	#socket: Socket | undefined;
	#visitor: Visitor | undefined;
	/** When the visitor's credential stops to count, and what stops the wait for that. */
	#until = 0;
	#unwait: (() => void) | undefined;
	#conversation: string | undefined;
	/** Ends the reading of the conversation. */
	#reading: AbortController | undefined;
	#head = 0;
	/** Frames are on their way to the peer: a ping with their head would look like a gap. */
	#sending = false;
	/** Frames are taken one after the other. */
	#turn: Promise<void> = Promise.resolve();
	#waitingFrames = 0;
	#waitingBytes = 0;
	#timers: unknown[] = [];
	#heardAt = 0;
	/** Called when the socket may have room again. */
	readonly #onRoom = new Set<() => void>();
	#closed = false;

	constructor(parts: WebSocketParts) {
		this.#parts = parts;
	}

	open(socket: Socket) {
		this.#socket = socket;
		const { clock, settings, lines, counts } = this.#parts;
		lines.add(this);
		if (counts) counts.lines.websocket++;
		this.#heardAt = clock.now();
		const late = new ChatError("hello_timeout", "Expected a hello in time.");
		const helloTimer = clock.setTimeout(() => {
			if (!this.#visitor) this.#refuse(late);
		}, settings.helloMs);
		this.#timers.push(helloTimer);
		this.#every(settings.heartbeatMs, () => {
			if (this.#reading && !this.#sending)
				this.#send([{ type: "ping", head: this.#head }]);
		});
		this.#every(Math.min(protocolPingMs, settings.idleTimeoutMs / 2), () => {
			this.#socket?.ping();
		});
		this.#watch(settings.idleTimeoutMs, this.#timers.length);
	}

	/** Something came, if only a pong. */
	hear() {
		const now = this.#parts.clock.now();
		this.#heardAt = now;
		try {
			this.#parts.counted?.hear(now);
		} catch (error) {
			this.#refuse(error);
		}
	}

	take(message: string | Buffer) {
		this.hear();
		if (this.#closed) return;
		const bytes = message.length;
		this.#waitingBytes += bytes;
		const isFlood =
			++this.#waitingFrames > maxWaitingFrames ||
			this.#waitingBytes > maxWaitingBytes;
		if (isFlood)
			return this.#refuse(
				new ChatError("rate_limited", "Too many frames at once.", {
					retryAfter: 5_000,
				}),
			);
		this.#turn = this.#turn
			// Who does not take what we say is not heard: every frame may bring an answer.
			.then(() => this.#roomToSend())
			.then(() => (this.#closed ? undefined : this.#handle(decodeUp(message))))
			.catch((error) => this.#refuse(error))
			.finally(() => {
				this.#waitingFrames--;
				this.#waitingBytes -= bytes;
			});
	}

	room() {
		for (const look of this.#onRoom) look();
	}

	/** The line is gone; whatever it was reading is let go. Twice is fine. */
	drop() {
		this.#closed = true;
		const { lines, counted, counts } = this.#parts;
		if (lines.delete(this) && counts) counts.lines.websocket--;
		counted?.release();
		this.#reading?.abort();
		this.#unwait?.();
		for (const timer of this.#timers) this.#parts.clock.clearTimeout(timer);
		this.#timers = [];
		this.room();
	}

	/** The server goes away for now; the peer comes back by itself. */
	retire() {
		this.#close(1012, "The server is being restarted.");
	}

	async #handle(frame: UpFrame): Promise<void> {
		if (frame.type === "hello") return this.#greet(frame);
		const { chat, clock } = this.#parts;
		const visitor = this.#visitor;
		const conversation = this.#conversation;
		if (!visitor || !conversation)
			throw new ChatError("bad_frame", "Expected hello as the first frame.");
		// The timer is late where the machine was asleep.
		if (this.#until <= clock.now()) throw expired();
		switch (frame.type) {
			case "send":
				await chat.send(visitor, conversation, frame);
				break;
			case "stop":
				await chat.stop(visitor, conversation, frame.message);
				break;
			case "retry":
				await chat.retry(visitor, conversation, frame);
				break;
			case "feedback":
				await chat.rate(visitor, conversation, frame);
				break;
			case "ping":
				this.#send([{ type: "pong" }]);
		}
	}

	async #greet(hello: Hello) {
		const { admission, chat, clock, counts } = this.#parts;
		checkVersion(hello);
		// Said again without a credential it is a wish to read again: we know who this is.
		const known = hello.token === undefined && this.#visitor;
		const { visitor, until, fresh } = known
			? { visitor: known, until: this.#until }
			: await admission.admit(hello.token, hello.conversation !== undefined);
		if (until <= clock.now()) throw expired();
		this.#parts.counted?.greet(visitor.id);
		const { conversation } = await chat.enter(visitor, hello);
		if (this.#closed) return;
		if (counts && hello.conversation && hello.after) counts.resumes.websocket++;
		this.#visitor = visitor;
		this.#until = until;
		this.#unwait?.();
		this.#unwait = whenExpired(clock, until, () => this.#refuse(expired()));
		this.#conversation = conversation;
		this.#reading?.abort();
		const reading = new AbortController();
		this.#reading = reading;
		const wanted = { ...hello, conversation };
		// A new conversation has nothing behind any cursor.
		if (!hello.conversation) delete wanted.after;
		this.#pump(visitor, wanted, fresh, reading.signal).catch((error) => {
			if (!reading.signal.aborted) this.#refuse(error);
		});
	}

	/** Sends on at the pace of the peer: what it has no room for stays in the log. */
	async #pump(
		visitor: Visitor,
		hello: Hello & { conversation: string },
		fresh: string | undefined,
		signal: AbortSignal,
	) {
		const { chat } = this.#parts;
		const { ready, first, rest } = await chat.open(visitor, hello, signal);
		if (signal.aborted) return; // Greeted again meanwhile.
		if (fresh) ready.token = fresh;
		this.#send([ready]);
		for (let batch: Batch | undefined = first; batch && !signal.aborted; ) {
			this.#head = batch.head;
			let sent = this.#send(batch.events);
			while (sent < batch.events.length && !signal.aborted) {
				this.#sending = true;
				await this.#roomToSend(signal);
				this.#sending = false;
				if (!signal.aborted) sent += this.#send(batch.events.slice(sent));
			}
			batch = (await rest.next()).value;
		}
	}

	async #roomToSend(signal?: AbortSignal) {
		const { clock } = this.#parts;
		while (!this.#closed && !signal?.aborted && !this.#hasRoom())
			await new Promise<void>((resolve) => {
				const look = () => {
					clock.clearTimeout(timer);
					this.#onRoom.delete(look);
					resolve();
				};
				const timer = clock.setTimeout(look, drainTickMs);
				this.#onRoom.add(look);
			});
	}

	#hasRoom(): boolean {
		return (this.#socket?.getBufferedAmount() ?? 0) <= roomBytes;
	}

	/** Sends while the peer has room. @returns how many frames it has taken. */
	#send(frames: readonly DownFrame[]): number {
		const socket = this.#socket;
		if (!socket || this.#closed) return frames.length;
		let sent = 0;
		const sendAll = () => {
			for (const frame of frames) {
				if (sent > 0 && !this.#hasRoom()) return;
				sent++;
				if (socket.send(encode(frame)) !== 0) continue;
				// Dropped: the peer must not see what follows. It comes back and reads on.
				socket.terminate();
				return;
			}
		};
		if (frames.length === 1) sendAll();
		else if (frames.length > 1) socket.cork(sendAll);
		return sent;
	}

	/** With an id a refusal concerns one message; without, it is the line's last word. */
	#refuse(thrown: unknown) {
		if (this.#closed) return;
		const { logger, counts } = this.#parts;
		const refusal = refusalOf(thrown, logger, counts);
		this.#send([refusal]);
		const { code, id, text } = refusal.data;
		if (id === undefined) this.#close(closeCodeOf(code), text);
	}

	#close(code: number, reason: string) {
		if (this.#closed) return;
		// `close` calls the close handler before it returns.
		this.#closed = true;
		// A close frame would wait for ever behind what the peer does not read.
		if (this.#hasRoom()) this.#socket?.close(code, reason.slice(0, 40));
		else this.#socket?.terminate();
		this.drop();
	}

	/** Drops a peer of which nothing came for so long; `at`: the place of its timer. */
	#watch(ms: number, at: number) {
		const { clock, settings } = this.#parts;
		this.#timers[at] = clock.setTimeout(() => {
			const { idleTimeoutMs } = settings;
			const leftMs = this.#heardAt + idleTimeoutMs - clock.now();
			if (leftMs <= 0) this.#socket?.terminate();
			// More than that is left only if the clock was set back.
			else this.#watch(Math.min(leftMs, idleTimeoutMs), at);
		}, ms);
	}

	#every(ms: number, call: () => void) {
		const { clock } = this.#parts;
		const at = this.#timers.length;
		const again = () => {
			this.#timers[at] = clock.setTimeout(() => {
				if (this.#closed) return;
				again();
				call();
			}, ms);
		};
		again();
	}
}

/** Bun's side of every line. */
export const socketHandler: WebSocketHandler<Line> & { data: Line } = {
	data: undefined as unknown as Line,
	// Larger frames than ours may come in whole, so that they are refused in words.
	maxPayloadLength: 4 * maxFrameBytes,
	// Room is looked for after each frame: more than one large frame never waits.
	backpressureLimit: 4 * 1024 * 1024,
	// Bun's own timer is reset by what we send; lines look after themselves.
	idleTimeout: 0,
	sendPings: false,
	perMessageDeflate: false,
	open: (socket) => socket.data.open(socket),
	message: (socket, message) => socket.data.take(message),
	drain: (socket) => socket.data.room(),
	ping: (socket) => socket.data.hear(),
	pong: (socket) => socket.data.hear(),
	close: (socket) => socket.data.drop(),
};
