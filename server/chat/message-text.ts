/**
 * The text of a visitor's message in the form in which it is stored. Knows no store.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { Send } from "../../protocol/frames.ts";

/** @throws {ChatError} `too_large` or `bad_frame`, with the id of the message. */
export function contentOf(
	{ id, content }: Pick<Send, "id" | "content">,
	maxChars: number,
): string {
	// Lone surrogates and NUL are not text. Stored, they would cause errors in every reader.
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
