/** Short constructors for the events of a log, for tests with whole conversations. */
import { hashText } from "../../protocol/conversation.ts";
import type {
	End,
	ErrorFrame,
	Failure,
	Start,
	Token,
} from "../../protocol/frames.ts";

const control = "control" as const;

export const asked = (
	sequence: number,
	message: string,
	content = "Why?",
): Start => ({
	type: control,
	action: "start",
	sequence,
	data: { message, role: "user", content, at: 1 },
});

export const begun = (
	sequence: number,
	message: string,
	replyTo = "q1",
): Start => ({
	type: control,
	action: "start",
	sequence,
	data: { message, role: "assistant", replyTo, at: 1 },
});

export const token = (
	sequence: number,
	content: string,
	from?: number,
): Token => ({
	type: "token",
	content,
	sequence,
	...(from !== undefined && { from }),
});

/** Closes `message`, whose whole text is `text`. */
export const ended = (
	sequence: number,
	message: string,
	text: string,
): End => ({
	type: control,
	action: "end",
	sequence,
	data: { message, reason: "complete", hash: hashText(text) },
});

export const broken = (
	sequence: number,
	message: string,
	text: string,
): Failure => ({
	type: control,
	action: "error",
	sequence,
	data: {
		message,
		code: "provider_failed",
		text: "The model broke off.",
		retryable: true,
		hash: hashText(text),
	},
});

export const refusal = (
	code: ErrorFrame["data"]["code"],
	more: Omit<ErrorFrame["data"], "code" | "text"> = {},
): ErrorFrame => ({
	type: control,
	action: "error",
	data: { code, text: "No.", ...more },
});
