/**
 * Reads the values of an answer, whatever library or server made them: chunks and messages of OpenAI,
 * Anthropic, Gemini, Bedrock, Ollama, LangChain, LlamaIndex and the AI SDK, and this product's own.
 *
 * A value that is none of these is reported by its shape. Knows no framing and no network.
 */
import type { Source } from "../../protocol/frames.ts";
import {
	type Delta,
	finishOf,
	isThinking,
	plainText,
	readCompletion,
	record,
	usageOf,
} from "./completion.ts";

type Value = Record<string, unknown>;

/** Fields with the text of the answer, the first string counts. */
const textFields = [
	"text",
	"content",
	"token",
	"delta",
	"response",
	"answer",
] as const;
/** Objects around them. */
const nestings = ["delta", "message", "content", "token"] as const;
const finishFields = [
	"reason",
	"finish_reason",
	"finishReason",
	"done_reason",
	"stop_reason",
	"stopReason",
] as const;
const usageFields = ["usage", "usage_metadata", "usageMetadata"] as const;
/** An object with one of these is understood, even if it says nothing. */
const knownFields = [
	...textFields,
	...finishFields,
	...usageFields,
	"sources",
	"done",
	"role",
	"thinking",
	"reasoning",
	"reasoning_content",
] as const;

/** Types of events that are no text of the answer: starts, ends, tools, data for a page. */
const silentType =
	/^(response[.-]|content[_-]|message[_-]|text-|(start|finish|step|stream)(-|$)|tool|function|data-|file$|raw$|source|ping$|citation)/;
/** Messages of others in LangChain's streams. */
const otherMessage = /^(human|system|tool|function|remove)(message(chunk)?)?$/i;
const thinkingType = /reasoning|thinking|thought/;

/** Reads the values of one answer, in their order. */
export class ValueReader {
	/** Anthropic reports the tokens of the question in its first event. */
	#input: unknown;
	/** Libraries send sources one by one; a chunk has all of them. */
	readonly #sources: Source[] = [];
	#isChunked = false;
	#awaitsTool = false;

	/** Whether the values were chunks of a completion, which report their end. */
	get isChunked(): boolean {
		return this.#isChunked;
	}

	/** Whether the model ended its turn to use a tool: the endpoint may go on with another turn. */
	get awaitsTool(): boolean {
		return this.#awaitsTool;
	}

	read(value: unknown): Delta {
		if (typeof value === "string") return { text: value };
		if (value === undefined || value === null) return {};
		if (Array.isArray(value)) return this.#readPair(value);
		if (typeof value !== "object") return { unread: shapeOf(value) };
		return this.#readObject(value as Value);
	}

