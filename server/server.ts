/**
 * Puts the gates and the files behind one port, and takes them down again without cutting an answer.
 *
 * `main.ts` calls it with parts that are ready; tests call it with fakes. It reads no environment.
 */
import { ChatError } from "../protocol/errors.ts";
import type { Assets } from "./assets.ts";
import type { Chat } from "./chat.ts";
import type { Clock } from "./clock.ts";
import type { Counts } from "./counts.ts";
import type { Admission } from "./gates/admission.ts";
import { createHttpGate } from "./gates/http.ts";
import type { MetricsGate } from "./gates/metrics.ts";
import { Line, socketHandler, subprotocol } from "./gates/websocket.ts";
import type { Logger } from "./logger.ts";

/** Larger bodies are cut by Bun; between our own limit and this one we refuse in words. */
const maxBodyBytes = 262_144;
/** Lines closed at once when the server goes away; the next ones after a pause, ms. */
const retireBatch = 500;
const retirePauseMs = 100;

export type ServerParts = {
	chat: Chat;
	admission: Admission;
	assets: Assets;
	clock: Clock;
	logger: Logger;
	counts?: Counts;
	/** The operator's door. */
	metrics?: MetricsGate;
	settings: {
		host: string;
		port: number;
		base: string;
		heartbeatMs: number;
		helloMs: number;
		deadLineMs: number;
		drainMs: number;
	};
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
	const { chat, assets, settings } = parts;
	const { base, host } = settings;
	const lines = new Set<Line>();
	const retired = new AbortController();
	const http = createHttpGate({ ...parts, retired: retired.signal });

	const server = Bun.serve<Line>({
		hostname: host,
		port: settings.port,
		maxRequestBodySize: maxBodyBytes,
		websocket: socketHandler,
		async fetch(request, server) {
			if (!URL.canParse(request.url))
				return http.refuse(
					request,
					new ChatError("bad_frame", "Expected a Host that is one."),
				);
			const { pathname } = new URL(request.url);
			if (pathname.startsWith(`${base}/`))
				return http.handle(request, pathname.slice(base.length), server);
			if (pathname === base) {
				const refused = upgrade(request, server);
				return refused && http.refuse(request, refused);
			}
			return (
				(pathname === "/metrics" && (await parts.metrics?.(request, server))) ||
				(await assets(request, pathname)) ||
				new Response("There is nothing here.\n", { status: 404 })
			);
		},
		error: (error) => http.refuse(new Request("http://localhost/"), error),
	});

	/** Turns the request into a line, or says why not. */
	function upgrade(
		request: Request,
		server: Bun.Server<Line>,
	): ChatError | undefined {
		if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
			return new ChatError("bad_frame", "Expected a WebSocket here.");
		if (chat.draining)
			return new ChatError("unavailable", "The chat is being restarted.", {
				retryAfter: 2_000,
			});
		const offered = request.headers.get("sec-websocket-protocol") ?? "";
		const ours = offered.split(",").some((name) => name.trim() === subprotocol);
		const done = server.upgrade(request, {
			data: new Line({ ...parts, lines }),
			// Without an answer of ours Bun agrees to whatever is offered first.
			headers: { "Sec-WebSocket-Protocol": ours ? subprotocol : "" },
		});
		return done
			? undefined
			: new ChatError("bad_frame", "Expected a WebSocket handshake.");
	}

	async function retireLines() {
		for (const [index, line] of [...lines].entries()) {
			if (index > 0 && index % retireBatch === 0)
				await Bun.sleep(retirePauseMs);
			line.retire();
		}
	}

	let drained: Promise<void> | undefined;
	return {
		url: `http://${host === "127.0.0.1" || host === "0.0.0.0" ? "localhost" : host}:${server.port}`,
		port: server.port as number,
		drain() {
			drained ??= (async () => {
				await chat.drain(settings.drainMs);
				// The last events reach those who keep up before they are sent away.
				await Bun.sleep(retirePauseMs);
				await retireLines();
				retired.abort();
				// Close frames and last chunks leave before the sockets do.
				await Bun.sleep(retirePauseMs);
				await server.stop(true);
			})();
			return drained;
		},
	};
}
