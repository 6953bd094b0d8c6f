/**
 * The WebSocket endpoint: client frames in, server frames out, with back-pressure.
 *
 * Translates between frames and the chat service, and knows no store and no HTTP. Bun leaves four
 * things to us: a rejected async handler ends the process, async handlers overlap, `send` may drop (0)
 * or queue (-1), and Bun's idle timer is reset by our own sends.
 */
import type { ServerWebSocket, WebSocketHandler } from "bun";
import { decodeClientFrame } from "../../protocol/client-frames.ts";
import type { Clock } from "../../protocol/clock.ts";
import { ChatError, closeCodeOf } from "../../protocol/errors.ts";
import {
	type ClientFrame,
	encode,
	type Hello,
	type LogEvent,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import { expired, whenExpired } from "../auth/expiry.ts";
import type { Authenticated, Authentication } from "../auth/visitor-tokens.ts";
import { type Chat, checkVersion } from "../chat/chat.ts";
import type { Batch } from "../chat/reading.ts";
import type { CountedConnection } from "../limits/connections.ts";
import type { Counts } from "../operations/counters.ts";
import type { Logger } from "../operations/logger.ts";
import type { ClientAddress, Visitor } from "../visitor.ts";
import { errorFrameOf } from "./errors.ts";

export const subprotocol = "chat-stream.v1";

/** How often a full socket is checked for space, ms. Bun may not report `drain`. */
const drainTickMs = 250;
/** Sending pauses while more than this is queued in the socket, bytes. */
const maxQueuedBytes = 65_536;
/** More events in one append are read from the store, with a check for space after each frame. */
const maxPushedEvents = 8;
/** Received frames that may wait to be handled, and their total size in bytes. */
const maxWaitingFrames = 64;
const maxWaitingBytes = 8 * maxFrameBytes;
/** Interval of WebSocket protocol pings, ms. The peer's network stack responds to them. */
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
	/** Counts this connection against the limits. */
	counted?: CountedConnection;
	/** Where the peer is, for the limits per address. */
	address?: ClientAddress;
};

type Socket = ServerWebSocket<WebSocketConnection>;

/** One connection: its visitor, the conversation it reads, and the frames it handles. */
export class WebSocketConnection {
	readonly #parts: WebSocketParts;
	#socket: Socket | undefined;
	#visitor: Visitor | undefined;
	/** When the credential expires, ms since 1970, and what cancels the timer for it. */
	#until = 0;
	#cancelExpiry: (() => void) | undefined;
	#conversation: string | undefined;
	/** Aborts the current read of the conversation. */
	#reading: AbortController | undefined;
	#head = 0;
	/** A batch is partly sent. A ping with its head would look like a gap to the peer. */
	#sending = false;
	/** Received frames are handled one after the other. */
	#turn: Promise<void> = Promise.resolve();
	#waitingFrames = 0;
	#waitingBytes = 0;
	#timers: unknown[] = [];
	#lastActivityAt = 0;
	/** Identifies the connection in the log. */
	readonly #id = crypto.randomUUID().slice(0, 8);
	#openedAt = 0;
	/** Called when the socket may have space again. */
	readonly #waiters = new Set<() => void>();
	#closed = false;

	constructor(parts: WebSocketParts) {
		this.#parts = parts;
	}

	open(socket: Socket) {
		this.#socket = socket;
		const { clock, settings, connections, counts } = this.#parts;
		connections.add(this);
		if (counts) counts.connections.websocket++;
		this.#lastActivityAt = clock.now();
		this.#openedAt = clock.now();
		this.#log("connection_opened");
		const late = new ChatError(
			"hello_timeout",
			`Expected hello within ${settings.helloMs} ms.`,
		);
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

	/** The peer has sent something, at least a pong. */
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
			// A peer that reads nothing is not handled: every frame may cause a frame to it.
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

	/** The connection is closed: releases everything. Calling it again has no effect. */
	dispose(code?: number) {
		this.#closed = true;
		const { clock, connections, counted, counts } = this.#parts;
		if (connections.delete(this)) {
			if (counts) counts.connections.websocket--;
			const ms = clock.now() - this.#openedAt;
			this.#log("connection_closed", { code, ms });
		}
		counted?.release();
		this.#reading?.abort();
		this.#cancelExpiry?.();
		for (const timer of this.#timers) this.#parts.clock.clearTimeout(timer);
		this.#timers = [];
		this.onDrain();
	}

	/** Closes with 1012, after which the peer reconnects. */
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
		// The timer may be late, for example when the machine was suspended.
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
				break;
			default: {
				const never: never = frame;
				return never;
			}
		}
	}

