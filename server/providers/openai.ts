/**
 * The provider `openai`: models behind OpenAI's chat completions API, at OpenAI or at another
 * server. A local server needs no key.
 *
 * The official package builds the request and classifies errors. The stream is read here, because
 * the package's reader buffers events without limit, waits after `[DONE]`, and prints what it
 * cannot parse; its retries ignore an abort.
 */
import OpenAI from "openai";
import type { Clock } from "../../protocol/clock.ts";
import { pause, systemClock } from "../clock.ts";
import {
	brief,
	type Delta,
	failed,
	readCompletion,
	readDeltaError,
	writeAnswer,
} from "./completion.ts";
import type { Provider, ReplyRequest } from "./provider.ts";
import { type Accepts, messagesOf } from "./turns.ts";
import {
	type Fetch,
	httpUrl,
	readError,
	readEvents,
	readText,
	readWhole,
	retryAfterMs,
} from "./upstream.ts";
import {
	lineOfPage,
	meaningOf,
	readVendorError,
	type VendorError,
} from "./vendor-errors.ts";

export type OpenaiOptions = {
	model: string;
	/** Required for api.openai.com. */
	apiKey?: string | undefined;
	/** @default "https://api.openai.com/v1" */
	baseUrl?: string | undefined;
	/** Sent with each request, for gateways. */
	headers?: Record<string, string> | undefined;
	fetch?: Fetch | undefined;
	/** For the pauses before retries. */
	clock?: Clock | undefined;
};

const defaults = {
	baseUrl: "https://api.openai.com/v1",
	/** Retries, all before the first chunk. */
	retries: 2,
	/** The first pause, ms. Each next one is twice as long. */
	retryMs: 500,
	/** If a server asks for a longer wait, the visitor gets the error instead. */
	maxRetryMs: 5_000,
} as const;

type Params = OpenAI.Chat.ChatCompletionCreateParamsStreaming;

/** @throws {Error} if the base URL, the key or the headers are invalid, or a required key is missing. */
export function openaiProvider(options: OpenaiOptions): Provider {
	const { model, clock = systemClock } = options;
	const baseUrl = options.baseUrl || defaults.baseUrl;
	const url = httpUrl("OPENAI_BASE_URL", baseUrl, defaults.baseUrl);
	const headers = checkedHeaders(options.headers);
	const apiKey = checkedKey(options.apiKey, url, headers);
	const blanked = blankerOf(apiKey, headers, url);
	const client = clientOf(url, apiKey, headers, options.fetch ?? fetch);
	/** What the server is known to accept. */
	let accepts: Accepted = { usage: true, system: true, prefill: true };

	/**
	 * If the server rejects a part of the request, it is asked again without that part. What it then
	 * answers is remembered.
	 */
	async function askOnce(
		request: ReplyRequest,
		signal: AbortSignal,
		isLast: boolean,
	): Promise<Begun> {
		let isCertain = true;
		for (let trial = accepts; ; ) {
			const messages = messagesOf(request, trial) as Params["messages"];
			const params: Params = { model, messages, stream: true };
			if (trial.usage) params.stream_options = { include_usage: true };
			try {
				const response = await client.chat.completions
					.create(params, { signal })
					.asResponse();
				const begun = await begin(response, signal);
				const part =
					begun.error && rejectedPart({ error: begun.error }, messages, trial);
				if (!part) {
					if (isCertain && !begun.error) accepts = both(accepts, trial);
					return begun;
				}
				await begun.deltas.return(undefined);
				trial = withoutPart(trial, part);
			} catch (error) {
				if (signal.aborted) throw error;
				const rejection = {
					status: statusOf(error) ?? 0,
					error: vendorErrorIn(error),
				};
				const named = rejectedPart(rejection, messages, trial);
				const part =
					named ?? (isLast && guessedPart(rejection, messages, trial));
				if (!part) throw error;
				isCertain &&= named !== undefined;
				trial = withoutPart(trial, part);
			}
		}
	}

	async function open(request: ReplyRequest, signal: AbortSignal) {
		for (let tries = 0; ; tries++) {
			const isLast = tries === defaults.retries;
			try {
				return await askOnce(request, signal, isLast);
			} catch (error) {
				const asked = retryAfterMs(headersOf(error), clock.now());
				const waitMs =
					asked ?? defaults.retryMs * 2 ** tries * (0.5 + clock.random() / 2);
				if (signal.aborted || isLast || !isPassing(error)) throw error;
				if (waitMs > defaults.maxRetryMs) throw error;
				await pause(clock, waitMs, signal);
			}
		}
	}

	return {
		name: `openai ${model}`,
		async *reply(request, signal) {
			if (signal.aborted) return;
			let begun: Begun;
			try {
				begun = await open(request, signal);
			} catch (cause) {
				if (signal.aborted) return;
				const error = vendorErrorIn(cause);
				const meaning = meaningOf(statusOf(cause), error);
				if (meaning === "filtered") {
					yield { reason: "filtered" };
					return;
				}
				const asked = retryAfterMs(headersOf(cause), clock.now());
				const words = new Error(brief(blanked(error.words)));
				throw failed(meaning, words, meaning === "busy" ? asked : undefined);
			}
			yield* writeAnswer(
				(reading) =>
					withoutRepeatedSpace(readOn(begun, reading), request.beginning ?? ""),
				request,
				signal,
				(finished) =>
					finished
						? undefined
						: "The stream ended without a finish_reason and without [DONE].",
				clock,
			);
		},
	};
}

