/**
 * The element's DOM events. All of them bubble and cross shadow roots.
 *
 * Loads without a DOM, so that a server that renders pages can import it.
 */
import type { Reply } from "../../protocol/conversation.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import type { FeedbackValue } from "../../protocol/frames.ts";
import type { Connection } from "../session/types.ts";

const options = { bubbles: true, composed: true } as const;

/** A message is about to be sent. `preventDefault()` keeps it in the composer. */
export class ChatSendEvent extends Event {
	readonly text: string;
	constructor(text: string) {
		super("chat-send", { ...options, cancelable: true });
		this.text = text;
	}
}

/** A reply that was open here, or was asked for here, is closed: complete, stopped or failed. */
export class ChatMessageEvent extends Event {
	readonly message: Reply;
	constructor(message: Reply) {
		super("chat-message", options);
		this.message = message;
	}
}

/** The visitor rates a reply; `none` removes the rating. `preventDefault()`: it is not sent to the server. */
export class ChatFeedbackEvent extends Event {
	readonly message: Reply;
	readonly value: FeedbackValue;
	constructor(message: Reply, value: FeedbackValue) {
		super("chat-feedback", { ...options, cancelable: true });
		this.message = message;
		this.value = value;
	}
}

/** A request was rejected or a reply failed. `message` is the id of the message concerned. */
export class ChatErrorEvent extends Event {
	readonly code: ErrorCode;
	readonly text: string;
	readonly message: string | undefined;
	constructor(code: ErrorCode, text: string, message?: string) {
		super("chat-error", options);
		this.code = code;
		this.text = text;
		this.message = message;
	}
}

/** The connection to the server changed its state. */
export class ChatConnectionEvent extends Event {
	readonly connection: Connection;
	constructor(connection: Connection) {
		super("chat-connection", options);
		this.connection = connection;
	}
}

/** The text of `message` differs from what the server closed. The log is read again. */
export class ChatIntegrityEvent extends Event {
	readonly message: string;
	constructor(message: string) {
		super("chat-integrity", options);
		this.message = message;
	}
}

/** The floating panel was opened or closed. */
export class ChatToggleEvent extends Event {
	constructor(type: "chat-open" | "chat-close") {
		super(type, options);
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
