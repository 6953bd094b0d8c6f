/**
 * What the HTTP endpoints answer with: JSON, and a whole answer made of its events.
 * `http.ts` calls it.
 */
import { ChatError } from "../../../protocol/errors.ts";
import type { LogEvent } from "../../../protocol/frames.ts";

export const json = (body: unknown, status = 200): Response =>
	new Response(JSON.stringify(body), {
		status,
		headers: {
			"Content-Type": "application/json; charset=utf-8",
			"Cache-Control": "no-store",
		},
	});

export const withToken = <Body extends object>(
	body: Body,
	token: string | undefined,
): Body & { token?: string } => ({ ...body, ...(token && { token }) });

/** @throws {ChatError} what the answer was closed with, if it failed. */
export async function wholeAnswer(
	events: AsyncIterable<LogEvent>,
): Promise<{ message: string; content: string; reason: string }> {
	let content = "";
	let last = 0;
	for await (const event of events) {
		const from = ("from" in event && event.from) || event.sequence;
		if (event.type === "token")
			// A token that was folded while we read stands for what we have, too.
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
