/**
 * Reads the responses of other servers. Memory is bounded, an abort releases the connection at
 * once, and a broken connection is not taken for the end. Knows no vendor.
 */
import { EventStreamReader, type StreamEvent } from "../../protocol/sse.ts";

export type Fetch = (
	input: string | URL | Request,
	init?: RequestInit,
) => Promise<Response>;

/** Longest line, event or JSON response, in UTF-16 units. Bounds the memory of an endless one. */
export const maxLineLength = 1_048_576;
/** Most characters kept of an error's body, in UTF-16 units. */
const maxErrorLength = 4_096;

/**
 * Checks a URL of the configuration.
 * @throws {Error} naming `setting`. It does not repeat the value, which may contain a password.
 */
export function httpUrl(setting: string, value: string, example: string): URL {
	const url = URL.parse(value);
	if (url?.protocol === "http:" || url?.protocol === "https:") return url;
	const got = url ? `"${url.protocol}…"` : "something that is no address";
	throw new Error(
		`Expected ${setting} to be an http or https address such as ${example}; got ${got}.`,
	);
}

/**
 * How long the server asks to wait, ms, from seconds, ms or a date.
 * @param now Wall clock, ms since 1970.
 */
export function retryAfterMs(
	headers: Headers | undefined,
	now: number,
): number | undefined {
	const ms = headers?.get("retry-after-ms")?.trim();
	if (ms && Number(ms) >= 0) return Number(ms);
	const after = headers?.get("retry-after")?.trim();
	if (!after) return undefined;
	const seconds = Number(after);
	if (!Number.isNaN(seconds)) return seconds >= 0 ? seconds * 1_000 : undefined;
	const date = Date.parse(after);
	return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/**
 * The body as text, from bytes cut anywhere. Ends on abort, throws when the connection breaks.
 * @param charset An unknown one is taken for UTF-8.
 */
export async function* readText(
	response: Response,
	signal: AbortSignal,
	charset?: string,
): AsyncGenerator<string> {
	if (!response.body) return;
	const reader = response.body.getReader();
	// Cancelling a failed stream rejects with the same error.
	const cancel = () => void reader.cancel().catch(() => undefined);
	signal.addEventListener("abort", cancel, { once: true });
	const decoder = decoderOf(charset);
	try {
		for (;;) {
			if (signal.aborted) return;
			const { value, done } = await reader.read();
			if (signal.aborted) return;
			const text = decoder.decode(value, { stream: !done });
			if (text) yield text;
			if (done) return;
		}
	} finally {
		signal.removeEventListener("abort", cancel);
		cancel();
	}
}

function decoderOf(charset: string | undefined): TextDecoder {
	try {
		return new TextDecoder(charset);
	} catch {
		// No name of an encoding.
		return new TextDecoder();
	}
}

/** The whole body as text. @throws {Error} if it is too long. */
export async function readWhole(
	response: Response,
	signal: AbortSignal,
): Promise<string> {
	const parts: string[] = [];
	let length = 0;
	for await (const text of readText(response, signal)) {
		length += text.length;
		if (length > maxLineLength) throw tooLong("a body");
		parts.push(text);
	}
	return parts.join("");
}

/** The beginning of an error's body, for the operator. */
export async function readError(
	response: Response,
	signal: AbortSignal,
): Promise<string> {
	let said = "";
	for await (const text of readText(response, signal)) {
		said += text;
		if (said.length > maxErrorLength) break;
	}
	return said.slice(0, maxErrorLength);
}

/** The lines without their ends, except empty ones. @throws {Error} if one is too long. */
export async function* readLines(
	texts: AsyncIterable<string>,
): AsyncGenerator<string> {
	for await (const text of wholeLines(texts))
		for (const line of text.split(/[\r\n]+/))
			if (line.trim() !== "") yield line;
}

/**
 * The events of a stream. The last one may lack its blank line, because many servers omit it. Some
 * servers write errors outside of the format, as `error: {…}` or as a bare object: these are events,
 * too.
 * @throws {Error} if one is too long.
 */
export async function* readEvents(
	texts: AsyncIterable<string>,
): AsyncGenerator<StreamEvent> {
	const reader = new EventStreamReader();
	let unfinished = 0;
	for await (const text of wholeLines(texts)) {
		let any = false;
		// Lines of the format and stray lines take turns.
		for (const [at, part] of text.split(strayLine).entries()) {
			const stray = at % 2 === 1 ? strayEvent(part) : undefined;
			const events = stray ? [stray] : reader.read(part);
			any ||= events.length > 0;
			yield* events;
		}
		const blank = any || /\n\r?\n|\r\r/.test(text);
		unfinished = blank ? 0 : unfinished + text.length;
		if (unfinished > maxLineLength) throw tooLong("an event");
	}
	yield* reader.read("\n\n");
}

const strayLine = /(?<=^|[\r\n])((?:error:|\{)[^\r\n]*)/;

/** A line that the format does not know, but that says something. */
function strayEvent(line: string): StreamEvent | undefined {
	if (line.startsWith("error:"))
		return { event: "error", data: line.slice(6).trim(), id: "" };
	return isJson(line) ? { event: "message", data: line, id: "" } : undefined;
}

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		// The line is no object of its own, so it is skipped as the format demands.
		return false;
	}
}

/** Regroups text at line ends, so that a line in many chunks is searched once. */
async function* wholeLines(
	texts: AsyncIterable<string>,
): AsyncGenerator<string> {
	let parts: string[] = [];
	let length = 0;
	for await (const text of texts) {
		const end = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
		if (end > 0) {
			parts.push(text.slice(0, end));
			yield parts.join("");
			parts = [];
			length = 0;
		}
		length += text.length - end;
		if (length > maxLineLength) throw tooLong("a line");
		if (end < text.length) parts.push(text.slice(end));
	}
	if (parts.length > 0) yield parts.join("");
}

const tooLong = (what: string) =>
	new Error(`Expected ${what} of at most ${maxLineLength} characters.`);
