/**
 * The provider `http`: one POST to the site's own endpoint for each reply.
 *
 * The content type tells plain text, an event stream, lines of JSON and one JSON object apart. The
 * endpoint may pass on errors of a vendor, so its error texts stop here.
 */
import {
	brief,
	type Delta,
	failed,
	finishOf,
	readCompletion,
	record,
	usageOf,
	writeAnswer,
} from "./completion.ts";
import type { Provider, ReplyRequest } from "./provider.ts";
import { answeredTurns } from "./turns.ts";
import {
	type Fetch,
	httpUrl,
	readError,
	readEvents,
	readLines,
	readText,
	readWhole,
} from "./upstream.ts";

export type HttpOptions = {
	url: string;
	fetch?: Fetch | undefined;
	/** Sent with each request, for example `authorization`. */
	headers?: Record<string, string> | undefined;
};

const maxRedirects = 3;

/** @throws {Error} if the URL is not http or https. */
export function httpProvider(options: HttpOptions): Provider {
	const url = httpUrl(
		"CHAT_HTTP_URL",
		options.url,
		"http://localhost:8000/chat",
	);
	const post = options.fetch ?? fetch;
	const headers = new Headers(options.headers);
	headers.set("content-type", "application/json");
	headers.set(
		"accept",
		"text/event-stream, application/x-ndjson, application/json, text/plain",
	);

	async function open(request: ReplyRequest, signal: AbortSignal) {
		const body = JSON.stringify(bodyOf(request));
		let to = url;
		for (let redirects = 0; redirects <= maxRedirects; redirects++) {
			const response = await post(to.href, {
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
				if (!response.ok) throw await endpointError(response, signal);
			} catch (cause) {
				if (signal.aborted) return;
				throw cause instanceof EndpointError
					? failed(cause.sentence, cause, cause.retryAfterMs)
					: failed("unavailable", cause);
			}
			const endings = { chunked: false, done: false };
			const read = (reading: AbortSignal) =>
				readDeltas(response, reading, endings);
			yield* writeAnswer(read, request, signal, (finished) =>
				endings.chunked && !endings.done && !finished
					? "The stream of completion chunks ended without a finish_reason and without [DONE]."
					: undefined,
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
}: ReplyRequest) {
	const messages = answeredTurns(turns).map(({ role, content }) => ({
		role,
		content,
	}));
	return { conversation, message, messages, beginning, context };
}

/** How a stream ended. Completion chunks must report their end; other streams need not. */
type Endings = { chunked: boolean; done: boolean };

async function* readDeltas(
	response: Response,
	signal: AbortSignal,
	endings: Endings,
): AsyncGenerator<Delta> {
	const header = response.headers.get("content-type") ?? "";
	const type = header.split(";")[0]?.trim().toLowerCase() ?? "";
	const texts = readText(response, signal);
	if (type === "text/event-stream") {
		yield* deltasOfEvents(texts, endings);
	} else if (/^application\/(x-)?(ndjson|jsonl|json-?lines)$/.test(type)) {
		for await (const line of readLines(texts)) {
			if (line.trim() === "[DONE]") {
				endings.done = true;
				return;
			}
			yield deltaOf(JSON.parse(line), endings);
		}
	} else if (type === "application/json" || type.endsWith("+json")) {
		const body = await readWhole(response, signal);
		if (!signal.aborted) yield deltaOf(JSON.parse(body), endings);
	} else if (type === "text/html") {
		// A log-in page or an error page of a proxy.
		throw new Error("The endpoint answered with a web page.");
	} else if (type === "" || type.startsWith("text/")) {
		for await (const text of texts) yield { text };
	} else {
		throw new Error(
			`Expected text, an event stream or JSON from the endpoint; got ${brief(type)}.`,
		);
	}
}

async function* deltasOfEvents(
	texts: AsyncIterable<string>,
	endings: Endings,
): AsyncGenerator<Delta> {
	for await (const { event, data } of readEvents(texts)) {
		if (data === "[DONE]") {
			endings.done = true;
			return;
		}
		if (event === "error") yield { error: data };
		else yield deltaOfData(data, endings);
	}
}

/** Plain text, unless it is an object with a known field. Text may contain JSON, too. */
function deltaOfData(data: string, endings: Endings): Delta {
	if (!data.startsWith("{")) return { text: data };
	const value = parseObject(data);
	if (value && isKnown(value)) return deltaOf(value, endings);
	if (!value && /^\{\s*"(text|content|delta|token|choices)"\s*:/.test(data))
		throw new Error("An event's JSON is cut off or malformed.");
	return { text: data };
}

const textFields = ["text", "content", "token", "delta"] as const;
const fields = [
	...textFields,
	"message",
	"usage",
	"reason",
	"sources",
	"error",
	"choices",
	"type",
	"done",
] as const;

const isKnown = (value: Record<string, unknown>): boolean =>
	fields.some((field) => Object.hasOwn(value, field));

function deltaOf(value: unknown, endings: Endings): Delta {
	if (typeof value === "string") return { text: value };
	const object = record(value);
	if (Array.isArray(object.choices)) {
		if (record(object.choices[0]).delta) endings.chunked = true;
		return readCompletion(object);
	}
	const { error, sources } = object;
	if (error !== undefined && error !== null) return { error };
	return {
		text: textOf(object),
		usage: usageOf(object.usage),
		...finishOf(object.reason),
		...(Array.isArray(sources) && { sources: sources.flatMap(sourceOf) }),
	};
}

/** The first text field with a string, in the object or in its delta or message. */
function textOf(object: Record<string, unknown>): string {
	for (const field of textFields) {
		const value = object[field];
		if (typeof value === "string") return value;
	}
	const inner = record(object.delta ?? object.message);
	return Object.keys(inner).length > 0 ? textOf({ ...inner, delta: "" }) : "";
}

function sourceOf(value: unknown) {
	if (typeof value === "string") return [{ title: value, url: value }];
	const { title, url } = record(value);
	if (typeof url !== "string") return [];
	return [{ title: typeof title === "string" ? title : url, url }];
}

function parseObject(data: string): Record<string, unknown> | undefined {
	try {
		return record(JSON.parse(data));
	} catch {
		// Not JSON, so the caller treats it as text.
		return undefined;
	}
}

class EndpointError extends Error {
	sentence: "busy" | "unavailable" = "unavailable";
	retryAfterMs: number | undefined;
}

async function endpointError(
	response: Response,
	signal: AbortSignal,
): Promise<EndpointError> {
	const { status } = response;
	const said = await readError(response, signal);
	const error = new EndpointError(
		`The endpoint answered ${status}: ${brief(said)}`,
	);
	if (status === 429) {
		error.sentence = "busy";
		const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
		if (seconds >= 0) error.retryAfterMs = seconds * 1_000;
	}
	return error;
}
