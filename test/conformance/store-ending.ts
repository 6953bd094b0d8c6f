/** What every store must do when logs are listed and removed. Part of test/conformance/store.ts. */
import { describe, expect, test } from "bun:test";
import type { Draft } from "../../server/store/store.ts";
import { settle } from "../support/clock.ts";
import { end, question, readOn, reply, token } from "../support/drafts.ts";
import type { Subject } from "./store-writing.ts";

export function storeEnding(subject: Subject) {
	const append = (...drafts: Draft[]) => subject.store.append("c", drafts);
	const listed = async (owner?: string) => {
		const entries = await subject.store.list({
			limit: 100,
			...(owner && { owner }),
		});
		return entries.map(({ conversation }) => conversation);
	};

	describe("list", () => {
		test("names all, or one owner's, in the order of creation", async () => {
			for (const [id, owner] of [
				["z", "ann"],
				["b", "bob"],
				["a", "ann"],
			] as const)
				await subject.store.create(id, owner);
			expect(await listed()).toEqual(["c", "z", "b", "a"]);
			expect(await listed("ann")).toEqual(["c", "z", "a"]);
			expect(await listed("bob")).toEqual(["b"]);
			expect(await listed("eve")).toEqual([]);
		});

		test("says where each stands", async () => {
			await append(question("q"), reply("r"));
			subject.clock.sleep(5);
			await append(token("a"));
			const [entry] = await subject.store.list({ limit: 1 });
			expect(entry).toEqual({
				conversation: "c",
				owner: "ann",
				head: 3,
				touched: subject.clock.now(),
				place: expect.any(Number),
			});
		});

		test("continues after the last place, though that one was removed meanwhile", async () => {
			for (const id of ["d", "e", "f"]) await subject.store.create(id, "ann");
			const first = await subject.store.list({ owner: "ann", limit: 2 });
			const after = first.at(-1)?.place as number;
			await subject.store.remove("d");
			const rest = await subject.store.list({ owner: "ann", after, limit: 9 });
			expect(rest.map(({ conversation }) => conversation)).toEqual(["e", "f"]);
			const all = await subject.store.list({ after, limit: 1 });
			expect(all.map(({ conversation }) => conversation)).toEqual(["e"]);
		});
	});

	describe("newest", () => {
		const newest = async (owner: string) =>
			(await subject.store.newest(owner))?.conversation;

		test("is the visitor's conversation with the newest event", async () => {
			subject.clock.sleep(5);
			await subject.store.create("d", "ann");
			subject.clock.sleep(5);
			await subject.store.create("e", "bob");
			expect(await newest("ann")).toBe("d");
			expect(await newest("bob")).toBe("e");
			expect(await newest("eve")).toBeUndefined();
			subject.clock.sleep(5);
			await append(question("q"), reply("r"));
			expect(await subject.store.newest("ann")).toEqual({
				conversation: "c",
				owner: "ann",
				head: 2,
				touched: subject.clock.now(),
				place: expect.any(Number),
			});
		});

		test("is the later one of two from the same moment", async () => {
			await subject.store.create("b", "ann");
			await subject.store.create("a", "ann");
			expect(await newest("ann")).toBe("a");
		});

		test("counts the tokens of an open reply", async () => {
			await append(question("q"), reply("r"));
			subject.clock.sleep(5);
			await subject.store.create("d", "ann");
			subject.clock.sleep(5);
			await append(token("a"));
			expect(await newest("ann")).toBe("c");
		});

		test("is another one when that was removed, or none", async () => {
			subject.clock.sleep(5);
			await subject.store.create("d", "ann");
			await subject.store.remove("d");
			expect(await newest("ann")).toBe("c");
			await subject.store.remove("c");
			expect(await newest("ann")).toBeUndefined();
		});
	});

	describe("quiet", () => {
		test("are those without an event for the given time", async () => {
			await subject.store.create("d", "ann");
			await append(question("q"), reply("r"));
			subject.clock.sleep(500);
			// A token of an open reply is news, too.
			await append(token("a"));
			subject.clock.sleep(500);
			expect(await subject.store.quiet(1_001, 9)).toEqual([]);
			expect(await subject.store.quiet(1_000, 9)).toEqual(["d"]);
			const both = await subject.store.quiet(500, 9);
			expect(both.toSorted()).toEqual(["c", "d"]);
			expect(await subject.store.quiet(500, 1)).toHaveLength(1);
		});
	});

	describe("remove", () => {
		test("leaves nothing to read, to append to, or to list", async () => {
			await subject.store.append("c", [question("q"), reply("r")], {
				context: { url: "/boots" },
			});
			await append(token("a"), end("r", "a"));
			expect(await subject.store.remove("c")).toBe(true);
			expect(await subject.store.read("c", 0)).toBeUndefined();
			expect(await subject.store.read("c", 4)).toBeUndefined();
			expect(await append(question("p"))).toBeUndefined();
			expect(await append()).toBeUndefined();
			expect(await subject.store.context("c", "q")).toBeUndefined();
			expect(await listed()).toEqual([]);
		});

		test("of what is not there is false", async () => {
			expect(await subject.store.remove("none")).toBe(false);
			const both = [subject.store.remove("c"), subject.store.remove("c")];
			expect((await Promise.all(both)).toSorted()).toEqual([false, true]);
			expect(await subject.store.remove("c")).toBe(false);
		});

		test("does nothing when its guard does not hold", async () => {
			await append(question("q"));
			subject.clock.sleep(999);
			expect(await subject.store.remove("c", { silentMs: 1_000 })).toBe(false);
			expect(await listed()).toEqual(["c"]);
			subject.clock.sleep(1);
			expect(await subject.store.remove("c", { silentMs: 1_000 })).toBe(true);
		});

		test("ends an open reply: its next token is rejected, nothing is unfinished", async () => {
			await append(question("q"), reply("r"), token("a"));
			const at = [append(token("b")), subject.store.remove("c")] as const;
			const late = append(token("c"));
			expect(await at[0]).toHaveLength(1);
			expect(await at[1]).toBe(true);
			expect(await late).toBeUndefined();
			expect(await append(token("d"), end("r", "abd"))).toBeUndefined();
			expect(await subject.store.unfinished()).toEqual([]);
		});

		test("tells the watchers of this conversation, when it is gone", async () => {
			await subject.store.create("d", "ann");
			const seen: unknown[] = [];
			const unwatch = subject.store.watch("c", async () =>
				seen.push(await subject.store.read("c", 0)),
			);
			const other = subject.store.watch("d", () => seen.push("wrong"));
			await subject.store.remove("c");
			await settle();
			expect(seen.length).toBeGreaterThan(0);
			expect(new Set(seen)).toEqual(new Set([undefined]));
			unwatch();
			other();
		});

		test("leaves the others as they are", async () => {
			await subject.store.create("d", "ann");
			const drafts = [question("q"), reply("r"), token("kept")];
			await subject.store.append("d", drafts, { context: { n: 1 } });
			const before = await subject.store.read("d", 0);
			await append(question("q"), reply("r"), token("a"));
			await subject.store.remove("c");
			await settle(20);
			expect(await readOn(subject.store, "d")).toMatchObject({ last: 3 });
			expect(await subject.store.read("d", 0)).toEqual(before);
			expect(await subject.store.context("d", "q")).toEqual({ n: 1 });
			const more = [token("!"), end("r", "kept!")];
			expect(await subject.store.append("d", more)).toHaveLength(2);
		});

		test("makes room for another log under the same id", async () => {
			await append(question("q"), reply("r"), token("old"));
			const old = await subject.store.read("c", 0);
			// All in one turn, and once more when what was removed is erased.
			const made = [
				subject.store.remove("c"),
				subject.store.create("c", "bob"),
				append(question("q"), reply("r"), token("new")),
			] as const;
			expect((await made[1]).epoch).not.toBe(old?.epoch as string);
			expect(await made[2]).toHaveLength(3);
			await settle(20);
			const { messages, last } = await readOn(subject.store, "c");
			expect(last).toBe(3);
			expect(messages.map(({ text }) => text)).toEqual(["How?", "new"]);
			expect(await listed("ann")).toEqual([]);
			expect(await listed("bob")).toEqual(["c"]);
		});
	});
}
