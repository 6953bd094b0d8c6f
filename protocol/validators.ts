/**
 * Decodes what the widget receives from the server and from its own storage, without a schema
 * library. A reader returns a value of known fields only, or `undefined`.
 */
import { isErrorCode } from "./errors.ts";

export type Reader = (value: unknown) => unknown;

const when =
	(holds: (value: never) => boolean): Reader =>
	(value) =>
		holds(value as never) ? value : undefined;

const text = when((value) => typeof value === "string");
const millis = when((value) => Number.isFinite(value) && value >= 0);
const cursor = when((value) => Number.isSafeInteger(value) && value >= 0);
const sequence = when((value) => Number.isSafeInteger(value) && value >= 1);
const number = when((value) => Number.isFinite(value));
const flag = when((value) => typeof value === "boolean");
const code = when(isErrorCode);
/** An id of a message or a conversation: made by either side, usually a UUID. */
export const isId = (value: unknown): value is string =>
	typeof value === "string" && /^[\w.:-]{1,128}$/.test(value);
const id = when(isId);
const oneOf = (...values: unknown[]): Reader =>
	when((value) => values.includes(value));

/** An object. A name that ends in `?` is optional. */
const object =
	(fields: Record<string, Reader>): Reader =>
	(value) => {
		if (value === null || typeof value !== "object") return undefined;
		const read: Record<string, unknown> = {};
		// Own properties only: some pages extend the prototypes.
		for (const field of Object.keys(fields)) {
			const name = field.replace("?", "");
			const given = Object.hasOwn(value, name)
				? (value as Record<string, unknown>)[name]
				: undefined;
			if (given === undefined && name !== field) continue;
			const part = fields[field]?.(given);
			if (part === undefined) return undefined;
			read[name] = part;
		}
		return read;
	};

const list =
	(item: Reader): Reader =>
	(value) => {
		if (!Array.isArray(value)) return undefined;
		const read = value.map(item);
		return read.includes(undefined) ? undefined : read;
	};

const event = (data: Reader): Reader =>
	object({ type: text, action: text, sequence, data });

const userStart = object({
	message: id,
	role: text,
	content: text,
	at: millis,
});
const replyStart = object({
	message: id,
	role: oneOf("assistant"),
	replyTo: id,
	at: millis,
	"continues?": id,
});

/** Events with an action. */
export const actions: Record<string, Reader> = {
	start: event((data) =>
		(data as { role?: unknown } | null)?.role === "user"
			? userStart(data)
			: replyStart(data),
	),
	end: event(
		object({
			message: id,
			reason: oneOf("complete", "stopped", "length", "filtered"),
			hash: text,
			"usage?": object({ input: number, output: number }),
			"sources?": list(object({ title: text, url: text })),
		}),
	),
	error: event(
		object({ message: id, code, text, retryable: flag, hash: text }),
	),
	feedback: event(object({ message: id, value: oneOf("up", "down", "none") })),
};

/** All other server frames, by their type. */
export const frames: Record<string, Reader> = {
	token: object({ type: text, content: text, sequence, "from?": sequence }),
	ready: object({
		type: oneOf("ready"),
		version: number,
		conversation: id,
		epoch: text,
		head: cursor,
		"token?": text,
		heartbeat: millis,
		limits: object({ content: cursor }),
	}),
	ping: object({ type: text, head: cursor }),
	pong: object({ type: text }),
};

export const errorFrame = object({
	type: text,
	action: text,
	data: object({ code, text, "retryAfter?": millis, "id?": id }),
});
