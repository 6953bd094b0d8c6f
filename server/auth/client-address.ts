/**
 * How a request has come to us: from whose address, and whether by TLS.
 *
 * `server.ts` asks once for each request under the base path. Headers that only a proxy should write
 * count only if the operator has named that proxy.
 */

import type { Logger } from "../operations/logger.ts";
import { type Caller, callerFinder } from "./ip-ranges.ts";

export type Approach = { caller: Caller; isTls: boolean };

export function approachFinder(
	trustedProxies: readonly string[],
	logger: Logger,
) {
	const { isProxy, callerOf } = callerFinder(trustedProxies);
	let hasWarned = false;
	return (request: Request, peer: string | undefined): Approach => {
		const { headers } = request;
		const forwardedFor = headers.get("x-forwarded-for");
		const isTrusted = isProxy(peer);
		if (forwardedFor !== null && !isTrusted && !hasWarned) {
			hasWarned = true;
			// Or everybody behind it would share the limits of one address, unnoticed.
			logger("warn", "proxy_not_trusted", {
				hint: "X-Forwarded-For came from an address that CHAT_TRUSTED_PROXIES does not name.",
			});
		}
		const isTls = isTrusted && headers.get("x-forwarded-proto") === "https";
		return { caller: callerOf(peer, forwardedFor), isTls };
	};
}
