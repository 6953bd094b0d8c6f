/**
 * What a provider may yield, checked: its own code may be the owner's, and what it says of a reply goes
 * into a log that never changes.
 *
 * `reply.ts` reads every chunk through it.
 */
import * as z from "zod";
import { schemas } from "../../protocol/schemas.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import type { Chunk } from "../providers/provider.ts";

export type Facts = Omit<Exclude<Chunk, string>, "text">;

/** It is held against budgets: what no model can have used would empty them, or fill them. */
const tokens = z.number().check(z.gte(0), z.lte(1e9));

const checks = {
	usage: z.object({ input: tokens, output: tokens }),
	reason: z.enum(["complete", "length", "filtered"]),
	sources: z.array(schemas.source),
} as const;

/**
 * The text of a chunk; what else it says goes into `facts`.
 * `refused` is told the name of each fact that is none; the reply goes on without it.
 * @throws {TypeError} for what is no chunk at all.
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
		// All facts go in one frame: with one of megabytes the answer's end would reach nobody.
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
