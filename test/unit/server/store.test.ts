import { Database } from "bun:sqlite";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openReply } from "../../../protocol/conversation.ts";
import { ChatError } from "../../../protocol/errors.ts";
import type { LogEvent } from "../../../protocol/frames.ts";
import {
	type Batch,
	follow,
	mergeTokens,
} from "../../../server/store/follow.ts";
import { memoryStore } from "../../../server/store/memory.ts";
import { openStore } from "../../../server/store/open.ts";
import { sqliteStore } from "../../../server/store/sqlite.ts";
import type { Store } from "../../../server/store/store.ts";
import { storeConformance } from "../../conformance/store.ts";
import { manualClock, settle } from "../../support/clock.ts";
import { end, question, readOn, reply, token } from "../../support/drafts.ts";

const folder = mkdtempSync(join(tmpdir(), "chat-store-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);
const errorOf = (work: () => unknown): string => {
	try {
		work();
		return "no error";
	} catch (error) {
		return (error as Error).message;
	}
};

storeConformance("memory", memoryStore);
storeConformance("sqlite", (options) => sqliteStore(newFile(), options));

describe("the sqlite file", () => {
	const clock = manualClock();
	const open = (file: string) => sqliteStore(file, { ...clock, busyMs: 0 });

	test("keeps everything from one opening to the next", async () => {
		const file = newFile();
		let store = open(file);
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r")], {
			context: { url: "/boots" },
		});
		for (const piece of ["Open", " the", " lid"])
			await store.append("c", [token(piece)]);
		const secret = await store.setting("secret", () => "made once");
		const before = await store.read("c", 0);
		const picture = await readOn(store, "c");
		await store.close();

		clock.sleep(60_000);
		store = open(file);
		expect(await store.unfinished()).toEqual(["c"]);
		expect(await store.read("c", 0)).toEqual(before);
		expect(await store.context("c", "q")).toEqual({ url: "/boots" });
		expect(await store.setting("secret", () => "made anew")).toBe(secret);
		expect(await store.append("c", [question("q")])).toBeUndefined();
		expect(
			await store.append("c", [token("!"), end("r", "Open the lid!")], {
				head: 5,
				open: "r",
				silentMs: 60_000,
			}),
		).toHaveLength(2);
		expect((await readOn(store, "c", picture)).messages[1]).toMatchObject({
			text: "Open the lid!",
			close: { reason: "complete" },
		});
		await store.close();
	});

	test("is one file when closed", async () => {
		const file = newFile();
		const store = open(file);
		await store.create("c", "ann");
		await store.close();
		expect(existsSync(file)).toBe(true);
		expect(existsSync(`${file}-wal`)).toBe(false);
	});

	test("is made together with its folder", async () => {
		const file = join(folder, "not", "yet", "chat.db");
		await open(file).close();
		expect(existsSync(file)).toBe(true);
	});

	test("in use by another process is said so, and is free again after", async () => {
		const file = newFile();
		const store = open(file);
		expect(errorOf(() => open(file))).toBe(
			`The store file ${file} is in use by another process. Stop that process, or set CHAT_STORE to another file.`,
		);
		await store.close();
		await open(file).close();
	});

	test("that cannot be written is named, with what to do", () => {
		const notAFolder = newFile();
		writeFileSync(notAFolder, "");
		const isAFolder = newFile();
		mkdirSync(isAFolder);
		for (const file of [join(notAFolder, "chat.db"), isAFolder]) {
			const message = errorOf(() => open(file));
			expect(message).toStartWith(`Cannot write the store file ${file}. Let`);
		}
	});

	test("that is no database is left alone", async () => {
		const file = newFile();
		writeFileSync(file, "Dear diary, ".repeat(1_000));
		expect(errorOf(() => open(file))).toContain("no intact SQLite database");
		expect(await Bun.file(file).text()).toStartWith("Dear diary, Dear");
	});

	test("of a newer version is refused", async () => {
		const file = newFile();
		await open(file).close();
		const db = new Database(file);
		db.run("PRAGMA user_version = 99");
		db.close();
		expect(errorOf(() => open(file))).toContain("got 99. Start the newer");
	});

	test("finds unfinished conversations by an index", async () => {
		const file = newFile();
		await open(file).close();
		const db = new Database(file);
		const plan = db
			.query(
				"EXPLAIN QUERY PLAN SELECT id FROM conversations WHERE open IS NOT NULL",
			)
			.all();
		db.close();
		expect(JSON.stringify(plan)).toContain("USING INDEX unfinished");
	});
});

