/** The types that users get, against those of the source, both ways. The test puts the two beside each other. */
import type * as source from "../../widget/module.ts";
import type * as told from "./chat-stream.module.js";

type Public<Class> = Pick<Class, keyof Class>;
/** What of the element is its own affair, or its base class's. */
type Own = Exclude<keyof source.ChatStream, keyof HTMLElement>;
type Element = Pick<source.ChatStream, Own & keyof told.ChatStream>;
type Told = Pick<told.ChatStream, Own & keyof told.ChatStream>;

export function toldIsSource(
	element: Told,
	client: Public<told.ChatWebSocket>,
	events: told.ChatEvents,
	clientEvents: told.ChatClientEvents,
	error: told.ChatError,
): [
	Element,
	Public<source.ChatWebSocket>["send"],
	source.ChatEvents,
	source.Message,
	source.ChatError,
] {
	return [element, client.send, events, clientEvents.start.message, error];
}

export function sourceIsTold(
	element: Element,
	client: source.ChatWebSocket,
	events: source.ChatEvents,
	error: source.ChatError,
	options: Omit<source.SessionOptions, "clock" | "makeTransport">,
	session: source.ChatSession,
	conversation: source.Conversation,
): [
	Told,
	Public<told.ChatWebSocket>,
	told.ChatEvents,
	told.ChatError,
	told.SessionOptions,
	told.ChatSession,
	told.Conversation,
] {
	return [element, client, events, error, options, session, conversation];
}

export const options: Omit<source.SessionOptions, "clock" | "makeTransport"> =
	{} as told.SessionOptions;
export const conversation: source.Conversation = {} as told.Conversation;
/** Names that the one has and the other has not: none. */
export const missing: Exclude<
	keyof typeof source,
	keyof typeof told
> extends never
	? Exclude<keyof typeof told, keyof typeof source> extends never
		? true
		: false
	: false = true;
