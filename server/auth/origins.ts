/**
 * Other sites' pages: which may talk to us, and the headers that let them read our answers.
 *
 * `server.ts` makes it; every endpoint asks it before anything else, the upgrade and OPTIONS included. A
 * request without an Origin comes from a program, or from a page of ours that only reads: browsers
 * always name one where something is changed.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { Logger } from "../operations/logger.ts";
import { isOwnPage, originCheck } from "./origin-rules.ts";

/** Refused origins are named in the log once each, and no more than so many. */
const maxNamed = 100;

export type Origins = ReturnType<typeof createOrigins>;

/** What changes nothing. An upgrade is a GET, too, and everything may be said on a line. */
const reading = ["GET", "HEAD", "OPTIONS"];

/**
 * Without `allowed` any origin is let in, and none. With it a program that names no origin is, if
 * `withoutOrigin` says so.
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
				? "Expected the header Origin: this chat belongs to certain pages."
				: "This chat does not belong to the page that asks for it.",
		);
	}

	return { check, isAllowed };
}

const onlyReads = ({ method, headers }: Request): boolean =>
	reading.includes(method) && headers.get("upgrade") === null;

/** What lets an allowed page read an answer. Never with cookies: there are none. */
export function corsHeaders(
	request: Request,
	isAllowed: boolean,
): Record<string, string> {
	const origin = request.headers.get("origin");
	return origin === null || !isAllowed
		? { Vary: "Origin" }
		: { "Access-Control-Allow-Origin": origin, Vary: "Origin" };
}

export const preflightHeaders = {
	"Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
	"Access-Control-Allow-Headers": "authorization, content-type, last-event-id",
	"Access-Control-Max-Age": "600",
} as const;
