/**
 * `GET /metrics` for the operator.
 *
 * On the chat's own port it requires the bearer token `CHAT_METRICS_TOKEN`. On a loopback port of its
 * own (`CHAT_METRICS_PORT`) it needs none. No header tells where a request comes from: a proxy on this
 * machine may keep any of them.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { isLoopbackHost } from "../auth/ip-ranges.ts";
import { bearerOf } from "../auth/visitor-tokens.ts";
import type { Metrics } from "../operations/prometheus.ts";

/** @returns `undefined` for a request that may not read the metrics. */
export type MetricsEndpoint = (request: Request) => Response | undefined;

/** For the chat's own port. Without a `token` they are closed. */
export const metricsWithToken =
	(metrics: Metrics, token: string | undefined): MetricsEndpoint =>
	(request) =>
		token !== undefined && isSame(tokenOf(request), token)
			? respond(metrics, request)
			: undefined;

/**
 * For a port that listens on loopback only. A page whose own name resolves to loopback (DNS
 * rebinding) gets nothing, because its requests carry that name as host.
 */
export const localMetrics =
	(metrics: Metrics): MetricsEndpoint =>
	(request) =>
		URL.canParse(request.url) &&
		new URL(request.url).pathname === "/metrics" &&
		isLoopbackHost(new URL(request.url).hostname)
			? respond(metrics, request)
			: undefined;

function respond(metrics: Metrics, request: Request): Response | undefined {
	if (request.method !== "GET") return undefined;
	return new Response(metrics.text(), {
		headers: {
			"Content-Type": metrics.contentType,
			"Cache-Control": "no-store",
			"X-Content-Type-Options": "nosniff",
		},
	});
}

function tokenOf(request: Request): string {
	try {
		return bearerOf(request) ?? "";
	} catch {
		return ""; // Another authorization scheme.
	}
}

/** Compares in constant time. */
function isSame(given: string, expected: string): boolean {
	const digest = (text: string) => createHash("sha256").update(text).digest();
	return timingSafeEqual(digest(given), digest(expected));
}