/** An answer of which the first delta is read. */
type Begun = {
	first: IteratorResult<Delta>;
	/** Of the first delta. */
	error: VendorError | undefined;
	/** The deltas after it. */
	deltas: AsyncGenerator<Delta>;
	leave(): void;
};

/** Reads the first delta, because some servers answer 200 and then send an error. */
async function begin(response: Response, signal: AbortSignal): Promise<Begun> {
	const left = new AbortController();
	const reading = AbortSignal.any([signal, left.signal]);
	const deltas = readDeltas(response, reading);
	const first = await deltas.next();
	const error = first.done ? undefined : first.value.error;
	return {
		first,
		error: error === undefined ? undefined : readDeltaError(error),
		deltas,
		leave: () => left.abort(),
	};
}

async function* readOn(
	{ first, deltas, leave }: Begun,
	signal: AbortSignal,
): AsyncGenerator<Delta> {
	signal.addEventListener("abort", leave, { once: true });
	if (first.done) return;
	try {
		yield first.value;
		yield* deltas;
	} finally {
		// Without this, an error in the first delta would leave the connection open.
		await deltas.return(undefined);
	}
}

function clientOf(
	base: URL,
	apiKey: string | undefined,
	headers: Headers,
	fetch: Fetch,
): OpenAI {
	const url = new URL(base);
	const query = Object.fromEntries(url.searchParams);
	// The package appends its path to the address as a text.
	url.search = "";
	const defaultHeaders: Record<string, string | null> = {};
	if (!apiKey) defaultHeaders.authorization = null;
	// Azure's deployments read the key from this header.
	else if ("api-version" in query) defaultHeaders["api-key"] = apiKey;
	for (const [name, value] of headers) defaultHeaders[name] = value;
	return new OpenAI({
		baseURL: url.href,
		apiKey: apiKey ?? "none",
		defaultHeaders,
		defaultQuery: query,
		// The package reads undefined settings from the environment; null prevents it.
		adminAPIKey: null,
		organization: null,
		project: null,
		webhookSecret: null,
		logLevel: "off",
		maxRetries: 0,
		fetch: withReadErrors(fetch),
		// A redirect could send the key and the conversation to another host.
		fetchOptions: { redirect: "manual" },
	});
}

async function* readDeltas(
	response: Response,
	signal: AbortSignal,
): AsyncGenerator<Delta> {
	const type = response.headers.get("content-type") ?? "";
	// A log-in page, or a base address without its /v1.
	if (type.includes("text/html")) {
		const page = await readError(response, signal);
		throw new Error(`The server answered with a web page: ${lineOfPage(page)}`);
	}
	if (type.includes("application/json")) {
		const body = await readWhole(response, signal);
		if (!signal.aborted) yield readCompletion(JSON.parse(body));
		return;
	}
	for await (const { event, data } of readEvents(readText(response, signal))) {
		// The official packages, too, look only at how it begins.
		if (data.trimStart().startsWith("[DONE]")) {
			yield { finished: true };
			return;
		}
		if (data.trim() === "") continue;
		yield event === "error"
			? { error: data }
			: readCompletion(JSON.parse(data));
	}
}

