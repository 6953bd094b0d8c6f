/** `GET /events`: the log after a cursor, as an event stream or as one JSON page. */
import type { ServerFrame } from "../../../protocol/frames.ts";
import { bearerOf } from "../../auth/visitor-tokens.ts";
import type { Batch, Reading } from "../../chat/reading.ts";
import { errorFrameOf } from "../errors.ts";
import { type Access, throwIfExpired } from "./access.ts";
import { type Endpoint, type HttpParts, idleTimeoutS } from "./endpoint.ts";
import { conversationOf, cursorOf, waitOf, wantsJson } from "./request.ts";
import { json, withToken } from "./response.ts";
import { streamResponse, streamText, withIdleTicks } from "./stream.ts";

export function eventsEndpoint(parts: HttpParts, access: Access): Endpoint {
	const { chat } = parts;
	return {
		// No HEAD: a stream whose body is never read would count as a reader until the server stops.
		methods: ["GET"],
		async respond(exchange) {
			const { request, url, server, client } = exchange;
			const conversation = conversationOf(url);
			const { visitor, until, fresh } = await access.authenticate(
				bearerOf(request),
				true,
				client,
				true,
			);
			const cursor = cursorOf(request, url);
			const waitMs = waitOf(url);
			const controller = access.openConnection(exchange, visitor, until);
			const { signal } = controller;
			const hello = { conversation, ...cursor };
			const opened = await chat.open(visitor, hello, signal).catch((error) => {
				controller.abort();
				throw error;
			});
			const reading = { ...opened, ready: withToken(opened.ready, fresh) };
			server.timeout(request, 0);
			const end = () => {
				controller.abort();
				server.timeout(request, idleTimeoutS);
			};
			if (!wantsJson(request))
				return streamEvents(parts, reading, cursor.after, signal, end);
			try {
				const events = await nextEvents(parts, reading, cursor, waitMs);
				return json({ ready: reading.ready, events });
			} finally {
				// Also when the conversation was deleted while the request waited.
				end();
			}
		},
	};
}

/** The events after the cursor: at once if there are any, otherwise those that arrive in time. */
async function nextEvents(
	{ clock, counts }: HttpParts,
	{ ready, first, rest }: Reading,
	cursor: { epoch?: string; after: number },
	waitMs: number,
): Promise<Batch["events"]> {
	// A log that was replaced is reported at once, even if it is empty.
	const isReplaced =
		ready.head < cursor.after || (cursor.epoch ?? ready.epoch) !== ready.epoch;
	if (first.events.length > 0 || isReplaced) return first.events;
	if (waitMs === 0) return [];
	if (counts) counts.connections.poll++;
	try {
		const { value } = await withIdleTicks(rest, waitMs, clock).next();
		return value?.events ?? [];
	} finally {
		if (counts) counts.connections.poll--;
	}
}

function streamEvents(
	{ clock, counts, logger, settings }: HttpParts,
	{ ready, first, rest }: Reading,
	after: number,
	signal: AbortSignal,
	end: () => void,
): Response {
	const { epoch } = ready;
	const textOf = (frames: readonly ServerFrame[]) =>
		frames.map((frame) => streamText(frame, epoch)).join("");
	async function* chunks() {
		let { head } = first;
		yield textOf([ready, ...first.events]);
		for await (const batch of withIdleTicks(
			rest,
			settings.heartbeatMs,
			clock,
		)) {
			head = batch?.head ?? head;
			yield textOf(batch?.events ?? [{ type: "ping", head }]);
		}
		throwIfExpired(signal);
	}
	const startedAt = clock.now();
	const from = {
		connection: crypto.randomUUID().slice(0, 8),
		transport: "stream",
	};
	const { conversation } = ready;
	logger("debug", "connection_opened", { ...from, conversation, after });
	if (counts) counts.connections.stream++;
	if (counts && after > 0) counts.resumes.stream++;
	return streamResponse(chunks(), {
		clock,
		errorText: (error) =>
			streamText(errorFrameOf(error, logger, counts), epoch),
		onEnd() {
			end();
			if (counts) counts.connections.stream--;
			const ms = clock.now() - startedAt;
			logger("debug", "connection_closed", { ...from, ms });
		},
	});
}
