/**
 * Puts the gates and the files behind one port, and takes them down again without cutting an answer.
 *
 * `main.ts` calls it with parts that are ready; tests call it with fakes. It reads no environment.
 */

import type { Clock } from "../protocol/clock.ts";
import { ChatError } from "../protocol/errors.ts";
import { type Client, clientReader } from "./auth/client-address.ts";
import { createOrigins } from "./auth/origins.ts";
import type { Authentication } from "./auth/visitor-tokens.ts";
import type { Chat } from "./chat/chat.ts";
import type { VisitorData } from "./chat/visitor-data.ts";
import { addFileHeaders } from "./endpoints/http/headers.ts";
import { createHttpEndpoints, idleTimeoutS } from "./endpoints/http/router.ts";
import type { MetricsEndpoint } from "./endpoints/metrics.ts";
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
import type { Counts } from "./operations/counters.ts";
import type { Logger } from "./operations/logger.ts";

/** Larger bodies are cut by Bun; between our own limit and this one we refuse in words. */
const maxBodyBytes = 262_144;
/** Lines closed at once when the server goes away; the next ones after a pause, ms. */
const retireBatch = 500;
const retirePauseMs = 100;

export type ServerParts = {
	chat: Chat;
	authentication: Authentication;
	visitorData: VisitorData;
	staticFiles: StaticFiles;
	clock: Clock;
	logger: Logger;
	counts?: Counts;
	/** The operator's endpoint. */
	metrics?: MetricsEndpoint;
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
	} & ConnectionLimitSettings;
};

export type RunningServer = {
	/** Where it listens, e.g. `http://localhost:8787`. */
	url: string;
	port: number;
	/** Finishes what is under way (see `drainMs`), then stops. Twice is fine. */
	drain(): Promise<void>;
};

/** @throws {Error} when the port is taken or the address is not ours. */
export function createServer(parts: ServerParts): RunningServer {
	const { chat, staticFiles, settings } = parts;
	const { base, host } = settings;
	const connections = new Set<WebSocketConnection>();
	const retired = new AbortController();
	const origins = createOrigins(
		settings.origins,
		parts.logger,
		settings.withoutOrigin,
	);
	const connectionLimits = new ConnectionLimits(settings, parts.clock);
	const clientOf = clientReader(settings.trustedProxies ?? [], parts.logger);
	const http = createHttpEndpoints({
		...{ ...parts, origins, connectionLimits },
		retired: retired.signal,
	});

	const server = listen<WebSocketConnection>({
		hostname: host,
		port: settings.port,
		maxRequestBodySize: maxBodyBytes,
		idleTimeout: idleTimeoutS,
		websocket: socketHandler,
		async fetch(request, server) {
			if (!URL.canParse(request.url))
				return http.refuse(
					request,
					new ChatError("bad_frame", "Expected a Host that is one."),
				);
			const { pathname } = new URL(request.url);
			if (pathname === base || pathname.startsWith(`${base}/`)) {
				const peer = server.requestIP(request)?.address;
				const client = clientOf(request, peer);
				if (pathname !== base) {
					const path = pathname.slice(base.length);
					return http.handle(request, path, server, client);
				}
				try {
					return await upgrade(request, server, client);
				} catch (error) {
					return http.refuse(request, error, client.isTls);
				}
			}
			const measured =
				pathname === "/metrics" && (await parts.metrics?.(request, server));
			return addFileHeaders(
				measured ||
					(await staticFiles(request, pathname)) ||
					new Response("There is nothing here.\n", { status: 404 }),
			);
		},
		error: (error) => http.refuse(new Request("http://localhost/"), error),
	});

	/**
	 * Turns the request into a line.
	 * @throws {ChatError} why not.
	 */
	async function upgrade(
		request: Request,
		server: Bun.Server<WebSocketConnection>,
		{ address, isTls }: Client,
	): Promise<undefined> {
		origins.check(request, isTls);
		if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
			throw new ChatError("bad_frame", "Expected a WebSocket here.");
		if (chat.draining)
			throw new ChatError("unavailable", "The chat is being restarted.", {
				retryAfter: 2_000,
			});
		connectionLimits.countConnection(address);
		const counted = connectionLimits.open(address);
		const offered = request.headers.get("sec-websocket-protocol") ?? "";
		const ours = offered.split(",").some((name) => name.trim() === subprotocol);
		const done = server.upgrade(request, {
			data: new WebSocketConnection({ ...parts, connections, counted }),
			// Without an answer of ours Bun agrees to whatever is offered first.
			headers: { "Sec-WebSocket-Protocol": ours ? subprotocol : "" },
		});
		if (done) return;
		counted.release();
		throw new ChatError("bad_frame", "Expected a WebSocket handshake.");
	}

	async function closeConnections() {
		for (const [index, connection] of [...connections].entries()) {
			if (index > 0 && index % retireBatch === 0)
				await Bun.sleep(retirePauseMs);
			connection.closeForRestart();
		}
	}

	let drained: Promise<void> | undefined;
	return {
		url: `http://${nameOf(host)}:${server.port}`,
		port: server.port as number,
		drain() {
			drained ??= (async () => {
				await chat.drain(settings.drainMs);
				// The last events reach those who keep up before they are sent away.
				await Bun.sleep(retirePauseMs);
				await closeConnections();
				retired.abort();
				// Close frames and last chunks leave before the sockets do.
				await Bun.sleep(retirePauseMs);
				await server.stop(true);
			})();
			return drained;
		},
	};
}

/** What a browser on this machine calls the host. */
const nameOf = (host: string): string => {
	if (["127.0.0.1", "0.0.0.0", "::"].includes(host)) return "localhost";
	return host.includes(":") ? `[${host}]` : host;
};

const bindFailures: Record<string, (host: string, port: number) => string> = {
	EADDRINUSE: (host, port) =>
		`Port ${port} of ${host} is in use. Stop what listens there, or set PORT to another one.`,
	EADDRNOTAVAIL: (host) =>
		`${host} is no address of this machine. Set HOST to one that is, or to 0.0.0.0 for all.`,
	EACCES: (_, port) =>
		`This user may not listen on port ${port}. Set PORT to 1024 or more.`,
};

/** @throws {Error} a sentence with the real cause: Bun suspects the port, whatever it was. */
function listen<Data>(
	options: Bun.Serve.Options<Data> & { hostname: string; port: number },
): Bun.Server<Data> {
	try {
		return Bun.serve<Data>(options);
	} catch (cause) {
		const { code = "", message } = cause as Error & { code?: string };
		const { hostname, port } = options;
		const why = bindFailures[code]?.(hostname, port);
		throw new Error(
			why ?? `Cannot listen on ${hostname}, port ${port}: ${message}.`,
			{ cause },
		);
	}
}
