/**
 * Every frame and every event of the wire (PROTOCOL.md sections 2 and 3), as schemas and types.
 *
 * Both sides decode with these and with nothing else. Unknown fields are dropped here, so that what
 * is past this file can be trusted. Knows no socket, no store and no page.
 */
import * as z from "zod/mini";
import { ChatError, type ErrorCode, isErrorCode } from "./errors.ts";

// A schema compiled with `new Function` is reported by pages whose policy forbids eval.
z.config({ jitless: true });

export const version = 1;

/** Largest frame either way, in bytes of UTF-8. */
export const maxFrameBytes = 65_536;
/** Largest `context` of a send, in bytes of JSON. */
export const maxContextBytes = 4_096;
/** Deepest nesting of arrays and objects in a frame. */
export const maxFrameDepth = 16;

/* ---------------------------------------------------------------- pieces */

const sequence = z.int().check(z.gte(1));
const cursor = z.int().check(z.gte(0));
/** An id of a message or a conversation: made by either side, usually a UUID. */
const id = z
	.string()
	.check(z.minLength(1), z.maxLength(128), z.regex(/^[\w.:-]+$/));
const millis = z.number().check(z.gte(0));
const code = z.custom<ErrorCode>(isErrorCode);

export const endReasons = [
	"complete",
	"stopped",
	"length",
	"filtered",
] as const;
export type EndReason = (typeof endReasons)[number];
export const feedbackValues = ["up", "down", "none"] as const;
export type FeedbackValue = (typeof feedbackValues)[number];

const usage = z.object({ input: z.number(), output: z.number() });
const source = z.object({ title: z.string(), url: z.string() });
export type Usage = z.infer<typeof usage>;
export type Source = z.infer<typeof source>;

/* ---------------------------------------------------------------- events: numbered, in the log */

const token = z.object({
	type: z.literal("token"),
	content: z.string(),
	sequence,
	from: z.optional(sequence),
});

const control = <const Action extends string, Data extends z.core.SomeType>(
	action: Action,
	data: Data,
) =>
	z.object({
		type: z.literal("control"),
		action: z.literal(action),
		sequence,
		data,
	});

const userStart = z.object({
	message: id,
	role: z.literal("user"),
	content: z.string(),
	at: millis,
});
const replyStart = z.object({
	message: id,
	role: z.literal("assistant"),
	replyTo: id,
	at: millis,
	continues: z.optional(id),
});
const start = control(
	"start",
	z.discriminatedUnion("role", [userStart, replyStart]),
);
const end = control(
	"end",
	z.object({
		message: id,
		reason: z.enum(endReasons),
		hash: z.string(),
		usage: z.optional(usage),
		sources: z.optional(z.array(source)),
	}),
);
const failure = control(
	"error",
	z.object({
		message: id,
		code,
		text: z.string(),
		retryable: z.boolean(),
		hash: z.string(),
	}),
);
const feedback = control(
	"feedback",
	z.object({ message: id, value: z.enum(feedbackValues) }),
);

export type Token = z.infer<typeof token>;
export type Start = z.infer<typeof start>;
export type End = z.infer<typeof end>;
export type Failure = z.infer<typeof failure>;
export type Feedback = z.infer<typeof feedback>;
/** An event whose action this version does not know: it is counted and otherwise ignored. */
export type Unknown = { type: "control"; action: "unknown"; sequence: number };

/** What the server writes into a log. */
export type LogEvent = Token | Start | End | Failure | Feedback;
/** What a reader may find in a log. */
export type Event = LogEvent | Unknown;

/* ---------------------------------------------------------------- frames up, from the widget */

const up = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("hello"),
		version: z.number(),
		token: z.optional(z.string().check(z.maxLength(8_192))),
		conversation: z.optional(id),
		epoch: z.optional(z.string().check(z.maxLength(128))),
		after: z.optional(cursor),
	}),
	z.object({
		type: z.literal("send"),
		id,
		content: z.string().check(z.regex(/\S/)),
		context: z.optional(z.record(z.string(), z.unknown())),
	}),
	z.object({ type: z.literal("stop"), message: z.optional(id) }),
	z.object({
		type: z.literal("retry"),
		message: id,
		continue: z.optional(z.boolean()),
	}),
	z.object({
		type: z.literal("feedback"),
		message: id,
		value: z.enum(feedbackValues),
	}),
	z.object({ type: z.literal("ping") }),
]);

export type UpFrame = z.infer<typeof up>;
export type Hello = Extract<UpFrame, { type: "hello" }>;
export type Send = Extract<UpFrame, { type: "send" }>;
export type Stop = Extract<UpFrame, { type: "stop" }>;
export type Retry = Extract<UpFrame, { type: "retry" }>;
export type Rate = Extract<UpFrame, { type: "feedback" }>;

/** The body of `POST /chat/messages`: one plain request for one whole answer. */
const question = z.object({
	content: z.string().check(z.regex(/\S/)),
	conversation: z.optional(id),
	id: z.optional(id),
	context: z.optional(z.record(z.string(), z.unknown())),
});
export type Question = z.infer<typeof question>;

/* ---------------------------------------------------------------- frames down, from the server */

const ready = z.object({
	type: z.literal("ready"),
	version: z.number(),
	conversation: id,
	epoch: z.string(),
	head: cursor,
	token: z.optional(z.string()),
	heartbeat: millis,
	limits: z.object({ content: z.int() }),
});
const ping = z.object({ type: z.literal("ping"), head: cursor });
const pong = z.object({ type: z.literal("pong") });
const refusal = z.object({
	type: z.literal("control"),
	action: z.literal("error"),
	data: z.object({
		code,
		text: z.string(),
		retryAfter: z.optional(millis),
		id: z.optional(id),
	}),
});

