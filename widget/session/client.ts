/**
 * A chat without a page: the same session for Node, Bun, workers and pages that paint themselves.
 *
 *     const chat = new ChatWebSocket("wss://chat.example.com/chat");
 *     chat.setMessageHandler((token) => process.stdout.write(token));
 *     await chat.connect();
 *     chat.send("How do I …?");
 *
 * Invariant: the handler is given every piece of every answer once and in order, through losses,
 * repeats and second readings. Knows no element.
 */
import type { Message, Reply } from "../../protocol/conversation.ts";
import { ChatError, type ErrorCode } from "../../protocol/errors.ts";
import { createSession } from "./session.ts";
import type { Change, Connection, SessionOptions } from "./types.ts";

/** So many attempts in a row that came to nothing are worth an `error` event, once. */
const failuresToTell = 3;

/** `message`: the id of the answer that the piece belongs to. */
export type MessageHandler = (token: string, info: { message: string }) => void;

/** The next piece of an answer. */
export class ClientTokenEvent extends Event {
	readonly message: string;
	readonly token: string;
	constructor(message: string, token: string) {
		super("token");
		this.message = message;
		this.token = token;
	}
}

/** What was handed over of this answer was wrong: `text` is all of it so far. */
export class ClientResetEvent extends Event {
	readonly message: string;
	readonly text: string;
	constructor(message: string, text: string) {
		super("reset");
		this.message = message;
		this.text = text;
	}
}

/** A message, a question or an answer, begins; of a question it is all. */
export class ClientStartEvent extends Event {
	readonly message: Message;
	constructor(message: Message) {
		super("start");
		this.message = message;
	}
}

/** An answer is closed: `message.close` says how. */
export class ClientEndEvent extends Event {
	readonly message: Reply;
	constructor(message: Reply) {
		super("end");
		this.message = message;
	}
}

export class ClientErrorEvent extends Event {
	readonly code: ErrorCode;
	readonly text: string;
	/** The message it concerns, if it concerns one. */
	readonly message: string | undefined;
	constructor(code: ErrorCode, text: string, message: string | undefined) {
		super("error");
		this.code = code;
		this.text = text;
		this.message = message;
	}
}

export class ClientConnectionEvent extends Event {
	readonly connection: Connection;
	constructor(connection: Connection) {
		super("connection");
		this.connection = connection;
	}
}

export type ChatClientEvents = {
	token: ClientTokenEvent;
	reset: ClientResetEvent;
	start: ClientStartEvent;
	end: ClientEndEvent;
	error: ClientErrorEvent;
	connection: ClientConnectionEvent;
};

export interface ChatWebSocket {
	addEventListener<Type extends keyof ChatClientEvents>(
		type: Type,
		listener: (event: ChatClientEvents[Type]) => void,
		options?: boolean | AddEventListenerOptions,
	): void;
	addEventListener(
		type: string,
		listener: EventListenerOrEventListenerObject | null,
		options?: boolean | AddEventListenerOptions,
	): void;
	removeEventListener<Type extends keyof ChatClientEvents>(
		type: Type,
		listener: (event: ChatClientEvents[Type]) => void,
		options?: boolean | EventListenerOptions,
	): void;
	removeEventListener(
		type: string,
		listener: EventListenerOrEventListenerObject | null,
		options?: boolean | EventListenerOptions,
	): void;
}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: it only narrows what EventTarget declares.
export class ChatWebSocket extends EventTarget {
	readonly session;
	#handler: MessageHandler | undefined;
	/** What was handed over of each message. */
	readonly #told = new Map<string, { text: string; isClosed: boolean }>();

	readonly #refused = new Set<string>();
	readonly #address: string;
	/** Attempts in a row that came to nothing. */
	#failures = 0;

