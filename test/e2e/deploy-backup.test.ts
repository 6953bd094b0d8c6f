/**
 * Backups as documented: the command beside a running server and as the systemd unit runs it, what a
 * stopped server leaves, and what a snapshot of both files contains.
 */
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
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

const command = join(import.meta.dir, "../../server/cli/chat-stream.ts");

/** The words of the backup unit's ExecStart, with the command of this checkout. */
function unitCommand(): string[] {
	const unit = readFileSync(
		join(import.meta.dir, "../../deploy/chat-stream-backup.service"),
		"utf8",
	);
	const script = /^ExecStart=\/bin\/sh -c '(.+)'$/m.exec(unit)?.[1] ?? "";
	return [
		"/bin/sh",
		"-c",
		script
			.replaceAll("%%", "%")
			.replace(
				"/usr/local/bin/chat-stream",
				`"${process.execPath}" ${command}`,
			),
	];
}

async function runIn(folder: string, words: string[], store: string) {
	const child = Bun.spawn(words, {
		cwd: folder,
		env: { PATH: process.env.PATH ?? "", CHAT_STORE: `sqlite:${store}` },
		stdout: "pipe",
		stderr: "pipe",
	});
	const complaints = await new Response(child.stderr).text();
	expect([await child.exited, complaints]).toEqual([0, ""]);
}

test("the unit's command saves a running server's conversations, and the server stays locked and whole", async () => {
	const folder = tempFolder();
	const program = await startOn(folder);
	const line = await doors.webSocket.enter(program.url);
	const whole = await line.question("count 50");
	const { text } = await line.answer(whole);
	const cut = await line.question("endless 5");
	const shown = (await line.growing(20)).text;

	const backups = tempFolder();
	for (let i = 0; i < 2; i++)
		await runIn(backups, unitCommand(), fileIn(folder));
	const [name = "", ...others] = readdirSync(backups);
	expect(name).toMatch(/^chat-\d{4}-\d\d-\d\d\.db$/);
	expect(others).toEqual([]);
	// The lock of the file is held as before.
	const copy = join(tempFolder(), "copy.db");
	expect(() => vacuumInto(fileIn(folder), copy)).toThrow("locked");
	await line.growing(40);
	await line.stop();
	expect((await line.answer(cut)).close).toMatchObject({ reason: "stopped" });

	const restored = tempFolder();
	copyFileSync(join(backups, name), fileIn(restored));
	const { back } = await comesBackTo(restored, line);
	expect((await back.answer(whole)).text).toBe(text);
	const reply = await back.answer(cut);
	expect(reply.close).toMatchObject({ by: "error", code: "interrupted" });
	expect(reply.text).toStartWith(shown);
	expect([...line.faults, ...back.faults]).toEqual([]);
}, 30_000);

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
