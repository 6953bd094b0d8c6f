/**
 * What every store must do, sentence by sentence of server/store/store.ts. Called once an engine.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Draft, Store } from "../../server/store/store.ts";
import { manualClock } from "../support/clock.ts";
import { end, question, reply, token } from "../support/drafts.ts";
import { storeEnding } from "./store-ending.ts";
import { storeReading } from "./store-reading.ts";
import { codeOf, type Subject, storeWriting } from "./store-writing.ts";

type Open = (options: { now: () => number }) => Store | Promise<Store>;

export function storeConformance(name: string, open: Open) {
	describe(`the ${name} store`, () => {
		const subject = {} as Subject;
		beforeEach(async () => {
			subject.clock = manualClock();
			subject.store = await open(subject.clock);
			await subject.store.create("c", "ann");
		});
		afterEach(() => subject.store.close());
		const append = (...drafts: Draft[]) => subject.store.append("c", drafts);

		storeWriting(subject);
		storeReading(subject);
		storeEnding(subject);

		describe("context", () => {
			const context = {
				url: "https://shop.example/boots",
				deep: { n: [1, null] },
			};

			test("is kept beside the user's message that begins with it", async () => {
				await subject.store.append("c", [question("q"), reply("r")], {
					context,
				});
				expect(await subject.store.context("c", "q")).toEqual(context);
				expect(await subject.store.context("c", "r")).toBeUndefined();
				expect(JSON.stringify(await subject.store.read("c", 0))).not.toContain(
					"boots",
				);
			});

			test("is undefined for messages that have none, or are none", async () => {
				await append(question("q"));
				expect(await subject.store.context("c", "q")).toBeUndefined();
				expect(await subject.store.context("c", "none")).toBeUndefined();
				expect(await subject.store.context("none", "q")).toBeUndefined();
			});

			test("of a rejected append is not stored", async () => {
				await append(question("q"));
				await subject.store.append("c", [question("q")], { context });
				expect(await subject.store.context("c", "q")).toBeUndefined();
			});
		});

		test("unfinished are the conversations with an open reply", async () => {
			for (const id of ["d", "e"]) await subject.store.create(id, "ann");
			expect(await subject.store.unfinished()).toEqual([]);
			await append(question("q"), reply("r"), token("a"));
			await subject.store.append("d", [question("q")]);
			await subject.store.append("e", [reply("r")]);
			expect((await subject.store.unfinished()).toSorted()).toEqual(["c", "e"]);
			await append(end("r", "a"));
			expect(await subject.store.unfinished()).toEqual(["e"]);
			await subject.store.append("e", [end("r", ""), reply("s")]);
			expect(await subject.store.unfinished()).toEqual(["e"]);
		});

		test("a setting is made once and stays", async () => {
			let made = 0;
			const make = () => `value ${++made}`;
			const both = [
				subject.store.setting("secret", make),
				subject.store.setting("secret", make),
			];
			expect(await Promise.all(both)).toEqual(["value 1", "value 1"]);
			expect(await subject.store.setting("secret", make)).toBe("value 1");
			expect(await subject.store.setting("other", make)).toBe("value 2");
			expect(made).toBe(2);
		});

		test("what is kept under a name is what was put there last", async () => {
			const make = () => "made";
			await subject.store.keep("spent", "1");
			expect(await subject.store.setting("spent", make)).toBe("1");
			await subject.store.keep("spent", "2");
			await subject.store.keep("secret", "3");
			expect(await subject.store.setting("spent", make)).toBe("2");
		});

		describe("close", () => {
			test("finishes what is under way", async () => {
				const appending = append(question("q"));
				await subject.store.close();
				expect(await appending).toHaveLength(1);
			});

			test("twice is fine, at once and later", async () => {
				await Promise.all([subject.store.close(), subject.store.close()]);
				await subject.store.close();
			});

			test("afterwards everything is unavailable", async () => {
				await subject.store.close();
				for (const work of [
					subject.store.create("d", "ann"),
					append(question("q")),
					subject.store.read("c", 0),
					subject.store.head("c"),
					subject.store.message("c", "q"),
					subject.store.text("c", "q"),
					subject.store.waiting("c"),
					subject.store.context("c", "q"),
					subject.store.unfinished(),
					subject.store.list({ limit: 1 }),
					subject.store.quiet(1, 1),
					subject.store.remove("c"),
					subject.store.setting("secret", () => "x"),
					subject.store.keep("secret", "x"),
				])
					expect(await codeOf(work)).toBe("unavailable");
				subject.store.watch("c", () => {})();
			});
		});
	});
}
