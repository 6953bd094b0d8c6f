/**
 * The failure matrix, rows S: faults of a server, its model and its clock.
 *
 * Rows that kill or stop the server run the real program and take real time; the others run it in process,
 * on simulated time (test/support/rig.ts).
 */
import { afterEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../server/clock.ts";
import {
	endRigs,
	expectWhole,
	realTime,
	rig,
	slackMs,
	steppedTime,
	visit,
	waitIn,
} from "../support/rig.ts";
import { faultyStore, programOn } from "../support/rig-parts.ts";

afterEach(endRigs);

const transports = ["websocket", "stream", "poll"] as const;

const when = (look: () => unknown, what: string, ms: number) =>
	waitIn(realTime(), look, what, ms);

test.each(transports)(
	"S1 by %s: after kill -9 the text is there as far as it was shown, and another answer within 2 s of the restart",
	async (transport) => {
		const { first, proxy, again } = await programOn();
		const me = visit(proxy.url, { transport, clock: systemClock });
		const question = me.ask("slow 5 300");
		await when(() => me.text.length > 100, "text", 5_000);
		const shown = me.text;
		await first.kill();
		const second = await again();
		await when(() => me.hasAnswers(1), "the end of the broken answer", 2_000);
		const [broken] = me.replies;
		expect(broken?.text).toStartWith(shown);
		expect(broken?.close).toMatchObject({ by: "error", code: "interrupted" });
		me.session.retry(question);
		await when(() => me.hasAnswers(2), "another answer", 5_000);
		expect(me.replies[1]?.close).toMatchObject({ reason: "complete" });
		await expectWhole(second.url, me);
	},
);

test.each([
	["is finished", "slow 10 100", "25000", { by: "end", reason: "complete" }],
	["is cut", "endless 10", "300", { by: "error", code: "interrupted" }],
])(
	"S2 on SIGTERM an answer under way %s, the server ends with 0, and everybody comes back",
	async (_, question, drainMs, close) => {
		const { first, proxy, again } = await programOn({ CHAT_DRAIN_MS: drainMs });
		const readers = transports.map((transport) =>
			visit(proxy.url, { transport, clock: systemClock }),
		);
		for (const reader of readers) reader.ask(question);
		await when(() => readers.every(({ text }) => text), "text", 5_000);
		first.signal("SIGTERM");
		expect(await first.exited).toBe(0);
		const second = await again();
		await when(
			() => readers.every((reader) => reader.isReady && reader.hasAnswers(1)),
			"everybody",
			5_000,
		);
		for (const reader of readers) {
			expect(reader.replies[0]?.close).toMatchObject(close);
			reader.ask("And now?");
		}
		await when(
			() => readers.every((reader) => reader.hasAnswers(2)),
			"answers",
			5_000,
		);
		for (const reader of readers) await expectWhole(second.url, reader);
	},
);

test.each([
	[5_000, "nobody notices", 0],
	[20_000, "the line is replaced, and the answer goes on", 1],
])(
	"S3 a server that stands still for %d ms by the page's clock: %s",
	async (ms, _, resumes) => {
		const { first, proxy } = await programOn();
		const time = steppedTime();
		const me = visit(proxy.url, { clock: time.clock });
		me.ask("slow 5 200");
		await waitIn(time, () => me.text.length > 40, "text", 60_000, 5);
		first.signal("SIGSTOP");
		for (let passed = 0; passed < ms; passed += 50) await time.pass(50);
		first.signal("SIGCONT");
		// From here time is real again: the server uses its own clock.
		await waitIn(time, () => me.hasAnswers(1), "the end", 60_000, 5);
		expect(me.session.diagnostics().resumes).toBe(resumes);
		expect(me.replies.length).toBe(1);
		await expectWhole(first.url, me);
	},
);

test("S3 a server that was suspended for longer than its limits closes no reply and no reader for it", async () => {
	const { first, proxy } = await programOn({
		CHAT_NEXT_CHUNK_TIMEOUT_MS: "1200",
		CHAT_IDLE_TIMEOUT_MS: "1200",
		CHAT_HEARTBEAT_MS: "300",
	});
	const me = visit(proxy.url, { clock: systemClock });
	me.ask("slow 20 100");
	await when(() => me.text.length > 20, "text", 5_000);
	first.signal("SIGSTOP");
	await Bun.sleep(1_500);
	first.signal("SIGCONT");
	await when(() => me.hasAnswers(1), "the end", 8_000);
	expect(me.replies[0]?.close).toMatchObject({ reason: "complete" });
	await expectWhole(first.url, me);
});

describe("S4 of a model", () => {
	test.each([
		["that refuses", "error 429", 1_000, "provider_failed", ""],
		["that breaks off", "throw", 1_000, "provider_failed", "Half an answer"],
		["that says why", "refuse provider_timeout", 1_000, "provider_timeout", ""],
		["that never begins", "silent", 121_000, "provider_timeout", ""],
		[
			"that stops in the middle",
			"hold for-ever",
			31_000,
			"provider_timeout",
			"held",
		],
	])(
		"%s the visitor sees the code, keeps the text and gets another answer",
		async (_, question, ms, code, text) => {
			const it = await rig();
			const asked = it.me.ask(question);
			await it.when(() => it.me.hasAnswers(1), "the end", ms + slackMs, 250);
			expect(it.me.errors).toEqual([code]);
			expect(it.me.replies[0]).toMatchObject({ text, close: { code } });
			expect(it.me.session.diagnostics().resumes).toBe(0);
			it.me.session.retry(asked);
			await it.when(() => it.me.replies.length === 2, "another answer", 1_000);
			it.me.session.stopReply();
			await it.when(() => it.me.hasAnswers(2), "its end", 1_000);
			await it.expectWhole();
		},
	);

	test.each([
		["that says nothing", "empty"],
		["that says 20,000 words one by one", "count 20000"],
		["that says 200 kB at once", "huge 200000"],
	])("%s the answer is whole by every transport", async (_, question) => {
		const it = await rig();
		it.me.ask(question);
		await it.when(() => it.me.isReady, "ready", 1_000);
		const { storage } = it.me;
		const others = transports.map((transport) =>
			it.come({ transport, storage }),
		);
		const everybody = [it.me, ...others];
		await it.when(
			() => everybody.every((visitor) => visitor.hasAnswers(1)),
			"the end",
			120_000,
		);
		await it.expectWhole(...others);
	});
});

test.each(transports)(
	"S5 by %s: a handler that throws costs one line, which comes back; nobody else notices",
	async (transport) => {
		const time = steppedTime();
		const faulty = faultyStore(time.clock);
		const it = await rig({ time, transport, store: faulty.store });
		await it.when(() => it.me.isReady, "ready", 1_000);
		const victim = it.come();
		await it.when(() => victim.isReady, "ready", 1_000);
		it.me.ask("story 100 100");
		await it.when(() => it.me.text, "text", 1_000);
		const { conversation } = victim.credential;
		faulty.fault = (id) =>
			id === conversation ? new TypeError("x is not a function") : undefined;
		const id = victim.ask("Why?");
		await it.when(() => !victim.isReady, "the end of the line", 2_000);
		expect(victim.session.pending).toMatchObject([{ id }]);
		faulty.fault = undefined;
		await it.when(() => victim.hasAnswers(1), "the answer", 10_000);
		await it.when(() => it.me.hasAnswers(1), "the other answer", 20_000);
		expect(it.me.session.diagnostics().resumes).toBe(0);
		await it.expectWhole();
		await expectWhole(it.server.url, victim);
	},
);

describe.each([
	["forward", 3_600_000],
	["back", -3_600_000],
])("S6 a clock that is set %s by an hour", (_, ms) => {
	test.each(transports)(
		"on the server loses no token by %s, and no answer",
		async (transport) => {
			const time = steppedTime();
			const serverClock = time.wrong.clock;
			const it = await rig({ time, transport, serverClock });
			it.me.ask("story 200 100");
			await it.when(() => it.me.text.length > 40, "text", 2_000);
			time.wrong.setBy(ms);
			const { length } = it.me.text;
			await it.when(() => it.me.text.length > length, "further text", 2_000);
			await it.when(() => it.me.hasAnswers(1), "the end", 30_000);
			await it.expectWhole();
			expect(it.me.replies[0]?.close).toMatchObject({ reason: "complete" });
		},
	);

	test.each(transports)(
		"in the page costs at most a line by %s",
		async (transport) => {
			const time = steppedTime();
			const it = await rig({ time, transport });
			const { clock } = time.wrong;
			const { storage } = it.me;
			await it.when(() => it.me.isReady, "ready", 1_000);
			const me = it.come({ clock, storage });
			await it.when(() => me.isReady, "ready", 1_000);
			me.ask("story 200 100");
			await it.when(() => me.text.length > 40, "text", 2_000);
			time.wrong.setBy(ms);
			me.ask("And then?");
			const { length } = me.text;
			await it.when(() => me.text.length > length, "further text", 4_000);
			const both = [it.me, me];
			await it.when(
				() => both.every((visitor) => visitor.hasAnswers(2)),
				"the end",
				30_000,
			);
			await it.expectWhole(me);
			expect(me.session.diagnostics().resumes).toBeLessThan(3);
		},
	);
});
