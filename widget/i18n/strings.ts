/**
 * Every text that a visitor sees or hears, in English.
 *
 * Read `strings` at the moment of use: language.ts replaces its entries with another language's. Entries
 * with a number or a name are functions, because its position depends on the language.
 */
import type { ErrorCode } from "../../protocol/errors.ts";

export const english = {
	heading: "Chat",
	placeholder: "Type a message…",
	greeting: "How can I help?",
	suggestions: "Suggested questions",
	transcript: "Conversation",
	composer: "Message",
	send: "Send",
	stop: "Stop answering",
	you: (time: string) => `You, ${time}`,
	assistant: (time: string) => `Assistant, ${time}`,
	answerTo: (question: string) => `In answer to: ${question}`,

	open: "Open the chat",
	openUnread: (count: number) =>
		`Open the chat, ${count} new ${count === 1 ? "message" : "messages"}`,
	close: "Close the chat",

	sending: "Sending…",
	sendingIn: (seconds: number) => `Retrying in ${seconds}\u00a0s.`,
	notSent: "Not sent.",
	tryAgain: "Try again",
	edit: "Edit",
	tooLong: (limit: number, over: number) =>
		`The text is ${over} characters over the limit of ${limit}. Please shorten it.`,
	left: (count: number) => (count < 0 ? `${-count} too many` : `${count} left`),

	answering: "The assistant is answering.",
	finished: "Answer finished.",
	stopped: "Stopped",
	cutShort: "The answer reached its length limit.",
	filtered: "The rest of this answer was withheld.",
	continue: "Continue",
	continued: "Continued after an interruption",
	answerAnew: "Answer again",
	copy: "Copy",
	copied: "Copied",
	notCopied: "This page does not let the chat copy.",
	good: "Good answer",
	bad: "Bad answer",
	sources: "Sources",
	newTab: "opens in a new tab",
	codeBlock: (lines: number, language: string) =>
		`Code block, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "line" : "lines"}.`,
	code: (language: string) => (language ? `Code, ${language}` : "Code"),
	table: "Table",
	unformatted:
		"The text is too long to format. The rest is shown as plain text.",
	done: "Done",
	toDo: "To do",

	newMessages: "New messages",
	latest: "Jump to the latest message",

	connecting: "Connecting…",
	reconnecting: "Connection lost. Reconnecting…",
	reconnectingIn: (seconds: number) =>
		`Connection lost. Next attempt in ${seconds}\u00a0s.`,
	offline: "You are offline. Messages are stored and sent later.",
	forbiddenByPage: "This page does not let the chat reach its server.",
	connectedAgain: "Connected again.",
	tryNow: "Try now",
	newConversation: "New conversation",
	leaveConversation: "Start a new conversation?",
	cancel: "Cancel",

	/** Replaces the server's error text, which is English and may be more specific. */
	refusals: {} as { [code in ErrorCode]?: string },
};

export type Words = typeof english;

/** The text of an error, for the visitor. */
export const errorText = ({ code, text }: { code: ErrorCode; text: string }) =>
	strings.refusals[code] ?? text;

/** The strings of the current language, with the page's own. */
export const strings: Words = { ...english };
