/**
 * The lines by the name of the option that picks one. The session asks; nobody else needs all.
 */
import { autoLine, pinnedLine } from "./auto.ts";
import { websocketLine } from "./websocket.ts";

export const lines = {
	auto: autoLine,
	websocket: websocketLine,
	stream: pinnedLine("stream"),
	poll: pinnedLine("poll"),
} as const;
