/** What every store must do when it is written to. Part of test/conformance/store.ts. */
import { beforeEach, describe, expect, test } from "bun:test";
import { openReply } from "../../protocol/conversation.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import type { Draft, Store } from "../../server/store/store.ts";
import { type ManualClock, settle } from "../support/clock.ts";
import {
	end,
	failure,
	feedback,
	question,
	readOn,
	reply,
	token,
} from "../support/drafts.ts";

/** Created for every test, with an empty log "c" of Ann's. */
export type Subject = { store: Store; clock: ManualClock };

export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
	work.then(
		() => "no error",
		(error) => (error instanceof ChatError ? error.code : error),
	);

export function storeWriting(subject: Subject) {
	const append = (...drafts: Draft[]) => subject.store.append("c", drafts);
	const picture = () => readOn(subject.store, "c");
	const head = async () => (await subject.store.read("c", 0))?.head;

	describe("create", () => {
		test("a new log is empty and has its owner", async () => {
			const page = await subject.store.create("d", "bob");
			expect(page).toEqual({
				epoch: page.epoch,
				owner: "bob",
				head: 0,
				touched: subject.clock.now(),
			});
			expect(await subject.store.read("d", 0)).toEqual({ ...page, events: [] });
		});

		test("every log has an epoch of its own", async () => {
			const { epoch } = await subject.store.create("d", "ann");
			expect(epoch).not.toBe("");
			expect((await subject.store.read("c", 0))?.epoch).not.toBe(epoch);
		});

		test("a log that exists is a conflict and stays as it is", async () => {
			await append(question("q"));
			expect(await codeOf(subject.store.create("c", "eve"))).toBe("conflict");
			expect(await subject.store.read("c", 0)).toMatchObject({
				owner: "ann",
				head: 1,
			});
		});

		test("of two that create one log at once, one gets it", async () => {
			const outcomes = await Promise.all(
				["ann", "bob"].map((owner) => codeOf(subject.store.create("d", owner))),
			);
			expect(outcomes.toSorted()).toEqual(["conflict", "no error"]);
		});
	});

	describe("append", () => {
		test("numbers events from 1 on without a gap", async () => {
			const first = await append(question("q"), reply("r"));
			expect(first).toEqual([
				{ ...question("q"), sequence: 1 },
				{ ...reply("r"), sequence: 2 },
			] as LogEvent[]);
			const second = await append(token("Open"), end("r", "Open"));
			expect(second).toEqual([
				{ type: "token", content: "Open", sequence: 3 },
				{ ...end("r", "Open"), sequence: 4 },
			] as LogEvent[]);
			expect((await subject.store.read("c", 0))?.events).toEqual([
				...(first as LogEvent[]),
				...(second as LogEvent[]),
			]);
		});

		test("to a log that does not exist stores nothing", async () => {
			expect(await subject.store.append("d", [question("q")])).toBeUndefined();
			expect(await subject.store.read("d", 0)).toBeUndefined();
		});

		test("of nothing changes nothing", async () => {
			subject.clock.sleep(5);
			expect(await append()).toEqual([]);
			expect(await subject.store.read("c", 0)).toMatchObject({
				head: 0,
				touched: subject.clock.now() - 5,
			});
		});

		test("a repeated send is stored once", async () => {
			await append(question("q"));
			expect(await append(question("q"))).toBeUndefined();
			expect(await append(question("q", "What else?"))).toBeUndefined();
			expect(await append(question("p"), question("p"))).toBeUndefined();
			expect(await head()).toBe(1);
		});

		test("of many that send one message at once, one stores it", async () => {
			const outcomes = await Promise.all(
				Array.from({ length: 20 }, () => append(question("q"))),
			);
			expect(outcomes.filter(Boolean)).toHaveLength(1);
			expect(await head()).toBe(1);
		});

		test("one message id may stand in two logs", async () => {
			await subject.store.create("d", "ann");
			await append(question("q"));
			expect(await subject.store.append("d", [question("q")])).toHaveLength(1);
		});

		test("a closed message does not start again", async () => {
			await append(reply("r"), end("r", ""));
			expect(await append(reply("r"))).toBeUndefined();
			expect(await append(question("r"))).toBeUndefined();
		});

		test("at most one reply is open", async () => {
			await append(reply("r"));
			expect(await append(reply("s"))).toBeUndefined();
			expect(await append(reply("s"), end("r", ""))).toBeUndefined();
			expect(await append(question("q"))).toHaveLength(1);
		});

		test("a close earlier in the same append makes room for the next reply", async () => {
			await append(reply("r"), token("a"));
			expect(
				await append(token("b"), end("r", "ab"), reply("s"), token("c")),
			).toHaveLength(4);
			const { messages } = await picture();
			expect(messages.map(({ text }) => text)).toEqual(["ab", "c"]);
		});

		test("a token needs an open reply", async () => {
			expect(await append(token("a"))).toBeUndefined();
			await append(question("q"));
			expect(await append(token("a"))).toBeUndefined();
			await append(reply("r"), end("r", ""));
			expect(await append(token("a"))).toBeUndefined();
			expect(await append(reply("s"), end("s", ""), token("a"))).toBe(
				undefined,
			);
			expect(await head()).toBe(3);
		});

		test("the first close wins", async () => {
			await append(reply("r"), token("a"));
			const closes = await Promise.all([
				append(end("r", "a", "stopped")),
				append(end("r", "a")),
				append(failure("r", "a")),
			]);
			expect(closes.map(Boolean)).toEqual([true, false, false]);
			expect((await picture()).messages).toMatchObject([
				{ text: "a", close: { by: "end", reason: "stopped" } },
			]);
		});

		test("only the open reply can be closed", async () => {
			await append(question("q"), reply("r"), end("r", ""), reply("s"));
			for (const message of ["q", "r", "none"]) {
				expect(await append(end(message, ""))).toBeUndefined();
				expect(await append(failure(message, ""))).toBeUndefined();
			}
			expect(await append(failure("s", ""))).toHaveLength(1);
		});

		test("feedback is for replies, open or closed", async () => {
			await append(question("q"));
			expect(await append(feedback("q", "up"))).toBeUndefined();
			expect(await append(feedback("none", "up"))).toBeUndefined();
			expect(await append(reply("r"), feedback("r", "up"))).toHaveLength(2);
			expect(await append(end("r", ""))).toHaveLength(1);
			expect(await append(feedback("r", "down"))).toHaveLength(1);
			expect((await picture()).messages[1]).toMatchObject({
				feedback: "down",
			});
		});

		test("is all or nothing", async () => {
			await append(question("q"), reply("r"));
			const before = await subject.store.read("c", 0);
			subject.clock.sleep(1);
			const drafts = [token("a"), end("r", "a"), question("q2")];
			expect(await append(...drafts, question("q"))).toBeUndefined();
			expect(await subject.store.read("c", 0)).toEqual(before);
			expect(await append(...drafts)).toHaveLength(3);
		});

		test("one that is no JSON fails alone", async () => {
			await append(reply("r"));
			const outcomes = await Promise.allSettled([
				append(token("a")),
				subject.store.append("c", [question("q")], { context: { n: 1n } }),
				append(token("b")),
			]);
			expect(outcomes.map(({ status }) => status)).toEqual([
				"fulfilled",
				"rejected",
				"fulfilled",
			]);
			expect(await picture()).toMatchObject({
				last: 3,
				messages: [{ text: "ab" }],
			});
		});

		test("many writers at once leave no gap, and each gets its own numbers", async () => {
			await append(reply("r"));
			const writers = Array.from({ length: 10 }, async (_, writer) => {
				const told: LogEvent[] = [];
				for (let i = 0; i < 20; i++) {
					const stored = await append(token(`${writer}.${i} `));
					told.push(...(stored as LogEvent[]));
					if (i % 3 === writer % 3) await settle(1);
				}
				return told;
			});
			const told = (await Promise.all(writers))
				.flat()
				.toSorted((a, b) => a.sequence - b.sequence);
			expect(told.map(({ sequence }) => sequence)).toEqual(
				Array.from({ length: 200 }, (_, i) => i + 2),
			);
			const text = told.map((e) => e.type === "token" && e.content).join("");
			expect(openReply(await picture())?.text).toBe(text);
		});

		test("what resolved can be read, and what has not cannot", async () => {
			const appending = append(question("q"), reply("r"));
			const early = await subject.store.read("c", 0);
			const stored = await appending;
			expect([0, 2]).toContain(early?.head as number);
			expect(early?.events).toHaveLength(early?.head as number);
			expect((await subject.store.read("c", 0))?.events).toEqual(stored);
		});
	});

	describe("a guard", () => {
		const appendTo = (options: Parameters<Store["append"]>[2]) =>
			subject.store.append("c", [token("x")], options);
		beforeEach(() => append(question("q"), reply("r")));

		test("head: nothing was appended since", async () => {
			expect(await appendTo({ head: 1 })).toBeUndefined();
			expect(await appendTo({ head: 3 })).toBeUndefined();
			expect(await appendTo({ head: 2 })).toHaveLength(1);
			expect(await appendTo({ head: 2 })).toBeUndefined();
		});

		test("head lets one of two at once through", async () => {
			const both = [appendTo({ head: 2 }), appendTo({ head: 2 })];
			expect((await Promise.all(both)).filter(Boolean)).toHaveLength(1);
		});

		test("open: this reply is open", async () => {
			expect(await appendTo({ open: "q" })).toBeUndefined();
			expect(await appendTo({ open: "r" })).toHaveLength(1);
			await append(end("r", "x"), reply("s"));
			expect(await appendTo({ open: "r" })).toBeUndefined();
			expect(await appendTo({ open: "s" })).toHaveLength(1);
		});

		test("silentMs: nothing was appended for this time", async () => {
			subject.clock.sleep(999);
			expect(await appendTo({ silentMs: 1_000 })).toBeUndefined();
			subject.clock.sleep(1);
			expect(await appendTo({ silentMs: 1_000 })).toHaveLength(1);
			expect(await appendTo({ silentMs: 1_000 })).toBeUndefined();
		});

		test("all that are named must hold", async () => {
			subject.clock.sleep(1_000);
			const holds = { head: 2, open: "r", silentMs: 1_000 };
			expect(await appendTo({ ...holds, head: 1 })).toBeUndefined();
			expect(await appendTo({ ...holds, open: "s" })).toBeUndefined();
			expect(await appendTo({ ...holds, silentMs: 1_001 })).toBeUndefined();
			expect(await appendTo(holds)).toHaveLength(1);
		});
	});
}
