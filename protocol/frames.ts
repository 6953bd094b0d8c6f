/**
 * The frames and events of both sides: their types, and how the widget decodes the server's.
 * Reaches no schema library at run time.
 */
import { ChatError } from "./errors.ts";
import type {
	ClientFrame,
	Event,
	Ready,
	Send,
	ServerFrame,
} from "./schemas.ts";
import { maxContextBytes, maxFrameBytes } from "./sizes.ts";
import { actions, errorFrame, frames } from "./validators.ts";

export type {
	ClientFrame,
	End,
	EndReason,
	ErrorFrame,
	Event,
	Failure,
	Feedback,
	FeedbackValue,
	Hello,
	LogEvent,
	Ping,
	Pong,
	Question,
	Rate,
	Ready,
	Retry,
	Send,
	ServerFrame,
	Source,
	Start,
	Stop,
	Token,
	Unknown,
	Usage,
} from "./schemas.ts";
export { isId } from "./validators.ts";

export const version = 1;

export const isEvent = (frame: ServerFrame): frame is Event =>
	"sequence" in frame;

/** The text of a frame: one line of JSON. */
export const encode = (frame: ClientFrame | ServerFrame): string =>
	JSON.stringify(frame);

/**
 * Decodes a server frame. `undefined`: a type that this version does not know, to be ignored.
 * @throws {ChatError} `bad_frame` for anything that is not a frame.
 */
export const decodeServerFrame = (input: unknown): ServerFrame | undefined =>
	down(parseJson(input));

/**
 * Decodes the JSON response of `GET /chat/events`.
 * @throws {ChatError} `bad_frame` for anything else.
 */
export function decodePage(input: unknown): { ready: Ready; events: Event[] } {
	const { ready, events } = Object(parseJson(input));
	if (!Array.isArray(events)) throw notAFrame();
	return {
		ready: known(frames.ready?.(ready)) as Ready,
		events: events
			.map(down)
			.filter((frame) => frame !== undefined)
			.filter(isEvent),
	};
}

function down(value: unknown): ServerFrame | undefined {
	const { type, action, sequence } = Object(value);
	if (typeof type !== "string") throw notAFrame();
	if (type !== "control") return own(frames, type, value);
	if (sequence === undefined)
		return action === "error"
			? (known(errorFrame(value)) as ServerFrame)
			: undefined;
	const event = own(actions, action, value);
	if (event || !Number.isSafeInteger(sequence)) return event;
	return { type, action: "unknown", sequence };
}

/** Decodes with the reader of this name. `undefined` if there is none. */
const own = (
	readers: Record<string, (value: unknown) => unknown>,
	name: unknown,
	value: unknown,
): ServerFrame | undefined =>
	typeof name === "string" && Object.hasOwn(readers, name)
		? (known(readers[name]?.(value)) as ServerFrame)
		: undefined;

function known<Value>(value: Value | undefined): Value {
	if (value === undefined) throw notAFrame();
	return value;
}

const notAFrame = () =>
	new ChatError(
		"bad_frame",
		`Expected what a server of version ${version} says.`,
	);

/**
 * Checks a message as the server will, before it is sent.
 * @throws {ChatError} `bad_frame` for no text or a context that is no object, `too_large`.
 */
export function checkSend(frame: Send) {
	const { id, content, context } = frame;
	if (typeof content !== "string" || !/\S/.test(content))
		throw new ChatError("bad_frame", "Expected a message with some text.");
	if (context !== undefined) checkContext(context, id);
	if (exceedsBytes(encode(frame), maxFrameBytes))
		throw new ChatError("too_large", "Your message is too long.", { id });
}

/** @throws {ChatError} `bad_frame` or `too_large`, for the message `id` if it has one. */
export function checkContext(context: unknown, id: string | undefined) {
	if (context === null || typeof context !== "object" || Array.isArray(context))
		throw new ChatError("bad_frame", "Expected a context that is an object.");
	if (exceedsBytes(JSON.stringify(context), maxContextBytes))
		throw new ChatError(
			"too_large",
			`Expected a context of at most ${maxContextBytes} bytes of JSON.`,
			id ? { id } : {},
		);
}

/** @throws {ChatError} `bad_frame` for what is not JSON, or not even text. */
export function parseJson(input: unknown): unknown {
	if (typeof input !== "string")
		throw new ChatError("bad_frame", "Expected text, got binary data.");
	try {
		return JSON.parse(input);
	} catch (cause) {
		throw new ChatError("bad_frame", "Expected one JSON object.", { cause });
	}
}

/** Encodes the text only if its length in UTF-16 does not decide. */
export function exceedsBytes(text: string, bytes: number): boolean {
	if (text.length > bytes) return true;
	if (text.length * 3 <= bytes) return false;
	return new TextEncoder().encode(text).length > bytes;
}
