/**
 * Reads the body of a response as the deltas of an answer. The content type tells plain text, an
 * event stream, lines of JSON and one JSON object apart. Knows no request.
 */
import type { StreamEvent } from "../../protocol/sse.ts";
import { brief, type Delta, record } from "./completion.ts";
import { readEvents, readLines, readText, readWhole } from "./upstream.ts";
import { ValueReader } from "./value-reader.ts";

/** Events that tell about the stream. Their data may repeat text, and is no text of the answer. */
const streamEvents = /^(metadata|end|done|close|ping|heartbeat|keep-?alive)$/i;

/** Its data is a model's thinking, even if it is plain text. */
const thinkingEvent = /reasoning|thinking|thought/i;

export class ResponseReader {
	readonly #response: Response;
	readonly #values = new ValueReader();
	#isDone = false;
	/**
	 * The first event that is no object decides: FastAPI and LangServe encode texts as JSON strings.
	 * In a stream of plain text, quotation marks are text.
	 */
	#isJson: boolean | undefined;

	constructor(response: Response) {
		this.#response = response;
	}

	/**
	 * A sentence for the operator if the answer is not whole. Chunks of a completion must report
	 * their end; other streams need not.
	 */
	missing(finished: boolean): string | undefined {
		const { isChunked, awaitsTool } = this.#values;
		return isChunked && !this.#isDone && !finished && !awaitsTool
			? "The stream of completion chunks ended without a finish_reason and without [DONE]."
			: undefined;
	}

	async *read(signal: AbortSignal): AsyncGenerator<Delta> {
		const { headers } = this.#response;
		const header = headers.get("content-type") ?? "";
		const type = header.split(";")[0]?.trim().toLowerCase() ?? "";
		if (type === "text/event-stream") {
			yield* this.#readEvents(readText(this.#response, signal));
		} else if (/^application\/(x-)?(ndjson|jsonl|json-?lines)$/.test(type)) {
			yield* this.#readLines(readText(this.#response, signal));
		} else if (type === "application/json" || type.endsWith("+json")) {
			yield* this.#readJson(signal);
		} else if (type === "text/html") {
			// A log-in page or an error page of a proxy.
			throw new Error("The endpoint answered with a web page.");
		} else if (headers.has("x-vercel-ai-data-stream")) {
			yield* readDataStream(readText(this.#response, signal));
		} else if (type === "" || type.startsWith("text/")) {
			const texts = readText(this.#response, signal, charsetOf(header));
			for await (const text of texts) yield { text };
		} else {
			throw new Error(
				`Expected text, an event stream or JSON from the endpoint; got ${brief(type)}.`,
			);
		}
	}

	async *#readEvents(texts: AsyncIterable<string>): AsyncGenerator<Delta> {
		for await (const event of readEvents(texts)) {
			if (event.data.trim() === "[DONE]") {
				this.#isDone = true;
				return;
			}
			yield this.#readEvent(event);
		}
	}

	#readEvent({ event, data }: StreamEvent): Delta {
		if (event === "error") return { error: data };
		if (thinkingEvent.test(event)) return { thinking: true };
		const value = parsed(data);
		if (streamEvents.test(event)) {
			const {
				text: _,
				unread: __,
				...facts
			} = this.#values.read(record(value));
			return facts;
		}
		if (value !== null && typeof value === "object") {
			const delta = this.#values.read(value);
			// Plain text may contain JSON of its own, such as {}.
			const isText =
				event === "message" &&
				!this.#isJson &&
				typeof record(value).type !== "string" &&
				(Object.keys(value).length === 0 ||
					(delta.unread !== undefined && delta.text === undefined));
			return isText ? { text: data } : delta;
		}
		if (/^\{\s*"(text|content|delta|token|choices|type)"\s*:/.test(data))
			throw new Error("An event's JSON is cut off or malformed.");
		this.#isJson ??= typeof value === "string";
		if (!this.#isJson || value === undefined) return { text: data };
		return value === null ? {} : { text: String(value) };
	}

	async *#readLines(texts: AsyncIterable<string>): AsyncGenerator<Delta> {
		for await (const line of readLines(texts)) {
			if (line.trim() === "[DONE]") {
				this.#isDone = true;
				return;
			}
			yield this.#values.read(JSON.parse(line));
		}
	}

	async *#readJson(signal: AbortSignal): AsyncGenerator<Delta> {
		const body = await readWhole(this.#response, signal);
		if (signal.aborted) return;
		const value = parsed(body);
		// Some endpoints send a line of JSON for each chunk under this type.
		if (value === undefined) yield* this.#readLines(once(body));
		else yield this.#values.read(value);
	}
}

/**
 * The AI SDK's data stream of version 4: lines of a code and JSON. 0: text, g: reasoning, 3: error,
 * h: a source, d: the end.
 */
async function* readDataStream(
	texts: AsyncIterable<string>,
): AsyncGenerator<Delta> {
	const values = new ValueReader();
	for await (const line of readLines(texts)) {
		const colon = line.indexOf(":");
		const value: unknown = JSON.parse(line.slice(colon + 1));
		const code = line.slice(0, colon);
		if (code === "0") yield values.read(value);
		else if (code === "g") yield { thinking: true };
		else if (code === "3") yield { error: value };
		else if (code === "h") yield values.read({ type: "source", source: value });
		else if (code === "d")
			yield values.read({ ...record(value), type: "finish" });
	}
}

async function* once(text: string): AsyncGenerator<string> {
	yield text;
}

/** The encoding of plain text. Event streams and JSON are UTF-8 by their standards. */
const charsetOf = (header: string): string | undefined =>
	/;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(header)?.[1];

/** `undefined` if it is not JSON. */
function parsed(data: string): unknown {
	try {
		return JSON.parse(data);
	} catch {
		return undefined;
	}
}