describe("a transaction that fails", () => {
	/** A store whose engine fails, as on a full disk, on whatever contains "poison". */
	async function fragileStore(): Promise<Store> {
		const file = newFile();
		await sqliteStore(file, manualClock()).close();
		const db = new Database(file);
		for (const [table, column] of [
			["journal", "tokens"],
			["events", "data"],
			["conversations", "id"],
		])
			db.run(`CREATE TRIGGER poison_${table} BEFORE INSERT ON ${table}
				WHEN NEW.${column} LIKE '%poison%'
				BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END`);
		db.close();
		return sqliteStore(file, manualClock());
	}
	const outcomes = async (...work: Promise<unknown>[]) =>
		(await Promise.allSettled(work)).map((outcome) =>
			outcome.status === "fulfilled"
				? "stored"
				: outcome.reason instanceof ChatError && outcome.reason.code,
		);

	test("stores nothing, says unavailable, and the next one goes on as if nothing had been", async () => {
		const store = await fragileStore();
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r"), token("a")]);
		await store.append("c", [token("b")]);
		const before = await store.read("c", 0);
		let hints = 0;
		store.watch("c", () => hints++);

		const failed = await outcomes(
			store.append("c", [token("c")]),
			store.append("c", [token("poison")]),
			store.append("c", [end("r", "abcpoison"), reply("s"), token("x")]),
			store.create("d", "ann"),
			store.append("d", [question("q")]),
		);
		expect(failed).toEqual(Array(5).fill("unavailable"));
		expect(hints).toBe(0);
		expect(await store.read("c", 0)).toEqual(before);
		expect(await store.read("d", 0)).toBeUndefined();
		expect(await outcomes(store.append("c", [question("poison")]))).toEqual([
			"unavailable",
		]);

		const retried = await outcomes(
			store.append("c", [token("c")]),
			store.append("c", [end("r", "abc"), reply("s"), token("x")]),
			store.create("d", "ann"),
		);
		expect(retried).toEqual(Array(3).fill("stored"));
		const { messages, last } = await readOn(store, "c");
		expect(last).toBe(8);
		expect(messages.map(({ text }) => text)).toEqual(["How?", "abc", "x"]);
		await store.close();
	});

	test("leaves the file as it was, too", async () => {
		const file = newFile();
		let store = sqliteStore(file, manualClock());
		await store.create("c", "ann");
		await store.append("c", [reply("r"), token("a")]);
		await store.close();
		const db = new Database(file);
		db.run(`CREATE TRIGGER poison BEFORE INSERT ON journal
			BEGIN SELECT RAISE(ROLLBACK, 'disk full'); END`);
		db.close();
		store = sqliteStore(file, manualClock());
		await outcomes(store.append("c", [token("b")]));
		await store.close();
		store = sqliteStore(file, manualClock());
		expect(openReply(await readOn(store, "c"))?.text).toBe("a");
		await store.close();
	});
});