/**
 * The model does not see the white space at the end of the text that it continues, and often writes
 * it again.
 */
async function* withoutRepeatedSpace(
	deltas: AsyncIterable<Delta>,
	beginning: string,
): AsyncGenerator<Delta> {
	let expected = beginning.slice(beginning.trimEnd().length);
	for await (const delta of deltas) {
		let text = delta.text ?? "";
		while (text !== "" && expected !== "") {
			const repeated = text[0] === expected[0];
			expected = repeated ? expected.slice(1) : "";
			if (repeated) text = text.slice(1);
		}
		yield text === (delta.text ?? "") ? delta : { ...delta, text };
	}
}

/** Parts of a request that some servers and models reject. */
type Accepted = Accepts & {
	/** Token counts in the stream. */
	usage: boolean;
};

const withoutPart = (accepts: Accepted, part: keyof Accepted): Accepted => {
	const fewer = { ...accepts };
	fewer[part] = false;
	return fewer;
};

/** Replies that are written at once learn from each other. */
const both = (one: Accepted, other: Accepted): Accepted => ({
	usage: one.usage && other.usage,
	system: one.system && other.system,
	prefill: one.prefill && other.prefill,
});

/**
 * Phrases of chat templates and vendors. Some templates only say that roles must alternate when they
 * meet a system message or an assistant message at the end.
 */
const rejections = {
	system:
		/\b(system|developer)\W{0,3}(role|message|prompt|instruction)|\b(system|developer)\b.{0,80}\broles?\b|\broles?\b.{0,80}\b(system|developer)\b|\broles? must alternate|\buser\b.{0,20}\bassistant\b.{0,20}\broles?\b|should be 'user'|\bsystem\b.{0,30}\b(not |un)(supported|allowed)/i,
	prefill:
		/prefill|prefix|continue_final_message|add_generation_prompt|\broles? must alternate|\b(last|final)\b.{0,40}\b(role|message|turn|content|user|assistant)\b|\b(end|ends|ending) with\b.{0,40}\b(user|assistant)\b/i,
} as const;

type Rejection = {
	/** `undefined`: the error came in a stream. */
	status?: number;
	error: VendorError;
};

/** The part of the request that the server most likely rejects, to be left out next. */
function rejectedPart(
	{ status, error }: Rejection,
	messages: Params["messages"],
	accepts: Accepted,
): keyof Accepted | undefined {
	if (status !== undefined && ![400, 404, 422, 500, 501].includes(status))
		return undefined;
	if (meaningOf(status, error) !== "unavailable") return undefined;
	const { words } = error;
	const { system, prefill } = partsOf(messages, accepts);
	if (prefill && rejections.prefill.test(words)) return "prefill";
	if (system && rejections.system.test(words)) return "system";
	// Without known words, only these two say that the request is wrong.
	if (status !== 400 && status !== 422) return undefined;
	if (accepts.usage) return "usage";
	if (prefill) return "prefill";
	return system ? "system" : undefined;
}

/** After several errors 500 without known words: a template may have failed, and hidden why. */
function guessedPart(
	{ status, error }: Rejection,
	messages: Params["messages"],
	accepts: Accepted,
): keyof Accepted | undefined {
	if (status !== 500 || meaningOf(status, error) !== "unavailable")
		return undefined;
	const { system, prefill } = partsOf(messages, accepts);
	if (prefill) return "prefill";
	return system ? "system" : undefined;
}

/** The parts that the messages contain and that could still be left out. */
const partsOf = (messages: Params["messages"], accepts: Accepts): Accepts => ({
	system: accepts.system && messages[0]?.role === "system",
	prefill: accepts.prefill && messages.at(-1)?.role === "assistant",
});

