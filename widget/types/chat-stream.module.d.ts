/**
 * Types of `chat-stream.module.js`: the element, its events, and the headless client.
 *
 * Written by hand so that it needs nothing else; a test holds it against the source, both ways.
 */

/* ---------------------------------------------------------------- the element */

/** What a page may set in HTML. */
export interface ChatStreamAttributes {
	/** The server's base address. @default `/chat` at the origin the script came from */
	src?: string | undefined;
	heading?: string | undefined;
	placeholder?: string | undefined;
	/** The words in an empty conversation. */
	greeting?: string | undefined;
	/** Questions to begin with, between bars or one a line. */
	suggestions?: string | undefined;
	/** @default "inline" */
	mode?: "inline" | "floating" | undefined;
	/** The corner of a floating chat. @default "bottom-right" */
	position?:
		| "bottom-right"
		| "bottom-left"
		| "top-right"
		| "top-left"
		| undefined;
	/** The floating panel is open. */
	open?: boolean | "" | undefined;
	/** @default "auto" */
	theme?: "auto" | "light" | "dark" | undefined;
	/** A CSS colour. */
	accent?: string | undefined;
	/** A CSS length. */
	radius?: string | undefined;
	/** @default "comfortable" */
	density?: "comfortable" | "compact" | undefined;
	/** A CSS font-family. */
	font?: string | undefined;
	/** The address of an image, http(s) or `data:image/`. */
	avatar?: string | undefined;
	/** The language of the interface, as BCP 47 has it. */
	lang?: string | undefined;
	/** @default "auto" */
	transport?: "auto" | TransportName | undefined;
	/** Hosts that answers may show images from, between bars or one a line. */
	"image-hosts"?: string | undefined;
	/** Code in answers is coloured. */
	highlight?: boolean | "" | undefined;
	/** Formulas in answers are set. */
	math?: boolean | "" | undefined;
}

/** What a page may set on the element itself, beside the attributes' own properties. */
export interface ChatStreamProperties {
	/** The attribute is called `open`; here `open` is the method. */
	opened?: boolean | undefined;
	suggestions?: string | readonly string[] | undefined;
	imageHosts?: string | readonly string[] | undefined;
	/** A session that the page made and runs itself. */
	session?: ChatSession | undefined;
	/** The page's own credential for a known visitor. */
	getToken?: SessionOptions["getToken"];
	/** What the model is told of the page with every message. @default its address and title */
	context?: Context | (() => Context | undefined) | undefined;
	/** Words of the page's own in place of ours. */
	words?: Partial<Words> | undefined;
}

export type Context = Record<string, unknown>;

/** Every word a visitor sees; those with a number or a name in them are functions. */
export type Words = {
	/** In place of what the server says of a refusal or failure. */
	refusals: { [code in ErrorCode]?: string };
	heading: string;
	placeholder: string;
	greeting: string;
	suggestions: string;
	transcript: string;
	composer: string;
	send: string;
	stop: string;
	you: (time: string) => string;
	assistant: (time: string) => string;
	answerTo: (question: string) => string;
	open: string;
	openUnread: (count: number) => string;
	close: string;
	sending: string;
	sendingIn: (seconds: number) => string;
	notSent: string;
	tryAgain: string;
	edit: string;
	tooLong: (limit: number, over: number) => string;
	left: (count: number) => string;
	answering: string;
	finished: string;
	stopped: string;
	cutShort: string;
	filtered: string;
	continue: string;
	answerAnew: string;
	copy: string;
	copied: string;
	notCopied: string;
	good: string;
	bad: string;
	sources: string;
	newTab: string;
	codeBlock: (lines: number, language: string) => string;
	code: (language: string) => string;
	table: string;
	unformatted: string;
	done: string;
	toDo: string;
	newMessages: string;
	latest: string;
	connecting: string;
	reconnecting: string;
	reconnectingIn: (seconds: number) => string;
	offline: string;
	forbiddenByPage: string;
	connectedAgain: string;
	tryNow: string;
	newConversation: string;
	leaveConversation: string;
	cancel: string;
};

