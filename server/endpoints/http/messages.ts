/** `POST /messages`: one question; the response is one whole answer, or its events as a stream. */
import { decodeQuestion } from "../../../protocol/client-frames.ts";
import {
	type LogEvent,
	type Ready,
	version,
} from "../../../protocol/frames.ts";
import { bearerOf } from "../../auth/visitor-tokens.ts";
import { errorFrameOf } from "../errors.ts";
import { type Access, throwIfExpired } from "./access.ts";
import { type Endpoint, type HttpParts, idleTimeoutS } from "./endpoint.ts";
import { readBody, wantsStream } from "./request.ts";
import { errorResponse, json, wholeAnswer, withToken } from "./response.ts";
import { streamResponse, streamText } from "./stream.ts";

export function messagesEndpoint(parts: HttpParts, access: Access): Endpoint {
	const { chat, logger, counts } = parts;
	return {
		methods: ["POST"],
		async respond(exchange) {
			const { request, server, client } = exchange;
			const question = decodeQuestion(await readBody(request));
			const { conversation: known, id = crypto.randomUUID() } = question;
			const { visitor, until, fresh } = await access.authenticate(
				bearerOf(request),
				known !== undefined,
				client,
			);
			const entered = await chat.enter(visitor, {
				type: "hello",
				version,
				...(known && { conversation: known }),
			});
			const ready = withToken(entered, fresh);
			const { conversation } = ready;
			const isStream = wantsStream(request);
			// A credential that expires while a whole answer is written does not end the request.
			const expiry = isStream ? until : undefined;
			const controller = access.openConnection(exchange, visitor, expiry);
			const { signal } = controller;
			const end = () => {
				controller.abort();
				server.timeout(request, idleTimeoutS);
			};
			try {
				const asked = { ...question, id };
				const start = await chat.send(visitor, conversation, asked);
				server.timeout(request, 0);
				const events = chat.answer(visitor, conversation, start, signal);
				if (isStream) return streamAnswer(parts, ready, events, signal, end);
				const answer = await wholeAnswer(events);
				end();
				return json(withToken({ conversation, ...answer }, fresh));
			} catch (error) {
				end();
				// The question may be stored, so a new visitor needs the credential to return to it.
				const extra = withToken({ conversation }, fresh);
				return errorResponse(errorFrameOf(error, logger, counts), extra);
			}
		},
	};
}

function streamAnswer(
	{ clock, logger, counts }: HttpParts,
	ready: Ready,
	events: AsyncIterable<LogEvent>,
	signal: AbortSignal,
	onEnd: () => void,
): Response {
	const { epoch } = ready;
	async function* chunks() {
		yield streamText(ready, epoch);
		for await (const event of events) yield streamText(event, epoch);
		throwIfExpired(signal);
	}
	return streamResponse(chunks(), {
		clock,
		errorText: (error) =>
			streamText(errorFrameOf(error, logger, counts), epoch),
		onEnd,
	});
}
