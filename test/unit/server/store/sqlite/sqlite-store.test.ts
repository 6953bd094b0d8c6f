import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import {
	chmodSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openReply } from "../../../../../protocol/conversation.ts";
import { ChatError } from "../../../../../protocol/errors.ts";
import { sqliteStore } from "../../../../../server/store/sqlite/sqlite-store.ts";
import type { Store } from "../../../../../server/store/store.ts";
import { ReadBudget, Tail } from "../../../../../server/store/tail.ts";
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
	for (const part of ["", "-wal"]) copyFileSync(file + part, copy + part);
	return copy;
}
const errorOf = (work: () => unknown): string => {
	try {
		work();
		return "no error";
	} catch (error) {
		return (error as Error).message;
	}
};

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

	test("of a killed process holds all that was appended, and when", async () => {
		const file = newFile();
		const store = open(file);
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r"), token("a")]);
		clock.sleep(1_000);
		await store.append("c", [token("b")]);
		await store.append("c", [token("c")]);
		const page = await store.read("c", 0);
		const after = open(killed(file));
		clock.sleep(1_000);
		// A copy of the file could be an old one, so its logs have new epochs.
		const { epoch } = (await after.head("c")) ?? { epoch: "" };
		expect(epoch).not.toBe(page?.epoch ?? "");
		expect(await after.read("c", 0)).toEqual(page && { ...page, epoch });
		expect(await after.unfinished()).toEqual(["c"]);
		await Promise.all([store.close(), after.close()]);
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
			`The store file ${file} is in use by another process, most likely a running chat-stream, which has it locked for readers, too. Stop that process, or set CHAT_STORE to another file.`,
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

	test("whose first page alone is whole is no intact database", async () => {
		const file = newFile();
		await open(file).close();
		const bytes = await Bun.file(file).bytes();
		writeFileSync(file, bytes.fill(0x5a, 4_096));
		expect(errorOf(() => open(file))).toContain("no intact SQLite database");
	});

	test.each([0, 1])(
		"of another program is left alone, with user_version %d, too",
		async (version) => {
			const file = newFile();
			const theirs = new Database(file);
			theirs.run("CREATE TABLE orders (id INTEGER)");
			theirs.run(`PRAGMA user_version = ${version}`);
			theirs.close();
			const before = await Bun.file(file).bytes();
			expect(errorOf(() => open(file))).toContain("another program");
			expect(await Bun.file(file).bytes()).toEqual(before);
			expect(existsSync(`${file}-wal`)).toBe(false);
		},
	);

	test("of a newer version is rejected", async () => {
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

describe.skipIf(process.platform === "win32")("the rights of the file", () => {
	const rights = (path: string) => statSync(path).mode & 0o777;
	const parts = ["", "-wal"];

	test("are its owner's alone, and so are those of its folder", async () => {
		const before = process.umask(0o022);
		try {
			const file = join(newFile(), "data", "chat.db");
			const store = sqliteStore(file, manualClock());
			await store.create("c", "ann");
			expect(parts.map((part) => rights(file + part))).toEqual([0o600, 0o600]);
			expect(rights(dirname(file))).toBe(0o700);
			await store.close();
		} finally {
			process.umask(before);
		}
	});

	test("are narrowed where they were wider, and the operator learns it", async () => {
		const file = newFile();
		await sqliteStore(file, manualClock()).close();
		chmodSync(file, 0o644);
		const found: unknown[] = [];
		const onReadableByOthers = (...facts: unknown[]) => found.push(facts);
		const options = { ...manualClock(), onReadableByOthers };
		const store = sqliteStore(file, options);
		await store.create("c", "ann");
		expect(found).toContainEqual([file, true]);
		expect(parts.map((part) => rights(file + part))).toEqual([0o600, 0o600]);
		await store.close();
		found.length = 0;
		await sqliteStore(file, options).close();
		expect(found).toEqual([]);
	});

	test("of another program's file stay", async () => {
		const file = newFile();
		new Database(file).run("CREATE TABLE theirs (x)");
		chmodSync(file, 0o644);
		expect(() => sqliteStore(file, manualClock())).toThrow("another program");
		expect(rights(file)).toBe(0o644);
	});
});

describe("the epoch of a log", () => {
	const epochIn = async (file: string, renewed?: () => void) => {
		const options = renewed ? { onEpochsRenewed: renewed } : {};
		const store = sqliteStore(file, { ...manualClock(), ...options });
		const head = await store.head("c");
		await store.close();
		return head?.epoch;
	};
	const made = async () => {
		const file = newFile();
		const store = sqliteStore(file, manualClock());
		const { epoch } = await store.create("c", "ann");
		return { file, store, epoch };
	};
	const copy = (from: string, to: string) => {
		for (const part of ["", "-wal"]) {
			rmSync(to + part, { force: true });
			if (existsSync(from + part)) copyFileSync(from + part, to + part);
		}
	};

	test("stays when the store is closed and opened", async () => {
		const { file, store, epoch } = await made();
		await store.close();
		expect(await epochIn(file)).toBe(epoch);
		expect(await epochIn(file)).toBe(epoch);
	});

	test("is new after a copy of the running store was put back", async () => {
		const { file, store, epoch } = await made();
		const backup = newFile();
		copy(file, backup);
		await store.append("c", [question("q")]);
		await store.close();
		copy(backup, file);
		let renewed = 0;
		const epochAfter = await epochIn(file, () => renewed++);
		expect(epochAfter).not.toBe(epoch);
		expect(renewed).toBe(1);
		expect(await epochIn(file, () => renewed++)).toBe(epochAfter as string);
		expect(renewed).toBe(1);
	});

	test("is new after an older backup was written into the same file", async () => {
		const { file, store, epoch } = await made();
		await store.close();
		const backup = readFileSync(file);
		const later = sqliteStore(file, manualClock());
		await later.append("c", [question("q")]);
		await later.close();
		await Bun.sleep(1_100); // The date of a file counts in seconds.
		writeFileSync(file, backup);
		expect(await epochIn(file)).not.toBe(epoch);
	});

	test("a closed store leaves one file", async () => {
		const file = join(newFile(), "chat.db");
		const store = sqliteStore(file, manualClock());
		expect(readdirSync(dirname(file))).toContain("chat.db-run");
		await store.close();
		expect(readdirSync(dirname(file))).toEqual(["chat.db"]);
	});

	test("is new when the machine has started again after an unclean end", async () => {
		const { file, store, epoch } = await made();
		const backup = newFile();
		copy(file, backup);
		const run = JSON.parse(readFileSync(`${file}-run`, "utf8"));
		await store.close();
		// The same files as a machine would find them that has lost its power.
		for (const part of ["", "-wal"])
			writeFileSync(file + part, readFileSync(backup + part));
		writeFileSync(`${file}-run`, JSON.stringify({ ...run, boot: "earlier" }));
		expect(await epochIn(file)).not.toBe(epoch);
	});
});

describe("a transaction that fails", () => {
	/** A store whose engine fails, as on a full disk, on whatever contains "poison". */
	async function fragileStore(file: string): Promise<Store> {
		await sqliteStore(file, manualClock()).close();
		const db = new Database(file);
		for (const [table, column] of [
			["journal", "tokens"],
			["events", "data"],
		])
			db.run(`CREATE TRIGGER poison_${table} BEFORE INSERT ON ${table}
				WHEN NEW.${column} LIKE '%poison%'
				BEGIN SELECT RAISE(ABORT, 'no'); END`);
		db.close();
		return sqliteStore(file, manualClock());
	}
	const outcomes = async (...work: Promise<unknown>[]) =>
		(await Promise.allSettled(work)).map((outcome) =>
			outcome.status === "fulfilled"
				? "stored"
				: outcome.reason instanceof ChatError && outcome.reason.code,
		);

	test("stores nothing and is unavailable, and the next one succeeds", async () => {
		const file = newFile();
		let store = await fragileStore(file);
		await store.create("c", "ann");
		await store.append("c", [question("q"), reply("r"), token("a")]);
		await store.append("c", [token("b")]);
		const before = await store.read("c", 0);
		let hints = 0;
		store.watch("c", () => hints++);

		const failed = await outcomes(
			store.create("d", "ann"),
			store.append("d", [question("q")]),
			store.append("c", [token("c")]),
			store.append("c", [token("poison")]),
			store.append("c", [end("r", "abcpoison"), reply("s"), token("x")]),
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
		const picture = await readOn(store, "c");
		expect(picture.last).toBe(8);
		const texts = picture.messages.map(({ text }) => text);
		expect(texts).toEqual(["How?", "abc", "x"]);
		await store.close();
		store = sqliteStore(file, manualClock());
		expect(await readOn(store, "c")).toEqual(picture);
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

describe("a file that is gone", () => {
	test("accepts no write and no check, nothing is shown to a reader, and closing works", async () => {
		const file = newFile();
		const store = sqliteStore(file, manualClock());
		await store.create("c", "ann");
		await store.append("c", [reply("r"), token("kept")]);
		rmSync(file);
		const gone = expect.objectContaining({ code: "unavailable" });
		await expect(store.append("c", [token("lost")])).rejects.toEqual(gone);
		await expect(store.create("d", "ann")).rejects.toEqual(gone);
		await expect(store.check?.()).rejects.toEqual(gone);
		expect(openReply(await readOn(store, "c"))?.text).toBe("kept");
		await store.close();
	});

	test("and replaced by another one is noticed, too", async () => {
		const file = newFile();
		const store = sqliteStore(file, manualClock());
		await store.create("c", "ann");
		renameSync(file, `${file}.old`);
		copyFileSync(`${file}.old`, file);
		await expect(store.append("c", [reply("r")])).rejects.toMatchObject({
			code: "unavailable",
		});
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
		const copy = killed(file);
		await store.close();
		const db = new Database(copy);
		const { rows } = db.query("SELECT count(*) AS rows FROM journal").get() as {
			rows: number;
		};
		db.close();
		expect(rows).toBeWithin(1, 1_100);
		store = sqliteStore(copy, manualClock());
		expect(openReply(await readOn(store, "c"))?.text).toBe(text);
		expect(openReply(await readOn(store, "slow"))?.text).toBe("early late");
		await store.close();
	});
});

describe("a tail", () => {
	test("forgets the oldest runs, and says where it begins", async () => {
		const tail = new Tail(0);
		const push = (sequence: number) =>
			tail.push({ type: "token", content: "x".repeat(10_000), sequence });
		const runs = [1, 2, 3, 4, 5, 6].map(push).filter(Boolean);
		expect(runs).toHaveLength(3);
		tail.trim(1_000_000);
		expect(tail.first).toBe(1);
		tail.trim(25_000);
		expect(tail.first).toBe(3);
		expect(
			tail.read(2, new ReadBudget(9)).map(({ sequence }) => sequence),
		).toEqual([4, 6]);
		tail.trim(0);
		expect(tail.read(6, new ReadBudget(9))).toEqual([]);
	});
});
