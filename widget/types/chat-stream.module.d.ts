/**
 * Types of `chat-stream.module.js`: the element, its events, and the headless client.
 *
 * Written by hand, so it imports nothing. A test compares it with the source, both ways.
 */

/* ---------------------------------------------------------------- the element */

/** Attributes that a page may set in HTML. */
export interface ChatStreamAttributes {
	/** The server's base address. @default `/chat` at the origin the script came from */
	src?: string | undefined;
	heading?: string | undefined;
	placeholder?: string | undefined;
	/** Text of an empty conversation. */
	greeting?: string | undefined;
	/** Suggested questions, separated by `|` or line breaks. */
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
	/** Language of the interface, a BCP 47 tag. */
	lang?: string | undefined;
	/** @default "auto" */
	transport?: "auto" | TransportName | undefined;
	/** Hosts from which answers may show images, separated by `|` or line breaks. */
	"image-hosts"?: string | undefined;
	/** Syntax highlighting in answers. */
	highlight?: boolean | "" | undefined;
	/** Typeset formulas in answers. */
	math?: boolean | "" | undefined;
	/** Logs connection states and frames in the console, with credentials redacted. */
	debug?: boolean | "" | undefined;
}

/** Properties without an attribute of the same name. */
export interface ChatStreamProperties {
	suggestions?: string | readonly string[] | undefined;
	imageHosts?: string | readonly string[] | undefined;
	/** A session that the page created and starts itself. */
	session?: ChatSession | undefined;
	/** Returns the site JWT of a known visitor. */
	getToken?: SessionOptions["getToken"];
	/** Facts about the page, sent to the model with each message. @default URL and title */
	context?: Context | (() => Context | undefined) | undefined;
	/** Replaces texts of the interface. */
	words?: Partial<Words> | undefined;
}

export type Context = Record<string, unknown>;

/** Every text of the interface. Texts that contain a number or a name are functions. */
export type Words = {
	/** Replaces the server's error text, by error code. */
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
	continued: string;
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
	/** Base address of the server for elements without `src`. */
	static defaultSrc: string | undefined;

	src: string | undefined;
	heading: string | undefined;
	placeholder: string | undefined;
	greeting: string | undefined;
	/** An array, or a string in the attribute's format. */
	suggestions: string | readonly string[] | undefined;
	mode: ChatStreamAttributes["mode"];
	position: ChatStreamAttributes["position"];
	/** Whether the floating panel is open. */
	open: boolean;
	theme: ChatStreamAttributes["theme"];
	accent: string | undefined;
	radius: string | undefined;
	density: ChatStreamAttributes["density"];
	font: string | undefined;
	avatar: string | undefined;
	transport: "auto" | TransportName | undefined;
	/** An array, or a string in the attribute's format. */
	imageHosts: string | readonly string[] | undefined;
	highlight: boolean;
	math: boolean;
	debug: boolean;
	session: ChatSession | undefined;
	getToken: SessionOptions["getToken"];
	context: Context | (() => Context | undefined) | undefined;
	words: Partial<Words> | undefined;

	/** State of the connection to the server. */
	get connection(): Connection;
	/** Resolves when changes are rendered. */
	get updateComplete(): Promise<boolean>;

	/**
	 * Sends a message as if the visitor had typed it. Returns its id, or `undefined` if it is empty,
	 * too long, or prevented by a listener of `chat-send`.
	 */
	send(text: string): string | undefined;
	/** Stops the open answer. */
	stop(): void;
	/** Starts a new conversation. */
	newConversation(): void;
	/** Opens the floating panel. Focus moves there only if a visitor's action caused the call. */
	show(): void;
	hide(): void;
	toggle(): void;
	/** Measurements of the connection, for debugging. */
	diagnostics(): Diagnostics | undefined;
	focus(options?: FocusOptions): void;
}

/* ---------------------------------------------------------------- events: they bubble and are composed */

/** Before a message is sent. `preventDefault()` leaves it in the composer. */
export declare class ChatSendEvent extends Event {
	readonly text: string;
	constructor(text: string);
}

/** An answer was closed: complete, stopped or interrupted. */
export declare class ChatMessageEvent extends Event {
	readonly message: Reply;
	constructor(message: Reply);
}

/** The visitor rates an answer; `none` removes the rating. After `preventDefault()` it is not sent. */
export declare class ChatFeedbackEvent extends Event {
	readonly message: Reply;
	readonly value: FeedbackValue;
	constructor(message: Reply, value: FeedbackValue);
}

/** The server rejected something, or it failed. `message` is the id of the affected message. */
export declare class ChatErrorEvent extends Event {
	readonly code: ErrorCode;
	readonly text: string;
	readonly message: string | undefined;
	constructor(code: ErrorCode, text: string, message?: string);
}

/** The state of the connection changed. */
export declare class ChatConnectionEvent extends Event {
	readonly connection: Connection;
	constructor(connection: Connection);
}

/** The text of `message` differed from the server's. The session reads it again. */
export declare class ChatIntegrityEvent extends Event {
	readonly message: string;
	constructor(message: string);
}

