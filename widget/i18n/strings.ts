/**
 * Every word a visitor sees or hears: one table, here in English.
 *
 * Read by the templates and the announcer, always at the moment of use: language.ts puts the words of
 * another language in place. Entries with a number or a name in them are functions, so that a language
 * may put it where it belongs.
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
	sendingIn: (seconds: number) => `Sent again in ${seconds}\u00a0s.`,
	notSent: "Not sent.",
	tryAgain: "Try again",
	edit: "Edit",
	tooLong: (limit: number, over: number) =>
		`That is ${over} over the limit of ${limit} characters. Please shorten it.`,
	left: (count: number) => (count < 0 ? `${-count} too many` : `${count} left`),

	answering: "The assistant is answering.",
	finished: "Answer finished.",
	stopped: "Stopped",
	cutShort: "The answer reached its length limit.",
	filtered: "The rest of this answer was withheld.",
	continue: "Continue",
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
	unformatted: "This is too long to format. The rest is shown as plain text.",
	done: "Done",
	toDo: "To do",

	newMessages: "New messages",
	latest: "Jump to the latest message",

	connecting: "Connecting…",
	reconnecting: "Connection lost. Reconnecting…",
	reconnectingIn: (seconds: number) =>
		`Connection lost. Next attempt in ${seconds}\u00a0s.`,
	offline: "You are offline. What you write is kept and sent later.",
	forbiddenByPage: "This page does not let the chat reach its server.",
	connectedAgain: "Connected again.",
	tryNow: "Try now",
	newConversation: "New conversation",
	leaveConversation: "Leave this conversation and begin another?",
	cancel: "Cancel",

	/** In place of what the server says of a refusal or failure, which is English and may know more. */
	refusals: {} as { [code in ErrorCode]?: string },
};

export type Words = typeof english;

/** What a visitor reads of a refusal. */
export const errorText = ({ code, text }: { code: ErrorCode; text: string }) =>
	strings.refusals[code] ?? text;

/** The words of now. */
export const strings: Words = { ...english };
