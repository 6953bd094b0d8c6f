/**
 * The WebSocket endpoint: frames in, frames out, with back-pressure.
 *
 * `server.ts` plugs it into Bun. It translates and nothing more. What Bun leaves to us, and is done
 * here: handlers that cannot reject (an async one would end the process), frames taken in their
 * order (async handlers overlap), `send` that may drop (0) or queue (-1), dead peers that are kept
 * alive by what we send them.
 *
 * Past 300 lines because a line is one state: what it reads, whom it serves and until when.
 */
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { decodeClientFrame } from "../../protocol/client-frames.ts";
import type { Clock } from "../../protocol/clock.ts";
import { ChatError, closeCodeOf } from "../../protocol/errors.ts";
import {
	type ClientFrame,
	encode,
	type Hello,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import { expired, whenExpired } from "../auth/expiry.ts";
import type { Authentication } from "../auth/visitor-tokens.ts";
import { type Chat, checkVersion } from "../chat/chat.ts";
import type { Batch } from "../chat/reading.ts";
import type { CountedConnection } from "../limits/connections.ts";
import type { Counts } from "../operations/counters.ts";
import type { Logger } from "../operations/logger.ts";
import type { Visitor } from "../visitor.ts";
import { errorFrameOf } from "./errors.ts";

export const subprotocol = "chat-stream.v1";

/** A peer that does not take what we send is looked at again this often, ms: `drain` may be lost. */
const drainTickMs = 250;
/** We send on when less than this is queued in the socket, bytes. */
const maxQueuedBytes = 65_536;
/** Frames of one line that may wait for their turn, and their sizes together. */
const maxWaitingFrames = 64;
const maxWaitingBytes = 8 * maxFrameBytes;
/** How often a line asks the peer's network stack for a sign of life, ms. */
const protocolPingMs = 20_000;

export type WebSocketParts = {
	chat: Chat;
	authentication: Authentication;
	clock: Clock;
	logger: Logger;
	counts?: Counts | undefined;
	settings: { heartbeatMs: number; helloMs: number; idleTimeoutMs: number };
	/** The connections that are open now. */
	connections: Set<WebSocketConnection>;
	/** This line, as far as it is counted. */
	counted?: CountedConnection;
};

type Socket = ServerWebSocket<WebSocketConnection>;

/** One line: what a peer has said about itself and what is under way for it. */
export class WebSocketConnection {
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
	#lastActivityAt = 0;
	/** Called when the socket may have room again. */
	readonly #waiters = new Set<() => void>();
	#closed = false;

	constructor(parts: WebSocketParts) {
		this.#parts = parts;
	}

	open(socket: Socket) {
		this.#socket = socket;
		const { clock, settings, connections, counts } = this.#parts;
		connections.add(this);
		if (counts) counts.lines.websocket++;
		this.#lastActivityAt = clock.now();
		const late = new ChatError("hello_timeout", "Expected a hello in time.");
		const helloTimer = clock.setTimeout(() => {
			if (!this.#visitor) this.#reject(late);
		}, settings.helloMs);
		this.#timers.push(helloTimer);
		this.#every(settings.heartbeatMs, () => {
			if (this.#reading && !this.#sending)
				this.#send([{ type: "ping", head: this.#head }]);
		});
		this.#every(Math.min(protocolPingMs, settings.idleTimeoutMs / 2), () => {
			this.#socket?.ping();
		});
		this.#closeWhenIdle(settings.idleTimeoutMs, this.#timers.length);
	}

	/** Something came, if only a pong. */
	noteActivity() {
		const now = this.#parts.clock.now();
		this.#lastActivityAt = now;
		try {
			this.#parts.counted?.countFrame(now);
		} catch (error) {
			this.#reject(error);
		}
	}

	receive(message: string | Buffer) {
		this.noteActivity();
		if (this.#closed) return;
		const bytes = message.length;
		this.#waitingBytes += bytes;
		const isFlood =
			++this.#waitingFrames > maxWaitingFrames ||
			this.#waitingBytes > maxWaitingBytes;
		if (isFlood)
			return this.#reject(
				new ChatError("rate_limited", "Too many frames at once.", {
					retryAfter: 5_000,
				}),
			);
		this.#turn = this.#turn
			// Who does not take what we say is not heard: every frame may bring an answer.
			.then(() => this.#waitForSpace())
			.then(() =>
				this.#closed ? undefined : this.#handle(decodeClientFrame(message)),
			)
			.catch((error) => this.#reject(error))
			.finally(() => {
				this.#waitingFrames--;
				this.#waitingBytes -= bytes;
			});
	}

	onDrain() {
		for (const look of this.#waiters) look();
	}

	/** The line is gone; whatever it was reading is let go. Twice is fine. */
	dispose() {
		this.#closed = true;
		const { connections, counted, counts } = this.#parts;
		if (connections.delete(this) && counts) counts.lines.websocket--;
		counted?.release();
		this.#reading?.abort();
		this.#unwait?.();
		for (const timer of this.#timers) this.#parts.clock.clearTimeout(timer);
		this.#timers = [];
		this.onDrain();
	}

	/** The server goes away for now; the peer comes back by itself. */
	closeForRestart() {
		this.#close(1012, "The server is being restarted.");
	}

	async #handle(frame: ClientFrame): Promise<void> {
		if (frame.type === "hello") return this.#hello(frame);
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

	async #hello(hello: Hello) {
		const { authentication, chat, clock, counts } = this.#parts;
		checkVersion(hello);
		// Said again without a credential it is a wish to read again: we know who this is.
		const known = hello.token === undefined && this.#visitor;
		const { visitor, until, fresh } = known
			? { visitor: known, until: this.#until }
			: await authentication.authenticate(
					hello.token,
					hello.conversation !== undefined,
				);
		if (until <= clock.now()) throw expired();
		this.#parts.counted?.identify(visitor.id);
		const { conversation } = await chat.enter(visitor, hello);
		if (this.#closed) return;
		if (counts && hello.conversation && hello.after) counts.resumes.websocket++;
		this.#visitor = visitor;
		this.#until = until;
		this.#unwait?.();
		this.#unwait = whenExpired(clock, until, () => this.#reject(expired()));
		this.#conversation = conversation;
		this.#reading?.abort();
		const reading = new AbortController();
		this.#reading = reading;
		const wanted = { ...hello, conversation };
		// A new conversation has nothing behind any cursor.
		if (!hello.conversation) delete wanted.after;
		this.#pump(visitor, wanted, fresh, reading.signal).catch((error) => {
			if (!reading.signal.aborted) this.#reject(error);
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
				await this.#waitForSpace(signal);
				this.#sending = false;
				if (!signal.aborted) sent += this.#send(batch.events.slice(sent));
			}
			batch = (await rest.next()).value;
		}
	}

	async #waitForSpace(signal?: AbortSignal) {
		const { clock } = this.#parts;
		while (!this.#closed && !signal?.aborted && !this.#hasSpace())
			await new Promise<void>((resolve) => {
				const look = () => {
					clock.clearTimeout(timer);
					this.#waiters.delete(look);
					resolve();
				};
				const timer = clock.setTimeout(look, drainTickMs);
				this.#waiters.add(look);
			});
	}

	#hasSpace(): boolean {
		return (this.#socket?.getBufferedAmount() ?? 0) <= maxQueuedBytes;
	}

	/** Sends while the peer has room. @returns how many frames it has taken. */
	#send(frames: readonly ServerFrame[]): number {
		const socket = this.#socket;
		if (!socket || this.#closed) return frames.length;
		let sent = 0;
		const sendAll = () => {
			for (const frame of frames) {
				if (sent > 0 && !this.#hasSpace()) return;
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
	#reject(thrown: unknown) {
		if (this.#closed) return;
		const { logger, counts } = this.#parts;
		const refusal = errorFrameOf(thrown, logger, counts);
		this.#send([refusal]);
		const { code, id, text } = refusal.data;
		if (id === undefined) this.#close(closeCodeOf(code), text);
	}

	#close(code: number, reason: string) {
		if (this.#closed) return;
		// `close` calls the close handler before it returns.
		this.#closed = true;
		// A close frame would wait for ever behind what the peer does not read.
		if (this.#hasSpace()) this.#socket?.close(code, reason.slice(0, 40));
		else this.#socket?.terminate();
		this.dispose();
	}

	/** Drops a peer of which nothing came for so long; `at`: the place of its timer. */
	#closeWhenIdle(ms: number, at: number) {
		const { clock, settings } = this.#parts;
		this.#timers[at] = clock.setTimeout(() => {
			const { idleTimeoutMs } = settings;
			const leftMs = this.#lastActivityAt + idleTimeoutMs - clock.now();
			if (leftMs <= 0) this.#socket?.terminate();
			// More than that is left only if the clock was set back.
			else this.#closeWhenIdle(Math.min(leftMs, idleTimeoutMs), at);
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
export const socketHandler: WebSocketHandler<WebSocketConnection> & {
	data: WebSocketConnection;
} = {
	data: undefined as unknown as WebSocketConnection,
	// Larger frames than ours may come in whole, so that they are refused in words.
	maxPayloadLength: 4 * maxFrameBytes,
	// Room is looked for after each frame: more than one large frame never waits.
	backpressureLimit: 4 * 1024 * 1024,
	// Bun's own timer is reset by what we send; connections look after themselves.
	idleTimeout: 0,
	sendPings: false,
	perMessageDeflate: false,
	open: (socket) => socket.data.open(socket),
	message: (socket, message) => socket.data.receive(message),
	drain: (socket) => socket.data.onDrain(),
	ping: (socket) => socket.data.noteActivity(),
	pong: (socket) => socket.data.noteActivity(),
	close: (socket) => socket.data.dispose(),
};
