/**
 * The HTTP endpoints: frames, events (as a stream or as JSON), messages and health.
 *
 * `server.ts` calls `handle` for every request under the base path that is no WebSocket upgrade.
 * It translates and nothing more: the same frames, the same service and the same refusals as on a
 * WebSocket. Past 300 lines because the endpoints share who is let in, and how they are answered.
 */
import type { Server } from "bun";
import {
	decodeClientFrame,
	decodeQuestion,
} from "../../../protocol/client-frames.ts";
import type { Clock } from "../../../protocol/clock.ts";
import { ChatError, statusOf } from "../../../protocol/errors.ts";
import { type ServerFrame, version } from "../../../protocol/frames.ts";
import { asyncApi } from "../../api-docs/asyncapi.ts";
import { openApi } from "../../api-docs/openapi.ts";
import type { Client } from "../../auth/client-address.ts";
import { expired, whenExpired } from "../../auth/expiry.ts";
import {
	corsHeaders,
	type Origins,
	preflightHeaders,
} from "../../auth/origins.ts";
import { type Authentication, bearerOf } from "../../auth/visitor-tokens.ts";
import { type Chat, checkVersion } from "../../chat/chat.ts";
import type { Batch } from "../../chat/reading.ts";
import type { VisitorData } from "../../chat/visitor-data.ts";
import type { ConnectionLimits } from "../../limits/connections.ts";
import type { Counts } from "../../operations/counters.ts";
import type { Logger } from "../../operations/logger.ts";
import type { Visitor } from "../../visitor.ts";
import { errorFrameOf } from "../errors.ts";
import { dataHeaders } from "./headers.ts";
import { copyFor, meMethods } from "./me.ts";
import {
	conversationOf,
	cursorOf,
	readBody,
	waitOf,
	wantsJson,
	wantsStream,
} from "./request.ts";
import { json, wholeAnswer, withToken } from "./response.ts";
import { streamResponse, streamText, withIdleTicks } from "./stream.ts";

export type HttpParts = {
	chat: Chat;
	authentication: Authentication;
	origins: Origins;
	connectionLimits: ConnectionLimits;
	visitorData: VisitorData;
	clock: Clock;
	logger: Logger;
	counts?: Counts | undefined;
	settings: { heartbeatMs: number; base: string };
	/** Aborts when the server goes away: waiting readers are let go, and come back. */
	retired: AbortSignal;
};

/** An idle keep-alive connection is closed after this long, seconds: Bun's own default. */
export const idleTimeoutS = 10;

export type HttpServer = Pick<Server<unknown>, "timeout">;

type Endpoint = (
	request: Request,
	url: URL,
	server: HttpServer,
	client: Client,
) => Promise<Response>;

