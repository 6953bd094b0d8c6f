/**
 * The lines by the name of the option that picks one. The session asks; nobody else needs all.
 */
import { fallbackLine } from "./fallback.ts";
import { pollLine, streamLine } from "./http.ts";
import { websocketLine } from "./websocket.ts";

export const lines = {
	auto: fallbackLine,
	websocket: websocketLine,
	stream: streamLine,
	poll: pollLine,
} as const;