	/** LangGraph: `[message, metadata]`, or `[mode, value]` with more than one mode. */
	#readPair(pair: readonly unknown[]): Delta {
		const [first, second] = pair;
		if (pair.length === 2 && first === "messages") return this.read(second);
		if (pair.length === 2 && isObject(first) && isObject(second))
			return this.#readObject(first);
		return { unread: shapeOf(pair) };
	}

	#readObject(value: Value): Delta {
		const { type, event, candidates, choices } = value;
		if (Array.isArray(choices)) {
			const { delta, finish_reason } = record(choices[0]);
			if (delta) this.#isChunked = true;
			return { ...readCompletion(value), ...this.#end(finish_reason) };
		}
		if (Array.isArray(candidates)) return readGemini(value);
		const error = errorOf(value);
		if (error !== undefined) return { error };
		if (typeof type === "string") {
			const delta = this.#readType(type, value);
			if (delta) return delta;
		}
		if (typeof event === "string" && event.startsWith("on_")) {
			const isModel = event === "on_chat_model_stream";
			return isModel ? this.read(record(value.data).chunk) : {};
		}
		return readBedrock(value) ?? this.#readFields(value);
	}

	/** An event with a type. `undefined`: its fields tell more than its type. */
	#readType(type: string, value: Value): Delta | undefined {
		switch (type) {
			// The AI SDK: textDelta in version 4, text since version 5, delta in its stream for pages.
			case "text-delta":
				return {
					text: plainText(value.textDelta ?? value.text ?? value.delta),
				};
			case "finish":
				return {
					usage: usageOf(value.totalUsage ?? value.usage),
					...this.#end(value.finishReason),
				};
			case "source":
				return this.#addSources([value.source ?? value]);
			case "source-url":
				return this.#addSources([value]);
			case "response.output_text.delta":
			case "response.refusal.delta":
				return { text: plainText(value.delta) };
			case "response.completed":
			case "response.incomplete": {
				const { usage, status, incomplete_details } = record(value.response);
				const { reason } = record(incomplete_details);
				return { usage: usageOf(usage), ...finishOf(reason ?? status) };
			}
			case "message_start": {
				const { usage } = record(value.message);
				this.#input = record(usage).input_tokens;
				return {};
			}
			case "content_block_start":
				return this.#readAnthropic(value.content_block);
			case "content_block_delta":
				return this.#readAnthropic(value.delta);
			case "message_delta": {
				const usage = { input_tokens: this.#input, ...record(value.usage) };
				const { stop_reason } = record(value.delta);
				return { usage: usageOf(usage), ...this.#end(stop_reason) };
			}
			case "message_stop":
				return { finished: !this.#awaitsTool };
			// Cohere.
			case "content-delta":
				return this.#readFields(value);
			case "message-end": {
				const { finish_reason, usage } = record(value.delta);
				return {
					usage: usageOf(record(usage).tokens),
					...this.#end(finish_reason),
				};
			}
			// LangChain's serialised form.
			case "constructor":
				return value.lc === 1 ? this.#readSerialised(value) : undefined;
		}
		if (thinkingType.test(type)) return { thinking: true };
		if (silentType.test(type) || otherMessage.test(type)) return {};
		return undefined;
	}

	/** An end for the use of a tool is no end of the answer. */
	#end(word: unknown): ReturnType<typeof finishOf> & { finished?: boolean } {
		const end = finishOf(word);
		if (!end.finished) return end;
		this.#awaitsTool = /tool|function/i.test(String(word));
		return this.#awaitsTool ? { finished: false } : end;
	}

	#readSerialised({ id, kwargs }: Value): Delta {
		const name: unknown = Array.isArray(id) ? id.at(-1) : undefined;
		return otherMessage.test(String(name)) ? {} : this.read(kwargs);
	}

	#readAnthropic(part: unknown): Delta {
		return { text: plainText(part), thinking: isThinking({ content: part }) };
	}

	#readFields(value: Value): Delta {
		if (!isKnown(value)) return isMark(value) ? {} : { unread: shapeOf(value) };
		const usage = usageFields.map((field) => value[field]).find(isObject);
		const ending = finishFields
			.map((field) => this.#end(value[field]))
			.find((end) => Object.keys(end).length > 0);
		const langChain = record(value.response_metadata).finish_reason;
		return {
			text: textOf(value),
			usage: usageOf(usage ?? value),
			...(ending ?? this.#end(langChain)),
			thinking: [value, record(value.delta), record(value.message)].some(
				isThinking,
			),
			...(Array.isArray(value.sources) && this.#addSources(value.sources)),
		};
	}

	#addSources(given: readonly unknown[]): Delta {
		const read = given.flatMap(sourceOf);
		this.#sources.push(...read);
		const left = given.find((source) => sourceOf(source).length === 0);
		return {
			sources: [...this.#sources],
			...(left !== undefined && { unread: shapeOf({ sources: [left] }) }),
		};
	}
}

/** The keys and types of a value, never its text: `{type: string, data: {id: number}}`. */
export function shapeOf(value: unknown, depth = 0): string {
	if (value === null) return "null";
	if (typeof value !== "object") return typeof value;
	if (depth > 2) return Array.isArray(value) ? "[…]" : "{…}";
	if (Array.isArray(value)) {
		const first = value.length > 0 ? shapeOf(value[0], depth + 1) : "";
		return `[${first}${value.length > 1 ? ", …" : ""}]`;
	}
	const keys = Object.keys(value);
	const shown = keys.slice(0, 12).map((key) => {
		const inner = shapeOf((value as Value)[key], depth + 1);
		return `${key.slice(0, 40)}: ${inner}`;
	});
	return `{${shown.join(", ")}${keys.length > 12 ? ", …" : ""}}`.slice(0, 400);
}

const isObject = (value: unknown): value is Value =>
	value !== null && typeof value === "object" && !Array.isArray(value);

const isKnown = (value: Value): boolean =>
	isObject(value.message) ||
	knownFields.some((field) => value[field] !== undefined);

/** An object that says at most that the answer begins, ends or goes on. */
const isMark = ({ type, ...rest }: Value): boolean =>
	Object.keys(rest).length === 0 &&
	(type === undefined || /^(done|end|heartbeat)$/.test(String(type)));

/** A failure that the answer contains. A failed tool is none: the model goes on. */
function errorOf(value: Value): unknown {
	const { type, error } = value;
	const said = error ?? value.errorText ?? value.message ?? value;
	if (type === "error") return said;
	if (type === "abort") return "The stream was aborted.";
	if (type === "response.failed" || type === "response.cancelled")
		return record(value.response).error ?? value;
	if (typeof type === "string" && type.startsWith("tool")) return undefined;
	return error ? error : undefined;
}

/** The first text field with text, in the value or in the objects inside it. */
function textOf(value: Value): string {
	// Text Generation Inference: tokens such as the end of the sequence are special.
	if (value.special === true) return "";
	for (const field of textFields) {
		const found = value[field];
		if (typeof found === "string") return found;
		if (Array.isArray(found)) return plainText(found);
	}
	for (const field of nestings) {
		const inner = value[field];
		if (isObject(inner))
			return isThinking({ content: inner }) ? "" : textOf(inner);
	}
	return "";
}

function sourceOf(value: unknown): Source[] {
	if (typeof value === "string") return [{ title: value, url: value }];
	const { title, url } = record(value);
	if (typeof url !== "string") return [];
	return [{ title: typeof title === "string" && title ? title : url, url }];
}

function readGemini(value: Value): Delta {
	const { candidates, usageMetadata } = value;
	const first = record(Array.isArray(candidates) ? candidates[0] : undefined);
	const { parts } = record(first.content);
	return {
		text: plainText(parts),
		usage: usageOf(usageMetadata),
		...finishOf(first.finishReason),
		thinking: isThinking({ content: parts }),
	};
}

/** An event of Amazon Bedrock's ConverseStream, which has its type as its only key. */
function readBedrock(value: Value): Delta | undefined {
	const { contentBlockDelta, messageStop, metadata } = value;
	if (contentBlockDelta) {
		const { text, reasoningContent } = record(record(contentBlockDelta).delta);
		return { text: plainText(text), thinking: Boolean(reasoningContent) };
	}
	if (messageStop) return finishOf(record(messageStop).stopReason);
	if (isObject(metadata) && isObject(metadata.usage) && !("content" in value))
		return { usage: usageOf(metadata.usage) };
	const isOther =
		value.messageStart || value.contentBlockStart || value.contentBlockStop;
	return isOther ? {} : undefined;
}
