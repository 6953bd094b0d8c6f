/**
 * Responses of `/me` as JSON Schema.
 *
 * Written by hand, because nothing decodes these responses. A test validates the server's responses with it.
 */
import type { JsonSchema } from "./schemas.ts";

const text = { type: "string" };
const time = { type: "string", description: "ISO 8601, in UTC." };
const object = (
	properties: Record<string, JsonSchema>,
	optional: Record<string, JsonSchema> = {},
): JsonSchema => ({
	type: "object",
	required: Object.keys(properties),
	properties: { ...properties, ...optional },
});
const list = (items: JsonSchema): JsonSchema => ({ type: "array", items });
const count = { type: "integer", minimum: 0 };

const question = object(
	{ id: text, role: { const: "user" }, at: time, text },
	{
		context: {
			type: "object",
			description: "What the page sent with the message.",
		},
	},
);

const close = {
	anyOf: [
		object(
			{ by: { const: "end" }, reason: text },
			{
				usage: object({ input: count, output: count }),
				sources: list(object({ title: text, url: text })),
			},
		),
		object({
			by: { const: "error" },
			code: text,
			text,
			retryable: { type: "boolean" },
		}),
	],
};

const answer = object(
	{ id: text, role: { const: "assistant" }, at: time, text, replyTo: text },
	{ continues: text, close, feedback: { enum: ["up", "down", "none"] } },
);

/** Everything that is stored about one visitor. */
export const copySchema: JsonSchema = object({
	visitor: text,
	conversations: list(
		object({
			conversation: text,
			visitor: text,
			lastChanged: time,
			messages: list({ anyOf: [question, answer] }),
		}),
	),
});

export const deletionSchema: JsonSchema = object({ deleted: count });