export declare class ChatStream extends HTMLElement {
	static readonly version: string;
	/** The server's base address where no `src` is given. */
	static defaultSrc: string | undefined;

	src: string | undefined;
	heading: string | undefined;
	placeholder: string | undefined;
	greeting: string | undefined;
	/** An array, or a string as the attribute has it. */
	suggestions: string | readonly string[] | undefined;
	mode: ChatStreamAttributes["mode"];
	position: ChatStreamAttributes["position"];
	/** The attribute is called `open`. */
	opened: boolean;
	theme: ChatStreamAttributes["theme"];
	accent: string | undefined;
	radius: string | undefined;
	density: ChatStreamAttributes["density"];
	font: string | undefined;
	avatar: string | undefined;
	transport: "auto" | TransportName | undefined;
	/** An array, or a string as the attribute has it. */
	imageHosts: string | readonly string[] | undefined;
	highlight: boolean;
	math: boolean;
	session: ChatSession | undefined;
	getToken: SessionOptions["getToken"];
	context: Context | (() => Context | undefined) | undefined;
	words: Partial<Words> | undefined;

	/** The state of the line to the server. */
	get connection(): Connection;
	/** Resolves when what was set is to be seen. */
	get updateComplete(): Promise<boolean>;

	/**
	 * Sends a message as if it had been typed, and returns its id. `undefined`: it is empty, too long,
	 * or a listener of `chat-send` prevented it.
	 */
	send(text: string): string | undefined;
	/** Asks for the open answer to be closed. */
	stop(): void;
	/** Leaves this conversation and begins another. */
	newConversation(): void;
	/** Opens the floating panel; the focus goes there only if the visitor's own doing opens it. */
	open(): void;
	close(): void;
	toggle(): void;
	/** How the line has been doing, for whoever looks for a fault. */
	diagnostics(): Diagnostics | undefined;
	focus(options?: FocusOptions): void;
}

/* ---------------------------------------------------------------- its events: they bubble and are composed */

/** A message is about to be sent. `preventDefault()` keeps it in the composer. */
export declare class ChatSendEvent extends Event {
	readonly text: string;
	constructor(text: string);
}

/** An answer that was being written is closed: whole, stopped, or broken off. */
export declare class ChatMessageEvent extends Event {
	readonly message: Reply;
	constructor(message: Reply);
}

/** The visitor rates an answer; `none` takes a rating back. `preventDefault()` keeps it from the server. */
export declare class ChatFeedbackEvent extends Event {
	readonly message: Reply;
	readonly value: FeedbackValue;
	constructor(message: Reply, value: FeedbackValue);
}

/** Something was refused or failed. `message` is the id of the one concerned. */
export declare class ChatErrorEvent extends Event {
	readonly code: ErrorCode;
	readonly text: string;
	readonly message: string | undefined;
	constructor(code: ErrorCode, text: string, message?: string);
}

/** The line to the server is in another state. */
export declare class ChatConnectionEvent extends Event {
	readonly connection: Connection;
	constructor(connection: Connection);
}

/** The text shown of `message` was not what the server closed; it is being read again. */
export declare class ChatIntegrityEvent extends Event {
	readonly message: string;
	constructor(message: string);
}

/** The floating panel is open, or closed. */
export declare class ChatToggleEvent extends Event {
	constructor(type: "chat-open" | "chat-close");
}

export type ChatEvents = {
	"chat-send": ChatSendEvent;
	"chat-message": ChatMessageEvent;
	"chat-feedback": ChatFeedbackEvent;
	"chat-error": ChatErrorEvent;
	"chat-connection": ChatConnectionEvent;
	"chat-integrity": ChatIntegrityEvent;
	"chat-open": ChatToggleEvent;
	"chat-close": ChatToggleEvent;
};

/* ---------------------------------------------------------------- a conversation */

