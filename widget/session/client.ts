/**
 * A chat without an element: a session for Node, Bun, workers and pages that render themselves.
 *
 *     const chat = new ChatWebSocket("wss://chat.example.com/chat");
 *     chat.setMessageHandler((token) => process.stdout.write(token));
 *     await chat.connect();
 *     chat.send("How do I …?");
 *
 * Invariant: the handler receives every token of every reply once and in order, through losses,
 * repeats and rereads.
 */
import type { Message, Reply } from "../../protocol/conversation.ts";
import { ChatError, type ErrorCode } from "../../protocol/errors.ts";
import { createSession } from "./session.ts";
import type { Change, Connection, SessionOptions } from "./types.ts";

/** After this many failed attempts in a row, an `error` event follows, once. */
const failuresToReport = 3;

/** `message`: the id of the reply that the token belongs to. */
export type MessageHandler = (token: string, info: { message: string }) => void;

/** The next token of a reply. */
export class ClientTokenEvent extends Event {
	readonly message: string;
	readonly token: string;
	constructor(message: string, token: string) {
		super("token");
		this.message = message;
		this.token = token;
	}
}

/** The text of this reply so far was wrong: `text` replaces it. */
export class ClientResetEvent extends Event {
	readonly message: string;
	readonly text: string;
	constructor(message: string, text: string) {
		super("reset");
		this.message = message;
		this.text = text;
	}
}

/** A message starts. A user message is complete. */
export class ClientStartEvent extends Event {
	readonly message: Message;
	constructor(message: Message) {
		super("start");
		this.message = message;
	}
}

/** A reply is closed: `message.close` has the reason. */
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
	/** The message that it concerns, if there is one. */
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
	/** What was reported of each message. */
	readonly #reported = new Map<string, { text: string; isClosed: boolean }>();

	readonly #refused = new Set<string>();
	readonly #address: string;
	/** Failed attempts in a row. */
	#failures = 0;

	/** `address`: `ws:`, `wss:`, `http:` or `https:`. The path is `/chat` by default. */
	constructor(address: string, options: Omit<SessionOptions, "url"> = {}) {
		super();
		this.#address = address;
		this.session = createSession({ ...options, url: baseOf(address) });
		this.session.subscribe((change) => this.#changed(change));
	}

	/** One handler; `undefined` removes it. */
	setMessageHandler(handler: MessageHandler | undefined) {
		this.#handler = handler;
	}

	/**
	 * Connects, and stays connected until `close()`. The promise may be ignored.
	 * @throws {ChatError} when the server's rejection is final, or `close()` is called first.
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
			// A program that ignores the promise has the `connection` event.
		});
		return connected;
	}

	/** Sends a message, now or as soon as the connection is ready, and returns its id. */
	send(text: string, context?: Record<string, unknown>): string {
		return this.session.send(text, context);
	}

	/** Closes the open reply. */
	stop() {
		this.session.stopReply();
	}

	close() {
		this.session.stop();
	}

	#changed(change: Change) {
		switch (change.type) {
			case "conversation":
				return this.#reportMessages();
			case "connection":
				return this.#reportConnection();
			case "pending":
				return this.#reportRefused();
			case "error": {
				const { code, text, message } = change;
				this.dispatchEvent(new ClientErrorEvent(code, text, message));
				return;
			}
			case "integrity":
				// The corrected text follows as a `reset`.
				return;
			default: {
				const never: never = change;
				return never;
			}
		}
	}

	/** A wrong address looks like a dead network: attempts continue, but the program is informed. */
	#reportConnection() {
		const { connection } = this.session;
		const { state } = connection;
		if (state === "ready" || state === "idle") this.#failures = 0;
		this.dispatchEvent(new ClientConnectionEvent(connection));
		if (state !== "waiting" || ++this.#failures !== failuresToReport) return;
		const text = `Not connected to ${this.#address} after ${failuresToReport} attempts; still trying.`;
		this.dispatchEvent(new ClientErrorEvent("unavailable", text, undefined));
	}

	/** Reports the difference between the messages and what was reported. */
	#reportMessages() {
		for (const message of this.session.conversation.messages) {
			const reported = this.#reported.get(message.id);
			if (reported?.isClosed) continue;
			if (!reported) this.dispatchEvent(new ClientStartEvent(message));
			if (message.role === "assistant")
				this.#extend(message, reported?.text ?? "");
			else
				this.#reported.set(message.id, { text: message.text, isClosed: true });
		}
	}

	#extend(reply: Reply, reported: string) {
		const { id, text } = reply;
		const isClosed = reply.close !== undefined;
		// During a reread, the text may be shorter than what was reported.
		const isBehind = !isClosed && reported.startsWith(text);
		this.#reported.set(id, { text: isBehind ? reported : text, isClosed });
		if (!isBehind && text !== reported) this.#reportText(id, text, reported);
		if (isClosed) this.dispatchEvent(new ClientEndEvent(reply));
	}

	#reportText(id: string, text: string, reported: string) {
		if (!text.startsWith(reported)) {
			this.dispatchEvent(new ClientResetEvent(id, text));
			return;
		}
		const token = text.slice(reported.length);
		this.#handler?.(token, { message: id });
		this.dispatchEvent(new ClientTokenEvent(id, token));
	}

	/** A refused message stays in the outbox; the program receives one `error` for each rejection. */
	#reportRefused() {
		for (const { id, refusal, state } of this.session.pending) {
			if (state === "sending") this.#refused.delete(id);
			if (state === "sending" || !refusal || this.#refused.has(id)) continue;
			this.#refused.add(id);
			this.dispatchEvent(new ClientErrorEvent(refusal.code, refusal.text, id));
		}
	}
}

/** The base address of the endpoints, as the session expects it. */
function baseOf(address: string): string {
	let url: URL | undefined;
	try {
		url = new URL(address, globalThis.location?.href);
	} catch {
		// The error below is clearer.
	}
	if (!url || !/^(ws|http)s?:$/.test(url.protocol))
		throw new TypeError(
			`Expected an address such as wss://chat.example.com/chat; got "${address}".`,
		);
	const path = url.pathname === "/" ? "/chat" : url.pathname;
	return `${url.protocol.replace("ws", "http")}//${url.host}${path}`;
}
