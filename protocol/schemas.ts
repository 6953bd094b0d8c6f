/**
 * Every frame and event of the wire as a schema (PROTOCOL.md sections 2 and 3). The server decodes
 * with them, and the types of both sides come from them.
 *
 * The widget decodes the same frames with validators.ts, which is a tenth of the size. Shared
 * vectors and a fuzz test compare the two.
 */
import * as z from "zod/mini";
import { type ErrorCode, isErrorCode } from "./errors.ts";

// zod compiles schemas with `new Function`, which some hosts forbid.
z.config({ jitless: true });

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
/** An event with an action that this version does not know. It is counted and otherwise ignored. */
export type Unknown = { type: "control"; action: "unknown"; sequence: number };

/** The events that the server writes. */
export type LogEvent = Token | Start | End | Failure | Feedback;
/** The events that a reader may receive. */
export type Event = LogEvent | Unknown;

/* ---------------------------------------------------------------- frames up, from the widget */

const clientFrame = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("hello"),
		version: z.number(),
		token: z.optional(z.string().check(z.maxLength(8_192))),
		conversation: z.optional(id),
		epoch: z.optional(z.string().check(z.maxLength(128))),
		after: z.optional(cursor),
		latest: z.optional(z.boolean()),
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

export type ClientFrame = z.infer<typeof clientFrame>;
export type Hello = Extract<ClientFrame, { type: "hello" }>;
export type Send = Extract<ClientFrame, { type: "send" }>;
export type Stop = Extract<ClientFrame, { type: "stop" }>;
export type Retry = Extract<ClientFrame, { type: "retry" }>;
export type Rate = Extract<ClientFrame, { type: "feedback" }>;

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
const errorFrame = z.object({
	type: z.literal("control"),
	action: z.literal("error"),
	data: z.object({
		code,
		text: z.string(),
		retryAfter: z.optional(millis),
		id: z.optional(id),
	}),
	/** In `POST /chat/messages` only: with these a new visitor can return to the conversation. */
	conversation: z.optional(id),
	token: z.optional(z.string()),
});

/* What the HTTP doors answer beside frames. */

/** Of `GET /chat/events` as JSON. */
const page = z.object({
	ready,
	events: z.array(z.union([token, start, end, failure, feedback])),
});
/** Of `POST /chat/messages`: the whole answer. */
const answer = z.object({
	conversation: id,
	message: id,
	content: z.string(),
	reason: z.enum(endReasons),
	token: z.optional(z.string()),
});
/** Of `GET /chat/health`. */
const health = z.object({
	status: z.enum(["ok", "draining", "unavailable"]),
	version: z.optional(z.string()),
	text: z.optional(z.string()),
});

export type Ready = z.infer<typeof ready>;
export type Ping = z.infer<typeof ping>;
export type Pong = z.infer<typeof pong>;
export type ErrorFrame = z.infer<typeof errorFrame>;
export type ServerFrame = Event | Ready | Ping | Pong | ErrorFrame;

/* ---------------------------------------------------------------- as they are decoded */

export const schemas = {
	client: clientFrame,
	question,
	server: { token, ready, ping, pong },
	events: { start, end, error: failure, feedback },
	errorFrame,
	answers: { page, answer, health },
	usage,
	source,
} as const;
