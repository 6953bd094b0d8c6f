/**
 * The failure matrix, rows D1 and D2: faults of the server's file.
 *
 * A limit of the operating system on file sizes makes the disk full for the real program, so these tests, and
 * those that kill it, take real time. The long fault is one of a fake store, on simulated time.
 */
import { afterEach, describe, expect, test } from "bun:test";
import {
	appendFileSync,
	readFileSync,
	statSync,
	truncateSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { ChatError } from "../../protocol/errors.ts";
import { systemClock } from "../../server/clock.ts";
import { get } from "../support/doors.ts";
import {
	endRigs,
	expectWhole,
	realTime,
	rig,
	steppedTime,
	visit,
	waitIn,
} from "../support/rig.ts";
import { faultyStore, programOn } from "../support/rig-parts.ts";
import type { Program } from "../support/server.ts";

afterEach(endRigs);

const when = (look: () => unknown, what: string, ms: number) =>
	waitIn(realTime(), look, what, ms);

/** No file of the program may grow past `bytes`: SQLite sees a full disk. */
function limitFiles({ pid }: Program, bytes: number | "unlimited") {
	const limit = `--fsize=${bytes}:unlimited`;
	Bun.spawnSync(["prlimit", limit, "--pid", `${pid}`]);
}

test.skipIf(!Bun.which("prlimit"))(
	"D1 a disk that is full for 2 s holds up tokens and questions, and loses none (real time)",
	async () => {
		const { first, proxy } = await programOn();
		const me = visit(proxy.url, { clock: systemClock });
		me.ask("slow 10 250");
		await when(() => me.text.length > 40, "text", 5_000);
		limitFiles(first, 1_000);
		await Bun.sleep(100);
		const { length } = me.text;
		me.ask("And then?");
		await Bun.sleep(1_900);
		expect(me.text.length).toBe(length);
		expect(first.output()).toContain("SQLITE_IOERR_WRITE");
		limitFiles(first, "unlimited");
		await when(() => me.hasAnswers(2), "both answers", 8_000);
		await expectWhole(first.url, me);
	},
	20_000,
);

describe("D1 a store that cannot be reached", () => {
	test.each([
		["for 15 s ends no answer", 15_000, "complete"],
		[
			"for 10 min costs the answer under way, and nothing else",
			600_000,
			undefined,
		],
	])("%s", async (_, ms, reason) => {
		const time = steppedTime();
		const faulty = faultyStore(time.clock);
		const it = await rig({ time, store: faulty.store });
		it.me.ask("story 300 100");
		await it.when(() => it.me.text.length > 40, "text", 2_000);
		faulty.fault = () => new ChatError("unavailable", "Not now.");
		it.me.ask("And then?");
		await it.pass(ms, 200);
		faulty.fault = undefined;
		await it.when(() => it.me.hasAnswers(2), "both answers", 120_000, 100);
		await it.expectWhole();
		const { close } = it.me.replies[0] ?? {};
		if (reason) expect(close).toMatchObject({ by: "end", reason });
		else expect(close).toMatchObject({ by: "error" });
	});
});

test("D1 a second server on the same file waits until the first unlocks it, and continues (real time)", async () => {
	const { first, proxy, again } = await programOn();
	const me = visit(proxy.url, { clock: systemClock });
	me.ask("slow 5 40");
	await when(() => me.hasAnswers(1), "an answer", 5_000);
	const second = again();
	await Bun.sleep(1_000);
	await first.kill();
	const { url } = await second;
	me.ask("And then?");
	await when(() => me.hasAnswers(2), "another answer", 8_000);
	await expectWhole(url, me);
}, 20_000);

test("D1 invalid data after the last commit in SQLite's journal is not read (real time)", async () => {
	const { file, first, proxy, again } = await programOn();
	const me = visit(proxy.url, { clock: systemClock });
	me.ask("slow 5 1000");
	await when(() => me.text.length > 200, "text", 5_000);
	const shown = me.text;
	await first.kill();
	appendFileSync(`${file}-wal`, crypto.getRandomValues(new Uint8Array(9_999)));
	const second = await again();
	await when(() => me.hasAnswers(1), "the end", 5_000);
	expect(me.replies[0]?.text).toStartWith(shown);
	await expectWhole(second.url, me);
}, 20_000);

test("D2 after a file lost its last commits, the reader drops the events that are not in it (real time)", async () => {
	const { file, first, proxy, again } = await programOn();
	const me = visit(proxy.url, { clock: systemClock });
	me.ask("slow 5 1000");
	await when(() => me.text.length > 200, "text", 5_000);
	const wal = readFileSync(`${file}-wal`);
	const shown = me.text;
	await when(() => me.text.length > shown.length + 400, "more text", 5_000);
	await first.kill();
	// Like after a power cut: an earlier state of the file.
	truncateSync(`${file}-wal`, 0);
	writeFileSync(`${file}-wal`, wal);
	expect(statSync(`${file}-wal`).size).toBe(wal.length);
	const seen = me.text;
	const second = await again();
	await when(() => me.isReady && me.hasAnswers(1), "the end", 5_000);
	expect(me.text.length).toBeLessThan(seen.length);
	me.ask("And then?");
	await when(() => me.hasAnswers(2), "another answer", 5_000);
	await expectWhole(second.url, me);
}, 20_000);

/** Polls until health has the status; the server checks the store every 2 s. */
async function healthOf(url: string, status: number) {
	for (const until = Date.now() + 6_000; ; await Bun.sleep(100)) {
		const answer = await get(url, "/health");
		if (answer.status === status) return answer.body;
		if (Date.now() > until)
			throw new Error(`health is ${answer.status}, not ${status}`);
	}
}

const sick = { status: "unavailable", text: expect.stringMatching(/saved/) };

test("D1 health is not ok when the file was deleted, with a text that reveals nothing (real time)", async () => {
	const { file, first } = await programOn();
	expect(await healthOf(first.url, 200)).toMatchObject({ status: "ok" });
	unlinkSync(file);
	expect(await healthOf(first.url, 503)).toMatchObject(sick);
	expect(first.output()).toContain("no longer there");
}, 20_000);

test.skipIf(!Bun.which("prlimit"))(
	"D1 health is not ok while the disk is full, and ok afterwards (real time)",
	async () => {
		const { first } = await programOn();
		limitFiles(first, 1_000);
		expect(await healthOf(first.url, 503)).toMatchObject(sick);
		limitFiles(first, "unlimited");
		expect(await healthOf(first.url, 200)).toMatchObject({ status: "ok" });
	},
	20_000,
);
