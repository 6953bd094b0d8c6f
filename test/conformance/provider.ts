/** What every provider must do, sentence by sentence of server/providers/provider.ts. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ProviderOutput } from "../../server/chat/provider-output.ts";
import type {
	Provider,
	ReplyRequest,
} from "../../server/providers/provider.ts";
import { ask, failureOf } from "../support/ask.ts";

/** Stands in whatever the other side says when it fails: no visitor may ever read it. */
export const canary = "sk-canary-4f1d";

export type ProviderCase = {
	provider: Provider;
	/** Two requests whose answers differ, and what the answers are. */
	one: { request: ReplyRequest; text: string };
	other: { request: ReplyRequest; text: string };
	/** A request whose answer begins and does not end by itself. */
	endless: {
		provider?: Provider;
		request: ReplyRequest;
		/** Settles when the other side has seen that nobody listens any more. */
		freed?: () => Promise<unknown>;
	};
	/** A request that fails, with the canary in what the other side says. */
	failing?: ReplyRequest;
	/** A request that the model thinks about: `THOUGHT` by each way it has, then `Hello`. */
	thinking?: ReplyRequest;
	/** A request whose answer ends without a word. */
	empty?: ReplyRequest;
	/** The messages that the other side received last. */
	received?: () => readonly { role: string; content: string }[];
	/** A request whose answer has some text and ends with this finish reason. */
	finishing?: (reason: string) => ReplyRequest;
	close?: () => unknown;
};

/** What the chat service makes of an answer, chunk by chunk. */
async function written(provider: Provider, asked: ReplyRequest) {
	const output = new ProviderOutput({ refused() {}, unread() {} });
	const texts: string[] = [];
	const { signal } = new AbortController();
	for await (const chunk of provider.reply(asked, signal))
		texts.push(output.read(chunk).text);
	texts.push(output.end());
	output.checkNotEmpty();
	return { texts };
}

export function providerConformance(
	name: string,
	open: () => ProviderCase | Promise<ProviderCase>,
) {
	describe(`the ${name} provider`, () => {
		let it: ProviderCase;
		beforeEach(async () => {
			it = await open();
		});
		afterEach(async () => {
			await it.provider.close?.();
			await it.endless.provider?.close?.();
			await it.close?.();
		});

		test("yields the whole text in order, in more than one chunk, and ends", async () => {
			const answer = await ask(it.provider, it.one.request);
			expect(answer.text).toBe(it.one.text);
			expect(answer.pieces.length).toBeGreaterThan(1);
		});

		test("does not mix two replies that are written at once", async () => {
			const answers = await Promise.all([
				ask(it.provider, it.one.request),
				ask(it.provider, it.other.request),
				ask(it.provider, it.one.request),
			]);
			expect(answers.map(({ text }) => text)).toEqual([
				it.one.text,
				it.other.text,
				it.one.text,
			]);
		});

		test("ends at once on an abort, between two chunks or while it waits, and releases the connection", async () => {
			const { provider = it.provider, request, freed } = it.endless;
			const abort = new AbortController();
			const pieces = provider
				.reply(request, abort.signal)
				[Symbol.asyncIterator]();
			expect((await pieces.next()).done).toBe(false);
			const waiting = pieces.next();
			abort.abort();
			// Either way of ending is fine; another piece may have been on its way.
			let next = await waiting.catch(() => undefined);
			while (next && !next.done)
				next = await pieces.next().catch(() => undefined);
			await freed?.();
			expect(next?.done ?? true).toBe(true);
		});

		test("writes nothing when the abort came first", async () => {
			const answer = await ask(
				it.provider,
				it.one.request,
				AbortSignal.abort(),
			).catch(() => ({ text: "" }));
			expect(answer.text).toBe("");
		});

		test("fails with a sentence that holds none of the other side's words", async () => {
			if (!it.failing) return expect(it.failing).toBeUndefined();
			const { error } = await failureOf(it.provider, it.failing);
			expect(error.code).toBe("provider_failed");
			expect(error.message).not.toContain(canary);
			expect(error.message).toMatch(/^[A-Z][^{}<>]*[.]$/);
		});

		test("the other side receives turns that alternate and end with the question", async () => {
			if (!it.received) return expect(it.received).toBeUndefined();
			await ask(it.provider, {
				...it.one.request,
				turns: [
					{ role: "user", content: "failed" },
					{ role: "user", content: "answered" },
					{ role: "assistant", content: "an answer" },
					{ role: "user", content: "stopped" },
					{ role: "assistant", content: " " },
					{ role: "user", content: "the question" },
				],
			});
			const received = it.received();
			expect(received.map(({ role }) => role)).toEqual([
				"user",
				"assistant",
				"user",
			]);
			expect(received[0]?.content).toEndWith("answered");
			expect(received[2]?.content).toEndWith("the question");
		});

		test.each([
			["stop", undefined],
			["END_TURN", undefined],
			["MAX_TOKENS", "length"],
			["Content_Filter", "filtered"],
			["error", "brokenOff"],
			["a word of next year", "brokenOff"],
		])("an answer ended by %s has the outcome %s", async (word, outcome) => {
			const asked = it.finishing?.(word);
			if (!asked) return expect(asked).toBeUndefined();
			if (outcome === "brokenOff") {
				const { error, text, cause } = await failureOf(it.provider, asked);
				expect(text).not.toBe("");
				expect(error.message).toBe("The answer broke off. Please try again.");
				return expect(cause).toContain(word);
			}
			const { text, reason } = await ask(it.provider, asked);
			expect(text).not.toBe("");
			expect(reason as string | undefined).toBe(outcome);
		});

		test("keeps thinking out of the text, and shows that it is alive meanwhile", async () => {
			if (!it.thinking) return expect(it.thinking).toBeUndefined();
			const { texts } = await written(it.provider, it.thinking);
			expect(texts.join("")).toBe("Hello");
			expect(texts[0]).toBe("");
		});

		test("ends an answer without a word as a failure", async () => {
			if (!it.empty) return expect(it.empty).toBeUndefined();
			const ended = written(it.provider, it.empty);
			await expect(ended).rejects.toThrow("had no answer to that");
		});

		test("has a name, and closes twice", async () => {
			expect(it.provider.name).not.toBe("");
			expect(it.provider.name).not.toContain(canary);
			await it.provider.close?.();
			await it.provider.close?.();
		});
	});
}
