/**
 * The ES module: the element for bundlers, and the headless client for an interface of your own.
 *
 * Entry of `dist/chat-stream.module.js`. Without a DOM, as on a server that renders pages, it registers
 * nothing. If the page has loaded another copy, that one stays registered.
 */
import { ChatStream } from "./element/chat-stream.ts";
import { register, tag } from "./register.ts";

if (typeof document !== "undefined") {
	const first = customElements.get(tag) as typeof ChatStream | undefined;
	if (!first) register(import.meta.url);
	else if (first.version !== ChatStream.version)
		console.warn(
			`<${tag}> ${first.version} is here already; ${ChatStream.version} was not loaded.`,
		);
}

export type {
	Conversation,
	Message,
	Reply,
	UserMessage,
} from "../protocol/conversation.ts";
export { ChatError, type ErrorCode } from "../protocol/errors.ts";
export {
	ChatConnectionEvent,
	ChatErrorEvent,
	type ChatEvents,
	ChatFeedbackEvent,
	ChatIntegrityEvent,
	ChatMessageEvent,
	ChatSendEvent,
	ChatToggleEvent,
} from "./element/events.ts";
export { ChatWebSocket, type MessageHandler } from "./session/client.ts";
export {
	type Change,
	type ChatSession,
	type Connection,
	createSession,
	type Diagnostics,
	type Pending,
	type SessionOptions,
} from "./session/session.ts";
export { ChatStream };
