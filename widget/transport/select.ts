/**
 * The lines by the name of the option that picks one. The session asks; nobody else needs all.
 */
import { autoLine, pinnedLine } from "./auto.ts";
import type { LineFactory } from "./transport.ts";
import { websocketLine } from "./websocket.ts";

const lines = new Map<string, LineFactory>([
	["websocket", websocketLine],
	["stream", pinnedLine("stream")],
	["poll", pinnedLine("poll")],
]);

/** Whatever else a page has written there is `auto`: a misspelt attribute costs nobody the chat. */
export const lineOf = (name: string): LineFactory =>
	lines.get(name) ?? autoLine;
