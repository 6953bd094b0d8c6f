/**
 * The provider `http`: one POST to the site's own endpoint for each reply.
 *
 * The endpoint may pass on errors of a vendor, so its error texts stop here.
 */
import type { Clock } from "../../protocol/clock.ts";
import { systemClock } from "../clock.ts";
import { brief, failed, writeAnswer } from "./completion.ts";
import type { Provider, ReplyRequest } from "./provider.ts";
import { ResponseReader } from "./response-reader.ts";
import { answeredTurns } from "./turns.ts";
import { type Fetch, httpUrl, readError, retryAfterMs } from "./upstream.ts";

export type HttpOptions = {
	url: string;
	fetch?: Fetch | undefined;
	/** Sent with each request, for example `authorization`. */
	headers?: Record<string, string> | undefined;
	/** Measures how fast a request failed. */
	clock?: Clock | undefined;
};

const maxRedirects = 3;
/** A connection that the endpoint had closed fails within this time, ms. */
const staleMs = 2_000;

/** @throws {Error} if the URL is not http or https. */
export function httpProvider(options: HttpOptions): Provider {
	const url = httpUrl(
		"CHAT_HTTP_URL",
		options.url,
		"http://localhost:8000/chat",
	);
	const { fetch: post = fetch, clock = systemClock } = options;
	const headers = new Headers(options.headers);
	headers.set("content-type", "application/json");
	headers.set(
		"accept",
		"text/event-stream, application/x-ndjson, application/json, text/plain",
	);

	/** Whether the endpoint has answered before: a connection may be left from that. */
	let hasAnswered = false;

	/**
	 * Sends a request. If it fails at once, the endpoint may just have closed the connection that was
	 * left from the last request; then it is sent once more, on a new connection.
	 */
	async function send(to: URL, init: RequestInit): Promise<Response> {
		const sentAt = clock.now();
		const mayBeStale = hasAnswered;
		try {
			const response = await post(to.href, init);
			hasAnswered = true;
			return response;
		} catch (error) {
			const isLate = clock.now() - sentAt > staleMs;
			if (!mayBeStale || isLate || init.signal?.aborted) throw error;
			return await post(to.href, { ...init, keepalive: false });
		}
	}

	async function open(request: ReplyRequest, signal: AbortSignal) {
		const body = JSON.stringify(bodyOf(request));
		let to = url;
		for (let redirects = 0; redirects <= maxRedirects; redirects++) {
			const response = await send(to, {
				method: "POST",
				headers,
				body,
				signal,
				redirect: "manual",
			});
			const { status } = response;
			// Only 307 and 308 keep the method. Frameworks send them to add a slash.
			if (status !== 307 && status !== 308) return response;
			const location = response.headers.get("location") ?? "";
			const next = URL.parse(location, to);
			await response.body?.cancel();
			if (next?.origin !== url.origin)
				throw new Error(
					`The endpoint redirects to another origin, ${next?.origin ?? "nowhere"}; set CHAT_HTTP_URL to the address itself.`,
				);
			to = next;
		}
		throw new Error(`The endpoint redirects more than ${maxRedirects} times.`);
	}

	return {
		// Without the query, which may contain a key.
		name: `http ${url.origin}${url.pathname}`,
		async *reply(request, signal) {
			if (signal.aborted) return;
			let response: Response;
			try {
				response = await open(request, signal);
				if (!response.ok)
					throw await endpointError(response, signal, clock.now());
			} catch (cause) {
				if (signal.aborted) return;
				throw cause instanceof EndpointError
					? failed(cause.sentence, cause, cause.retryAfterMs)
					: failed("unavailable", cause);
			}
			const reader = new ResponseReader(response);
			const read = (reading: AbortSignal) => reader.read(reading);
			yield* writeAnswer(read, request, signal, (finished) =>
				reader.missing(finished),
			);
		},
	};
}

function bodyOf({
	conversation,
	message,
	turns,
	beginning,
	context,
	visitor,
}: ReplyRequest) {
	const messages = answeredTurns(turns).map(({ role, content }) => ({
		role,
		content,
	}));
	return { conversation, message, messages, beginning, context, visitor };
}

class EndpointError extends Error {
	sentence: "busy" | "unavailable" = "unavailable";
	retryAfterMs: number | undefined;
}

async function endpointError(
	response: Response,
	signal: AbortSignal,
	now: number,
): Promise<EndpointError> {
	const { status } = response;
	const said = await readError(response, signal);
	const to = URL.parse(response.headers.get("location") ?? "", response.url);
	const error = new EndpointError(
		status < 400 && to
			? `The endpoint answered ${status} and redirects to ${to.origin}${to.pathname}; set CHAT_HTTP_URL to the address itself.`
			: `The endpoint answered ${status}: ${brief(said)}`,
	);
	if (status === 429 || status === 529) {
		error.sentence = "busy";
		error.retryAfterMs = retryAfterMs(response.headers, now);
	}
	return error;
}
