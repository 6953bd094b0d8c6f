/** A page in TypeScript. The compiler must report each line marked as an error. */
import {
	type ChatSendEvent,
	ChatStream,
	ChatWebSocket,
	type Connection,
} from "chat-stream";

const chat = document.querySelector("chat-stream");
export const made: ChatStream = document.createElement("chat-stream");

chat?.addEventListener("chat-send", (event: ChatSendEvent) => {
	if (event.text === "") event.preventDefault();
});
// The event bubbles, so any ancestor may listen.
document.body.addEventListener("chat-message", ({ message }) => {
	if (message.close?.by === "end") console.log(message.close.sources?.[0]?.url);
});
// @ts-expect-error: this event has no text.
chat?.addEventListener("chat-message", ({ text }) => text);

if (chat) {
	chat.getToken = async () => "token";
	chat.context = () => ({ page: 1 });
	chat.words = { send: "Go", left: (count) => `${count}` };
	chat.imageHosts = ["images.example.com"];
	const id: string | undefined = chat.send("Hi");
	console.log(id, chat.connection.state, chat.diagnostics()?.resumes);
	chat.show();
	// @ts-expect-error: `connection` is read-only.
	chat.connection = { state: "idle" };
	// @ts-expect-error: unknown interface text.
	chat.words = { hello: "Hello" };
	// @ts-expect-error: private.
	chat.renderRoot;
}

const client = new ChatWebSocket("wss://chat.example.com/chat");
client.setMessageHandler((token, { message }) => console.log(token, message));
client.addEventListener("end", ({ message }) => console.log(message.text));
client.addEventListener("connection", ({ connection }) => said(connection));
await client.connect();

function said(connection: Connection): string {
	switch (connection.state) {
		case "waiting":
			return `${connection.until} ${connection.offline}`;
		case "refused":
			return `${connection.code}: ${connection.text}`;
		case "ready":
			return connection.transport;
		case "connecting":
			return `${connection.attempt}`;
		case "idle":
			return "";
	}
}

export const subclass = class extends ChatStream {};
