/**
 * The provider of code that the site owner writes: `CHAT_PROVIDER=./my-provider.ts`, or a function in
 * the configuration file.
 *
 * The code is an `async function* (request, signal)`, or an object with such a `reply`. It is trusted,
 * but may have faults: what it throws becomes a sentence, and an abort ends the reply even if the
 * code ignores it.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ChatError } from "../../protocol/errors.ts";
import { brief, type Delta, failed, usageOf } from "./completion.ts";
import type { Chunk, Provider, ReplyRequest } from "./provider.ts";
import { ResponseReader } from "./response-reader.ts";
import { answeredTurns } from "./turns.ts";
import { ValueReader } from "./value-reader.ts";

/** The abort, as a value that no iterator yields. */
const lost = Symbol("lost");

type Write = (request: ReplyRequest, signal: AbortSignal) => unknown;

/** @throws {Error} if the file is missing, does not load, or exports something else. */
export async function moduleProvider(path: string): Promise<Provider> {
	const exported = await load(path);
	const write = writerOf(exported, path);
	return ownProvider(exported as Partial<Provider>, write, `module ${path}`);
}

/** The provider of an object from the configuration file, whose types were checked there. */
export const configuredProvider = (provider: Provider): Provider =>
	ownProvider(provider, provider.reply.bind(provider), provider.name);

function ownProvider(
	owner: Partial<Provider>,
	write: Write,
	name: string,
): Provider {
	let closed = false;
	return {
		name,
		async *reply(request, signal) {
			if (signal.aborted) return;
			let hasText = false;
			try {
				const turns = answeredTurns(request.turns);
				const answer = new OwnAnswer(signal);
				const written = await write({ ...request, turns }, signal);
				const whole = Array.isArray(written) ? written.values() : written;
				for await (const chunk of answer.chunks(whole)) {
					hasText ||= isText(chunk);
					yield chunk;
				}
				const rest = answer.rest();
				if (rest) yield rest;
			} catch (cause) {
				if (signal.aborted) return;
				if (cause instanceof ChatError) throw cause;
				throw failed(hasText ? "brokenOff" : "unavailable", cause);
			}
		},
		async close() {
			if (closed) return;
			closed = true;
			if (typeof owner.close === "function") await owner.close();
		},
	};
}

const isText = (chunk: Chunk): boolean =>
	Boolean(typeof chunk === "string" ? chunk : chunk.text);

async function load(path: string): Promise<unknown> {
	const file = resolve(path);
	if (!(await Bun.file(file).exists()))
		throw new Error(
			`Expected CHAT_PROVIDER to be pages, openai, http or the path of a file; there is no file ${path}.`,
		);
	try {
		return (await import(pathToFileURL(file).href)).default;
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new Error(`The provider ${path} could not be loaded: ${why}`, {
			cause,
		});
	}
}

