/**
 * The HTTP doors: frames, events (as a stream or as JSON), messages and health.
 *
 * `server.ts` calls `handle` for every request under the base path that is no WebSocket upgrade.
 * It translates and nothing more: the same frames, the same service and the same refusals as on a
 * WebSocket. Past 300 lines because the doors share how an answer is made and ended.
 */
import type { Server } from "bun";
import { ChatError, statusOf } from "../../protocol/errors.ts";
import {
	type DownFrame,
	type LogEvent,
	version,
} from "../../protocol/frames.ts";
import { decodeQuestion, decodeUp } from "../../protocol/requests.ts";
import { type Batch, type Chat, checkVersion } from "../chat.ts";
import type { Clock } from "../clock.ts";
import { asyncApi } from "../contract/asyncapi.ts";
import { openApi } from "../contract/openapi.ts";
import type { Counts } from "../counts.ts";
import type { Logger } from "../logger.ts";
import {
	type Admission,
	bearerOf,
	corsHeaders,
	preflightHeaders,
} from "./admission.ts";
import { expired, whenExpired } from "./expiry.ts";
import { refusalOf } from "./refusals.ts";
import {
	bodyOf,
	conversationOf,
	cursorOf,
	waitOf,
	wantsJson,
	wantsStream,
} from "./requests.ts";
import { streamAnswer, streamText, withQuiet } from "./streams.ts";

export type HttpParts = {
	chat: Chat;
	admission: Admission;
	clock: Clock;
	logger: Logger;
	counts?: Counts | undefined;
	settings: { heartbeatMs: number; base: string };
	/** Aborts when the server goes away: waiting readers are let go, and come back. */
	retired: AbortSignal;
};

export type HttpServer = Pick<Server<unknown>, "timeout">;

type Door = (
	request: Request,
	url: URL,
	server: HttpServer,
) => Promise<Response>;

const restarting = () =>
	new ChatError(
		"unavailable",
		"The chat is being restarted. Please try again in a moment.",
		{ retryAfter: 2_000 },
	);

