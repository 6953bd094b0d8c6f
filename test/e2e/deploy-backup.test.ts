/**
 * Backups of the SQLite file as documented: what a running server forbids, what a stopped one leaves,
 * and what a snapshot of both files contains.
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { doors } from "../support/doors.ts";
import { endServers, startProgram, tempFolder } from "../support/server.ts";
import type { Line } from "../support/wire.ts";

afterAll(endServers);

const fileIn = (folder: string) => join(folder, "chat.db");
const startOn = (folder: string) =>
	startProgram({ CHAT_STORE: `sqlite:${fileIn(folder)}` });

function vacuumInto(from: string, to: string) {
	const database = new Database(from);
	try {
		database.run("VACUUM INTO ?", [to]);
	} finally {
		database.close();
	}
}

/** The visitor of `line` connects to a server on this folder, with only the old credential. */
async function comesBackTo(folder: string, line: Line) {
	const program = await startOn(folder);
	const greeting = { ...line.comeback, after: 0 };
	const back = await doors.webSocket.enter(program.url, greeting);
	return { program, back };
}

test("a running server lets no other process read its file", async () => {
	const folder = tempFolder();
	const program = await startOn(folder);
	const line = await doors.webSocket.enter(program.url);
	const id = await line.question("count 3");
	await line.answer(id);
	const copy = join(tempFolder(), "copy.db");
	expect(() => vacuumInto(fileIn(folder), copy)).toThrow("locked");
	// The attempt does it no harm.
	await line.answer(await line.question("count 4"));
});

for (const [how, copy] of [
	["a copy", copyFileSync],
	["VACUUM INTO", vacuumInto],
] as const)
	test(`a stopped server leaves one file, and ${how} of it is the whole chat`, async () => {
		const folder = tempFolder();
		const program = await startOn(folder);
		const line = await doors.webSocket.enter(program.url);
		const id = await line.question("count 50");
		const { text } = await line.answer(id);
		program.signal("SIGTERM");
		expect(await program.exited).toBe(0);
		expect(readdirSync(folder)).toEqual(["chat.db"]);

		const backup = tempFolder();
		copy(fileIn(folder), fileIn(backup));
		const { back } = await comesBackTo(backup, line);
		expect((await back.answer(id)).text).toBe(text);
		const next = await back.question("count 2");
		expect((await back.answer(next)).text).toBe("1 2 ");
		expect(back.faults).toEqual([]);
	});

test("a snapshot of both files contains everything shown, and an open reply is closed as interrupted", async () => {
	const folder = tempFolder();
	const program = await startOn(folder);
	const line = await doors.webSocket.enter(program.url);
	const whole = await line.question("count 50");
	const { text } = await line.answer(whole);
	const cut = await line.question("endless 5");
	const shown = (await line.growing(20)).text;

	// Like a file-system snapshot: nothing changes between the two copies.
	program.signal("SIGSTOP");
	const backup = tempFolder();
	for (const name of ["chat.db", "chat.db-wal"])
		copyFileSync(join(folder, name), join(backup, name));
	program.signal("SIGCONT");

	const { back } = await comesBackTo(backup, line);
	expect((await back.answer(whole)).text).toBe(text);
	const reply = await back.answer(cut);
	expect(reply.close).toMatchObject({ by: "error", code: "interrupted" });
	expect(reply.text).toStartWith(shown);
	expect(back.faults).toEqual([]);
});