	/** `address`: `ws:`, `wss:`, `http:` or `https:`. Without a path it is `/chat`, the server's own. */
	constructor(address: string, options: Omit<SessionOptions, "url"> = {}) {
		super();
		this.#address = address;
		this.session = createSession({ ...options, url: baseOf(address) });
		this.session.subscribe((change) => this.#changed(change));
	}

	/** One handler; `undefined` takes it away. */
	setMessageHandler(handler: MessageHandler | undefined) {
		this.#handler = handler;
	}

	/**
	 * Dials, and stays connected until `close()`. The promise may be left alone.
	 * @throws {ChatError} when the server's answer is final, or `close()` comes first.
	 */
	connect(): Promise<void> {
		const { session } = this;
		const connected = new Promise<void>((resolve, reject) => {
			const settle = () => {
				const { connection } = session;
				if (connection.state === "ready") resolve();
				else if (connection.state === "refused")
					reject(new ChatError(connection.code, connection.text));
				else if (connection.state === "idle")
					reject(new ChatError("unavailable", "Closed before it was open."));
				else return;
				unsubscribe();
			};
			const unsubscribe = session.subscribe(
				({ type }) => type === "connection" && settle(),
			);
			session.start();
			settle();
		});
		connected.catch(() => {
			// Whoever does not wait for it is told by the `connection` event.
		});
		return connected;
	}

	/** Sends a message, now or as soon as there is a line, and returns its id. */
	send(text: string, context?: Record<string, unknown>): string {
		return this.session.send(text, context);
	}

	/** Asks for the open answer to be closed. */
	stop() {
		this.session.stopReply();
	}

	close() {
		this.session.stop();
	}

	#changed(change: Change) {
		if (change.type === "conversation") this.#follow();
		else if (change.type === "connection") this.#connection();
		else if (change.type === "error")
			this.dispatchEvent(
				new ClientErrorEvent(change.code, change.text, change.message),
			);
		else if (change.type === "pending") this.#tellRefused();
	}

	/** A wrong address looks like a dead network: nothing is given up, but somebody must hear of it. */
	#connection() {
		const { connection } = this.session;
		const { state } = connection;
		if (state === "ready" || state === "idle") this.#failures = 0;
		this.dispatchEvent(new ClientConnectionEvent(connection));
		if (state !== "waiting" || ++this.#failures !== failuresToTell) return;
		const text = `Not connected to ${this.#address} after ${failuresToTell} attempts; trying on.`;
		this.dispatchEvent(new ClientErrorEvent("unavailable", text, undefined));
	}

	/** Compares what there is with what was told, and tells the difference. */
	#follow() {
		for (const message of this.session.conversation.messages) {
			const told = this.#told.get(message.id);
			if (told?.isClosed) continue;
			if (!told) this.dispatchEvent(new ClientStartEvent(message));
			if (message.role === "assistant") this.#extend(message, told?.text ?? "");
			else this.#told.set(message.id, { text: message.text, isClosed: true });
		}
	}

	#extend(reply: Reply, told: string) {
		const { id, text } = reply;
		const isClosed = reply.close !== undefined;
		// While it is read a second time it may be shorter than what was told.
		const isBehind = !isClosed && told.startsWith(text);
		this.#told.set(id, { text: isBehind ? told : text, isClosed });
		if (!isBehind && text !== told) this.#hand(id, text, told);
		if (isClosed) this.dispatchEvent(new ClientEndEvent(reply));
	}

	#hand(id: string, text: string, told: string) {
		if (!text.startsWith(told)) {
			this.dispatchEvent(new ClientResetEvent(id, text));
			return;
		}
		const token = text.slice(told.length);
		this.#handler?.(token, { message: id });
		this.dispatchEvent(new ClientTokenEvent(id, token));
	}

	/** The outbox keeps what was refused; the program hears of it once for each refusal. */
	#tellRefused() {
		for (const { id, refusal, state } of this.session.pending) {
			if (state === "sending") this.#refused.delete(id);
			if (state === "sending" || !refusal || this.#refused.has(id)) continue;
			this.#refused.add(id);
			this.dispatchEvent(new ClientErrorEvent(refusal.code, refusal.text, id));
		}
	}
}

/** The address of the doors, as the session takes it. */
function baseOf(address: string): string {
	let url: URL | undefined;
	try {
		url = new URL(address, globalThis.location?.href);
	} catch {
		// The sentence below says it better.
	}
	if (!url || !/^(ws|http)s?:$/.test(url.protocol))
		throw new TypeError(
			`Expected an address such as wss://chat.example.com/chat; got "${address}".`,
		);
	const path = url.pathname === "/" ? "/chat" : url.pathname;
	return `${url.protocol.replace("ws", "http")}//${url.host}${path}`;
}
