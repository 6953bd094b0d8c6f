/**
 * The frames, events and answers of the wire by name, as JSON Schema, made from the very schemas that
 * the server decodes with.
 *
 * The descriptions of the HTTP doors and of the WebSocket are built on it. Objects are open: both sides
 * ignore fields that they do not know.
 */
import * as z from "zod";
import { isErrorCode, statusOf } from "../../protocol/errors.ts";
import { schemas } from "../../protocol/schemas.ts";

export type JsonSchema = Record<string, unknown>;

const { client, server, events, answers } = schemas;

/** The schemas that have a name, and what each of them is. */
const named = {
	Ready: [server.ready, "The answer to hello."],
	Ping: [server.ping, "The line is alive; the log ends at `head`."],
	Pong: [server.pong, "The answer to ping."],
	Refusal: [schemas.errorFrame, "A refusal, in words for a person."],
	Token: [server.token, "An event that adds text to the open answer."],
	Start: [events.start, "An event: a message begins."],
	End: [events.end, "An event: the open answer is closed."],
	Failure: [events.error, "An event: the open answer has failed."],
	Feedback: [events.feedback, "An event: what the visitor thinks of it."],
	Question: [schemas.question, "One question, for one whole answer."],
	Page: [answers.page, "Where the log ends, and the events after a cursor."],
	Answer: [answers.answer, "One whole answer."],
	Health: [answers.health, "Whether the server takes new messages."],
} as const satisfies Record<string, readonly [z.core.$ZodType, string]>;

/** The frames up by name: `hello` is `Hello`; what goes down by that name, too, is `Say…`. */
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

/** Where the named schemas stand in both documents. */
export const refTo = (name: string) => ({
	$ref: `#/components/schemas/${name}`,
});

/** Every named schema, in the dialect that the document asks for. */
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
			// The one schema of ours that is code: the codes of the table.
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
