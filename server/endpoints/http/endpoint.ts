/**
 * What an HTTP endpoint is, and the parts that all of them share.
 *
 * A contract: it holds no behaviour and knows no endpoint.
 */
import type { Server } from "bun";
import type { Clock } from "../../../protocol/clock.ts";
import type { Client } from "../../auth/client-address.ts";
import type { Origins } from "../../auth/origins.ts";
import type { Authentication } from "../../auth/visitor-tokens.ts";
import type { Chat } from "../../chat/chat.ts";
import type { VisitorData } from "../../chat/visitor-data.ts";
import type { ConnectionLimits } from "../../limits/connections.ts";
import type { Counts } from "../../operations/counters.ts";
import type { Logger } from "../../operations/logger.ts";

export type HttpParts = {
	chat: Chat;
	authentication: Authentication;
	origins: Origins;
	connectionLimits: ConnectionLimits;
	visitorData: VisitorData;
	clock: Clock;
	logger: Logger;
	counts?: Counts | undefined;
	settings: { heartbeatMs: number; base: string };
	/** Aborts when the server stops. Waiting readers are released and reconnect. */
	stopped: AbortSignal;
};

/** An idle keep-alive connection is closed after this long, s. Bun's own default. */
export const idleTimeoutS = 10;

export type HttpServer = Pick<Server<unknown>, "timeout">;

/** One request, and who sent it. */
export type Exchange = {
	request: Request;
	url: URL;
	server: HttpServer;
	client: Client;
};

export type Endpoint = {
	methods: readonly string[];
	/** @throws {ChatError} anything that the router turns into an error response. */
	respond(exchange: Exchange): Promise<Response>;
};
