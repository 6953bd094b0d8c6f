/** What the SQLite file holds after a removal, after a crash in the middle of one, and of an older version. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import {
	copyFileSync,
	existsSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashText, openReply } from "../../../../../protocol/conversation.ts";
import { sqliteStore } from "../../../../../server/store/sqlite/sqlite-store.ts";
import type { Store } from "../../../../../server/store/store.ts";
import { manualClock } from "../../../../support/clock.ts";
import {
	end,
	question,
	readOn,
	reply,
	token,
} from "../../../../support/drafts.ts";

const folder = mkdtempSync(join(tmpdir(), "chat-store-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);
/** The files as a process would leave them that dies now. */
function killed(file: string): string {
	const copy = newFile();
	for (const part of ["", "-wal"])
		if (existsSync(file + part)) copyFileSync(file + part, copy + part);
	return copy;
}
const clock = manualClock();
const open = (file: string) => sqliteStore(file, { ...clock, busyMs: 0 });
/** How many rows of each table there are, in the file as it would be found now. */
function rowsIn(file: string): Record<string, number> {
	const db = new Database(killed(file));
	const tables = ["conversations", "messages", "events", "journal", "removed"];
	const count = (table: string) =>
		(db.query(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
	const rows = Object.fromEntries(tables.map((name) => [name, count(name)]));
	db.close();
	return rows;
}
const isErased = { messages: 0, events: 0, journal: 0, removed: 0 };
/** Lets everything be erased that is to be, a slice at a time. */
const erased = () => clock.advance(60_000);
const has = (file: string, word: string) =>
	["", "-wal"].some(
		(part) =>
			existsSync(file + part) && readFileSync(file + part).includes(word),
	);
/** A long talk: one message after another, some of them folded, all with the same word in it. */
async function talk(store: Store, id: string, word: string, messages: number) {
	await store.create(id, "ann");
	const all: Promise<unknown>[] = [];
	for (let i = 0; i < messages; i++) {
		const context = { page: word };
		const asked = [question(`q${i}`, `${word} ${i}`), reply(`r${i}`, `q${i}`)];
		all.push(store.append(id, asked, { context }));
		await store.append(id, [token(word)]);
		await store.append(id, [token(` ${i}`)]);
		all.push(store.append(id, [end(`r${i}`, `${word} ${i}`)]));
	}
	await Promise.all(all);
}

describe("a removal", () => {
	test("leaves no word of it in the files, and every word of the others", async () => {
		const file = newFile();
		const store = open(file);
		await talk(store, "mine", "canary", 200);
		await talk(store, "yours", "sparrow", 20);
		await store.append("yours", [question("q"), reply("r"), token("half")]);
		await store.append("mine", [question("q"), reply("r"), token("canary")]);
		const before = await readOn(store, "yours");
		expect(has(file, "canary")).toBe(true);
		await store.remove("mine");
		await erased();
		expect(has(file, "canary")).toBe(false);
		expect(rowsIn(file)).toMatchObject({ conversations: 1, removed: 0 });
		expect(await readOn(store, "yours")).toEqual(before);
		const after = open(killed(file));
		expect(await readOn(after, "yours")).toEqual(before);
		expect(await after.unfinished()).toEqual(["yours"]);
		await Promise.all([store.close(), after.close()]);
	});

	test("gives its room back to the disk", async () => {
		const file = newFile();
		const store = open(file);
		await talk(store, "small", "sparrow", 2);
		await talk(store, "large", "canary".repeat(500), 400);
		await store.close();
		const before = statSync(file).size;
		const again = open(file);
		await again.remove("large");
		await erased();
		expect(statSync(file).size).toBeLessThan(before / 20);
		await again.close();
	});

	test("that has resolved holds after a kill, and what it left is erased at the next start", async () => {
		const file = newFile();
		const store = open(file);
		await talk(store, "mine", "canary", 300);
		await store.append("mine", [question("q"), reply("r"), token("canary")]);
		expect(await store.remove("mine")).toBe(true);
		const left = killed(file);
		await store.close();
		// Died before the erasing had gone far: this is what it is about.
		expect(rowsIn(left).events).toBeGreaterThan(100);
		const after = open(left);
		expect(await after.read("mine", 0)).toBeUndefined();
		expect(await after.unfinished()).toEqual([]);
		expect(await after.append("mine", [token("late")])).toBeUndefined();
		await erased();
		expect(rowsIn(left)).toMatchObject(isErased);
		expect(has(left, "canary")).toBe(false);
		await after.close();
	});

	test("of a long conversation happens in slices, and others write in between", async () => {
		const file = newFile();
		const store = open(file);
		await talk(store, "long", "canary", 400);
		await store.create("other", "bob");
		await store.remove("long");
		await store.append("other", [question("q")]);
		expect(rowsIn(file).events).toBeGreaterThan(500);
		await erased();
		expect(rowsIn(file).events).toBe(1);
		await store.close();
	});

	test("is done, with all it left, when the store is closed", async () => {
		const file = newFile();
		const store = open(file);
		await talk(store, "mine", "canary", 50);
		const removal = store.remove("mine");
		await store.close();
		expect(await removal).toBe(true);
		expect(rowsIn(file)).toEqual({ conversations: 0, ...isErased });
		expect(has(file, "canary")).toBe(false);
	});

	test("frees no key: its tokens in the journal never get into a younger log", async () => {
		const file = newFile();
		const store = open(file);
		await store.create("old", "ann");
		await store.append("old", [question("q"), reply("r")]);
		for (const piece of ["old ", "words "])
			await store.append("old", [token(piece)]);
		const made = [
			store.remove("old"),
			store.create("young", "bob"),
			store.append("young", [question("q"), reply("r")]),
		];
		await Promise.all(made);
		const left = killed(file);
		expect(rowsIn(left).journal).toBe(2);
		const after = open(left);
		expect(openReply(await readOn(after, "young"))?.text).toBe("");
		expect(await after.read("old", 0)).toBeUndefined();
		await Promise.all([store.close(), after.close()]);
	});

	test("that could not be stored leaves the log as it was, in memory and in the file", async () => {
		const file = newFile();
		await open(file).close();
		const db = new Database(file);
		db.run(`CREATE TRIGGER poison BEFORE INSERT ON events
			WHEN NEW.data LIKE '%poison%'
			BEGIN SELECT RAISE(ABORT, 'no'); END`);
		db.close();
		const store = open(file);
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r"), token("a")]);
		const before = await store.read("c", 0);
		let hints = 0;
		store.watch("c", () => hints++);
		const work = [
			store.append("c", [token("b")]),
			store.remove("c"),
			store.create("c", "eve"),
			store.remove("c"),
			store.create("c", "eve"),
			store.append("c", [question("poison")]),
		];
		const outcomes = await Promise.allSettled(work);
		expect(outcomes.map(({ status }) => status)).toEqual(
			Array(6).fill("rejected"),
		);
		expect(hints).toBe(0);
		expect(await store.read("c", 0)).toEqual(before);
		expect(await store.append("c", [token("b")])).toHaveLength(1);
		await store.close();
		const after = open(file);
		expect(openReply(await readOn(after, "c"))?.text).toBe("ab");
		await after.close();
	});
});

describe("a file of version 1", () => {
	/** Written by that version, which was then killed while it wrote the reply in `open`. */
	const old = join(import.meta.dir, "../../../../vectors/store-1.db");
	const upgraded = () => {
		const file = newFile();
		copyFileSync(old, file);
		return file;
	};

	test("holds all that it held", async () => {
		const file = upgraded();
		const store = open(file);
		const entries = await store.list({ owner: "ann", limit: 9 });
		expect(entries).toMatchObject([
			{ conversation: "closed", head: 7, touched: 1_763_836_000_000 },
			{ conversation: "open", head: 4, touched: 1_763_836_120_000 },
		]);
		expect((await readOn(store, "closed")).messages).toMatchObject([
			{ id: "q1", text: "How do I change a tyre?" },
			{ id: "r1", text: "Open the boot.", feedback: "up" },
		]);
		expect(await store.context("closed", "q1")).toEqual({ url: "/tyres" });
		expect(await store.unfinished()).toEqual(["open"]);
		expect(openReply(await readOn(store, "open"))?.text).toBe(
			"Under the floor",
		);
		const secret = await store.setting("secret", () => "another");
		expect(secret).toBe("0123456789abcdef0123456789abcdef");
		await store.close();
	});

	test("knows its messages by their ids", async () => {
		const store = open(upgraded());
		const closed = await store.message("closed", "r1");
		expect(closed).toMatchObject({ start: { sequence: 2 }, hash: "0347a1c0" });
		expect(closed?.close).toMatchObject({ action: "end", sequence: 6 });
		expect(await store.message("closed", "q1")).toMatchObject({ reply: "r1" });
		expect(await store.text("closed", "r1")).toBe("Open the boot.");
		expect(await store.text("open", "r1")).toBe("Under the floor");
		const hash = hashText("Under the floor");
		expect(await store.message("open", "r1")).toMatchObject({ hash });
		expect(await store.waiting("open")).toBeUndefined();
		expect(await store.waiting("other")).toBe("q1");
		await store.close();
	});

	test("continues: it appends, creates and removes, also after another opening", async () => {
		const file = upgraded();
		clock.sleep(3_600_000);
		let store = open(file);
		const closing = [token("."), end("r1", "Under the floor.")];
		expect(await store.append("open", closing)).toHaveLength(2);
		await store.create("new", "ann");
		expect(await store.remove("closed")).toBe(true);
		expect(await store.quiet(0, 9)).toEqual(["other", "open", "new"]);
		await store.close();
		expect(has(file, "boot")).toBe(false);
		store = open(file);
		const names = (await store.list({ limit: 9 })).map((e) => e.conversation);
		expect(names).toEqual(["other", "open", "new"]);
		expect((await readOn(store, "open")).messages[1]?.text).toBe(
			"Under the floor.",
		);
		await store.close();
	});

	test("becomes what a new file is", async () => {
		const shape = (file: string) => {
			const db = new Database(file);
			const of = (sql: string) => JSON.stringify(db.query(sql).all());
			const found = [
				of("PRAGMA user_version"),
				of("PRAGMA auto_vacuum"),
				of("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"),
			];
			db.close();
			return found;
		};
		const [file, fresh] = [upgraded(), newFile()];
		await open(file).close();
		await open(fresh).close();
		expect(shape(file)).toEqual(shape(fresh));
	});
});

test("lists and quiet conversations are found by an index", async () => {
	const file = newFile();
	await open(file).close();
	const db = new Database(file);
	const planOf = (which: string) =>
		JSON.stringify(
			db.query(`EXPLAIN QUERY PLAN SELECT * FROM conversations ${which}`).all(),
		);
	const owned = planOf("WHERE owner = 'a' AND key > 0 ORDER BY key LIMIT 9");
	const quiet = planOf("WHERE touched <= 9 ORDER BY touched LIMIT 9");
	db.close();
	expect(owned).toContain("USING INDEX owned");
	expect(quiet).toContain("USING INDEX quiet");
	for (const plan of [owned, quiet]) expect(plan).not.toContain("TEMP B-TREE");
});