	async #hello(hello: Hello) {
		const { authentication, chat, clock, counts } = this.#parts;
		checkVersion(hello);
		// A repeated hello without a credential reads again as the visitor that is known already.
		const known = hello.token === undefined && this.#visitor;
		const { address } = this.#parts;
		const found: Authenticated = known
			? { visitor: known, until: this.#until }
			: await authentication.authenticate(
					hello.token,
					hello.conversation !== undefined,
				);
		const { until, fresh } = found;
		const visitor = { ...found.visitor, ...(address && { address }) };
		// Nothing would release what a closed connection counts.
		if (this.#closed) return;
		if (until <= clock.now()) throw expired();
		this.#parts.counted?.identify(visitor.id);
		const { conversation } = await chat.enter(visitor, hello);
		if (this.#closed) return;
		if (counts && hello.conversation && hello.after) counts.resumes.websocket++;
		this.#visitor = visitor;
		this.#until = until;
		this.#cancelExpiry?.();
		this.#cancelExpiry = whenExpired(clock, until, () =>
			this.#reject(expired()),
		);
		this.#conversation = conversation;
		this.#log("connection_hello", { conversation, after: hello.after ?? 0 });
		this.#reading?.abort();
		const reading = new AbortController();
		this.#reading = reading;
		const wanted = { ...hello, conversation };
		// A cursor means nothing in a new conversation.
		if (!hello.conversation) delete wanted.after;
		this.#pump(visitor, wanted, fresh, reading.signal).catch((error) => {
			if (!reading.signal.aborted) this.#reject(error);
		});
	}

	/** Sends as fast as the peer reads. What it has no space for stays in the log. */
	async #pump(
		visitor: Visitor,
		hello: Hello & { conversation: string },
		fresh: string | undefined,
		signal: AbortSignal,
	) {
		const { chat } = this.#parts;
		const push = (batch: Batch) => this.#push(batch);
		const opened = await chat.open(visitor, hello, signal, push);
		const { ready, first, rest } = opened;
		if (signal.aborted) return; // Another hello came meanwhile.
		if (fresh) ready.token = fresh;
		this.#send([ready]);
		for (let batch: Batch | undefined = first; batch && !signal.aborted; ) {
			this.#head = batch.head;
			const { events } = batch;
			for (let sent = 0; sent < events.length && !signal.aborted; ) {
				// Before the first frame, too: a batch of one large event comes with every append.
				this.#sending = true;
				if (!this.#hasSpace()) await this.#waitForSpace(signal);
				this.#sending = false;
				if (signal.aborted) break;
				sent += this.#send(sent === 0 ? events : events.slice(sent));
			}
			batch = (await rest.next()).value;
		}
	}

	/** Sends new events in the turn of their append. @returns false if the socket has no space. */
	#push({ head, events }: Batch): boolean {
		const socket = this.#socket;
		if (!socket || this.#closed) return true;
		if (events.length > maxPushedEvents || !this.#hasSpace()) return false;
		this.#head = head;
		for (const frame of encodedOnce(events)) this.#write(socket, frame);
		return true;
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

	/** Sends while the socket has space. @returns how many frames were sent. */
	#send(frames: readonly ServerFrame[]): number {
		const socket = this.#socket;
		if (!socket || this.#closed) return frames.length;
		let sent = 0;
		const sendAll = () => {
			for (const frame of frames) {
				if (sent > 0 && !this.#hasSpace()) return;
				sent++;
				if (!this.#write(socket, encode(frame))) return;
			}
		};
		if (frames.length === 1) sendAll();
		else if (frames.length > 1) socket.cork(sendAll);
		return sent;
	}

	/** @returns false if the connection was terminated. */
	#write(socket: Socket, frame: string): boolean {
		if (socket.send(frame) !== 0) return true;
		// Dropped: the peer must not receive what follows. It reconnects with its cursor.
		socket.terminate();
		return false;
	}

	/** Sends an error. With an id it concerns one message; without one the connection is closed. */
	#reject(thrown: unknown) {
		if (this.#closed) return;
		const { logger, counts } = this.#parts;
		const error = errorFrameOf(thrown, logger, counts);
		this.#send([error]);
		const { code, id, text } = error.data;
		if (id === undefined) this.#close(closeCodeOf(code), text);
	}

	#close(code: number, reason: string) {
		if (this.#closed) return;
		// Bun's `close` calls the close handler before it returns.
		this.#closed = true;
		// A close frame would never pass what the peer does not read.
		if (this.#hasSpace()) this.#socket?.close(code, reason.slice(0, 40));
		else this.#socket?.terminate();
		this.dispose(code);
	}

	#log(event: string, facts: Record<string, unknown> = {}) {
		const { logger } = this.#parts;
		const from = { connection: this.#id, transport: "websocket" };
		logger("debug", event, { ...from, ...facts });
	}

	/** Terminates the connection if nothing arrives in time. `at`: the index of its timer. */
	#closeWhenIdle(ms: number, at: number) {
		const { clock, settings } = this.#parts;
		this.#timers[at] = clock.setTimeout(() => {
			const { idleTimeoutMs } = settings;
			const leftMs = this.#lastActivityAt + idleTimeoutMs - clock.now();
			if (leftMs <= 0) this.#socket?.terminate();
			// More than the whole time-out is left only if the clock was set back.
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

/**
 * The frames of the events that were pushed last. An append is pushed to all its readers in one
 * call, so one entry is enough for all of them to share one encoding.
 */
const pushed: { events: readonly LogEvent[]; frames: string[] } = {
	events: [],
	frames: [],
};

function encodedOnce(events: readonly LogEvent[]): string[] {
	if (pushed.events !== events) {
		pushed.events = events;
		pushed.frames = events.map(encode);
	}
	return pushed.frames;
}

/** Bun's handlers, the same for every connection. */
export const socketHandler: WebSocketHandler<WebSocketConnection> & {
	data: WebSocketConnection;
} = {
	data: undefined as unknown as WebSocketConnection,
	// Frames over our own limit are accepted by Bun, so that they get an error frame.
	maxPayloadLength: 4 * maxFrameBytes,
	// Space is checked after each frame, so at most one large frame is queued.
	backpressureLimit: 4 * 1024 * 1024,
	// Bun's idle timer is reset by what we send, so connections time out by themselves.
	idleTimeout: 0,
	sendPings: false,
	perMessageDeflate: false,
	open: (socket) => socket.data.open(socket),
	message: (socket, message) => socket.data.receive(message),
	drain: (socket) => socket.data.onDrain(),
	ping: (socket) => socket.data.noteActivity(),
	pong: (socket) => socket.data.noteActivity(),
	close: (socket, code) => socket.data.dispose(code),
};
