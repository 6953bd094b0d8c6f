/**
 * Checks the chunks of a provider: its code may be the site's own, and what it reports goes into a
 * log that never changes. Knows no store.
 */
import * as z from "zod";
import { schemas } from "../../protocol/schemas.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import type { Chunk } from "../providers/provider.ts";

export type Facts = Omit<Exclude<Chunk, string>, "text">;

/** Counts against budgets: an impossible number would use a budget up, or refill it. */
const tokens = z.number().check(z.gte(0), z.lte(1e9));

const checks = {
	usage: z.object({ input: tokens, output: tokens }),
	reason: z.enum(["complete", "length", "filtered"]),
	sources: z.array(schemas.source),
} as const;

/**
 * Returns the text of a chunk and copies its facts into `facts`.
 * @param refused Receives the name of each invalid fact. The reply continues without it.
 * @throws {TypeError} if the value is not a chunk.
 */
export function readChunk(
	chunk: unknown,
	facts: Facts,
	refused: (name: string) => void,
): string {
	if (typeof chunk === "string") return chunk;
	if (chunk === null || typeof chunk !== "object")
		throw new TypeError(
			`Expected a chunk to be text or {text, usage, reason, sources}; got ${chunk === null ? "null" : typeof chunk}.`,
		);
	const given = chunk as Record<string, unknown>;
	for (const [name, schema] of Object.entries(checks)) {
		if (given[name] === undefined) continue;
		const read = z.safeParse(schema, given[name]);
		// All facts go into one frame. A frame of several megabytes would not reach the readers.
		if (read.success && isShort(read.data))
			Object.assign(facts, { [name]: read.data });
		else refused(name);
	}
	const { text = "" } = given;
	if (typeof text === "string") return text;
	throw new TypeError(
		`Expected a chunk's text to be text; got ${typeof text}.`,
	);
}

const isShort = (fact: unknown): boolean =>
	JSON.stringify(fact).length <= maxFrameBytes;