export type ErrorCode =
	| "bad_frame"
	| "unauthorized"
	| "forbidden"
	| "not_found"
	| "hello_timeout"
	| "conflict"
	| "too_large"
	| "outdated"
	| "rate_limited"
	| "internal"
	| "interrupted"
	| "provider_failed"
	| "unavailable"
	| "provider_timeout";

export declare class ChatError extends Error {
	override readonly name: "ChatError";
	readonly code: ErrorCode;
	/** When trying again makes sense, in ms from then. */
	readonly retryAfter: number | undefined;
	/** The message that this refusal concerns. */
	readonly id: string | undefined;
	constructor(
		code: ErrorCode,
		text: string,
		options?: { cause?: unknown; retryAfter?: number; id?: string },
	);
}

export type FeedbackValue = "up" | "down" | "none";

export type UserMessage = {
	readonly role: "user";
	readonly id: string;
	readonly text: string;
	/** When it was stored, in ms since 1970. */
	readonly at: number;
	/** The sequence of its `start`: its place, for ever. */
	readonly start: number;
};

export type Reply = {
	readonly role: "assistant";
	readonly id: string;
	readonly replyTo: string;
	readonly continues?: string | undefined;
	readonly text: string;
	readonly at: number;
	readonly start: number;
	/** The sequence of its first token. */
	readonly firstToken?: number;
	/** Absent while the reply is open. */
	readonly close?:
		| {
				readonly by: "end";
				readonly reason: "complete" | "stopped" | "length" | "filtered";
				readonly usage?: { input: number; output: number } | undefined;
				readonly sources?:
					| readonly { title: string; url: string }[]
					| undefined;
		  }
		| {
				readonly by: "error";
				readonly code: ErrorCode;
				readonly text: string;
				readonly retryable: boolean;
		  };
	readonly feedback?: FeedbackValue;
};

export type Message = UserMessage | Reply;

export type Conversation = {
	/** The highest sequence applied: the reader's cursor. */
	readonly last: number;
	/** In the order of their starts. */
	readonly messages: readonly Message[];
	/** The place in `messages` of the one open reply. */
	readonly open?: number | undefined;
};

/** A message that the server has not stored. */
export type Pending = {
	id: string;
	text: string;
	/** When it was typed, ms since 1970. */
	at: number;
	/** `refused`: the server said no; it is kept, and sent again only if the visitor asks. */
	state: "sending" | "refused";
	refusal?: { code: ErrorCode; text: string; retryAfter?: number | undefined };
};

/* ---------------------------------------------------------------- a session, and the client without a page */

export type TransportName = "websocket" | "stream" | "poll";

export type Connection =
	| { state: "idle" }
	| { state: "connecting"; attempt: number }
	| { state: "ready"; transport: TransportName }
	/** Down; the next attempt is at `until`, ms since 1970. `offline`: the browser says so. */
	| { state: "waiting"; until: number; offline: boolean }
	/** The server's last word: nothing more is tried until `start()` is called again. */
	| { state: "refused"; code: ErrorCode; text: string };

export type Diagnostics = {
	transport: TransportName | undefined;
	/** Milliseconds from ping to pong, the last one measured. */
	roundTripMs: number | undefined;
	resumes: number;
	gapsRepaired: number;
	repeatsDropped: number;
	fallbacks: number;
	integrityAlarms: number;
};

export type SessionStorage = Pick<
	Storage,
	"getItem" | "setItem" | "removeItem"
>;

export type SessionOptions = {
	/** The base address of the server, e.g. `https://chat.example.com/chat`. */
	url: string;
	/** `auto` takes the best that works. @default "auto" */
	transport?: "auto" | TransportName | undefined;
	/** Where cursor, credential and outbox outlive a reload. Refused or absent → memory. */
	storage?: SessionStorage | undefined;
	/** The page's own credential for a known visitor; asked again, once, after `unauthorized`. */
	getToken?:
		| (() => Promise<string | undefined> | string | undefined)
		| undefined;
	/** Where a line remembers for this tab what worked. Absent → nowhere. */
	memo?: SessionStorage | undefined;
	/**
	 * Called with each connection state (`state`), and each frame that is sent or received (`sent`,
	 * `received`), for logs while a fault is looked for. Credentials are redacted. @default none
	 */
	debug?: ((entry: string, detail?: unknown) => void) | undefined;
};