describe("what the sqlite store holds in memory", () => {
	test("is bounded, and what has left it is read from the file", async () => {
		const store = sqliteStore(newFile(), manualClock());
		const ids = Array.from({ length: 700 }, (_, i) => `c${i}`);
		await Promise.all(ids.map((id) => store.create(id, "ann")));
		await Promise.all(
			ids.map((id) =>
				store.append(id, [
					question("q", id),
					reply("r"),
					token("a"),
					token("b"),
				]),
			),
		);
		await Promise.all(
			ids.map((id) => store.append(id, [token("c"), end("r", "abc")])),
		);
		for (const id of ids) {
			const { messages } = await readOn(store, id);
			expect(messages.map(({ text }) => text)).toEqual([id, "abc"]);
		}
		// In one transaction logs are loaded, begun and evicted: none that is open may be lost.
		await Promise.all(ids.map((id) => store.append(id, [question("p")])));
		await Promise.all(
			ids.map((id, i) =>
				store.append(id, [
					i % 2 ? question("o") : reply("s"),
					...(i % 2 ? [] : [token("x")]),
				]),
			),
		);
		for (const id of ids.filter((_, i) => i % 2 === 0)) {
			expect(await store.append(id, [token("y")])).toHaveLength(1);
			expect(openReply(await readOn(store, id))?.text).toBe("xy");
		}
		await store.close();
	});

	test("goes to the file long before a long reply ends", async () => {
		const file = newFile();
		let store = sqliteStore(file, manualClock());
		await store.create("c", "ann");
		await store.create("slow", "ann");
		await store.append("c", [reply("r")]);
		await store.append("slow", [reply("r"), token("early ")]);
		let text = "";
		// More transactions than the journal keeps rows, with one reply that says nothing meanwhile.
		for (let i = 0; i < 1_200; i++) {
			text += `${i} `;
			await store.append("c", [token(`${i} `)]);
		}
		await store.append("slow", [token("late")]);
		expect(openReply(await readOn(store, "c"))?.text).toBe(text);
		expect(openReply(await readOn(store, "slow"))?.text).toBe("early late");
		await store.close();
		const db = new Database(file);
		expect(db.query("SELECT count(*) AS rows FROM journal").get()).toEqual({
			rows: 0,
		});
		db.close();
		store = sqliteStore(file, manualClock());
		expect(openReply(await readOn(store, "c"))?.text).toBe(text);
		expect(openReply(await readOn(store, "slow"))?.text).toBe("early late");
		await store.close();
	});
});

describe("openStore", () => {
	const options = manualClock();

	test("memory: and sqlite:<file> are engines", async () => {
		const file = newFile();
		await openStore("memory:", options).close();
		await openStore(`sqlite:${file}`, options).close();
		await openStore(`sqlite://${file}`, options).close();
		expect(existsSync(file)).toBe(true);
	});

	test("anything else is refused in a sentence without its secrets", () => {
		const got = (url: string) => errorOf(() => openStore(url, options));
		const sentence = "Expected CHAT_STORE to be memory: or sqlite:<file>; got";
		expect(got("postgres://ann:secret@db/chat")).toBe(
			`${sentence} "postgres://…".`,
		);
		expect(got("chat.db")).toBe(`${sentence} "chat.db".`);
		expect(got("sqlite:")).toBe(`${sentence} "sqlite:".`);
		expect(got("1nn:secret@db")).toBe(`${sentence} something else.`);
		expect(got("")).toBe(`${sentence} "".`);
	});
});

