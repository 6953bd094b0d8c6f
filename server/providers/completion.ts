/**
 * Reads the answers of other servers: the meaning of their objects, and when an answer is complete.
 *
 * Each provider brings the objects from its own framing. Every failure becomes a sentence that a
 * visitor may read. Knows no framing and no network.
 */
import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { Source, Usage } from "../../protocol/frames.ts";
import { systemClock } from "../clock.ts";
import { endingOf } from "./finish-reasons.ts";
import type { Chunk, ReplyRequest } from "./provider.ts";
import {
	type Meaning,
	meaningOf,
	readVendorError,
	type VendorError,
	vendorErrorOf,
} from "./vendor-errors.ts";

/** What the visitor reads after a failure. The reason is in `cause`, for the operator. */
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

/** One object of an answer, decoded. */
export type Delta = {
	text?: string;
	usage?: Usage | undefined;
	reason?: Reason | undefined;
	sources?: Source[];
	/** The server reported the end of the answer: nothing was cut off. */
	finished?: boolean;
	/** The server reported the end of an answer that is not whole, by this word. */
	brokenOffBy?: string;
	/** The model works on text that the visitor does not see. An empty chunk reports it. */
	thinking?: boolean;
	/** The server reported a failure. */
	error?: unknown;
	/** The shape of a value that was not understood, without text. */
	unread?: string;
};

/** How long a stream may stay open after the end of the answer, ms. */
const graceMs = 2_000;

/**
 * Turns deltas into chunks. The facts come last.
 *
 * After the reported end of a written answer, nothing can break it any more: neither an error nor a
 * connection that breaks or stays open.
 * @param read Starts reading. Its signal releases the connection.
 * @throws {ChatError} when the answer failed, broke off, or has no text.
 */
export async function* writeAnswer(
	read: (signal: AbortSignal) => AsyncIterable<Delta>,
	request: ReplyRequest,
	signal: AbortSignal,
	mustFinish: (finished: boolean) => string | undefined,
	clock: Clock = systemClock,
): AsyncGenerator<Chunk> {
	const facts: Exclude<Chunk, string> = {};
	const left = new AbortController();
	let written = false;
	let finished = false;
	/** The server reports ends after which text follows, so its word is not enough. */
	let overran = false;
	let meaning: Exclude<Meaning, "filtered"> = "unavailable";
	const isWhole = () =>
		finished && !overran && (written || facts.reason !== undefined);
	const deltas = read(AbortSignal.any([signal, left.signal]));
	let timer: unknown;
	try {
		for await (const delta of deltas) {
			if (delta.error !== undefined) {
				const error = readDeltaError(delta.error);
				const found = meaningOf(undefined, error);
				if (found === "filtered") {
					facts.reason = found;
					finished = true;
					break;
				}
				meaning = found;
				throw new Error(
					`The model's server sent an error: ${brief(error.words)}`,
				);
			}
			if (delta.usage) facts.usage = delta.usage;
			if (delta.reason) facts.reason = delta.reason;
			if (delta.sources) facts.sources = delta.sources;
			if (delta.text && finished) overran = true;
			if (delta.finished) finished = true;
			if (delta.text) written = true;
			if (delta.text || delta.thinking) yield delta.text ?? "";
			if (delta.unread) yield { unread: delta.unread };
			if (delta.brokenOffBy !== undefined)
				throw new Error(
					`The model ended the answer with finish_reason "${brief(delta.brokenOffBy)}", which is not a known good end.`,
				);
			if (isWhole()) timer ??= clock.setTimeout(() => left.abort(), graceMs);
			else if (timer !== undefined) {
				clock.clearTimeout(timer);
				timer = undefined;
			}
		}
		if (signal.aborted) return;
		const missing = mustFinish(finished);
		if (missing) throw new Error(missing);
	} catch (cause) {
		if (signal.aborted) return;
		if (!isWhole()) {
			if (cause instanceof ChatError) throw cause;
			throw failed(written ? "brokenOff" : meaning, cause);
		}
	} finally {
		clock.clearTimeout(timer);
	}
	// A continued answer may have nothing to add, and a filtered one no text.
	if (!written && !request.beginning && facts.reason !== "filtered")
		throw failed("empty", new Error("The answer ended without any text."));
	if (Object.keys(facts).length > 0) yield facts;
}

