/**
 * Checks the `Origin` of requests, and sends the CORS headers that let allowed pages read responses.
 *
 * A request without `Origin` comes from a program, or from a page of the same origin that only reads:
 * browsers always send `Origin` with a request that can change something.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { Logger } from "../operations/logger.ts";
import { versionHeader } from "../operations/version.ts";
import { isOwnPage, originCheck } from "./origin-rules.ts";

/** Rejected origins are logged once each, and at most this many. */
const maxNamed = 100;

export type Origins = ReturnType<typeof createOrigins>;

/** Methods that only read. A WebSocket upgrade is a GET as well, but it can write. */
const readMethods = ["GET", "HEAD", "OPTIONS"];

/**
 * @param allowed The origins that may use the chat. Without it, every origin may, and so may requests
 * without `Origin`.
 * @param withoutOrigin With `allowed`: requests without `Origin` may write. If false, they may only
 * read.
 */
export function createOrigins(
	allowed: readonly string[] | undefined,
	logger: Logger,
	withoutOrigin = false,
) {
	const isListed = originCheck(allowed);
	const named = new Set<string>();

	function isAllowed(request: Request, isTls: boolean): boolean {
		const origin = request.headers.get("origin");
		if (origin === null) return !allowed || withoutOrigin || onlyReads(request);
		if (isListed(origin)) return true;
		return isOwnPage(origin, request.headers.get("host"), isTls);
	}

	/** @throws {ChatError} `forbidden` */
	function check(request: Request, isTls: boolean) {
		if (isAllowed(request, isTls)) return;
		const origin = (request.headers.get("origin") ?? "none").slice(0, 200);
		if (named.size < maxNamed && !named.has(origin)) {
			named.add(origin);
			logger("warn", "origin_refused", { origin });
		}
		throw new ChatError(
			"forbidden",
			origin === "none"
				? "Expected an Origin header: only certain sites may use this chat."
				: "This site is not allowed to use this chat.",
		);
	}

	return { check, isAllowed };
}

const onlyReads = ({ method, headers }: Request): boolean =>
	readMethods.includes(method) && headers.get("upgrade") === null;

/** Lets an allowed page read the response. Without credentials mode: the chat uses no cookies. */
export function corsHeaders(
	request: Request,
	isAllowed: boolean,
): Record<string, string> {
	const origin = request.headers.get("origin");
	if (origin === null || !isAllowed) return { Vary: "Origin" };
	return {
		"Access-Control-Allow-Origin": origin,
		"Access-Control-Expose-Headers": versionHeader,
		Vary: "Origin",
	};
}

export const preflightHeaders = {
	"Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
	"Access-Control-Allow-Headers": "authorization, content-type, last-event-id",
	"Access-Control-Max-Age": "600",
} as const;