function checkedKey(
	key: string | undefined,
	url: URL,
	headers: Headers,
): string | undefined {
	const trimmed = key?.trim();
	if (!trimmed) {
		const needed = url.hostname === "api.openai.com";
		if (!needed || headers.has("authorization")) return undefined;
		throw new Error(
			"Expected OPENAI_API_KEY to be set: api.openai.com rejects requests without a key. For a server of your own, set OPENAI_BASE_URL.",
		);
	}
	// Headers would reject it later, with the key in the error.
	if (!/^[\x21-\x7e]+$/.test(trimmed))
		throw new Error(
			"Expected OPENAI_API_KEY to be plain letters, digits and signs in one line; got a space or another character in it.",
		);
	return trimmed;
}

function checkedHeaders(headers: Record<string, string> | undefined): Headers {
	try {
		return new Headers(headers);
	} catch {
		// The error may quote a secret, so it is not a cause.
		throw new Error(
			"Expected OPENAI_HEADERS to have header names without spaces, and values in one line of plain characters.",
		);
	}
}

/** Shorter values of headers and queries are words such as `true`, and stay. */
const minSecretChars = 8;

/** Removes secrets from texts. Of a header also each word, because a credential may be quoted alone. */
function blankerOf(apiKey: string | undefined, headers: Headers, url: URL) {
	const values = [...headers.values()].flatMap((value) => [
		value,
		...value.split(" "),
	]);
	for (const [name, value] of url.searchParams)
		if (name !== "api-version") values.push(value);
	const secrets = values.filter(({ length }) => length >= minSecretChars);
	if (apiKey) secrets.push(apiKey);
	secrets.sort((one, other) => other.length - one.length);
	return (text: string): string =>
		secrets.reduce((rest, secret) => rest.replaceAll(secret, "[key]"), text);
}

/** Replaces the body of an error by its words, in the one form that the package reads. */
function withReadErrors(fetch: Fetch): Fetch {
	return async (input, init) => {
		const response = await fetch(input, init);
		if (response.ok) return response;
		const signal = init?.signal ?? new AbortController().signal;
		const { status } = response;
		const error =
			redirectError(response) ??
			readVendorError(await readError(response, signal));
		const { words, codes } = error;
		const body = { error: { message: words, type: codes.join(" ") } };
		const headers = new Headers(response.headers);
		headers.delete("content-encoding");
		headers.delete("content-length");
		headers.set("content-type", "application/json");
		return new Response(JSON.stringify(body), { status, headers });
	};
}

/** A redirect is not followed. The operator reads where it leads, without its query. */
function redirectError({
	status,
	headers,
	url,
}: Response): VendorError | undefined {
	if (status >= 400) return undefined;
	const to = URL.parse(headers.get("location") ?? "", url);
	const where = to ? `${to.origin}${to.pathname}` : "nowhere";
	const words = `The server redirects to ${where}. Set OPENAI_BASE_URL to the address itself.`;
	return { words, codes: [] };
}

const statusOf = (error: unknown): number | undefined =>
	error instanceof OpenAI.APIError ? error.status : undefined;

/** Whether the same request may succeed a moment later. */
function isPassing(error: unknown): boolean {
	if (error instanceof OpenAI.APIConnectionError) return true;
	const status = statusOf(error) ?? 0;
	const vendor = vendorErrorIn(error);
	if (vendor.codes.includes("insufficient_quota")) return false;
	const meaning = meaningOf(status, vendor);
	if (meaning === "tooLong" || meaning === "filtered") return false;
	return status === 408 || status === 409 || status === 429 || status >= 500;
}

const headersOf = (error: unknown): Headers | undefined =>
	error instanceof OpenAI.APIError ? error.headers : undefined;

/** The words and codes of a failed request. */
function vendorErrorIn(error: unknown): VendorError {
	const message = error instanceof Error ? error.message : String(error);
	const inner = error instanceof Error ? error.cause : undefined;
	const words =
		inner instanceof Error ? `${message} (${inner.message})` : message;
	const codes = error instanceof OpenAI.APIError ? error.type : undefined;
	return { words, codes: codes?.split(" ") ?? [] };
}
