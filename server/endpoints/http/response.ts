/** Bodies of HTTP responses: JSON, error frames, and a whole answer folded from its events. */
import { ChatError, statusOf } from "../../../protocol/errors.ts";
import type { ErrorFrame, LogEvent } from "../../../protocol/frames.ts";

export const json = (body: unknown, status = 200): Response =>
	new Response(JSON.stringify(body), {
		status,
		headers: {
			"Content-Type": "application/json; charset=utf-8",
			"Cache-Control": "no-store",
		},
	});

/** @param extra Fields beside the error, which the client needs to continue. */
export function errorResponse(frame: ErrorFrame, extra?: object): Response {
	const { code, retryAfter } = frame.data;
	const response = json({ ...frame, ...extra }, statusOf[code]);
	if (retryAfter !== undefined)
		response.headers.set("Retry-After", `${Math.ceil(retryAfter / 1_000)}`);
	return response;
}

export const withToken = <Body extends object>(
	body: Body,
	token: string | undefined,
): Body & { token?: string } => ({ ...body, ...(token && { token }) });

/** @throws {ChatError} the error that the reply was closed with; `unavailable` if it stays open. */
export async function wholeAnswer(
	events: AsyncIterable<LogEvent>,
): Promise<{ message: string; content: string; reason: string }> {
	let content = "";
	let last = 0;
	for await (const event of events) {
		const from = ("from" in event && event.from) || event.sequence;
		if (event.type === "token")
			// A merged token that starts before the last event replaces the text so far.
			content = (from > last ? content : "") + event.content;
		else if (event.action === "end") {
			const { message, reason } = event.data;
			return { message, content, reason };
		} else if (event.action === "error")
			throw new ChatError(event.data.code, event.data.text);
		last = event.sequence;
	}
	throw new ChatError(
		"unavailable",
		"The chat is being restarted. Please try again in a moment.",
		{ retryAfter: 2_000 },
	);
}