/** The floating panel was opened or closed. */
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
	/** Earliest retry, ms after the error. */
	readonly retryAfter: number | undefined;
	/** Id of the affected message. */
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
	/** Sequence of its `start` event. It never changes. */
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
	/** Sequence of its first token. */
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
	/** Highest applied sequence: the cursor. */
	readonly last: number;
	/** Ordered by their `start` events. */
	readonly messages: readonly Message[];
	/** Index in `messages` of the open reply. */
	readonly open?: number | undefined;
};

/** A message that the server has not stored yet. */
export type Pending = {
	id: string;
	text: string;
	/** When it was typed, ms since 1970. */
	at: number;
	/** `refused`: the server rejected it. It stays here and is sent again only at the visitor's request. */
	state: "sending" | "refused";
	refusal?: { code: ErrorCode; text: string; retryAfter?: number | undefined };
};

/* ---------------------------------------------------------------- a session, and the client without a page */

export type TransportName = "websocket" | "stream" | "poll";

export type Connection =
	| { state: "idle" }
	| { state: "connecting"; attempt: number }
	| { state: "ready"; transport: TransportName }
	/** Disconnected. The next attempt is at `until`, ms since 1970. `offline`: reported by the browser. */
	| { state: "waiting"; until: number; offline: boolean }
	/** Rejected for good: the session does not retry until `start()` is called again. */
	| { state: "refused"; code: ErrorCode; text: string };

export type Diagnostics = {
	transport: TransportName | undefined;
	/** Last measured time from ping to pong, ms. */
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
	/** `auto` uses the best transport that works. @default "auto" */
	transport?: "auto" | TransportName | undefined;
	/** Stores cursor, credential and outbox across reloads. @default memory */
	storage?: SessionStorage | undefined;
	/** Returns the site JWT of a known visitor. Called once more after `unauthorized`. */
	getToken?:
		| (() => Promise<string | undefined> | string | undefined)
		| undefined;
	/** Stores, for this tab, which transport worked. @default not stored */
	memo?: SessionStorage | undefined;
	/**
	 * Receives each connection state (`state`) and each frame (`sent`, `received`), for debugging.
	 * Credentials are redacted. @default none
	 */
	debug?: ((entry: string, detail?: unknown) => void) | undefined;
};

/** What changed in a session. The session holds the new values. */
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
	/** Longest message, in characters (code points). Known after the first `ready`. */
	readonly limit: number | undefined;
	/** Connects, and reconnects until `stop()`. May be called twice. */
	start(): void;
	/** Disconnects. Conversation and outbox stay. May be called twice. */
	stop(): void;
	/** Ends the session as if the server had rejected it. */
	giveUp(code: ErrorCode, text: string): void;
	/** Disconnects until `wake()`. May be called twice. */
	sleep(): void;
	/** Reconnects after `sleep()`. Otherwise checks the connection at once. */
	wake(): void;
	/** Passes on the browser's `online` and `offline` events. */
	setOffline(offline: boolean): void;
	/**
	 * Puts a message into the outbox and returns its id.
	 * @throws {ChatError} `bad_frame` for a blank text or a context that is not plain JSON.
	 */
	send(text: string, context?: Record<string, unknown>): string;
	/** Sends a rejected message again. Reconnects if the connection was rejected for good. */
	resend(id: string): void;
	/** Removes an unsent message from the outbox and returns its text. */
	discard(id: string): string | undefined;
	/** Stops the open reply. */
	stopReply(): void;
	/** Requests another answer to the user message with id `message`. */
	retry(message: string, options?: { continue?: boolean }): void;
	rate(message: string, value: FeedbackValue): void;
	/** Starts a new conversation. The server keeps the old one. */
	newConversation(): void;
	subscribe(listener: (change: Change) => void): () => void;
	diagnostics(): Diagnostics;
}

/** The session is idle until `start()`. */
export declare function createSession(options: SessionOptions): ChatSession;

/** `message`: id of the answer that the token belongs to. */
export type MessageHandler = (token: string, info: { message: string }) => void;

/** The events of a {@link ChatWebSocket}. */
export type ChatClientEvents = {
	/** The next token of an answer. */
	token: Event & { readonly message: string; readonly token: string };
	/** The tokens of this answer were wrong. `text` is the whole text so far. */
	reset: Event & { readonly message: string; readonly text: string };
	/** A message starts. A question is complete at once. */
	start: Event & { readonly message: Message };
	/** An answer was closed; see `message.close`. */
	end: Event & { readonly message: Reply };
	error: Event & {
		readonly code: ErrorCode;
		readonly text: string;
		readonly message: string | undefined;
	};
	connection: Event & { readonly connection: Connection };
};

/** A headless client for Node, Bun, workers, and pages with their own interface. */
export declare class ChatWebSocket extends EventTarget {
	readonly session: ChatSession;
	/** `address`: `ws:`, `wss:`, `http:` or `https:`. The default path is `/chat`. */
	constructor(address: string, options?: Omit<SessionOptions, "url">);
	/** Replaces the one handler; `undefined` removes it. */
	setMessageHandler(handler: MessageHandler | undefined): void;
	/**
	 * Connects, and reconnects until `close()`. Handling the returned promise is optional.
	 * @throws {ChatError} if the server rejects the connection for good, or after `close()`.
	 */
	connect(): Promise<void>;
	/** Sends a message, now or as soon as the client is connected, and returns its id. */
	send(text: string, context?: Record<string, unknown>): string;
	/** Stops the open answer. */
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
