import { afterAll, expect, test } from "bun:test";
import {
	existsSync,
	mkdtempSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { verifyCopy } from "../../../../../server/store/open.ts";
import { sqliteStore } from "../../../../../server/store/sqlite/sqlite-store.ts";
import type { Store } from "../../../../../server/store/store.ts";
import { manualClock } from "../../../../support/clock.ts";
import { end, question, reply, token } from "../../../../support/drafts.ts";

const folder = mkdtempSync(join(tmpdir(), "chat-backup-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = () => join(folder, `${++files}.db`);
const words = "some words of an answer ".repeat(400);

/** A store of about 2 MB, which is several chunks. */
async function largeStore() {
	const file = newFile();
	const store = sqliteStore(file, manualClock());
	for (let i = 0; i < 200; i++) {
		await store.create(`c${i}`, "ann");
		await store.append(`c${i}`, [question("q"), reply("r")]);
		await store.append(`c${i}`, [token(words), end("r", words)]);
	}
	return { file, store };
}

function backupOf(store: Store) {
	if (!store.backup) throw new Error("The store has no backup.");
	return store.backup();
}

async function written(chunks: AsyncIterable<Uint8Array>): Promise<string> {
	const copy = newFile();
	const parts: Uint8Array[] = [];
	for await (const chunk of chunks) parts.push(chunk);
	writeFileSync(copy, Buffer.concat(parts));
	return copy;
}

const textOf = async (file: string, conversation: string) => {
	const store = sqliteStore(file, manualClock());
	const text = await store.text(conversation, "r");
	await store.close();
	return text;
};

test("a backup holds what was appended before it, and nothing of what is appended meanwhile", async () => {
	const { file, store } = await largeStore();
	await store.create("open", "bob");
	await store.append("open", [question("q"), reply("r"), token("before")]);
	async function* whileAppending() {
		let chunks = 0;
		for await (const chunk of backupOf(store)) {
			chunks++;
			yield chunk;
			// More than SQLite's limit for a checkpoint of its own.
			await store.append("open", [token("more ".repeat(300_000))]);
			await store.create(`later ${chunks}`, "bob");
			await store.remove(`c${chunks}`);
		}
		expect(chunks).toBeGreaterThan(4);
	}
	const copy = await written(whileAppending());
	expect(await verifyCopy(copy, manualClock())).toBe(201);
	expect(await textOf(copy, "open")).toBe("before");
	expect(await textOf(copy, "c1")).toBe(words);
	expect(await store.text("open", "r")).toStartWith("beforemore ");
	await store.close();
	expect(await textOf(file, "c1")).toBeUndefined();
});

test("the write-ahead log is emptied again after a backup, also after one that was given up", async () => {
	const { file, store } = await largeStore();
	const logBytes = () => statSync(`${file}-wal`).size;
	const first = backupOf(store);
	const second = backupOf(store);
	await first.next();
	await second.next();
	await store.create("meanwhile", "ann");
	await first.return();
	expect(logBytes()).toBeGreaterThan(0);
	await second.return();
	expect(logBytes()).toBe(0);
	await store.close();
});

test("closing the store ends a backup with an error, and leaves a whole store", async () => {
	const { file, store } = await largeStore();
	const backup = backupOf(store);
	await backup.next();
	await store.append("c1", [question("q2")]);
	const next = backup.next();
	await store.close();
	await expect(next).rejects.toThrow();
	await expect(backupOf(store).next()).rejects.toThrow();
	expect(existsSync(`${file}-wal`)).toBe(false);
	expect(await verifyCopy(file, manualClock())).toBe(200);
});

test("a damaged or cut copy is not accepted", async () => {
	const { store } = await largeStore();
	const copy = await written(backupOf(store));
	await store.close();
	const bytes = await Bun.file(copy).bytes();
	writeFileSync(copy, bytes.subarray(0, bytes.length / 2));
	await expect(verifyCopy(copy, manualClock())).rejects.toThrow("no intact");
	writeFileSync(copy, bytes.fill(0xa5, 8_192, 12_288));
	await expect(verifyCopy(copy, manualClock())).rejects.toThrow("no intact");
});