/** The words and codes of an error that came as a delta. */
export const readDeltaError = (error: unknown): VendorError =>
	typeof error === "string" ? readVendorError(error) : vendorErrorOf(error);

/** Decodes a chat completion of OpenAI's API, whole or a chunk of a stream. */
export function readCompletion(value: unknown): Delta {
	// Gemini sends its errors in a list.
	const object = record(Array.isArray(value) ? value[0] : value);
	const { choices, usage, error } = object;
	if (error !== undefined && error !== null) return { error };
	if (!Array.isArray(choices) && isError(object)) return { error: object };
	const choice = record(Array.isArray(choices) ? choices[0] : undefined);
	const delta = record(choice.delta ?? choice.message);
	const { content, refusal } = delta;
	// Completions without chat have their text in the choice.
	const text = plainText(content) + plainText(refusal);
	return {
		text: text || plainText(choice.text),
		usage: usageOf(usage),
		...finishOf(choice.finish_reason),
		thinking: isThinking(delta),
	};
}

/** Errors of servers that do not wrap them in `error`. */
const isError = (object: Record<string, unknown>): boolean =>
	object.object === "error" ||
	object.type === "error" ||
	[object.message, object.detail, object.errors].some(
		(words) =>
			(typeof words === "string" || Array.isArray(words)) && words.length > 0,
	);

/** The text of a content: a string, a part with text, or a list of them. Thinking is left out. */
export function plainText(content: unknown): string {
	if (typeof content === "string") return content;
	if (Array.isArray(content)) return content.map(plainText).join("");
	const part = record(content);
	return isThinkingPart(part) ? "" : plainText(part.text ?? "");
}

/** Whether a message's delta contains a model's thinking, under any of its names. */
export function isThinking(delta: Record<string, unknown>): boolean {
	const { content, additional_kwargs } = delta;
	return (
		["reasoning_content", "reasoning", "reasoning_details", "thinking"].some(
			(name) => isFilled(delta[name]),
		) ||
		isFilled(record(additional_kwargs).reasoning_content) ||
		(Array.isArray(content) ? content : [content]).some((part) =>
			isThinkingPart(record(part)),
		)
	);
}

const isFilled = (value: unknown): boolean =>
	Array.isArray(value) ? value.length > 0 : Boolean(value);

/** A part of a content: Mistral's `thinking`, Anthropic's `thinking`, `reasoning`; Gemini's `thought`. */
const isThinkingPart = ({ type, thought }: Record<string, unknown>): boolean =>
	thought === true ||
	(typeof type === "string" && /thinking|reasoning/.test(type));

/** The part of a delta that a finish reason sets. */
export function finishOf(
	word: unknown,
): Pick<Delta, "reason" | "finished" | "brokenOffBy"> {
	const ending = endingOf(word);
	switch (ending) {
		case undefined:
			return {};
		case "complete":
			return { finished: true };
		case "length":
		case "filtered":
			return { finished: true, reason: ending };
		case "brokenOff":
			return { brokenOffBy: String(word) };
		default: {
			const never: never = ending;
			return never;
		}
	}
}

/** The contract's own name first, then OpenAI's, the AI SDK's, Gemini's and Ollama's. */
const inputNames = [
	"input",
	"input_tokens",
	"prompt_tokens",
	"inputTokens",
	"promptTokens",
	"promptTokenCount",
	"prompt_eval_count",
] as const;
const outputNames = [
	"output",
	"output_tokens",
	"completion_tokens",
	"outputTokens",
	"completionTokens",
	"candidatesTokenCount",
	"eval_count",
] as const;

/** Token counts, under the names that servers use. */
export function usageOf(value: unknown): Usage | undefined {
	const counts = record(value);
	const input = inputNames.map((name) => counts[name]).find(isCount);
	const output = outputNames.map((name) => counts[name]).find(isCount);
	if (input === undefined || output === undefined) return undefined;
	return { input, output };
}

const isCount = (value: unknown): value is number =>
	typeof value === "number" && Number.isFinite(value) && value >= 0;

export function record(value: unknown): Record<string, unknown> {
	return value !== null && typeof value === "object" && !Array.isArray(value)
		? (value as Record<string, unknown>)
		: {};
}

/** A short form of a foreign value, for the operator's log. */
export function brief(value: unknown): string {
	const text =
		typeof value === "string"
			? value
			: value instanceof Error
				? value.message
				: (JSON.stringify(value) ?? String(value));
	return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