describe("follow", () => {
	let clock = manualClock();
	let store: Store;
	/** What wakes the readers; a test may keep it from them. */
	let deaf = false;
	let reads = 0;
	let watches = 0;

	beforeEach(async () => {
		clock = manualClock();
		const inner = memoryStore(clock);
		deaf = false;
		reads = 0;
		watches = 0;
		store = {
			...inner,
			read: (...args) => {
				reads++;
				return inner.read(...args);
			},
			watch: (conversation, hint) => {
				watches++;
				const unwatch = inner.watch(conversation, () => !deaf && hint());
				return () => {
					watches--;
					unwatch();
				};
			},
		};
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r")]);
	});

	const start = (after: number) => {
		const abort = new AbortController();
		const batches: Batch[] = [];
		const { signal } = abort;
		const done = (async () => {
			for await (const batch of follow(store, "c", after, { signal, clock }))
				batches.push(batch);
			return "ended";
		})().catch((error) => error.code);
		return { abort, batches, done };
	};

	test("a lost hint is made good by the tick", async () => {
		deaf = true;
		const { abort, batches, done } = start(2);
		await settle();
		await store.append("c", [token("a")]);
		await clock.advance(999);
		expect(batches).toEqual([]);
		await clock.advance(1);
		expect(batches).toMatchObject([{ head: 3, events: [{ content: "a" }] }]);
		await store.append("c", [token("b")]);
		await clock.advance(1_000);
		expect(batches).toHaveLength(2);
		abort.abort();
		expect(await done).toBe("ended");
	});

	test("hints set no timers, and many hints are one read", async () => {
		const { abort, done } = start(2);
		await settle();
		const { pending } = clock;
		reads = 0;
		await Promise.all([..."abcdef"].map((c) => store.append("c", [token(c)])));
		await settle();
		expect(reads).toBeLessThanOrEqual(2);
		expect(clock.pending).toBe(pending);
		expect(pending).toBe(1);
		abort.abort();
		await done;
	});

	test("a slow reader gets what piled up as one batch", async () => {
		const { signal } = new AbortController();
		const reader = follow(store, "c", 0, { signal, clock });
		expect((await reader.next()).value?.events).toHaveLength(2);
		for (let i = 0; i < 100; i++) await store.append("c", [token("x")]);
		const { value } = await reader.next();
		expect(value?.head).toBe(102);
		expect(value?.events.at(-1)?.sequence).toBe(102);
		await reader.return();
		expect([watches, clock.pending]).toEqual([0, 0]);
	});

	test("a long log comes in several batches without waiting for a hint", async () => {
		for (let i = 0; i < 600; i++) await store.append("c", [question(`${i}`)]);
		deaf = true;
		const { abort, batches, done } = start(0);
		await settle(10);
		expect(batches.length).toBeGreaterThan(1);
		expect(batches.flatMap(({ events }) => events)).toHaveLength(602);
		abort.abort();
		await done;
	});

	test("abort frees everything, even if the reader never comes back", async () => {
		const abort = new AbortController();
		const reader = follow(store, "c", 0, { signal: abort.signal, clock });
		await reader.next();
		expect([watches, clock.pending]).toEqual([1, 1]);
		abort.abort();
		expect([watches, clock.pending]).toEqual([0, 0]);
		expect(await reader.next()).toEqual({ done: true, value: undefined });
	});

	test("an aborted signal reads nothing", async () => {
		const signal = AbortSignal.abort();
		const reader = follow(store, "c", 0, { signal, clock });
		expect((await reader.next()).done).toBe(true);
		expect([reads, watches, clock.pending]).toEqual([0, 0, 0]);
	});

	test("a log that is gone is not_found", async () => {
		const abort = new AbortController();
		const { signal } = abort;
		const reader = follow(store, "none", 0, { signal, clock });
		expect(await reader.next().catch(({ code }) => code)).toBe("not_found");
		expect([watches, clock.pending]).toEqual([0, 0]);
	});

	test("another log in its place is not_found", async () => {
		const { done, batches } = start(0);
		await settle();
		expect(batches).toHaveLength(1);
		const { read } = store;
		store.read = async (...args) => {
			const page = await read(...args);
			return page && { ...page, epoch: "another" };
		};
		await clock.advance(1_000);
		expect(await done).toBe("not_found");
		expect([watches, clock.pending]).toEqual([0, 0]);
	});
});

describe("mergeTokens", () => {
	const tokenAt = (sequence: number, content = `${sequence}`): LogEvent => ({
		type: "token",
		content,
		sequence,
	});
	const startAt = (sequence: number) =>
		({ ...question(`q${sequence}`), sequence }) as LogEvent;

	test("adjacent tokens become one, others stay as they are", () => {
		const events = [startAt(1), tokenAt(2), tokenAt(3), startAt(4), tokenAt(5)];
		expect(mergeTokens(events)).toEqual([
			startAt(1),
			{ type: "token", content: "23", sequence: 3, from: 2 },
			startAt(4),
			tokenAt(5),
		]);
	});

	test("merged tokens merge further", () => {
		const merged = mergeTokens([tokenAt(2), tokenAt(3)]);
		expect(mergeTokens([...merged, tokenAt(4)])).toEqual([
			{ type: "token", content: "234", sequence: 4, from: 2 },
		]);
	});

	test("tokens with a gap between them stay apart", () => {
		const events = [tokenAt(2), tokenAt(4)];
		expect(mergeTokens(events)).toEqual(events);
	});

	test("no merged token is longer than maxChars", () => {
		const events = [tokenAt(1, "abc"), tokenAt(2, "de"), tokenAt(3, "f")];
		expect(mergeTokens(events, 5)).toEqual([
			{ type: "token", content: "abcde", sequence: 2, from: 1 },
			tokenAt(3, "f"),
		]);
		expect(mergeTokens(events, 1)).toEqual(events);
	});
});
