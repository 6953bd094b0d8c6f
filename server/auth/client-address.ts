/**
 * Where a request comes from: the client's address, and whether it used TLS.
 *
 * The address is the socket's own, or the one that a trusted proxy saw. Headers that a proxy writes
 * count only if CHAT_TRUSTED_PROXIES names that proxy. Raw addresses stay here and in the limits.
 */
import type { Logger } from "../operations/logger.ts";
import type { ClientAddress } from "../visitor.ts";
import {
	type Bytes,
	bytesOf,
	isLoopback,
	isV4,
	isWithin,
	rangeOf,
} from "./ip-ranges.ts";

export type Client = {
	address: ClientAddress;
	isTls: boolean;
	/** The connection is one of a trusted proxy, which may carry requests of several clients. */
	isProxied?: boolean;
};

/** Returns a function that finds the client of a request. `peer` is the address of the socket. */
export function clientReader(
	trustedProxies: readonly string[],
	logger: Logger,
) {
	const { isProxy, addressOf } = addressFinder(trustedProxies);
	let hasWarned = false;
	return (request: Request, peer: string | undefined): Client => {
		const { headers } = request;
		const forwardedFor = headers.get("x-forwarded-for");
		const isTrusted = isProxy(peer);
		if (forwardedFor !== null && !isTrusted && !hasWarned) {
			hasWarned = true;
			// Otherwise every client behind the proxy shares the limits of one address, unnoticed.
			logger("warn", "proxy_not_trusted", {
				hint: "X-Forwarded-For came from an address that CHAT_TRUSTED_PROXIES does not name.",
			});
		}
		const isTls = isTrusted && headers.get("x-forwarded-proto") === "https";
		const address = addressOf(peer, forwardedFor);
		return { address, isTls, isProxied: isTrusted };
	};
}

export function addressFinder(trustedProxies: readonly string[]) {
	const trusted = trustedProxies.map(rangeOf).filter((range) => !!range);
	const isTrusted = (bytes: Bytes) =>
		trusted.some((range) => isWithin(bytes, range));

	/** Whether the peer of a socket is a trusted proxy. */
	function isProxy(peer: string | undefined): boolean {
		const bytes = bytesOf(peer ?? "");
		return bytes !== undefined && isTrusted(bytes);
	}

	/**
	 * Reads `X-Forwarded-For` from the right, because each proxy appends the address it saw. Stops at
	 * the first address that is not a trusted proxy. If an entry is no address, the proxy that passed
	 * it on counts as the client.
	 */
	function addressOf(
		peer: string | undefined,
		forwardedFor: string | null,
	): ClientAddress {
		let bytes = bytesOf(peer ?? "");
		if (!bytes) return { group: "unknown", isLocal: false };
		const isForwarded = forwardedFor !== null && isTrusted(bytes);
		const hops = isForwarded ? forwardedFor.split(",") : [];
		while (isTrusted(bytes)) {
			const hop = bytesOf(hops.pop() ?? "");
			if (!hop) break;
			bytes = hop;
		}
		return {
			...groupsOf(bytes),
			isLocal: !isForwarded && isLoopback(bytes),
		};
	}

	return { isProxy, addressOf };
}

function groupsOf(bytes: Bytes): Pick<ClientAddress, "group" | "wider"> {
	if (isV4(bytes)) return { group: bytes.slice(12).join(".") };
	const network = (length: number) =>
		`${Buffer.from(bytes.slice(0, length / 8)).toString("hex")}/${length}`;
	return { group: network(64), wider: network(48) };
}
