/**
 * The transports by the value of the option `transport`.
 */
import { autoTransport, pinnedTransport } from "./auto.ts";
import type { TransportFactory } from "./transport.ts";
import { websocketTransport } from "./websocket.ts";

const transports = new Map<string, TransportFactory>([
	["websocket", websocketTransport],
	["stream", pinnedTransport("stream")],
	["poll", pinnedTransport("poll")],
]);

/** Any other value is `auto`: a misspelt attribute must not break the chat. */
export const selectTransport = (name: string): TransportFactory =>
	transports.get(name) ?? autoTransport;
