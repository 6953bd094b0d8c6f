/**
 * What the HTTP endpoints read out of a request: its body, and the cursor in its address.
 * Bad input is refused here, in words, before anything else happens.
 */
import { ChatError } from "../../../protocol/errors.ts";
import { maxFrameBytes } from "../../../protocol/sizes.ts";

/** How long the JSON endpoint waits for something new, seconds. */
const defaultWaitS = 20;
const maxWaitS = 25;

/**
 * The body as text.
 * @throws {ChatError} `too_large` before more than 64 KiB are in memory, `bad_frame` for what is
 * not UTF-8.
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
	for await (const chunk of request.body ?? []) {
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

/** @throws {ChatError} `bad_frame` when the address names no conversation. */
export function conversationOf(url: URL): string {
	const conversation = url.searchParams.get("conversation");
	if (conversation) return conversation;
	throw new ChatError(
		"bad_frame",
		"Expected ?conversation= with the id that ready has given.",
	);
}

/**
 * Where to read on from. `Last-Event-ID` is younger than the address that was asked for at first.
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
			"Expected ?after= to be the last sequence that you have, a whole number.",
		);
	const epoch = url.searchParams.get("epoch");
	return { after: Number(after), ...(epoch && { epoch }) };
}

/**
 * How long to wait for something new, ms.
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

/** Whether JSON is asked for rather than a stream. */
export function wantsJson(request: Request): boolean {
	const accept = (request.headers.get("accept") ?? "").toLowerCase();
	return accept.includes("application/json") && !wantsStream(request);
}

export const wantsStream = (request: Request): boolean =>
	(request.headers.get("accept") ?? "")
		.toLowerCase()
		.includes("text/event-stream");