/** What has changed of a session. Look there for what is new. */
export type Change =
	| { type: "conversation" }
	| { type: "pending" }
	| { type: "connection" }
	| {
			type: "error";
			code: ErrorCode;
			text: string;
			message?: string | undefined;
	  }
	| { type: "integrity"; message: string };

export interface ChatSession {
	readonly conversation: Conversation;
	readonly pending: readonly Pending[];
	readonly connection: Connection;
	/** Longest message in characters (code points); known after the first `ready`. */
	readonly limit: number | undefined;
	/** Dials, and stays connected until `stop()`. Twice is fine. */
	start(): void;
	/** Lets go of the line; the conversation and the outbox stay. Twice is fine. */
	stop(): void;
	/** Ends like a refusal of the server. */
	giveUp(code: ErrorCode, text: string): void;
	/** Lets go of the line until `wake()`. Twice is fine. */
	sleep(): void;
	/** Comes back if asleep, does not trust the line if not. */
	wake(): void;
	/** What the browser says about the network. */
	setOffline(offline: boolean): void;
	/**
	 * Puts a message into the outbox and returns its id.
	 * @throws {ChatError} `bad_frame` for a blank text or a context that is not plain JSON.
	 */
	send(text: string, context?: Record<string, unknown>): string;
	/** Sends a refused message again; after a final refusal, dials again. */
	resend(id: string): void;
	/** Takes a message that was not sent out of the outbox and returns its text. */
	discard(id: string): string | undefined;
	/** Asks for the open reply to be closed. */
	stopReply(): void;
	/** Asks for another answer to the user's message `message`. */
	retry(message: string, options?: { continue?: boolean }): void;
	rate(message: string, value: FeedbackValue): void;
	/** Forgets this conversation here (not on the server) and begins another. */
	newConversation(): void;
	subscribe(listener: (change: Change) => void): () => void;
	diagnostics(): Diagnostics;
}

/** Begins idle; `start()` dials. */
export declare function createSession(options: SessionOptions): ChatSession;

/** `message`: the id of the answer that the piece belongs to. */
export type MessageHandler = (token: string, info: { message: string }) => void;

/** The events of a {@link ChatWebSocket}. */
export type ChatClientEvents = {
	/** The next piece of an answer. */
	token: Event & { readonly message: string; readonly token: string };
	/** What was handed over of this answer was wrong: `text` is all of it so far. */
	reset: Event & { readonly message: string; readonly text: string };
	/** A question or an answer begins; of a question it is all. */
	start: Event & { readonly message: Message };
	/** An answer is closed: `message.close` says how. */
	end: Event & { readonly message: Reply };
	error: Event & {
		readonly code: ErrorCode;
		readonly text: string;
		readonly message: string | undefined;
	};
	connection: Event & { readonly connection: Connection };
};

/** A chat without a page, for Node, Bun, workers and pages that paint themselves. */
export declare class ChatWebSocket extends EventTarget {
	readonly session: ChatSession;
	/** `address`: `ws:`, `wss:`, `http:` or `https:`. Without a path it is `/chat`, the server's own. */
	constructor(address: string, options?: Omit<SessionOptions, "url">);
	/** One handler; `undefined` takes it away. */
	setMessageHandler(handler: MessageHandler | undefined): void;
	/**
	 * Dials, and stays connected until `close()`. The promise may be left alone.
	 * @throws {ChatError} when the server's answer is final, or `close()` comes first.
	 */
	connect(): Promise<void>;
	/** Sends a message, now or as soon as there is a line, and returns its id. */
	send(text: string, context?: Record<string, unknown>): string;
	/** Asks for the open answer to be closed. */
	stop(): void;
	close(): void;
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

declare global {
	interface HTMLElementTagNameMap {
		"chat-stream": ChatStream;
	}
	interface HTMLElementEventMap extends ChatEvents {}
}
