/**
 * The HTTP doors as an OpenAPI 3.1 document, served at `<base>/openapi.json`.
 *
 * `gates/http.ts` serves it. The schemas are those that the server decodes with; the doors are written
 * here, and a test holds them to PROTOCOL.md, to the gate's own table and to what the server answers.
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
type Door = {
	operationId: string;
	summary: string;
	/** Whether it takes a credential; a door that may be used without one says so. */
	credential: "needed" | "possible" | "none";
	parameters?: object[];
	body?: string;
	good: Record<string, Response>;
	/** What it may refuse, beside what every door may. */
	refusals: readonly ErrorCode[];
};

/** What any door may answer with: the request is none, or not now. */
const anyRefusal = [
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
				"Events of HTML's event stream format. The data of each is one frame down, see the schema Down; the id of an event of the log is <epoch>.<sequence>.",
		},
	},
};
const query = (name: string, description: string, schema: JsonSchema) => ({
	...{ name, in: "query", description, schema },
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
/** The headers that every answer of every door bears. */
const headers = {
	Vary: header("An answer is one origin's.", { const: "Origin" }),
	"X-Content-Type-Options": header("The type is what it says.", {
		const: "nosniff",
	}),
	"Referrer-Policy": header("Addresses stay here.", { const: "no-referrer" }),
	"Cache-Control": header("Never kept.", { type: "string" }),
};

const health = {
	summary: "Whether the server takes new messages",
	credential: "none",
	good: {
		200: { description: "It does.", content: json("Health") },
		503: { description: "It is being stopped.", content: json("Health") },
	},
	refusals: [],
} as const;
const document = (operationId: string, summary: string): Door => ({
	...{ operationId, summary, credential: "none", refusals: [] },
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
): Door => ({
	...{ operationId, summary, credential: "needed" },
	good: {
		200: {
			description: "Done.",
			content: { "application/json": { schema } },
		},
	},
	refusals: ["unauthorized"],
});

/** Path after the base → method → what is behind it. */
const doors: Record<string, Record<string, Door>> = {
	"": {
		get: {
			operationId: "line",
			summary: "Opens a WebSocket; see the AsyncAPI document",
			credential: "none",
			good: { 101: { description: "The line is open." } },
			refusals: [],
		},
	},
	"/frames": {
		post: {
			operationId: "say",
			summary: "One frame up; the answer is the frame down that it brings",
			credential: "possible",
			// Without a conversation for a first hello only.
			parameters: [{ ...conversation, required: false }],
			body: "Up",
			good: {
				200: {
					description:
						"`hello` brings `ready`; `send` and `retry` the `start` of the message made; `feedback` its event; `stop` and `ping` a `pong`.",
					content: {
						"application/json": {
							schema: {
								anyOf: ["Ready", "Start", "Feedback", "Pong"].map(refTo),
							},
						},
					},
				},
			},
			refusals: [
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
			summary: "The log from a cursor on, as a stream or as JSON",
			credential: "needed",
			parameters: [conversation, after, epoch, wait, lastEventId],
			good: {
				200: {
					description: "`ready`, then what comes after the cursor.",
					content: { ...json("Page"), ...stream },
				},
			},
			refusals: ["unauthorized", "not_found"],
		},
	},
	"/messages": {
		post: {
			operationId: "ask",
			summary: "One question, one whole answer, or its events as they come",
			credential: "possible",
			body: "Question",
			good: {
				200: {
					description: "The answer.",
					content: { ...json("Answer"), ...stream },
				},
			},
			refusals: [
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
		get: mine("copy", "Everything that is kept about the visitor", copySchema),
		delete: mine(
			"forget",
			"Deletes everything that is kept about the visitor",
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

/** The document for doors under `base`. */
export function openApi(base: string) {
	const paths: Record<string, Record<string, object>> = {};
	for (const [path, methods] of Object.entries(doors)) {
		const operations = Object.entries(methods).map(([method, door]) => [
			method,
			operationOf(method, door),
		]);
		paths[`${base}${path}`] = Object.fromEntries(operations);
	}
	return {
		openapi: "3.1.1",
		info: {
			title: "chat-stream",
			description:
				"The HTTP doors of a chat-stream server. A conversation is an append-only log; every answer is a read of it from a cursor on.",
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

function operationOf(method: string, door: Door): object {
	const { operationId, summary, credential, parameters, body, good } = door;
	const security = { needed: [{ visitor: [] }], none: [] };
	return {
		...{ operationId, summary },
		security:
			credential === "possible" ? [{}, { visitor: [] }] : security[credential],
		...(parameters && { parameters }),
		...(body && {
			requestBody: { required: true, content: json(body) },
		}),
		responses: responsesOf(method, good, door.refusals),
	};
}

/** Good answers and refusals by status; a status may be both. */
function responsesOf(
	method: string,
	good: Door["good"],
	refusals: readonly ErrorCode[],
): Record<string, Response> {
	const codesOf = Map.groupBy(
		[...anyRefusal, ...refusals],
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
	// The headers of a GET without its body.
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