export function createHttpEndpoints(parts: HttpParts) {
	const {
		chat,
		authentication,
		origins,
		connectionLimits,
		clock,
		logger,
		counts,
		settings,
	} = parts;

	// No HEAD of the events: a stream whose body nobody takes would count as a reader for ever.
	const endpoints: Record<
		string,
		{ methods: readonly string[]; endpoint: Endpoint }
	> = {
		"/frames": { methods: ["POST"], endpoint: frames },
		"/events": { methods: ["GET"], endpoint: events },
		"/messages": { methods: ["POST"], endpoint: messages },
		"/me": { methods: meMethods, endpoint: me },
		"/health": { methods: ["GET", "HEAD"], endpoint: health },
		"/openapi.json": { methods: ["GET"], endpoint: describe(openApi) },
		"/asyncapi.json": { methods: ["GET"], endpoint: describe(asyncApi) },
	};

	/** Answers a request for `path`, which begins after the base path. Never rejects. */
	async function handle(
		request: Request,
		path: string,
		server: HttpServer,
		client: Client,
	): Promise<Response> {
		// Health is anybody's: a page learns nothing from it that a script would not.
		const isPublic = path === "/health";
		const { isTls } = client;
		try {
			if (!isPublic) origins.check(request, isTls);
			const found = Object.hasOwn(endpoints, path)
				? endpoints[path]
				: undefined;
			if (!found)
				throw new ChatError("not_found", "There is no such endpoint here.");
			if (request.method === "OPTIONS")
				return withHeaders(request, preflight(), isTls, isPublic);
			const { methods, endpoint } = found;
			if (!methods.includes(request.method))
				throw new ChatError("bad_frame", `Expected ${methods[0]} ${path}.`);
			const url = new URL(request.url);
			const answer = await endpoint(request, url, server, client);
			return withHeaders(request, answer, isTls, isPublic);
		} catch (error) {
			return refuse(request, error, isTls);
		}
	}

	/** A throw of any endpoint, or of what is in front of the endpoints, as an answer. */
	const refuse = (request: Request, error: unknown, isTls = false): Response =>
		withHeaders(request, errorResponse(error), isTls);

	/** `beside`: what the asker needs to know all the same. */
	function errorResponse(error: unknown, beside?: object): Response {
		const refusal = errorFrameOf(error, logger, counts);
		const { code, retryAfter } = refusal.data;
		const response = json({ ...refusal, ...beside }, statusOf[code]);
		if (retryAfter !== undefined)
			response.headers.set("Retry-After", `${Math.ceil(retryAfter / 1_000)}`);
		return response;
	}

	/** Who asks, if they may: a new visitor counts for their address, everybody else for themselves. */
	async function authenticate(
		token: string | undefined,
		isNamed: boolean,
		{ address }: Client,
		reads = false,
	) {
		if (token === undefined && !isNamed)
			connectionLimits.countConnection(address);
		const admitted = await authentication.authenticate(token, isNamed);
		connectionLimits.countRequest(admitted.visitor.id, reads);
		return admitted;
	}

	/** A line of this visitor's, for as long as what is returned: see `stopWith`. */
	function openLine(
		{ address }: Client,
		visitor: Visitor,
		request: Request,
		until?: number,
	): AbortController {
		const line = connectionLimits.open(address);
		try {
			line.identify(visitor.id);
		} catch (error) {
			line.release();
			throw error;
		}
		return heldBy(request, () => line.release(), until);
	}

	/** Calls `release` as soon as what is returned aborts, which it may have done already. */
	function heldBy(
		request: Request,
		release: () => void,
		until?: number,
	): AbortController {
		const stop = stopWith(request, until);
		stop.signal.addEventListener("abort", release);
		// Whoever asked may have left while we looked who it is.
		if (stop.signal.aborted) release();
		return stop;
	}

	/** One frame up; the answer is the frame down that it brings. */
	async function frames(
		request: Request,
		url: URL,
		_server: HttpServer,
		client: Client,
	): Promise<Response> {
		const frame = decodeClientFrame(await readBody(request));
		if (frame.type === "hello") {
			checkVersion(frame);
			const { visitor, fresh } = await authenticate(
				frame.token ?? bearerOf(request),
				frame.conversation !== undefined,
				client,
			);
			const ready = await chat.enter(visitor, frame);
			return json(withToken(ready, fresh));
		}
		const { visitor } = await authenticate(bearerOf(request), true, client);
		const conversation = conversationOf(url);
		switch (frame.type) {
			case "send":
				return json(await chat.send(visitor, conversation, frame));
			case "retry":
				return json(await chat.retry(visitor, conversation, frame));
			case "feedback":
				return json(await chat.rate(visitor, conversation, frame));
			case "stop":
				await chat.stop(visitor, conversation, frame.message);
				return json({ type: "pong" });
			case "ping":
				return json({ type: "pong" });
		}
	}

	/** The log from a cursor on: as a stream, or as one answer. */
	async function events(
		request: Request,
		url: URL,
		server: HttpServer,
		client: Client,
	): Promise<Response> {
		const conversation = conversationOf(url);
		const token = bearerOf(request);
		const { visitor, until, fresh } = await authenticate(
			token,
			true,
			client,
			true,
		);
		const hello = { conversation, ...cursorOf(request, url) };
		const waitMs = waitOf(url);
		const stop = openLine(client, visitor, request, until);
		const opening = chat.open(visitor, hello, stop.signal);
		const reading = await opening.catch((error) => {
			stop.abort();
			throw error;
		});
		server.timeout(request, 0);
		const ready = withToken(reading.ready, fresh);
		const { first, rest } = reading;
		if (wantsJson(request)) {
			// That the log is another one is news, too.
			const isNews =
				first.events.length > 0 ||
				ready.head < hello.after ||
				(hello.epoch ?? ready.epoch) !== ready.epoch;
			try {
				const { events } = isNews ? first : await late(rest, waitMs);
				return json({ ready, events });
			} finally {
				// Also when the conversation was deleted meanwhile.
				stop.abort();
				server.timeout(request, idleTimeoutS);
			}
		}
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
			refuseExpired(stop.signal);
		}
		if (counts) counts.lines.stream++;
		if (counts && hello.after > 0) counts.resumes.stream++;
		return streamResponse(chunks(), clock, lastWords(epoch), () => {
			stop.abort();
			server.timeout(request, idleTimeoutS);
			if (counts) counts.lines.stream--;
		});
	}

	/** What comes within the wait. */
	async function late(
		rest: AsyncIterableIterator<Batch>,
		waitMs: number,
	): Promise<Pick<Batch, "events">> {
		if (waitMs === 0) return { events: [] };
		if (counts) counts.lines.poll++;
		try {
			const { value } = await withIdleTicks(rest, waitMs, clock).next();
			return value ?? { events: [] };
		} finally {
			if (counts) counts.lines.poll--;
		}
	}

	/** One plain request, one whole answer; or its events as they come, after `ready`. */
	async function messages(
		request: Request,
		_url: URL,
		server: HttpServer,
		client: Client,
	): Promise<Response> {
		const question = decodeQuestion(await readBody(request));
		const { conversation: known, id = crypto.randomUUID() } = question;
		const token = bearerOf(request);
		const isNamed = known !== undefined;
		const { visitor, until, fresh } = await authenticate(
			token,
			isNamed,
			client,
		);
		const ready = withToken(
			await chat.enter(visitor, {
				type: "hello",
				version,
				...(known && { conversation: known }),
			}),
			fresh,
		);
		const { conversation, epoch } = ready;
		// One whole answer was allowed when it was asked for.
		const isStream = wantsStream(request);
		const life = isStream ? until : undefined;
		const stop = openLine(client, visitor, request, life);
		const done = () => {
			stop.abort();
			server.timeout(request, idleTimeoutS);
		};
		try {
			const asked = { ...question, id };
			const start = await chat.send(visitor, conversation, asked);
			server.timeout(request, 0);
			const events = chat.answer(visitor, conversation, start, stop.signal);
			if (isStream) {
				async function* chunks() {
					yield streamText(ready, epoch);
					for await (const event of events) yield streamText(event, epoch);
					refuseExpired(stop.signal);
				}
				return streamResponse(chunks(), clock, lastWords(epoch), done);
			}
			const answer = await wholeAnswer(events);
			done();
			return json(withToken({ conversation, ...answer }, fresh));
		} catch (error) {
			done();
			// The question may be stored: a new visitor must be able to come back to it.
			const bearings = withToken({ conversation }, fresh);
			return errorResponse(error, bearings);
		}
	}

	/** Everything that is kept about who asks: a copy, or for DELETE its deletion. */
	async function me(
		request: Request,
		_url: URL,
		_server: HttpServer,
		client: Client,
	): Promise<Response> {
		const { visitor } = await authenticate(bearerOf(request), true, client);
		if (request.method === "DELETE")
			return json({ deleted: await parts.visitorData.delete(visitor) });
		const stop = heldBy(request, connectionLimits.openCopy(visitor.id));
		return copyFor(visitor, parts, () => stop.abort());
	}

	async function health(): Promise<Response> {
		const health = await chat.health();
		return json(health, health.status === "ok" ? 200 : 503);
	}

	function preflight(): Response {
		return new Response(null, { status: 204, headers: preflightHeaders });
	}

	/** The headers that every answer bears. */
	function withHeaders(
		request: Request,
		response: Response,
		isTls: boolean,
		isPublic = false,
	): Response {
		const mayRead = isPublic || origins.isAllowed(request, isTls);
		const headers = { ...corsHeaders(request, mayRead), ...dataHeaders };
		for (const [name, value] of Object.entries(headers))
			response.headers.set(name, value);
		return response;
	}

	/** A description of the endpoints, made when it is first asked for. */
	function describe(document: (base: string) => object): Endpoint {
		let made: object | undefined;
		return async () => {
			made ??= document(settings.base);
			return json(made);
		};
	}

	/**
	 * Aborts when the reader leaves, the server goes away or the credential stops to count. Whoever asks
	 * for it aborts it when done.
	 */
	function stopWith(request: Request, until?: number): AbortController {
		const stop = new AbortController();
		const { signal } = stop;
		if (until !== undefined) {
			const late = whenExpired(clock, until, () => stop.abort(expired()));
			signal.addEventListener("abort", late);
		}
		// Not by AbortSignal.any: what lives as long as the server would hold on to every request.
		for (const gone of [request.signal, parts.retired]) {
			if (gone.aborted) stop.abort();
			else gone.addEventListener("abort", () => stop.abort(), { signal });
		}
		return stop;
	}

	const lastWords = (epoch: string) => (error: unknown) =>
		streamText(errorFrameOf(error, logger, counts), epoch);

	return { handle, refuse, endpoints };
}

/** The last word to a reader whose credential has ended meanwhile. */
function refuseExpired({ reason }: AbortSignal) {
	if (reason instanceof ChatError) throw reason;
}
