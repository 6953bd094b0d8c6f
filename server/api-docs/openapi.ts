/**
 * The HTTP endpoints as an OpenAPI 3.1 document, served at `<base>/openapi.json`.
 *
 * The schemas are those that the server decodes with. The endpoints are written by hand; a test compares
 * them with PROTOCOL.md, with the router and with the server's responses.
 */
import { type ErrorCode, statusOf } from "../../protocol/errors.ts";
import { version } from "../../protocol/frames.ts";
import {
	componentSchemas,
	downNames,
	eventNames,
	type JsonSchema,
	refTo,
	upFrames,
} from "./schemas.ts";
import { copySchema, deletionSchema } from "./visitor-data.ts";

type Content = Record<string, { schema: JsonSchema }>;
type Response = {
	description: string;
	headers?: Record<string, object>;
	content?: Content;
};
type Operation = {
	operationId: string;
	summary: string;
	/** Whether a request needs a credential. `possible`: it also works without one. */
	credential: "needed" | "possible" | "none";
	parameters?: object[];
	body?: string;
	good: Record<string, Response>;
	/** Its errors, besides those of every endpoint. */
	errors: readonly ErrorCode[];
};

/** Errors of every endpoint. */
const commonErrors = [
	"bad_frame",
	"forbidden",
	"rate_limited",
	"internal",
	"unavailable",
] as const satisfies ErrorCode[];

const json = (name: string): Content => ({
	"application/json": { schema: refTo(name) },
});
const stream: Content = {
	"text/event-stream": {
		schema: {
			type: "string",
			description:
				"Server-sent events. The data of each is one server frame, see the schema Down; the id of a log event is <epoch>.<sequence>.",
		},
	},
};
const query = (name: string, description: string, schema: JsonSchema) => ({
	name,
	in: "query",
	description,
	schema,
	...(name === "conversation" && { required: true }),
});
const id = { type: "string", minLength: 1, maxLength: 128 };

const conversation = query(
	"conversation",
	"The id that `ready` has given.",
	id,
);
const after = query("after", "The last sequence that the reader has.", {
	type: "integer",
	minimum: 0,
	default: 0,
});
const epoch = query("epoch", "The epoch of the log that `after` is of.", {
	type: "string",
	maxLength: 128,
});
const wait = query("wait", "As JSON: how long to wait for news, seconds.", {
	type: "number",
	minimum: 0,
	maximum: 25,
	default: 20,
});
const lastEventId = {
	name: "Last-Event-ID",
	in: "header",
	description: "`<epoch>.<sequence>`; wins over `after` and `epoch`.",
	schema: { type: "string" },
};

const header = (description: string, schema: JsonSchema) => ({
	description,
	schema,
});
/** Headers of every response. */
const headers = {
	Vary: header("Responses depend on the origin.", { const: "Origin" }),
	"X-Content-Type-Options": header("The type is what it says.", {
		const: "nosniff",
	}),
	"Referrer-Policy": header("Links send no referrer.", {
		const: "no-referrer",
	}),
	"Cache-Control": header("Never cached.", { type: "string" }),
	"Chat-Stream-Version": header("The version of the server.", {
		type: "string",
	}),
};

const health = {
	summary: "Whether the server accepts new messages",
	credential: "none",
	good: {
		200: { description: "It accepts messages.", content: json("Health") },
		503: {
			description: "It is stopping, or the store is unavailable.",
			content: json("Health"),
		},
	},
	errors: [],
} as const;
const document = (operationId: string, summary: string): Operation => ({
	operationId,
	summary,
	credential: "none",
	errors: [],
	good: {
		200: {
			description: "The document.",
			content: { "application/json": { schema: { type: "object" } } },
		},
	},
});

const mine = (
	operationId: string,
	summary: string,
	schema: JsonSchema,
): Operation => ({
	operationId,
	summary,
	credential: "needed",
	good: {
		200: {
			description: "Done.",
			content: { "application/json": { schema } },
		},
	},
	errors: ["unauthorized"],
});

