/**
 * What is kept of a visitor's words. `chat.ts` asks before it stores a question.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { Send } from "../../protocol/frames.ts";

/** @throws {ChatError} `too_large` or `bad_frame`, for this one message. */
export function contentOf(
	{ id, content }: Pick<Send, "id" | "content">,
	maxChars: number,
): string {
	// Half characters and NUL are no text; a log that keeps them is trouble for every reader.
	const text = content.toWellFormed().replaceAll("\0", "");
	if (!/\S/.test(text))
		throw new ChatError("bad_frame", "Expected a message with some text.", {
			id,
		});
	const tooLong = text.length > maxChars && [...text].length > maxChars;
	if (tooLong)
		throw new ChatError(
			"too_large",
			`Your message is too long: at most ${maxChars} characters fit.`,
			{ id },
		);
	return text;
}
