/**
 * The lines by the name of the option that picks one. The session asks; nobody else needs all.
 */
import { autoTransport, pinnedTransport } from "./auto.ts";
import type { TransportFactory } from "./transport.ts";
import { websocketTransport } from "./websocket.ts";

const lines = new Map<string, TransportFactory>([
	["websocket", websocketTransport],
	["stream", pinnedTransport("stream")],
	["poll", pinnedTransport("poll")],
]);

/** Whatever else a page has written there is `auto`: a misspelt attribute costs nobody the chat. */
export const selectTransport = (name: string): TransportFactory =>
	lines.get(name) ?? autoTransport;
