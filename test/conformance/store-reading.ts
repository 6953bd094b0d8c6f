/** What every store must do for its readers. Part of test/conformance/store.ts. */
import { describe, expect, test } from "bun:test";
import {
	emptyConversation,
	hashText,
	openReply,
} from "../../protocol/conversation.ts";
import type { Event } from "../../protocol/frames.ts";
import { type Batch, follow } from "../../server/store/follow.ts";
import type { Draft, LogHead } from "../../server/store/store.ts";
import { settle } from "../support/clock.ts";
import {
	end,
	failure,
	feedback,
	fold,
	question,
	readOn,
	reply,
	token,
} from "../support/drafts.ts";
import type { Subject } from "./store-writing.ts";

export function storeReading(subject: Subject) {
	const append = (...drafts: Draft[]) => subject.store.append("c", drafts);
	const picture = () => readOn(subject.store, "c");

	describe("head", () => {
		test("is what a page says, without its events", async () => {
			await append(question("q"), reply("r"), token("a"));
			const page = await subject.store.read("c", 0);
			const { events, ...head } = page ?? { events: [] };
			expect(events).toHaveLength(3);
			expect(await subject.store.head("c")).toEqual(head as LogHead);
		});

		test("of a log that does not exist is undefined", async () => {
			expect(await subject.store.head("d")).toBeUndefined();
			await subject.store.remove("c");
			expect(await subject.store.head("c")).toBeUndefined();
		});
	});

	describe("message", () => {
		const find = (id: string) => subject.store.message("c", id);

		test("is undefined where there is none", async () => {
			expect(await find("q")).toBeUndefined();
			expect(await subject.store.message("d", "q")).toBeUndefined();
			await append(question("q"));
			await subject.store.remove("c");
			expect(await find("q")).toBeUndefined();
		});

		test("names its start and what closed it", async () => {
			const stored = await append(question("q"), reply("r"));
			expect((await find("q"))?.start as Event).toEqual(stored?.[0] as Event);
			expect((await find("r"))?.start as Event).toEqual(stored?.[1] as Event);
			expect((await find("r"))?.close).toBeUndefined();
			const [closed] = (await append(end("r", ""))) ?? [];
			expect((await find("r"))?.close as Event).toEqual(closed as Event);
		});

		test("has the hash of its text so far", async () => {
			await append(question("q"), reply("r"));
			expect((await find("q"))?.hash).toBeUndefined();
			expect((await find("r"))?.hash).toBe(hashText(""));
			await append(token("Bä"));
			await append(token("r"));
			expect((await find("r"))?.hash).toBe(hashText("Bär"));
			await append(end("r", "Bär"), reply("s"), token("x"));
			expect((await find("r"))?.hash).toBe(hashText("Bär"));
			expect((await find("s"))?.hash).toBe(hashText("x"));
		});

		test("leads to the earlier questions and to the replies of a question", async () => {
			await append(question("q1"), reply("a", "q1"), end("a", ""));
			await append(question("q2"), reply("b", "q1"), end("b", ""));
			await append(reply("c", "q2"));
			expect(await find("q1")).toMatchObject({ reply: "b" });
			expect((await find("q1"))?.previous).toBeUndefined();
			expect(await find("q2")).toMatchObject({ reply: "c", previous: "q1" });
			expect(await find("b")).toMatchObject({ previous: "a" });
			expect((await find("a"))?.previous).toBeUndefined();
			expect((await find("c"))?.previous).toBeUndefined();
		});
	});

	describe("text", () => {
		const text = (id: string) => subject.store.text("c", id);

		test("of a question is its content, of a reply its tokens so far", async () => {
			await append(question("q", "Why?"), reply("r"));
			expect(await text("q")).toBe("Why?");
			expect(await text("r")).toBe("");
			await append(token("Be"), token("cau"));
			await append(question("q2"));
			await append(token("se"));
			expect(await text("r")).toBe("Because");
			await append(end("r", "Because"), reply("s"), token("No."));
			await append(feedback("r", "up"), token("1"));
			expect(await text("r")).toBe("Because");
			expect(await text("s")).toBe("No.1");
		});

		test("of a long reply is whole", async () => {
			await append(question("q"), reply("r"));
			let whole = "";
			for (let at = 0; at < 900; at++) {
				const word = `${at} ${"x".repeat(50)} `;
				whole += word;
				await append(token(word));
				if (at % 100 === 0) await append(question(`q${at}`));
			}
			expect(await text("r")).toBe(whole);
			await append(end("r", whole));
			expect(await text("r")).toBe(whole);
		});

		test("is undefined where there is no message", async () => {
			expect(await text("q")).toBeUndefined();
			expect(await subject.store.text("d", "q")).toBeUndefined();
		});
	});

	test("the question that waits is the first without a reply", async () => {
		const waiting = () => subject.store.waiting("c");
		expect(await waiting()).toBeUndefined();
		expect(await subject.store.waiting("d")).toBeUndefined();
		await append(question("q1"), reply("a", "q1"));
		expect(await waiting()).toBeUndefined();
		await append(question("q2"));
		await append(question("q3"));
		expect(await waiting()).toBe("q2");
		await append(end("a", ""), reply("b", "q2"));
		expect(await waiting()).toBe("q3");
		await append(end("b", ""), reply("c", "q3"));
		expect(await waiting()).toBeUndefined();
	});

	describe("read", () => {
		const write = async (tokens: number) => {
			await append(question("q"), reply("r"));
			for (let i = 0; i < tokens; i++) await append(token(`${i} `));
		};

		test("a log that does not exist is undefined", async () => {
			expect(await subject.store.read("d", 0)).toBeUndefined();
		});

		test("a page names the reply that is being made, whatever it holds", async () => {
			await append(question("q"));
			expect((await subject.store.read("c", 0))?.open).toBeUndefined();
			await append(reply("r"));
			expect(await subject.store.read("c", 99)).toMatchObject({ open: "r" });
			await append(end("r", ""));
			expect((await subject.store.read("c", 0))?.open).toBeUndefined();
		});

		test("at the head there is nothing, and the head is returned", async () => {
			await write(3);
			expect(await subject.store.read("c", 5)).toMatchObject({
				head: 5,
				events: [],
			});
			expect(await subject.store.read("c", 99)).toMatchObject({
				head: 5,
				events: [],
			});
		});

		test("touched is the time of the newest event", async () => {
			await write(1);
			subject.clock.sleep(7);
			await append(token("a"));
			subject.clock.sleep(7);
			expect((await subject.store.read("c", 0))?.touched).toBe(
				subject.clock.now() - 7,
			);
		});

		test("from any cursor, however much is closed by now, ends at one conversation", async () => {
			const readers = [emptyConversation];
			const take = async (...drafts: Draft[]) => {
				for (const draft of drafts) {
					expect(await append(draft)).toHaveLength(1);
					const reader = readers.at(-1) ?? emptyConversation;
					readers.push(await readOn(subject.store, "c", reader));
				}
				const whole = await picture();
				for (const reader of readers)
					for (const limit of [undefined, 1, 3])
						expect(await readOn(subject.store, "c", reader, limit)).toEqual(
							whole,
						);
			};
			const tokens = (text: string) => [...text].map(token);
			await take(question("q"), reply("r"), ...tokens("whole"));
			await take(end("r", "whole"), question("p"));
			await take(reply("s", "p"), ...tokens("cut"), feedback("r", "up"));
			await take(...tokens(" in"), question("o"), ...tokens(" three"));
			await take(failure("s", "cut in three"), reply("t", "o"));
			await take(token(""), ...tokens("open"));
		});

		test("a limit cuts a page, and at least one event comes", async () => {
			for (let i = 0; i < 10; i++) await append(question(`q${i}`));
			const page = await subject.store.read("c", 2, 3);
			expect(page?.events.map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
			expect(page?.head).toBe(10);
			expect((await subject.store.read("c", 2, 0))?.events).toHaveLength(1);
		});

		test("a limit cuts a page of long events at about 256 KiB, too, and no page without a limit", async () => {
			await append(reply("r"));
			const piece = "x".repeat(16_000);
			for (let i = 0; i < 40; i++) await append(token(piece));
			const text = piece.repeat(40);
			for (const close of [undefined, end("r", text)]) {
				if (close) await append(close);
				const page = await subject.store.read("c", 0, 256);
				const chars = JSON.stringify(page?.events).length;
				expect(chars).toBeGreaterThan(200_000);
				expect(chars).toBeLessThan(300_000);
				const whole = await readOn(subject.store, "c", undefined, 256);
				expect(whole.messages[0]).toMatchObject({ text });
				const all = await subject.store.read("c", 0);
				expect(all?.events.at(-1)?.sequence).toBe(all?.head as number);
			}
		});

		test("a long reply reads back whole, in tokens that fit a frame", async () => {
			await append(reply("r"));
			let text = "";
			for (let i = 0; i < 40; i++) {
				const pieces = Array.from({ length: 50 }, (_, n) => `${i}:${n} piece `);
				text += pieces.join("");
				await append(...pieces.map(token));
			}
			expect(openReply(await picture())?.text).toBe(text);
			await append(end("r", text));
			const events = (await subject.store.read("c", 0))?.events ?? [];
			expect(fold(events).messages[0]?.text).toBe(text);
			for (const event of events)
				if (event.type === "token")
					expect(event.content.length).toBeLessThan(20_000);
		});

		test("any text comes back as it was", async () => {
			const texts = ["\0", "a\0b", "\ud83d", "\ude00", '"\\\n\u2028', "", "🦊"];
			await append(question("q", texts.join("|")), reply("r"));
			for (const text of texts) await append(token(text));
			const expected = { messages: [{ text: texts.join("|") }, {}] };
			expect(await picture()).toMatchObject(expected);
			expect(openReply(await picture())?.text).toBe(texts.join(""));
			await append(end("r", texts.join("")));
			expect((await picture()).messages[1]?.text).toBe(texts.join(""));
		});
	});

	describe("watch", () => {
		test("hints after an append, when its events can be read", async () => {
			const seen: Promise<unknown>[] = [];
			subject.store.watch("c", () => seen.push(subject.store.read("c", 0)));
			await append(question("q"));
			await settle();
			expect(seen.length).toBeGreaterThan(0);
			expect(await seen[0]).toMatchObject({ head: 1 });
		});

		test("hints every watcher of this conversation, and no other", async () => {
			await subject.store.create("d", "ann");
			const hints = { first: 0, second: 0, other: 0 };
			subject.store.watch("c", () => hints.first++);
			subject.store.watch("c", () => hints.second++);
			subject.store.watch("d", () => hints.other++);
			await append(question("q"));
			await settle();
			expect(hints).toEqual({ first: 1, second: 1, other: 0 });
		});

		test("nothing is hinted when nothing was stored", async () => {
			let hints = 0;
			subject.store.watch("c", () => hints++);
			await append(token("refused"));
			await settle();
			expect(hints).toBe(0);
		});

		test("ends, twice if you like, and ends no other watch", async () => {
			let hints = 0;
			const hint = () => hints++;
			const unwatch = subject.store.watch("c", hint);
			subject.store.watch("c", hint);
			unwatch();
			unwatch();
			await append(question("q"));
			await settle();
			expect(hints).toBe(1);
		});

		test("of a log that does not exist yet is fine", async () => {
			let hints = 0;
			const unwatch = subject.store.watch("d", () => hints++);
			await subject.store.create("d", "ann");
			await subject.store.append("d", [question("q")]);
			await settle();
			expect(hints).toBeGreaterThan(0);
			unwatch();
		});
	});

	describe("follow", () => {
		/** Reads as fast as it can into `batches`. */
		const reading = (after: number) => {
			const abort = new AbortController();
			const batches: Batch[] = [];
			const { signal } = abort;
			const { store, clock } = subject;
			const done = (async () => {
				for await (const batch of follow(store, "c", after, {
					signal,
					clock,
				}))
					batches.push(batch);
			})();
			return { abort, batches, done };
		};

		test("reads what is there, then what comes, and ends on abort", async () => {
			await append(question("q"), reply("r"));
			const { abort, batches, done } = reading(1);
			await settle();
			await append(token("a"));
			await settle();
			expect(batches.map(({ events }) => events.length)).toEqual([1, 1]);
			expect(batches.at(-1)).toMatchObject({ head: 3 });
			abort.abort();
			await done;
			expect(subject.clock.pending).toBe(0);
		});
	});
}
