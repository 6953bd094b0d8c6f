/**
 * The WebSocket as an AsyncAPI 3 document, served at `<base>/asyncapi.json`.
 *
 * From the server's side: it receives client frames and sends server frames. The schemas are those
 * that the server decodes with.
 */
import { closeCodeOf, statusOf } from "../../protocol/errors.ts";
import { version } from "../../protocol/frames.ts";
import {
	componentSchemas,
	downNames,
	eventNames,
	refTo,
	upFrames,
} from "./schemas.ts";

/** Responses to a client frame, besides an error. */
const replyTo: Record<string, readonly string[]> = {
	Hello: ["Ready"],
	Send: ["Start"],
	Stop: [],
	Retry: ["Start"],
	SayFeedback: ["Feedback"],
	SayPing: ["Pong"],
};

const codes = Object.keys(statusOf) as (keyof typeof statusOf)[];
const closings = codes.map((code) => `${closeCodeOf(code)} ${code}`).join(", ");

/** The document for a WebSocket at `base`. */
export function asyncApi(base: string) {
	const upNames = Object.keys(upFrames);
	const names = [...upNames, ...downNames];
	const message = (name: string) => ({
		$ref: `#/channels/line/messages/${name}`,
	});
	const channel = { $ref: "#/channels/line" };
	const receive = upNames.map((name) => [
		`receive${name}`,
		{
			action: "receive",
			channel,
			messages: [message(name)],
			reply: {
				channel,
				messages: [...(replyTo[name] ?? []), "Refusal"].map(message),
			},
		},
	]);
	const send = (summary: string, messages: readonly string[]) => ({
		action: "send",
		summary,
		channel,
		messages: messages.map(message),
	});
	return {
		asyncapi: "3.0.0",
		info: {
			title: "chat-stream",
			description: `The WebSocket of a chat-stream server. One JSON object per text message; \`hello\` is the first. The close code is 4000 + the HTTP status of the error: ${closings}.`,
			version: `${version}`,
			license: { name: "MIT" },
		},
		defaultContentType: "application/json",
		servers: {
			here: {
				host: "{host}",
				protocol: "wss",
				variables: {
					host: { description: "Host of the server.", default: "localhost" },
				},
			},
		},
		channels: {
			line: {
				address: base,
				description:
					"A conversation, read from a cursor on and written to. The subprotocol chat-stream.v1 may be offered.",
				messages: Object.fromEntries(
					names.map((name) => [
						name,
						{ $ref: `#/components/messages/${name}` },
					]),
				),
				bindings: { ws: { method: "GET", bindingVersion: "0.1.0" } },
			},
		},
		operations: {
			...Object.fromEntries(receive),
			sendEvents: send(
				"What is in the log after the cursor, and what comes then.",
				eventNames,
			),
			sendPing: send("At least once a heartbeat.", ["Ping"]),
			sendRefusal: send("With an id of one message; without, the last word.", [
				"Refusal",
			]),
		},
		components: {
			messages: Object.fromEntries(
				names.map((name) => [name, { name, payload: refTo(name) }]),
			),
			schemas: componentSchemas("draft-7"),
		},
	};
}
