/**
 * Finds the endpoint of an HTTP request under the base path, and adds what all responses share: the
 * origin check, security headers, CORS and error responses.
 *
 * Knows no endpoint's own work.
 */
import { ChatError } from "../../../protocol/errors.ts";
import { asyncApi } from "../../api-docs/asyncapi.ts";
import { openApi } from "../../api-docs/openapi.ts";
import type { Client } from "../../auth/client-address.ts";
import { corsHeaders, preflightHeaders } from "../../auth/origins.ts";
import { version } from "../../operations/version.ts";
import { errorFrameOf } from "../errors.ts";
import { createAccess } from "./access.ts";
import type { Endpoint, HttpParts, HttpServer } from "./endpoint.ts";
import { eventsEndpoint } from "./events.ts";
import { framesEndpoint } from "./frames.ts";
import { dataHeaders } from "./headers.ts";
import { meEndpoint } from "./me.ts";
import { messagesEndpoint } from "./messages.ts";
import { errorResponse, json } from "./response.ts";

/** Responds on any origin and without a credential: a page learns no more than a script. */
const healthPath = "/health";

export function createHttpEndpoints(parts: HttpParts) {
	const { origins, logger, counts, settings } = parts;
	const access = createAccess(parts);
	const endpoints: Record<string, Endpoint> = {
		"/frames": framesEndpoint(parts, access),
		"/events": eventsEndpoint(parts, access),
		"/messages": messagesEndpoint(parts, access),
		"/me": meEndpoint(parts, access),
		[healthPath]: healthEndpoint(parts),
		"/openapi.json": documentEndpoint(openApi, settings.base),
		"/asyncapi.json": documentEndpoint(asyncApi, settings.base),
	};

	/** Responds to a request for `path`, which starts after the base path. Never rejects. */
	async function handle(
		request: Request,
		path: string,
		server: HttpServer,
		client: Client,
	): Promise<Response> {
		const isPublic = path === healthPath;
		const { isTls } = client;
		try {
			if (!isPublic) origins.check(request, isTls);
			const response = await respond(request, path, server, client);
			return withHeaders(request, response, isTls, isPublic);
		} catch (error) {
			return reject(request, error, isTls);
		}
	}

	async function respond(
		request: Request,
		path: string,
		server: HttpServer,
		client: Client,
	): Promise<Response> {
		const endpoint = Object.hasOwn(endpoints, path)
			? endpoints[path]
			: undefined;
		if (!endpoint) throw new ChatError("not_found", "No such endpoint.");
		if (request.method === "OPTIONS")
			return new Response(null, { status: 204, headers: preflightHeaders });
		if (!endpoint.methods.includes(request.method))
			throw new ChatError(
				"bad_frame",
				`Expected ${endpoint.methods[0]} ${path}; got ${request.method}.`,
			);
		const url = new URL(request.url);
		return endpoint.respond({ request, url, server, client });
	}

	/** Turns anything thrown into an error response, with the same headers as any other. */
	function reject(request: Request, error: unknown, isTls = false): Response {
		const frame = errorFrameOf(error, logger, counts);
		return withHeaders(request, errorResponse(frame), isTls);
	}

	function withHeaders(
		request: Request,
		response: Response,
		isTls: boolean,
		isPublic = false,
	): Response {
		const mayRead = isPublic || origins.isAllowed(request, isTls);
		const headers = { ...corsHeaders(request, mayRead), ...dataHeaders };
		for (const [name, value] of Object.entries(headers))
			response.headers.set(name, value);
		return response;
	}

	return { handle, reject, endpoints };
}

const healthEndpoint = ({ chat }: HttpParts): Endpoint => ({
	methods: ["GET", "HEAD"],
	async respond() {
		const health = await chat.health();
		const status = health.status === "ok" ? 200 : 503;
		return json({ ...health, version }, status);
	},
});

/** An API description, generated on the first request. */
function documentEndpoint(
	generate: (base: string) => object,
	base: string,
): Endpoint {
	let document: object | undefined;
	return {
		methods: ["GET"],
		async respond() {
			document ??= generate(base);
			return json(document);
		},
	};
}