export type Ready = z.infer<typeof ready>;
export type Ping = z.infer<typeof ping>;
export type Pong = z.infer<typeof pong>;
export type Refusal = z.infer<typeof refusal>;
export type DownFrame = Event | Ready | Ping | Pong | Refusal;

const page = z.object({ ready, events: z.array(z.unknown()) });

export const isEvent = (frame: DownFrame): frame is Event =>
	"sequence" in frame;

/* ---------------------------------------------------------------- decoding */

/**
 * Reads a frame from a widget.
 * @throws {ChatError} `bad_frame` for anything that is not one, `too_large` over 64 KiB or for a
 * context over 4 KiB.
 */
export function decodeUp(input: unknown): UpFrame {
	const frame = parseUp(input, up, "a frame");
	if (frame.type === "send") checkContext(frame.context, frame.id);
	return frame;
}

/**
 * Reads the body of `POST /chat/messages`.
 * @throws {ChatError} as {@link decodeUp} does.
 */
export function decodeQuestion(input: unknown): Question {
	const body = parseUp(input, question, "a question");
	checkContext(body.context, body.id);
	return body;
}

/**
 * Reads a frame from the server. `undefined`: a type that this version does not know, to be
 * ignored.
 * @throws {ChatError} `bad_frame` for what is not a frame at all.
 */
export function decodeDown(input: unknown): DownFrame | undefined {
	return readDown(parseJson(input));
}

/**
 * Reads the JSON answer of the events door.
 * @throws {ChatError} `bad_frame` for what is not such an answer.
 */
export function decodePage(input: unknown): { ready: Ready; events: Event[] } {
	const read = z.safeParse(page, parseJson(input));
	if (!read.success) throw notAFrame("an answer of the events door", read);
	const events = read.data.events
		.map(readDown)
		.filter((frame) => frame !== undefined)
		.filter(isEvent);
	return { ready: read.data.ready, events };
}

/** The text of a frame: one line of JSON. */
export const encode = (frame: UpFrame | DownFrame): string =>
	JSON.stringify(frame);

function readDown(value: unknown): DownFrame | undefined {
	const schema = schemaOf(value);
	if (!schema) return undefined;
	if (schema === "unknown event") {
		const { sequence } = value as Unknown;
		return { type: "control", action: "unknown", sequence };
	}
	const read = z.safeParse(schema, value);
	if (!read.success) throw notAFrame("a frame of the server", read);
	return read.data;
}

const actions = { start, end, error: failure, feedback } as const;
const plain = { token, ready, ping, pong } as const;

function schemaOf(value: unknown) {
	const { type, action, sequence } = (value ?? {}) as Record<string, unknown>;
	if (typeof type !== "string")
		throw new ChatError("bad_frame", "Expected an object with a type.");
	if (type !== "control")
		return Object.hasOwn(plain, type)
			? plain[type as keyof typeof plain]
			: undefined;
	if (sequence === undefined) return action === "error" ? refusal : undefined;
	if (typeof action === "string" && Object.hasOwn(actions, action))
		return actions[action as keyof typeof actions];
	return Number.isSafeInteger(sequence)
		? ("unknown event" as const)
		: undefined;
}

function parseUp<Schema extends z.core.$ZodType>(
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
	if (isDeeperThan(value, maxFrameDepth))
		throw new ChatError(
			"bad_frame",
			`Expected ${what} nested at most ${maxFrameDepth} deep.`,
		);
	const read = z.safeParse(schema, value);
	if (!read.success) throw notAFrame(what, read);
	return read.data;
}

function parseJson(input: unknown): unknown {
	if (typeof input !== "string")
		throw new ChatError("bad_frame", "Expected text, got binary data.");
	try {
		return JSON.parse(input);
	} catch (cause) {
		throw new ChatError("bad_frame", "Expected one JSON object.", { cause });
	}
}

/** Says where a frame does not fit, in the schema's words only: never what came. */
function notAFrame(what: string, read: { error: z.core.$ZodError }): ChatError {
	const path = read.error.issues[0]?.path.join(".");
	const where = path ? ` The field ${path} does not fit.` : "";
	return new ChatError(
		"bad_frame",
		`Expected ${what} of protocol version ${version}.${where}`,
		{ cause: read.error },
	);
}

function checkContext(context: unknown, id: string | undefined) {
	if (context && exceedsBytes(JSON.stringify(context), maxContextBytes))
		throw new ChatError(
			"too_large",
			`Expected a context of at most ${maxContextBytes} bytes of JSON.`,
			id ? { id } : {},
		);
}

/** Measures UTF-8 only where the number of UTF-16 units leaves a doubt. */
function exceedsBytes(text: string, bytes: number): boolean {
	if (text.length > bytes) return true;
	if (text.length * 3 <= bytes) return false;
	return new TextEncoder().encode(text).length > bytes;
}

/** Without recursion: the depth is the sender's choice. */
function isDeeperThan(value: unknown, depth: number): boolean {
	let level = [value];
	for (let d = 0; level.length > 0; d++) {
		if (d > depth) return true;
		level = level.flatMap((item) =>
			item !== null && typeof item === "object" ? Object.values(item) : [],
		);
	}
	return false;
}
