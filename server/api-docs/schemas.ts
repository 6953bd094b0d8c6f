/**
 * Frames, events and responses as named JSON Schemas, generated from the schemas that the server
 * decodes with.
 *
 * Objects are open: both sides ignore unknown fields.
 */
import * as z from "zod";
import { isErrorCode, statusOf } from "../../protocol/errors.ts";
import { schemas } from "../../protocol/schemas.ts";

export type JsonSchema = Record<string, unknown>;

const { client, server, events, answers } = schemas;

/** Named schemas and their descriptions. */
const named = {
	Ready: [server.ready, "The answer to hello."],
	Ping: [server.ping, "Heartbeat; the log ends at `head`."],
	Pong: [server.pong, "The answer to ping."],
	Refusal: [schemas.errorFrame, "An error, with a text for the visitor."],
	Token: [server.token, "An event that adds text to the open answer."],
	Start: [events.start, "An event: a message starts."],
	End: [events.end, "An event: the open answer is closed."],
	Failure: [events.error, "An event: the open answer failed."],
	Feedback: [events.feedback, "An event: the visitor rates an answer."],
	Question: [schemas.question, "One question, for one whole answer."],
	Page: [answers.page, "The end of the log, and the events after a cursor."],
	Answer: [answers.answer, "One whole answer."],
	Health: [answers.health, "Whether the server takes new messages."],
} as const satisfies Record<string, readonly [z.core.$ZodType, string]>;

/** Client frames by name: `hello` is `Hello`. A name that a server frame has, too, is prefixed with `Say`. */
export const upFrames: Record<string, z.core.$ZodType> = Object.fromEntries(
	client._zod.def.options.map((option) => {
		const [type = ""] = option._zod.def.shape.type._zod.def.values;
		const name = `${type[0]?.toUpperCase()}${type.slice(1)}`;
		return [name in named ? `Say${name}` : name, option];
	}),
);
export const eventNames = [
	"Token",
	"Start",
	"End",
	"Failure",
	"Feedback",
] as const;
export const downNames = [
	"Ready",
	"Ping",
	"Pong",
	"Refusal",
	...eventNames,
] as const;

/** JSON pointer to the named schemas, in both documents. */
export const refTo = (name: string) => ({
	$ref: `#/components/schemas/${name}`,
});

/** Every named schema, in the dialect of the document. */
export function componentSchemas(
	target: "draft-2020-12" | "draft-7",
): Record<string, JsonSchema> {
	const registry = z.registry<{ id: string }>();
	for (const [id, [schema]] of Object.entries(named))
		registry.add(schema, { id });
	for (const [id, schema] of Object.entries(upFrames))
		registry.add(schema, { id });
	const made = z.toJSONSchema(registry, {
		target,
		io: "input",
		uri: (id) => refTo(id).$ref,
		unrepresentable: "any",
		override({ zodSchema, jsonSchema }) {
			// The only schema that is a function: the error codes.
			if (zodSchema._zod.def.type !== "custom") return;
			jsonSchema.type = "string";
			jsonSchema.enum = Object.keys(statusOf).filter(isErrorCode);
		},
	}).schemas as Record<string, JsonSchema>;
	const described: Record<string, JsonSchema> = {};
	for (const [name, { $schema, $id, id, ...schema }] of Object.entries(made)) {
		const description = Object.hasOwn(named, name)
			? named[name as keyof typeof named][1]
			: undefined;
		described[name] = { ...(description && { description }), ...schema };
	}
	return described;
}
