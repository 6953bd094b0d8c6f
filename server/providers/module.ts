/**
 * The provider of a file that the site owner writes: `CHAT_PROVIDER=./my-provider.ts`.
 *
 * The file default-exports `async function* (request, signal)`, or an object with such a `reply`.
 * Its code is trusted, but may have faults: what it throws becomes a sentence, and an abort ends
 * the reply even if the code ignores it.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ChatError } from "../../protocol/errors.ts";
import { failed } from "./completion.ts";
import type { Chunk, Provider, ReplyRequest } from "./provider.ts";
import { answeredTurns } from "./turns.ts";

/** The abort, as a value that no iterator yields. */
const lost = Symbol("lost");

type Write = (request: ReplyRequest, signal: AbortSignal) => unknown;

/** @throws {Error} if the file is missing, does not load, or exports something else. */
export async function moduleProvider(path: string): Promise<Provider> {
	const exported = await load(path);
	const write = writerOf(exported, path);
	const owner = exported as Partial<Provider>;
	let closed = false;
	return {
		name: `module ${path}`,
		async *reply(request, signal) {
			if (signal.aborted) return;
			try {
				const turns = answeredTurns(request.turns);
				yield* chunksOf(await write({ ...request, turns }, signal), signal);
			} catch (cause) {
				if (signal.aborted) return;
				throw cause instanceof ChatError ? cause : failed("unavailable", cause);
			}
		},
		async close() {
			if (closed) return;
			closed = true;
			if (typeof owner.close === "function") await owner.close();
		},
	};
}

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

async function* chunksOf(
	answer: unknown,
	signal: AbortSignal,
): AsyncGenerator<Chunk> {
	if (typeof answer === "string") {
		yield answer;
		return;
	}
	const iterator = iteratorOf(answer);
	const aborted = new Promise<typeof lost>((resolve) =>
		signal.addEventListener("abort", () => resolve(lost), { once: true }),
	);
	let ended = false;
	try {
		while (!signal.aborted) {
			const next = await Promise.race([iterator.next(), aborted]);
			if (next === lost) return;
			if (next === null || typeof next !== "object")
				throw new Error(
					`Expected next() of the provider's iterator to give {value, done}; got ${next === null ? "null" : typeof next}.`,
				);
			ended = next.done === true;
			if (ended) return;
			yield checkedChunk(next.value);
		}
	} catch (cause) {
		ended = true;
		throw cause;
	} finally {
		// Not awaited: a generator that ignores the abort may return much later.
		if (!ended) Promise.resolve(iterator.return?.()).catch(() => undefined);
	}
}

function iteratorOf(
	answer: unknown,
): AsyncIterator<unknown> | Iterator<unknown> {
	const many = Object(answer) as AsyncIterable<unknown> | Iterable<unknown>;
	if (Symbol.asyncIterator in many) return many[Symbol.asyncIterator]();
	if (Symbol.iterator in many) return many[Symbol.iterator]();
	throw new Error(
		`Expected the provider to give chunks one by one, or a string; got ${typeof answer}.`,
	);
}

function checkedChunk(chunk: unknown): Chunk {
	if (typeof chunk === "string") return chunk;
	if (chunk !== null && typeof chunk === "object" && !Array.isArray(chunk))
		return chunk;
	throw new Error(
		`Expected a chunk to be a string or {text, usage, reason, sources}; got ${chunk === null ? "null" : typeof chunk}.`,
	);
}
