/**
 * Decodes client frames from untrusted text. Checks sizes before parsing and depth before the
 * schema, and returns known fields only.
 */
import * as z from "zod/mini";
import { ChatError } from "./errors.ts";
import { checkContext, exceedsBytes, parseJson, version } from "./frames.ts";
import { type ClientFrame, type Question, schemas } from "./schemas.ts";
import { maxFrameBytes } from "./sizes.ts";

/** The deepest nesting of a frame, and the most values in it. */
const maxFrameDepth = 16;
const maxFrameValues = 4_096;

/**
 * Decodes a frame of a client.
 * @throws {ChatError} `bad_frame` for anything else, `too_large` over 64 KiB or for a context over
 * 4 KiB.
 */
export function decodeClientFrame(input: unknown): ClientFrame {
	const frame = parse(input, schemas.client, "a frame");
	if (frame.type === "send" && frame.context)
		checkContext(frame.context, frame.id);
	return frame;
}

/**
 * Decodes the body of `POST /chat/messages`.
 * @throws {ChatError} as {@link decodeClientFrame} does.
 */
export function decodeQuestion(input: unknown): Question {
	const body = parse(input, schemas.question, "a question");
	if (body.context) checkContext(body.context, body.id);
	return body;
}

function parse<Schema extends z.core.$ZodType>(
	input: unknown,
	schema: Schema,
	what: string,
): z.core.output<Schema> {
	if (typeof input === "string" && exceedsBytes(input, maxFrameBytes))
		throw new ChatError(
			"too_large",
			`Expected ${what} of at most ${maxFrameBytes} bytes.`,
		);
	const value = parseJson(input);
	checkShape(value, what);
	const read = z.safeParse(schema, value);
	if (!read.success) throw notAFrame(what, read);
	return read.data;
}

/** Names the field that does not fit, and repeats nothing of the input. */
function notAFrame(what: string, read: { error: z.core.$ZodError }): ChatError {
	const path = read.error.issues[0]?.path.join(".");
	const where = path ? ` The field ${path} does not fit.` : "";
	return new ChatError(
		"bad_frame",
		`Expected ${what} of protocol version ${version}.${where}`,
		{ cause: read.error },
	);
}

/** Without recursion, because the sender chooses the depth. */
function checkShape(value: unknown, what: string) {
	let level = [value];
	let values = 0;
	for (let depth = 0; level.length > 0; depth++) {
		if (depth > maxFrameDepth)
			throw new ChatError(
				"bad_frame",
				`Expected ${what} nested at most ${maxFrameDepth} deep.`,
			);
		values += level.length;
		if (values > maxFrameValues)
			throw new ChatError(
				"bad_frame",
				`Expected ${what} with at most ${maxFrameValues} values.`,
			);
		level = level.flatMap((item) =>
			item !== null && typeof item === "object" ? Object.values(item) : [],
		);
	}
}
