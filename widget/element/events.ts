/**
 * What the element tells its page: typed DOM events, all of which bubble and cross shadow roots.
 *
 * Dispatched by the element and its parts. Loads without a DOM.
 */
import type { Reply } from "../../protocol/conversation.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { FeedbackValue } from "../../protocol/frames.ts";
import type { Connection } from "../session/session.ts";

const traits = { bubbles: true, composed: true } as const;

/** A message is about to be sent. `preventDefault()` keeps it in the composer. */
export class ChatSendEvent extends Event {
	readonly text: string;
	constructor(text: string) {
		super("chat-send", { ...traits, cancelable: true });
		this.text = text;
	}
}

/** An answer that was being written is closed: whole, stopped, or broken off. */
export class ChatMessageEvent extends Event {
	readonly message: Reply;
	constructor(message: Reply) {
		super("chat-message", traits);
		this.message = message;
	}
}

/** The visitor rates an answer; `none` takes a rating back. `preventDefault()` keeps it from the server. */
export class ChatFeedbackEvent extends Event {
	readonly message: Reply;
	readonly value: FeedbackValue;
	constructor(message: Reply, value: FeedbackValue) {
		super("chat-feedback", { ...traits, cancelable: true });
		this.message = message;
		this.value = value;
	}
}

/** Something was refused or failed. `message` is the id of the one concerned. */
export class ChatErrorEvent extends Event {
	readonly code: ErrorCode;
	readonly text: string;
	readonly message: string | undefined;
	constructor(code: ErrorCode, text: string, message?: string) {
		super("chat-error", traits);
		this.code = code;
		this.text = text;
		this.message = message;
	}
}

/** The line to the server is in another state. */
export class ChatConnectionEvent extends Event {
	readonly connection: Connection;
	constructor(connection: Connection) {
		super("chat-connection", traits);
		this.connection = connection;
	}
}

/** The text shown of `message` was not what the server closed; it is being read again. */
export class ChatIntegrityEvent extends Event {
	readonly message: string;
	constructor(message: string) {
		super("chat-integrity", traits);
		this.message = message;
	}
}

/** The floating panel is open, or closed. */
export class ChatToggleEvent extends Event {
	constructor(type: "chat-open" | "chat-close") {
		super(type, traits);
	}
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

declare global {
	interface HTMLElementEventMap extends ChatEvents {}
}
