/**
 * Who may use an HTTP endpoint, and for how long.
 *
 * Authenticates and counts requests, and gives each waiting reader a signal that ends it. Knows no
 * endpoint and no frame.
 */
import { ChatError } from "../../../protocol/errors.ts";
import type { Client } from "../../auth/client-address.ts";
import { expired, whenExpired } from "../../auth/expiry.ts";
import type { Authenticated } from "../../auth/visitor-tokens.ts";
import type { Visitor } from "../../visitor.ts";
import type { Exchange, HttpParts } from "./endpoint.ts";

export type Access = ReturnType<typeof createAccess>;

export function createAccess(parts: HttpParts) {
	const { authentication, connectionLimits, clock } = parts;

	/**
	 * Authenticates a request and counts it. A new visitor counts for the client's address, every other
	 * visitor for themselves.
	 * @param namesConversation The request names a conversation, so its visitor exists already.
	 * @param isRead The request only reads a log, so more of them are allowed.
	 * @throws {ChatError} `unauthorized`, `rate_limited` or `unavailable`
	 */
	async function authenticate(
		token: string | undefined,
		namesConversation: boolean,
		{ address }: Client,
		isRead = false,
	): Promise<Authenticated> {
		if (token === undefined && !namesConversation)
			connectionLimits.countConnection(address);
		const authenticated = await authentication.authenticate(
			token,
			namesConversation,
		);
		const { visitor } = authenticated;
		connectionLimits.countRequest(visitor.id, isRead);
		return { ...authenticated, visitor: { ...visitor, address } };
	}

	/**
	 * Counts an open connection of a visitor until the returned controller aborts, see `abortWith`.
	 * @throws {ChatError} `rate_limited`
	 */
	function openConnection(
		{ request, client }: Exchange,
		visitor: Visitor,
		until?: number,
	): AbortController {
		const connection = connectionLimits.open(client.address);
		try {
			connection.identify(visitor.id);
		} catch (error) {
			connection.release();
			throw error;
		}
		return releaseOnAbort(request, () => connection.release(), until);
	}

	/** Calls `release` as soon as the returned controller aborts. It may have aborted already. */
	function releaseOnAbort(
		request: Request,
		release: () => void,
		until?: number,
	): AbortController {
		const controller = abortWith(request, until);
		controller.signal.addEventListener("abort", release);
		// The client may have left during authentication.
		if (controller.signal.aborted) release();
		return controller;
	}

	/**
	 * Aborts when the client leaves, the server stops or the credential expires. The caller aborts it
	 * when the response is complete.
	 */
	function abortWith(request: Request, until?: number): AbortController {
		const controller = new AbortController();
		const { signal } = controller;
		if (until !== undefined) {
			const cancel = whenExpired(clock, until, () =>
				controller.abort(expired()),
			);
			signal.addEventListener("abort", cancel);
		}
		// Not AbortSignal.any: a signal that lives as long as the server would keep every request alive.
		for (const source of [request.signal, parts.stopped]) {
			if (source.aborted) controller.abort();
			else
				source.addEventListener("abort", () => controller.abort(), { signal });
		}
		return controller;
	}

	return { authenticate, openConnection, releaseOnAbort };
}

/** @throws {ChatError} `unauthorized` if the signal was aborted because the credential expired. */
export function throwIfExpired({ reason }: AbortSignal) {
	if (reason instanceof ChatError) throw reason;
}
