/** Parses HTTP requests: the body, the cursor, the wait and the wanted format. Rejects bad input. */
import { ChatError } from "../../../protocol/errors.ts";
import { maxFrameBytes } from "../../../protocol/sizes.ts";

/** How long a JSON request waits for events if it does not say, s. */
const defaultWaitS = 20;
const maxWaitS = 25;

/**
 * The body as text.
 * @throws {ChatError} `too_large` before more than 64 KiB are in memory; `bad_frame` if the body is
 * not UTF-8 or ends early.
 */
export async function readBody(request: Request): Promise<string> {
	const tooLarge = new ChatError(
		"too_large",
		`Expected a body of at most ${maxFrameBytes} bytes.`,
	);
	if (Number(request.headers.get("content-length")) > maxFrameBytes)
		throw tooLarge;
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of bytesOf(request)) {
		length += chunk.length;
		if (length > maxFrameBytes) throw tooLarge;
		chunks.push(chunk);
	}
	try {
		const decoder = new TextDecoder("utf-8", { fatal: true });
		return decoder.decode(Buffer.concat(chunks));
	} catch (cause) {
		throw new ChatError("bad_frame", "Expected text in UTF-8.", { cause });
	}
}

/** A client that disconnects during its upload is no error of the server. */
async function* bytesOf(request: Request): AsyncGenerator<Uint8Array> {
	try {
		yield* request.body ?? [];
	} catch (cause) {
		throw new ChatError("bad_frame", "The request body ended early.", {
			cause,
		});
	}
}

/** @throws {ChatError} `bad_frame` if the URL names no conversation. */
export function conversationOf(url: URL): string {
	const conversation = url.searchParams.get("conversation");
	if (conversation) return conversation;
	throw new ChatError(
		"bad_frame",
		"Expected ?conversation= with the id from the ready frame.",
	);
}

/**
 * The reader's cursor. `Last-Event-ID` wins over the URL, because a browser that reconnects repeats
 * the first URL.
 * @throws {ChatError} `bad_frame`
 */
export function cursorOf(
	request: Request,
	url: URL,
): { epoch?: string; after: number } {
	const last = request.headers.get("last-event-id");
	const [, lastEpoch, sequence] =
		last?.match(/^([\w-]{1,128})\.(\d{1,15})$/) ?? [];
	if (lastEpoch) return { epoch: lastEpoch, after: Number(sequence) };
	const after = url.searchParams.get("after") || "0";
	if (!/^\d{1,15}$/.test(after))
		throw new ChatError(
			"bad_frame",
			"Expected ?after= to be the last sequence received, a whole number.",
		);
	const epoch = url.searchParams.get("epoch");
	return { after: Number(after), ...(epoch && { epoch }) };
}

/**
 * How long to wait for new events, ms.
 * @throws {ChatError} `bad_frame`
 */
export function waitOf(url: URL): number {
	const wait = Number(url.searchParams.get("wait") || defaultWaitS);
	if (!(wait >= 0))
		throw new ChatError(
			"bad_frame",
			`Expected ?wait= to be a number of seconds from 0 to ${maxWaitS}.`,
		);
	return Math.min(wait, maxWaitS) * 1_000;
}

/** Whether the client accepts JSON and no event stream. */
export function wantsJson(request: Request): boolean {
	const accept = (request.headers.get("accept") ?? "").toLowerCase();
	return accept.includes("application/json") && !wantsStream(request);
}

export const wantsStream = (request: Request): boolean =>
	(request.headers.get("accept") ?? "")
		.toLowerCase()
		.includes("text/event-stream");
