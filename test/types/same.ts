/** The declared types are assignable to those of the source, and the reverse. The test copies both into one folder. */
import type * as source from "../../widget/module.ts";
import type * as declared from "./chat-stream.module.js";

type Public<Class> = Pick<Class, keyof Class>;
/** Members that the element itself declares. */
type Own = Exclude<keyof source.ChatStream, keyof HTMLElement>;
type Element = Pick<source.ChatStream, Own & keyof declared.ChatStream>;
type Declared = Pick<declared.ChatStream, Own & keyof declared.ChatStream>;

export function declaredIsSource(
	element: Declared,
	client: Public<declared.ChatWebSocket>,
	events: declared.ChatEvents,
	clientEvents: declared.ChatClientEvents,
	error: declared.ChatError,
): [
	Element,
	Public<source.ChatWebSocket>["send"],
	source.ChatEvents,
	source.Message,
	source.ChatError,
] {
	return [element, client.send, events, clientEvents.start.message, error];
}

export function sourceIsDeclared(
	element: Element,
	client: source.ChatWebSocket,
	events: source.ChatEvents,
	error: source.ChatError,
	options: Omit<source.SessionOptions, "clock" | "makeTransport">,
	session: source.ChatSession,
	conversation: source.Conversation,
): [
	Declared,
	Public<declared.ChatWebSocket>,
	declared.ChatEvents,
	declared.ChatError,
	declared.SessionOptions,
	declared.ChatSession,
	declared.Conversation,
] {
	return [element, client, events, error, options, session, conversation];
}

export const options: Omit<source.SessionOptions, "clock" | "makeTransport"> =
	{} as declared.SessionOptions;
export const conversation: source.Conversation = {} as declared.Conversation;
/** `true` only if both export the same names. */
export const missing: Exclude<
	keyof typeof source,
	keyof typeof declared
> extends never
	? Exclude<keyof typeof declared, keyof typeof source> extends never
		? true
		: false
	: false = true;
