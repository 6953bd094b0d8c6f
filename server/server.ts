/**
 * Puts the endpoints and the static files on one port, and stops them without cutting a reply.
 *
 * Gets its parts ready-made. Knows no settings of the environment, no store and no provider.
 */
import type { Clock } from "../protocol/clock.ts";
import { ChatError } from "../protocol/errors.ts";
import { type Client, clientReader } from "./auth/client-address.ts";
import { createOrigins, type Origins } from "./auth/origins.ts";
import type { Authentication } from "./auth/visitor-tokens.ts";
import type { Chat } from "./chat/chat.ts";
import type { VisitorData } from "./chat/visitor-data.ts";
import { idleTimeoutS } from "./endpoints/http/endpoint.ts";
import { addFileHeaders } from "./endpoints/http/headers.ts";
import { createHttpEndpoints } from "./endpoints/http/router.ts";
import { localMetrics, metricsWithToken } from "./endpoints/metrics.ts";
import type { StaticFiles } from "./endpoints/static-files.ts";
import {
	socketHandler,
	subprotocol,
	WebSocketConnection,
} from "./endpoints/websocket.ts";
import {
	type ConnectionLimitSettings,
	ConnectionLimits,
} from "./limits/connections.ts";
import { listen } from "./listen.ts";
import type { Counts } from "./operations/counters.ts";
import type { Logger } from "./operations/logger.ts";
import type { Metrics } from "./operations/prometheus.ts";
import { version, versionHeader } from "./operations/version.ts";

/** Bun cuts larger bodies. Between our own limit and this one, we respond with an error frame. */
const maxBodyBytes = 262_144;
/** Connections closed at once when the server stops, and the pause before the next ones, ms. */
const closeBatch = 500;
const closePauseMs = 100;

export type ServerParts = {
	chat: Chat;
	authentication: Authentication;
	visitorData: VisitorData;
	staticFiles: StaticFiles;
	clock: Clock;
	logger: Logger;
	counts?: Counts;
	/** `/metrics`, for the operator. */
	metrics?: Metrics;
	settings: {
		host: string;
		port: number;
		base: string;
		heartbeatMs: number;
		helloMs: number;
		idleTimeoutMs: number;
		drainMs: number;
		origins?: readonly string[] | undefined;
		withoutOrigin?: boolean;
		trustedProxies?: readonly string[] | undefined;
		metricsToken?: string | undefined;
		metricsPort?: number | undefined;
	} & ConnectionLimitSettings;
};

export type RunningServer = {
	/** Such as `http://localhost:8787`. */
	url: string;
	port: number;
	/** Such as `http://localhost:9464/metrics`, if the metrics have a port of their own. */
	metricsUrl?: string;
	/** Lets open replies finish (see `drainMs`), then stops. Calling it again has no effect. */
	drain(): Promise<void>;
};

/** @throws {Error} if the server cannot listen on its address and port. */
export function createServer(parts: ServerParts): RunningServer {
	const { chat, settings } = parts;
	const { host } = settings;
	const connections = new Set<WebSocketConnection>();
	const stopped = new AbortController();
	const origins = createOrigins(
		settings.origins,
		parts.logger,
		settings.withoutOrigin,
	);
	const connectionLimits = new ConnectionLimits(settings, parts.clock);
	const http = createHttpEndpoints({
		...parts,
		origins,
		connectionLimits,
		stopped: stopped.signal,
	});
	const upgrade = upgrader(parts, { connections, connectionLimits, origins });

	const respond = responder(parts, { http, upgrade, connectionLimits });
	const metricsServer = listenForMetrics(parts);
	const server = listen<WebSocketConnection>("PORT", {
		hostname: host,
		port: settings.port,
		maxRequestBodySize: maxBodyBytes,
		idleTimeout: idleTimeoutS,
		websocket: socketHandler,
		async fetch(request, server) {
			const startedAt = parts.clock.now();
			const response = await respond(request, server);
			// A request that became a WebSocket is logged by its connection.
			if (response) logRequest(parts, request, response.status, startedAt);
			return response;
		},
		error: (error) => http.reject(new Request("http://localhost/"), error),
	});

	async function drain() {
		await chat.drain(settings.drainMs);
		// Readers that keep up receive the last events before their connections close.
		await Bun.sleep(closePauseMs);
		await closeInBatches(connections);
		stopped.abort();
		// Close frames and last chunks leave before the sockets close.
		await Bun.sleep(closePauseMs);
		await server.stop(true);
		await metricsServer?.stop(true);
	}
	let drained: Promise<void> | undefined;
	return {
		url: `http://${localNameOf(host)}:${server.port}`,
		port: server.port as number,
		...(metricsServer && {
			metricsUrl: `http://localhost:${metricsServer.port}/metrics`,
		}),
		drain() {
			drained ??= drain();
			return drained;
		},
	};
}

type Server = Bun.Server<WebSocketConnection>;

/**
 * Returns a function that passes a request to its endpoint. Its response is `undefined` if the request
 * became a WebSocket.
 */
