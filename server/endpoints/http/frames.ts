/** `POST /frames`: one client frame; the response is the server frame that it causes. */
import { decodeClientFrame } from "../../../protocol/client-frames.ts";
import type { ClientFrame, Hello } from "../../../protocol/frames.ts";
import { bearerOf } from "../../auth/visitor-tokens.ts";
import { checkVersion } from "../../chat/chat.ts";
import type { Visitor } from "../../visitor.ts";
import type { Access } from "./access.ts";
import type { Endpoint, Exchange, HttpParts } from "./endpoint.ts";
import { conversationOf, readBody } from "./request.ts";
import { json, withToken } from "./response.ts";

export function framesEndpoint({ chat }: HttpParts, access: Access): Endpoint {
	async function hello(frame: Hello, { request, client }: Exchange) {
		checkVersion(frame);
		const { visitor, fresh } = await access.authenticate(
			frame.token ?? bearerOf(request),
			frame.conversation !== undefined,
			client,
		);
		return withToken(await chat.enter(visitor, frame), fresh);
	}

	async function handle(
		visitor: Visitor,
		conversation: string,
		frame: Exclude<ClientFrame, Hello>,
	) {
		switch (frame.type) {
			case "send":
				return chat.send(visitor, conversation, frame);
			case "retry":
				return chat.retry(visitor, conversation, frame);
			case "feedback":
				return chat.rate(visitor, conversation, frame);
			case "stop":
				await chat.stop(visitor, conversation, frame.message);
				return { type: "pong" };
			case "ping":
				return { type: "pong" };
			default: {
				const never: never = frame;
				return never;
			}
		}
	}

	return {
		methods: ["POST"],
		async respond(exchange) {
			const { request, url, client } = exchange;
			const frame = decodeClientFrame(await readBody(request));
			if (frame.type === "hello") return json(await hello(frame, exchange));
			const { visitor } = await access.authenticate(
				bearerOf(request),
				true,
				client,
			);
			return json(await handle(visitor, conversationOf(url), frame));
		},
	};
}
