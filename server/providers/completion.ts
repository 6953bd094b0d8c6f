/**
 * An answer as it comes from another server: what its objects mean, and what it takes to be whole.
 *
 * `openai.ts` and `http.ts` bring the objects, each from its own framing; here they become chunks,
 * and here every failure becomes a sentence that a visitor may read.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { Source, Usage } from "../../protocol/frames.ts";
import type { Chunk, ReplyRequest } from "./provider.ts";

/** What a visitor reads when something failed. The reason is in `cause`, for the operator. */
export const sentences = {
	unavailable:
		"The assistant's model is not available right now. Please try again in a moment.",
	busy: "The assistant is very busy right now. Please try again in a moment.",
	brokenOff: "The answer broke off. Please try again.",
	empty:
		"The assistant had no answer to that. Please try again or ask in other words.",
	tooLong:
		"This conversation has grown too long for the assistant. Please start a new one.",
} as const;

export function failed(
	sentence: keyof typeof sentences,
	cause: unknown,
	retryAfter?: number,
): ChatError {
	return new ChatError("provider_failed", sentences[sentence], {
		cause,
		...(retryAfter !== undefined && { retryAfter }),
	});
}

export type Reason = Exclude<Extract<Chunk, object>["reason"], undefined>;

/** One object of an answer, understood. */
export type Delta = {
	text?: string;
	usage?: Usage | undefined;
	reason?: Reason | undefined;
	sources?: Source[];
	/** The maker said that the answer is whole: nothing was cut off. */
	finished?: boolean;
	/** The maker is at work on something that the visitor does not see: an empty chunk says so. */
	thinking?: boolean;
	/** The maker said that it failed. */
	error?: unknown;
};

/**
 * Turns deltas into chunks; the facts come last.
 * @throws {ChatError} when the answer failed, broke off, or holds no word.
 */
export async function* writeAnswer(
	deltas: AsyncIterable<Delta>,
	request: ReplyRequest,
	signal: AbortSignal,
	mustFinish: (finished: boolean) => string | undefined,
): AsyncGenerator<Chunk> {
	const facts: Exclude<Chunk, string> = {};
	let written = false;
	let finished = false;
	try {
		for await (const delta of deltas) {
			if (delta.error !== undefined)
				throw new Error(`The answer bore an error: ${brief(delta.error)}`);
			if (delta.usage) facts.usage = delta.usage;
			if (delta.reason) facts.reason = delta.reason;
			if (delta.sources) facts.sources = delta.sources;
			if (delta.finished) finished = true;
			if (delta.text) written = true;
			if (delta.text || delta.thinking) yield delta.text ?? "";
		}
		if (signal.aborted) return;
		const missing = mustFinish(finished);
		if (missing) throw new Error(missing);
	} catch (cause) {
		if (signal.aborted) return;
		if (cause instanceof ChatError) throw cause;
		throw failed(written ? "brokenOff" : "unavailable", cause);
	}
	// To go on from a beginning and have nothing to add is an answer; so is a filter's silence.
	if (!written && !request.beginning && facts.reason !== "filtered")
		throw failed("empty", new Error("The answer ended without any text."));
	if (Object.keys(facts).length > 0) yield facts;
}

/** Reads an object in the shape of OpenAI's chat completions, whole or a chunk of a stream. */
export function readCompletion(value: unknown): Delta {
	const { choices, usage, error } = record(value);
	if (error !== undefined && error !== null) return { error };
	const choice = record(Array.isArray(choices) ? choices[0] : undefined);
	const delta = record(choice.delta ?? choice.message);
	const { content, refusal, reasoning_content, reasoning } = delta;
	const finish = choice.finish_reason;
	return {
		text: plainText(content) + plainText(refusal),
		usage: usageOf(usage),
		reason: reasonOf(finish),
		finished: typeof finish === "string" && finish !== "",
		thinking: Boolean(reasoning_content || reasoning),
	};
}

/** The text of a content that is a string, or a list of parts with a text each. */
function plainText(content: unknown): string {
	if (typeof content === "string") return content;
	if (!Array.isArray(content)) return "";
	return content.map((part) => plainText(record(part).text)).join("");
}

export function reasonOf(finish: unknown): Reason | undefined {
	if (finish === "length" || finish === "max_tokens") return "length";
	if (finish === "content_filter" || finish === "filtered") return "filtered";
	return undefined;
}

/** Counts of tokens, under the names that servers give them. */
export function usageOf(value: unknown): Usage | undefined {
	const counts = record(value);
	const input = counts.input ?? counts.input_tokens ?? counts.prompt_tokens;
	const output =
		counts.output ?? counts.output_tokens ?? counts.completion_tokens;
	if (!isCount(input) || !isCount(output)) return undefined;
	return { input, output };
}

const isCount = (value: unknown): value is number =>
	typeof value === "number" && Number.isFinite(value) && value >= 0;

export function record(value: unknown): Record<string, unknown> {
	return value !== null && typeof value === "object" && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: {};
}

/** A foreign value in the operator's log: short. */
export function brief(value: unknown): string {
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
