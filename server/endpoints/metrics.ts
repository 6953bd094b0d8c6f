/**
 * The operator's endpoint: `GET /metrics`, outside of the base path that proxies hand on.
 *
 * `server.ts` asks it. Open to who bears the operator's token; without one configured, to this very
 * machine. To everybody else it is not there.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Server } from "bun";
import { bearerOf } from "../auth/visitor-tokens.ts";
import type { Metrics } from "../operations/prometheus.ts";

export type MetricsEndpoint = (
	request: Request,
	server: Pick<Server<unknown>, "requestIP">,
) => Promise<Response | undefined>;

/** What a proxy adds: whoever asked it is not on this machine. */
const forwarding =
	/^(forwarded|via|x-forwarded-.*|x-real-ip|x-client-ip|cf-connecting-ip|true-client-ip)$/;
const loopback = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const loopbackHosts = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function createMetricsEndpoint(
	metrics: Metrics,
	token: string | undefined,
): MetricsEndpoint {
	return async (request, server) => {
		const address = server.requestIP(request)?.address;
		const mayRead = token
			? isSame(tokenOf(request), token)
			: isLoopback(request, address);
		if (!mayRead || request.method !== "GET") return undefined;
		return new Response(await metrics.text(), {
			headers: {
				"Content-Type": metrics.contentType,
				"Cache-Control": "no-store",
				"X-Content-Type-Options": "nosniff",
			},
		});
	};
}

/** A page that has a name of its own point here comes by that name, and a proxy mostly does. */
function isLoopback(request: Request, address: string | undefined): boolean {
	const names = [...request.headers.keys()];
	return (
		address !== undefined &&
		loopback.test(address) &&
		loopbackHosts.test(new URL(request.url).hostname) &&
		!names.some((name) => forwarding.test(name))
	);
}

function tokenOf(request: Request): string {
	try {
		return bearerOf(request) ?? "";
	} catch {
		return ""; // Another scheme is no token.
	}
}

/** In the same time whatever is given. */
function isSame(given: string, expected: string): boolean {
	const digest = (text: string) => createHash("sha256").update(text).digest();
	return timingSafeEqual(digest(given), digest(expected));
}
