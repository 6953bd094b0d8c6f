/**
 * The module: the same element for pages that bundle, and the session for those that bring their own
 * face.
 *
 * Entry of `dist/chat-stream.module.js`. Loads without a DOM, and then registers nothing.
 */
import { register } from "./register.ts";

register(import.meta.url);

export type {
	Conversation,
	Message,
	Reply,
	UserMessage,
} from "../protocol/conversation.ts";
export { ChatError, type ErrorCode } from "../protocol/errors.ts";
export { ChatStream } from "./element/chat-stream.ts";
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
