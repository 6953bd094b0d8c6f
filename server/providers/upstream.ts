/**
 * Reading from somebody else's server: what the providers that call one share.
 *
 * Responses are bounded in memory, an abort closes the connection at once, and a broken connection is
 * distinguished from the end of an answer. Knows no vendor.
 */
import { EventStreamReader, type StreamEvent } from "../../protocol/sse.ts";

export type Fetch = (
	input: string | URL | Request,
	init?: RequestInit,
) => Promise<Response>;

/** Longest line, event or whole JSON answer, in UTF-16 units: an endless one must not eat memory. */
export const maxLineLength = 1_048_576;
/** How much of an error's body is kept for the operator, in UTF-16 units. */
const maxErrorLength = 4_096;

/**
 * Checks an address from the configuration.
 * @throws {Error} naming `setting`; what was given is not repeated, it may hold a password.
 */
export function httpUrl(setting: string, value: string, example: string): URL {
	const url = URL.parse(value);
	if (url?.protocol === "http:" || url?.protocol === "https:") return url;
	const got = url ? `"${url.protocol}…"` : "something that is no address";
	throw new Error(
		`Expected ${setting} to be an http or https address such as ${example}; got ${got}.`,
	);
}

/** The body as text, UTF-8 cut anywhere. Ends quietly on abort, throws when the line breaks. */
export async function* readText(
	response: Response,
	signal: AbortSignal,
): AsyncGenerator<string> {
	if (!response.body) return;
	const reader = response.body.getReader();
	// Cancelling a stream that has already failed rejects with that same failure.
	const cancel = () => void reader.cancel().catch(() => undefined);
	signal.addEventListener("abort", cancel, { once: true });
	const decoder = new TextDecoder();
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

/** The whole body as text. @throws {Error} past the bound. */
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

/** What an error answer said, cut short, for the operator only. */
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

/** The lines, without their ends and without the empty ones. @throws {Error} past the bound. */
export async function* readLines(
	texts: AsyncIterable<string>,
): AsyncGenerator<string> {
	for await (const text of wholeLines(texts))
		for (const line of text.split(/[\r\n]+/))
			if (line.trim() !== "") yield line;
}

/**
 * The events of a stream. One that its blank line does not follow at the end is given, too: many
 * servers leave that line out, and to drop the event would lose text.
 * @throws {Error} past the bound.
 */
export async function* readEvents(
	texts: AsyncIterable<string>,
): AsyncGenerator<StreamEvent> {
	const reader = new EventStreamReader();
	let unfinished = 0;
	for await (const text of wholeLines(texts)) {
		const events = reader.read(text);
		const blank = events.length > 0 || /\n\r?\n|\r\r/.test(text);
		unfinished = blank ? 0 : unfinished + text.length;
		if (unfinished > maxLineLength) throw tooLong("an event");
		yield* events;
	}
	yield* reader.read("\n\n");
}

/** Regroups text at line ends, so that a line that comes in crumbs is looked at once. */
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
