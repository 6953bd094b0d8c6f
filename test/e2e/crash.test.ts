/**
 * kill -9, repeatedly, while answers are written and read. Every event that a visitor has seen is in the
 * log afterwards; no reply stays open without a writer, and no question stays without a reply.
 *
 * Seeded, but the machine decides when a process dies: two runs may differ.
 */
import { afterAll, expect, test } from "bun:test";
import { openReply } from "../../protocol/conversation.ts";
import type { Send } from "../../protocol/frames.ts";
import { seeded } from "../support/clock.ts";
import { type Door, doors } from "../support/doors.ts";
import { fuzzMs, runs } from "../support/fuzz.ts";
import {
	endServers,
	type Program,
	startProgram,
	tempFolder,
} from "../support/server.ts";
import { answersIn, type Line } from "../support/wire.ts";

afterAll(endServers);

/** Below a dozen no death falls into an open reply for sure. */
const kills = Math.max(12, runs(20));
const readersBy: readonly Door[] = [
	doors.webSocket,
	doors.webSocket,
	doors.eventStream,
];

/** A conversation as its visitor knows it: three tabs and the questions. */
type Talk = { tabs: Line[]; asked: Send[] };

async function begin(program: Program): Promise<Talk> {
	const first = await doors.webSocket.enter(program.url);
	const others = readersBy
		.slice(1)
		.map((door) => door.enter(program.url, first.comeback));
	return { tabs: [first, ...(await Promise.all(others))], asked: [] };
}

/** Every tab reconnects with its state and sends its questions again, as an outbox does. */
async function comeBack(program: Program, { tabs, asked }: Talk) {
	const back = tabs.map(async (tab, i) => {
		const door = readersBy[i] as Door;
		const line = await door.enter(program.url, tab.comeback, tab.picture);
		expect(line.refusal).toBeUndefined();
		expect(line.ready.epoch).toBe(tab.ready.epoch);
		expect(line.ready.head).toBeGreaterThanOrEqual(tab.picture.last);
		return line;
	});
	const lines = await Promise.all(back);
	for (const send of asked.slice(-3)) await lines[0]?.ask(send);
	return lines;
}

/** Everything shown in `before` is in `after`, unchanged. */
function expectKept(before: Line, after: Line) {
	before.picture.messages.forEach((message, i) => {
		const kept = after.picture.messages[i];
		expect(kept).toMatchObject({
			id: message.id,
			start: message.start,
			at: message.at,
			role: message.role,
		});
		expect(kept?.text).toStartWith(message.text);
		if (message.role === "user" || message.close) expect(kept).toEqual(message);
	});
}

/** The open reply has been closed: by its own end just before the crash, or as `interrupted`. */
async function expectClosed(before: Line, after: Line): Promise<boolean> {
	const open = openReply(before.picture);
	if (!open) return false;
	const nth = answersIn(before.picture, open.replyTo).indexOf(open);
	const { close } = await after.answer(open.replyTo, nth);
	if (close?.by === "end") return false;
	expect(close?.code).toBe("interrupted");
	return true;
}

/** The whole log, read from 1: without a gap, and with at most one reply open at a time. */
async function expectSound(program: Program, talk: Talk) {
	const [tab] = talk.tabs as [Line];
	const greeting = { ...tab.comeback, after: 0 };
	const line = await doors.webSocket.enter(program.url, greeting);
	for (const { id } of talk.asked) await line.answer(id);
	await line.when(() => !openReply(line.picture), "end of all replies");
	let last = 0;
	let open: string | undefined;
	for (const event of line.events) {
		const from = ("from" in event && event.from) || event.sequence;
		expect(from).toBe(last + 1);
		last = event.sequence;
		if (event.type === "token") expect(open).toBeDefined();
		else if (event.action === "start" && event.data.role === "assistant") {
			expect(open).toBeUndefined();
			open = event.data.message;
		} else if (event.action === "end" || event.action === "error") {
			expect(event.data.message).toBe(open as string);
			open = undefined;
		}
	}
	expect(line.faults).toEqual([]);
	const users = line.picture.messages.filter(({ role }) => role === "user");
	expect(users.map(({ id }) => id).toSorted()).toEqual(
		talk.asked.map(({ id }) => id).toSorted(),
	);
	for (const other of talk.tabs) {
		await other.when(() => other.picture.last >= last, "the end");
		expect(other.faults).toEqual([]);
		expect(other.picture).toEqual(line.picture);
	}
	line.leave();
}

test(
	`${kills} times kill -9: shown text stays, open replies are closed, questions are answered`,
	async () => {
		const chance = seeded(20_261_122);
		const settings = { CHAT_STORE: `sqlite:${tempFolder()}/chat.db` };
		const talks: Talk[] = [];
		let interrupted = 0;
		let seen = 0;

		for (let round = 0; round < kills; round++) {
			const program = await startProgram(settings);
			const recent = talks.slice(-2);
			for (const talk of recent) {
				const before = talk.tabs;
				talk.tabs = await comeBack(program, talk);
				for (const [i, tab] of before.entries()) {
					const back = talk.tabs[i] as Line;
					if ((await expectClosed(tab, back)) && i === 0) interrupted++;
					expectKept(tab, back);
					expect(back.faults).toEqual([]);
				}
			}
			if (round % 5 === 0) talks.push(await begin(program));

			for (const talk of talks.slice(-2)) {
				const [tab] = talk.tabs as [Line];
				const content = `slow ${Math.floor(chance() * 4)} 300`;
				const last = chance() < 0.5 ? "count 3" : "huge 30000";
				for (const ask of [content, "count 2", last]) {
					const send = { id: crypto.randomUUID(), content: ask };
					talk.asked.push({ type: "send", ...send });
				}
				const sends = talk.asked.slice(-3).map((send) => tab.ask(send));
				// The last one may be in progress when the program dies.
				for (const send of sends) send.catch(() => undefined);
				if (chance() < 0.8) await Promise.all(sends.slice(0, 2));
				if (chance() < 0.8) await tab.growing(1 + Math.floor(chance() * 400));
			}
			await Bun.sleep(chance() * 30);
			await program.kill();
			for (const talk of talks.slice(-2))
				for (const tab of talk.tabs) {
					seen += tab.events.length;
					tab.leave();
				}
		}

		const program = await startProgram(settings);
		for (const talk of talks) {
			talk.tabs = await comeBack(program, talk);
			await expectSound(program, talk);
		}
		// The program died while replies were open.
		expect(interrupted).toBeGreaterThan(kills / 4);
		expect(seen).toBeGreaterThan(kills * 10);
	},
	fuzzMs,
);