/** Path after the base → method → operation. */
const endpoints: Record<string, Record<string, Operation>> = {
	"": {
		get: {
			operationId: "line",
			summary: "Opens a WebSocket; see the AsyncAPI document",
			credential: "none",
			good: { 101: { description: "The connection is open." } },
			errors: [],
		},
	},
	"/frames": {
		post: {
			operationId: "say",
			summary: "Sends one client frame; the response is one server frame",
			credential: "possible",
			// Only a first hello has no conversation.
			parameters: [{ ...conversation, required: false }],
			body: "Up",
			good: {
				200: {
					description:
						"`ready` for `hello`; the `start` event of the new message for `send` and `retry`; its event for `feedback`; `pong` for `stop` and `ping`.",
					content: {
						"application/json": {
							schema: {
								anyOf: ["Ready", "Start", "Feedback", "Pong"].map(refTo),
							},
						},
					},
				},
			},
			errors: [
				"unauthorized",
				"not_found",
				"conflict",
				"too_large",
				"outdated",
			],
		},
	},
	"/events": {
		get: {
			operationId: "read",
			summary: "Reads the log from a cursor, as a stream or as JSON",
			credential: "needed",
			parameters: [conversation, after, epoch, wait, lastEventId],
			good: {
				200: {
					description: "`ready`, then the events after the cursor.",
					content: { ...json("Page"), ...stream },
				},
			},
			errors: ["unauthorized", "not_found"],
		},
	},
	"/messages": {
		post: {
			operationId: "ask",
			summary:
				"Asks one question; the response is one whole answer, or its events as a stream",
			credential: "possible",
			body: "Question",
			good: {
				200: {
					description: "The answer.",
					content: { ...json("Answer"), ...stream },
				},
			},
			errors: [
				"unauthorized",
				"not_found",
				"conflict",
				"too_large",
				"interrupted",
				"provider_failed",
				"provider_timeout",
			],
		},
	},
	"/me": {
		get: mine(
			"copy",
			"Everything that is stored about the visitor",
			copySchema,
		),
		delete: mine(
			"forget",
			"Deletes everything that is stored about the visitor",
			deletionSchema,
		),
	},
	"/health": {
		get: { operationId: "health", ...health },
		head: { operationId: "healthHead", ...health },
	},
	"/openapi.json": { get: document("openapi", "This document") },
	"/asyncapi.json": {
		get: document("asyncapi", "The WebSocket as an AsyncAPI 3 document"),
	},
};

/** The document for endpoints under `base`. */
export function openApi(base: string) {
	const paths: Record<string, Record<string, object>> = {};
	for (const [path, methods] of Object.entries(endpoints)) {
		const operations = Object.entries(methods).map(([method, operation]) => [
			method,
			operationOf(method, operation),
		]);
		paths[`${base}${path}`] = Object.fromEntries(operations);
	}
	return {
		openapi: "3.1.1",
		info: {
			title: "chat-stream",
			description:
				"HTTP endpoints of a chat-stream server. A conversation is an append-only log; every response reads it from a cursor.",
			version: `${version}`,
			license: { name: "MIT", identifier: "MIT" },
		},
		paths,
		components: {
			securitySchemes: { visitor: { type: "http", scheme: "bearer" } },
			schemas: {
				...componentSchemas("draft-2020-12"),
				Up: { oneOf: Object.keys(upFrames).map(refTo) },
				Event: { anyOf: eventNames.map(refTo) },
				Down: { anyOf: downNames.map(refTo) },
			},
		},
	};
}

function operationOf(method: string, operation: Operation): object {
	const { operationId, summary, credential, parameters, body, good } =
		operation;
	const security = { needed: [{ visitor: [] }], none: [] };
	return {
		operationId,
		summary,
		security:
			credential === "possible" ? [{}, { visitor: [] }] : security[credential],
		...(parameters && { parameters }),
		...(body && {
			requestBody: { required: true, content: json(body) },
		}),
		responses: responsesOf(method, good, operation.errors),
	};
}

/** Responses and errors by status; a status may have both. */
function responsesOf(
	method: string,
	good: Operation["good"],
	errors: readonly ErrorCode[],
): Record<string, Response> {
	const codesOf = Map.groupBy(
		[...commonErrors, ...errors],
		(code) => statusOf[code],
	);
	const responses: Record<string, Response> = {};
	for (const [status, codes] of codesOf)
		responses[status] = {
			description: codes.join(", "),
			headers: { ...headers, ...retryAfter(status) },
			content: { "application/json": { schema: refusalWith(codes) } },
		};
	for (const [status, response] of Object.entries(good)) {
		const schema = responses[status]?.content?.["application/json"]?.schema;
		const own = response.content?.["application/json"]?.schema;
		responses[status] = {
			...response,
			...(status !== "101" && { headers }),
			...(schema &&
				own && {
					content: { "application/json": { schema: { anyOf: [own, schema] } } },
				}),
		};
	}
	if (method !== "head") return responses;
	// The headers of a GET, without its body.
	for (const response of Object.values(responses)) delete response.content;
	return responses;
}

const retryAfter = (status: number) =>
	(status === 429 || status === 503) && {
		"Retry-After": header("When to come back, seconds.", { type: "string" }),
	};

const refusalWith = (codes: readonly ErrorCode[]): JsonSchema => ({
	allOf: [
		refTo("Refusal"),
		{ properties: { data: { properties: { code: { enum: codes } } } } },
	],
});