export function createHttpGate(parts: HttpParts) {
	const { chat, admission, clock, logger, counts, settings } = parts;

	// No HEAD of the events: a stream whose body nobody takes would count as a reader for ever.
	const doors: Record<string, { methods: readonly string[]; door: Door }> = {
		"/frames": { methods: ["POST"], door: frames },
		"/events": { methods: ["GET"], door: events },
		"/messages": { methods: ["POST"], door: messages },
		"/health": { methods: ["GET", "HEAD"], door: health },
		"/openapi.json": { methods: ["GET"], door: describe(openApi) },
		"/asyncapi.json": { methods: ["GET"], door: describe(asyncApi) },
	};

	/** Answers a request for `path`, which begins after the base path. Never rejects. */
	async function handle(
		request: Request,
		path: string,
		server: HttpServer,
	): Promise<Response> {
		try {
			const found = Object.hasOwn(doors, path) ? doors[path] : undefined;
			if (!found)
				throw new ChatError("not_found", "There is no such door here.");
			if (request.method === "OPTIONS") return preflight(request);
			const { methods, door } = found;
			if (!methods.includes(request.method))
				throw new ChatError("bad_frame", `Expected ${methods[0]} ${path}.`);
			const url = new URL(request.url);
			return dressed(request, await door(request, url, server));
		} catch (error) {
			return refuse(request, error);
		}
	}

	/** A throw of any door, or of what is in front of the doors, as an answer. */
	function refuse(request: Request, error: unknown): Response {
		const refusal = refusalOf(error, logger, counts);
		const { code, retryAfter } = refusal.data;
		const response = json(refusal, statusOf[code]);
		if (retryAfter !== undefined)
			response.headers.set("Retry-After", `${Math.ceil(retryAfter / 1_000)}`);
		return dressed(request, response);
	}

	/** One frame up; the answer is the frame down that it brings. */
	async function frames(request: Request, url: URL): Promise<Response> {
		const frame = decodeUp(await bodyOf(request));
		if (frame.type === "hello") {
			checkVersion(frame);
			const { visitor, fresh } = await admission.admit(
				frame.token ?? bearerOf(request),
				frame.conversation !== undefined,
			);
			const ready = await chat.enter(visitor, frame);
			return json(withToken(ready, fresh));
		}
		const { visitor } = await admission.admit(bearerOf(request), true);
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
	): Promise<Response> {
		const conversation = conversationOf(url);
		const token = bearerOf(request);
		const { visitor, until, fresh } = await admission.admit(token, true);
		const hello = { conversation, ...cursorOf(request, url) };
		const waitMs = waitOf(url);
		server.timeout(request, 0);
		const stop = stopWith(request, until);
		const reading = await chat.open(visitor, hello, stop.signal);
		const ready = withToken(reading.ready, fresh);
		const { first, rest } = reading;
		if (wantsJson(request)) {
			// That the log is another one is news, too.
			const isNews =
				first.events.length > 0 ||
				ready.head < hello.after ||
				(hello.epoch ?? ready.epoch) !== ready.epoch;
			const { events } = isNews ? first : await late(rest, waitMs);
			stop.abort();
			return json({ ready, events });
		}
		const { epoch } = ready;
		const textOf = (frames: readonly DownFrame[]) =>
			frames.map((frame) => streamText(frame, epoch)).join("");
		async function* chunks() {
			let { head } = first;
			yield textOf([ready, ...first.events]);
			for await (const batch of withQuiet(rest, settings.heartbeatMs, clock)) {
				head = batch?.head ?? head;
				yield textOf(batch?.events ?? [{ type: "ping", head }]);
			}
			refuseExpired(stop.signal);
		}
		if (counts) counts.lines.stream++;
		if (counts && hello.after > 0) counts.resumes.stream++;
		return streamAnswer(chunks(), clock, lastWords(epoch), () => {
			stop.abort();
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
			const { value } = await withQuiet(rest, waitMs, clock).next();
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
	): Promise<Response> {
		const question = decodeQuestion(await bodyOf(request));
		const { conversation: known, id = crypto.randomUUID() } = question;
		const token = bearerOf(request);
		const { visitor, until, fresh } = await admission.admit(
			token,
			known !== undefined,
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
		const start = await chat.send(visitor, conversation, { ...question, id });
		server.timeout(request, 0);
		// One whole answer was allowed when it was asked for.
		const isStream = wantsStream(request);
		const stop = stopWith(request, isStream ? until : undefined);
		const events = chat.answer(visitor, conversation, start, stop.signal);
		if (isStream) {
			async function* chunks() {
				yield streamText(ready, epoch);
				for await (const event of events) yield streamText(event, epoch);
				refuseExpired(stop.signal);
			}
			return streamAnswer(chunks(), clock, lastWords(epoch), () =>
				stop.abort(),
			);
		}
		const answer = await wholeAnswer(events).finally(() => stop.abort());
		return json(withToken({ conversation, ...answer }, fresh));
	}

	async function health(): Promise<Response> {
		return chat.draining
			? json({ status: "draining" }, 503)
			: json({ status: "ok" });
	}

	/** A description of the doors, made when it is first asked for. */
	function describe(document: (base: string) => object): Door {
		let made: object | undefined;
		return async () => {
			made ??= document(settings.base);
			return json(made);
		};
	}

	/** Aborts when the reader leaves, the server goes away or the credential stops to count. */
	function stopWith(request: Request, until?: number): AbortController {
		const stop = new AbortController();
		if (until !== undefined) {
			const late = whenExpired(clock, until, () => stop.abort(expired()));
			stop.signal.addEventListener("abort", late);
		}
		const gone = AbortSignal.any([request.signal, parts.retired]);
		if (gone.aborted) stop.abort();
		gone.addEventListener("abort", () => stop.abort());
		return stop;
	}

	const lastWords = (epoch: string) => (error: unknown) =>
		streamText(refusalOf(error, logger, counts), epoch);

	return { handle, refuse, doors };
}

/** The last word to a reader whose credential has ended meanwhile. */
function refuseExpired({ reason }: AbortSignal) {
	if (reason instanceof ChatError) throw reason;
}

function preflight(request: Request): Response {
	const headers = { ...corsHeaders(request), ...preflightHeaders };
	return new Response(null, { status: 204, headers });
}

/** The headers that every answer bears. */
function dressed(request: Request, response: Response): Response {
	const headers = {
		...corsHeaders(request),
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer",
	};
	for (const [name, value] of Object.entries(headers))
		response.headers.set(name, value);
	return response;
}

const json = (body: unknown, status = 200): Response =>
	new Response(JSON.stringify(body), {
		status,
		headers: {
			"Content-Type": "application/json; charset=utf-8",
			"Cache-Control": "no-store",
		},
	});

const withToken = <Body extends object>(
	body: Body,
	token: string | undefined,
): Body & { token?: string } => ({ ...body, ...(token && { token }) });

/** @throws {ChatError} what the answer was closed with, if it failed. */
async function wholeAnswer(
	events: AsyncIterable<LogEvent>,
): Promise<{ message: string; content: string; reason: string }> {
	let content = "";
	let last = 0;
	for await (const event of events) {
		const from = ("from" in event && event.from) || event.sequence;
		if (event.type === "token")
			// A token that was folded while we read stands for what we have, too.
			content = (from > last ? content : "") + event.content;
		else if (event.action === "end") {
			const { message, reason } = event.data;
			return { message, content, reason };
		} else if (event.action === "error")
			throw new ChatError(event.data.code, event.data.text);
		last = event.sequence;
	}
	throw restarting();
}
