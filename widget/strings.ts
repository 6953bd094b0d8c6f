/**
 * Every word a visitor sees or hears that no server wrote.
 *
 * Read by the templates and the announcer. Entries with a number or a time in them are functions, so
 * that a language may put it where it belongs.
 */
export const strings = {
	heading: "Chat",
	placeholder: "Type a message…",
	greeting: "How can I help?",
	transcript: "Conversation",
	composer: "Message",
	send: "Send",
	stop: "Stop answering",
	you: (time: string) => `You, ${time}`,
	assistant: (time: string) => `Assistant, ${time}`,

	sending: "Sending…",
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
	sources: "Sources",
	newTab: "opens in a new tab",
	codeBlock: (lines: number, language: string) =>
		`Code block, ${language ? `${language}, ` : ""}${lines} ${lines === 1 ? "line" : "lines"}.`,

	newMessages: "New messages",
	latest: "Jump to the latest message",

	connecting: "Connecting…",
	reconnecting: "Connection lost. Reconnecting…",
	offline: "You are offline. What you write is kept and sent later.",
	forbiddenByPage: "This page does not let the chat reach its server.",
	connectedAgain: "Connected again.",
	tryNow: "Try now",
	newConversation: "New conversation",
};