function writerOf(exported: unknown, path: string): Write {
	if (typeof exported === "function") return exported as Write;
	if (exported !== null && typeof exported === "object") {
		const { reply } = exported as { reply?: unknown };
		if (typeof reply === "function") return reply.bind(exported);
	}
	throw new Error(
		`Expected the provider ${path} to default-export an async function* (request, signal), or an object with a reply of that kind; got ${exported === undefined ? "no default export" : typeof exported}.`,
	);
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

/** Reads what the owner's code returns: a value, a response, or many values one by one. */
class OwnAnswer {
	readonly #signal: AbortSignal;
	/** Ends the wait for the next value. */
	#lose: (() => void) | undefined;
	readonly #values = new ValueReader();
	/** Bytes may be cut inside a character. */
	readonly #decoder = new TextDecoder();

	constructor(signal: AbortSignal) {
		this.#signal = signal;
		signal.addEventListener("abort", () => this.#lose?.(), { once: true });
	}

	/** The rest of a character that the last bytes have cut. */
	rest(): string {
		return this.#decoder.decode();
	}

	/**
	 * One loop in one generator, because every generator that a chunk passes costs several promises.
	 * Ends at an abort, also while the iterator waits.
	 */
	async *chunks(answer: unknown): AsyncGenerator<Chunk> {
		if (answer instanceof Response)
			return yield* this.#chunksOfResponse(answer);
		const many = iterableOf(answer);
		if (!many) return yield this.#chunkOf(answer);
		const iterator: AnyIterator =
			Symbol.asyncIterator in many
				? many[Symbol.asyncIterator]()
				: many[Symbol.iterator]();
		let ended = false;
		try {
			while (!this.#signal.aborted) {
				// Stays true if `next` throws: the iterator has ended by itself.
				ended = true;
				const next = await this.#next(iterator);
				if (next !== lost && (next === null || typeof next !== "object"))
					throw new Error(
						`Expected next() of the provider's iterator to give {value, done}; got ${next === null ? "null" : typeof next}.`,
					);
				ended = next !== lost && next.done === true;
				if (next === lost || ended) return;
				const { value } = next;
				const isMany = value instanceof Response || iterableOf(value);
				if (isMany) yield* this.chunks(value);
				else yield this.#chunkOf(value);
			}
		} finally {
			// Not awaited: a generator that ignores the abort may return much later.
			if (!ended) Promise.resolve(iterator.return?.()).catch(() => undefined);
		}
	}

	/** `Promise.race` with one promise for the abort would keep every value until the answer ends. */
	#next(iterator: AnyIterator): Promise<IteratorResult<unknown> | typeof lost> {
		return new Promise((resolve, reject) => {
			this.#lose = () => resolve(lost);
			Promise.resolve(iterator.next()).then(resolve, reject);
		});
	}

	async *#chunksOfResponse(response: Response): AsyncGenerator<Chunk> {
		if (!response.ok) {
			await response.body?.cancel();
			throw new Error(`The provider's response has status ${response.status}.`);
		}
		const reader = new ResponseReader(response);
		let finished = false;
		for await (const delta of reader.read(this.#signal)) {
			if (delta.finished) finished = true;
			yield chunkOfDelta(delta);
		}
		const missing = reader.missing(finished);
		if (missing && !this.#signal.aborted) throw new Error(missing);
	}

	#chunkOf(value: unknown): Chunk {
		if (typeof value === "string") return this.#decoder.decode() + value;
		if (value === undefined || value === null) return "";
		if (value instanceof ArrayBuffer || ArrayBuffer.isView(value))
			return this.#decoder.decode(value, { stream: true });
		if (typeof value !== "object")
			throw new Error(
				`Expected a chunk to be a string, bytes, {text, usage, reason, sources} or a chunk of a known library; got ${typeof value}.`,
			);
		return isOwnChunk(value)
			? withUsage(value)
			: chunkOfDelta(this.#values.read(value));
	}
}

/**
 * Many values, if `value` has them. The AI SDK's result has its failures only in `fullStream`; its
 * `textStream` ends without a word.
 */
function iterableOf(
	value: unknown,
): AsyncIterable<unknown> | Iterable<unknown> | undefined {
	if (value === null || typeof value !== "object") return undefined;
	// Bytes, and LangGraph's pairs, are one value.
	if (ArrayBuffer.isView(value) || Array.isArray(value)) return undefined;
	if (Symbol.asyncIterator in value) return value as AsyncIterable<unknown>;
	if (Symbol.iterator in value) return value as Iterable<unknown>;
	return "fullStream" in value ? iterableOf(value.fullStream) : undefined;
}

/** Whether it is a chunk of the contract. Invalid facts in it are refused and logged later. */
function isOwnChunk(value: object): value is Extract<Chunk, object> {
	const keys = Object.keys(value);
	return (
		keys.length > 0 &&
		keys.every((key) => /^(text|usage|reason|sources)$/.test(key))
	);
}

/** The counts may have the names of a library. */
function withUsage(chunk: Extract<Chunk, object>): Chunk {
	const usage = usageOf(chunk.usage);
	return usage ? { ...chunk, usage } : chunk;
}

/** @throws {Error} if the value reports a failure. */
function chunkOfDelta(delta: Delta): Chunk {
	const { text = "", usage, reason, sources, unread } = delta;
	if (delta.error !== undefined)
		throw new Error(`The answer bore an error: ${brief(delta.error)}`, {
			cause: delta.error,
		});
	if (delta.brokenOffBy !== undefined)
		throw new Error(
			`The model ended the answer with finish_reason "${brief(delta.brokenOffBy)}", which is not a known good end.`,
		);
	if (!usage && !reason && !sources && !unread) return text;
	return {
		text,
		...(usage && { usage }),
		...(reason && { reason }),
		...(sources && { sources }),
		...(unread && { unread }),
	};
}