function responder(
	parts: ServerParts,
	shared: {
		http: ReturnType<typeof createHttpEndpoints>;
		upgrade: ReturnType<typeof upgrader>;
		connectionLimits: ConnectionLimits;
	},
) {
	const { http, upgrade, connectionLimits } = shared;
	const { base, trustedProxies = [] } = parts.settings;
	const clientOf = clientReader(trustedProxies, parts.logger);

	async function respondTo(request: Request, server: Server, client: Client) {
		const { pathname } = new URL(request.url);
		if (pathname !== base && !pathname.startsWith(`${base}/`))
			return fileResponse(parts, request, pathname);
		if (pathname !== base) {
			const path = pathname.slice(base.length);
			return http.handle(request, path, server, client);
		}
		return upgrade(request, server, client);
	}

	return async (request: Request, server: Server) => {
		if (!URL.canParse(request.url))
			return http.reject(
				request,
				new ChatError("bad_frame", "Expected a valid Host header."),
			);
		const client = clientOf(request, server.requestIP(request)?.address);
		let release: (() => void) | undefined;
		try {
			release = connectionLimits.openRequest(client.address);
			const response = await respondTo(request, server, client);
			const { address, isProxied } = client;
			if (response && !isProxied && !connectionLimits.keepsOpen(address))
				response.headers.set("Connection", "close");
			return response;
		} catch (error) {
			return http.reject(request, error, client.isTls);
		} finally {
			release?.();
		}
	};
}

/** Returns a function that turns a request into a WebSocket. It throws a ChatError if it cannot. */
function upgrader(
	parts: ServerParts,
	shared: {
		connections: Set<WebSocketConnection>;
		connectionLimits: ConnectionLimits;
		origins: Origins;
	},
) {
	const { connections, connectionLimits, origins } = shared;
	return (
		request: Request,
		server: Server,
		{ address, isTls }: Client,
	): undefined => {
		origins.check(request, isTls);
		if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
			throw new ChatError("bad_frame", "Expected a WebSocket upgrade.");
		if (parts.chat.draining)
			throw new ChatError("unavailable", "The chat is being restarted.", {
				retryAfter: 2_000,
			});
		connectionLimits.countConnection(address);
		const counted = connectionLimits.open(address);
		const offered = request.headers.get("sec-websocket-protocol") ?? "";
		const isOffered = offered
			.split(",")
			.some((name) => name.trim() === subprotocol);
		const isUpgraded = server.upgrade(request, {
			data: new WebSocketConnection({
				...parts,
				connections,
				counted,
				address,
			}),
			// Without this header Bun accepts the first protocol that is offered.
			headers: {
				"Sec-WebSocket-Protocol": isOffered ? subprotocol : "",
				[versionHeader]: version,
			},
		});
		if (isUpgraded) return;
		counted.release();
		throw new ChatError("bad_frame", "Expected a WebSocket handshake.");
	};
}

/** Everything outside of the base path: metrics, scripts and the demo site. */
async function fileResponse(
	{ metrics, staticFiles, settings }: ServerParts,
	request: Request,
	pathname: string,
): Promise<Response> {
	const response =
		(pathname === "/metrics" &&
			metrics &&
			metricsWithToken(metrics, settings.metricsToken)(request)) ||
		(await staticFiles(request, pathname)) ||
		new Response("Not found.\n", {
			status: 404,
			// The script of a newer version may exist on another server already.
			headers: { "Cache-Control": "no-store" },
		});
	return addFileHeaders(response);
}

/** The query is left out: it names a conversation. */
function logRequest(
	{ logger, clock }: ServerParts,
	{ method, url }: Request,
	status: number,
	startedAt: number,
) {
	const path = URL.canParse(url) ? new URL(url).pathname.slice(0, 200) : "";
	const ms = clock.now() - startedAt;
	logger("debug", "request", { method, path, status, ms });
}

/** Listens on loopback, without a token. `undefined` if no port is set. */
function listenForMetrics({ metrics, settings }: ServerParts) {
	const { metricsPort } = settings;
	if (!metrics || metricsPort === undefined) return undefined;
	const respond = localMetrics(metrics);
	return listen("CHAT_METRICS_PORT", {
		hostname: "127.0.0.1",
		port: metricsPort,
		fetch: (request) =>
			respond(request) ?? new Response("Not found.\n", { status: 404 }),
	});
}

/** Closing all connections at once would make all clients reconnect at once. */
async function closeInBatches(connections: Iterable<WebSocketConnection>) {
	for (const [index, connection] of [...connections].entries()) {
		if (index > 0 && index % closeBatch === 0) await Bun.sleep(closePauseMs);
		connection.closeForRestart();
	}
}

/** The host as a browser on this machine can use it. */
const localNameOf = (host: string): string => {
	if (["127.0.0.1", "0.0.0.0", "::"].includes(host)) return "localhost";
	return host.includes(":") ? `[${host}]` : host;
};
