/**
 * Reads the chunks of one reply. Provider code may be the site's own, so each fact is checked before
 * it goes into a log that never changes. Every provider's output passes here: thinking is taken out,
 * and an answer without text is a failure. Knows no store.
 */
import * as z from "zod";
import { ChatError } from "../../protocol/errors.ts";
import { schemas } from "../../protocol/schemas.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import type { Chunk } from "../providers/provider.ts";
import { ThinkingFilter } from "./thinking-filter.ts";

export type Facts = Omit<Exclude<Chunk, string>, "text" | "unread">;

/** Counts against budgets: an impossible number would use a budget up, or refill it. */
const tokens = z.number().check(z.gte(0), z.lte(1e9));

const checks = {
	usage: z.object({ input: tokens, output: tokens }),
	reason: z.enum(["complete", "length", "filtered"]),
	sources: z.array(schemas.source),
} as const;

/** What the operator's log receives about a reply that goes on. */
export type Reports = {
	/** A fact is invalid. The reply continues without it. */
	refused(fact: string): void;
	/** A value was not understood: its shape, without text. Called once per reply. */
	unread(shape: string): void;
};

export class ProviderOutput {
	readonly facts: Facts = {};
	readonly #filter = new ThinkingFilter();
	readonly #reports: Reports;
	#hasText = false;
	#unread: string | undefined;

	constructor(reports: Reports) {
		this.#reports = reports;
	}

	/**
	 * Reads one chunk. `text` belongs to the answer; `chars` counts everything that the model wrote.
	 * @throws {TypeError} if the value is not a chunk.
	 */
	read(chunk: unknown): { text: string; chars: number } {
		const written = this.#textOf(chunk);
		const text = this.#filter.read(written);
		this.#hasText ||= text.trim() !== "";
		return { text, chars: written.length };
	}

	/** Returns the text that was held back. */
	end(): string {
		const text = this.#filter.end();
		this.#hasText ||= text.trim() !== "";
		return text;
	}

	/**
	 * Call it after `end`, if the provider ended by itself and continued no other answer.
	 * @throws {ChatError} `provider_failed` if the answer has no text and was not filtered.
	 */
	checkNotEmpty() {
		if (this.#hasText || this.facts.reason === "filtered") return;
		const why = this.#filter.hasThought
			? "The answer ended without any text after the model's thinking."
			: "The answer ended without any text.";
		const left = this.#unread ? ` It had values such as ${this.#unread}.` : "";
		throw new ChatError(
			"provider_failed",
			"The assistant had no answer to that. Please try again or ask in other words.",
			{ cause: new Error(why + left) },
		);
	}

	#textOf(chunk: unknown): string {
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
				Object.assign(this.facts, { [name]: read.data });
			else this.#reports.refused(name);
		}
		const { text = "", unread } = given;
		if (typeof unread === "string" && this.#unread === undefined) {
			this.#unread = unread;
			this.#reports.unread(unread);
		}
		if (typeof text === "string") return text;
		throw new TypeError(
			`Expected a chunk's text to be text; got ${typeof text}.`,
		);
	}
}

const isShort = (fact: unknown): boolean =>
	JSON.stringify(fact).length <= maxFrameBytes;
