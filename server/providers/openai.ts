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
import { ChatError } from "../../protocol/errors.ts";
import { pause, systemClock } from "../clock.ts";
import {
	brief,
	type Delta,
	failed,
	readCompletion,
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
} from "./upstream.ts";

export type OpenaiOptions = {
	model: string;
	/** Required for api.openai.com. */
	apiKey?: string | undefined;
	/** @default "https://api.openai.com/v1" */
	baseUrl?: string | undefined;
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

/** @throws {Error} if the base URL is not http or https, or a required key is missing. */
export function openaiProvider(options: OpenaiOptions): Provider {
	const { model, clock = systemClock } = options;
	const baseUrl = options.baseUrl || defaults.baseUrl;
	const url = httpUrl("OPENAI_BASE_URL", baseUrl, defaults.baseUrl);
	const apiKey = checkedKey(options.apiKey, url);
	const client = new OpenAI({
		baseURL: baseUrl,
		apiKey: apiKey ?? "none",
		...(!apiKey && { defaultHeaders: { authorization: null } }),
		// The package reads undefined settings from the environment; null prevents it.
		adminAPIKey: null,
		organization: null,
		project: null,
		webhookSecret: null,
		logLevel: "off",
		maxRetries: 0,
		fetch: withShortErrors(options.fetch ?? fetch),
		// A redirect could send the key and the conversation to another host.
		fetchOptions: { redirect: "manual" },
	});
	/** What the server is known to accept. */
	let accepts: Accepted = { usage: true, system: true, prefill: true };

	/**
	 * If the server rejects a part of the request, it is asked again without that part. What it then
	 * answers is remembered.
	 */
	async function askOnce(request: ReplyRequest, signal: AbortSignal) {
		for (let trial = accepts; ; ) {
			const messages = messagesOf(request, trial) as Params["messages"];
			const params: Params = { model, messages, stream: true };
			if (trial.usage) params.stream_options = { include_usage: true };
			try {
				const response = await client.chat.completions
					.create(params, { signal })
					.asResponse();
				// Another reply may have learned more meanwhile.
				accepts = {
					usage: accepts.usage && trial.usage,
					system: accepts.system && trial.system,
					prefill: accepts.prefill && trial.prefill,
				};
				return response;
			} catch (error) {
				const part = rejectedPart(error, messages, trial);
				if (!part || signal.aborted) throw error;
				trial = withoutPart(trial, part);
			}
		}
	}

	async function open(request: ReplyRequest, signal: AbortSignal) {
		for (let tries = 0; ; tries++) {
			try {
				return await askOnce(request, signal);
			} catch (error) {
				const waitMs =
					askedWaitMs(error) ??
					defaults.retryMs * 2 ** tries * (0.5 + clock.random() / 2);
				const again = isPassing(error) && tries < defaults.retries;
				if (signal.aborted) throw error;
				if (!again || waitMs > defaults.maxRetryMs)
					throw vendorError(error, apiKey);
				await pause(clock, waitMs, signal);
			}
		}
	}

	return {
		name: `openai ${model}`,
		async *reply(request, signal) {
			if (signal.aborted) return;
			let response: Response;
			try {
				response = await open(request, signal);
			} catch (cause) {
				if (signal.aborted) return;
				throw cause instanceof ChatError ? cause : failed("unavailable", cause);
			}
			yield* writeAnswer(
				(reading) =>
					withoutRepeatedSpace(
						readDeltas(response, reading),
						request.beginning ?? "",
					),
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

async function* readDeltas(
	response: Response,
	signal: AbortSignal,
): AsyncGenerator<Delta> {
	const type = response.headers.get("content-type") ?? "";
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

/** The part of the request that the server most likely rejects, to be left out next. */
function rejectedPart(
	error: unknown,
	messages: Params["messages"],
	accepts: Accepted,
): keyof Accepted | undefined {
	const status = statusOf(error) ?? 0;
	if (![400, 404, 422, 500, 501].includes(status)) return undefined;
	const words = error instanceof Error ? error.message : "";
	const hasSystem = messages[0]?.role === "system";
	const hasPrefill = messages.at(-1)?.role === "assistant";
	if (hasPrefill && accepts.prefill && rejections.prefill.test(words))
		return "prefill";
	if (hasSystem && accepts.system && rejections.system.test(words))
		return "system";
	// Without known words, only these two say that the request is wrong.
	if (status !== 400 && status !== 422) return undefined;
	if (accepts.usage) return "usage";
	return hasPrefill && accepts.prefill ? "prefill" : undefined;
}

function checkedKey(key: string | undefined, url: URL): string | undefined {
	const trimmed = key?.trim();
	if (!trimmed) {
		if (url.hostname !== "api.openai.com") return undefined;
		throw new Error(
			"Expected OPENAI_API_KEY to be set: api.openai.com answers nobody without a key. For a server of your own, set OPENAI_BASE_URL.",
		);
	}
	// Headers would reject it later, with the key in the error.
	if (!/^[\x21-\x7e]+$/.test(trimmed))
		throw new Error(
			"Expected OPENAI_API_KEY to be plain letters, digits and signs in one line; got a space or another character in it.",
		);
	return trimmed;
}

/** Shortens the bodies of errors, which the package reads whole. */
function withShortErrors(fetch: Fetch): Fetch {
	return async (input, init) => {
		const response = await fetch(input, init);
		if (response.ok) return response;
		const signal = init?.signal ?? new AbortController().signal;
		const said = await readError(response, signal);
		const headers = new Headers(response.headers);
		headers.delete("content-encoding");
		headers.delete("content-length");
		const { status } = response;
		// Redirects come here, too. A Response with such a status has no body.
		return new Response(status < 400 ? null : said, { status, headers });
	};
}

const statusOf = (error: unknown): number | undefined =>
	error instanceof OpenAI.APIError ? error.status : undefined;

function isPassing(error: unknown): boolean {
	if (error instanceof OpenAI.APIConnectionError) return true;
	if (error instanceof OpenAI.APIError && error.code === "insufficient_quota")
		return false;
	const status = statusOf(error) ?? 0;
	return status === 408 || status === 409 || status === 429 || status >= 500;
}

function askedWaitMs(error: unknown): number | undefined {
	if (!(error instanceof OpenAI.APIError)) return undefined;
	const ms = Number(error.headers?.get("retry-after-ms") ?? Number.NaN);
	if (ms >= 0) return ms;
	const seconds = Number(error.headers?.get("retry-after") ?? Number.NaN);
	return seconds >= 0 ? seconds * 1_000 : undefined;
}

/** The visitor's sentence, with the vendor's words for the operator. Removes the key from them. */
function vendorError(error: unknown, apiKey: string | undefined): ChatError {
	const words = error instanceof Error ? error.message : String(error);
	const code = error instanceof OpenAI.APIError ? error.code : undefined;
	const inner = error instanceof Error ? error.cause : undefined;
	const why = inner instanceof Error ? `${words} (${inner.message})` : words;
	const cause = new Error(
		brief(apiKey ? why.replaceAll(apiKey, "[key]") : why),
	);
	if (code === "context_length_exceeded") return failed("tooLong", cause);
	if (statusOf(error) === 429) return failed("busy", cause, askedWaitMs(error));
	return failed("unavailable", cause);
}
