/**
 * The failure matrix, rows P: proxies between a page and its server.
 *
 * Real sessions, sockets and server; simulated time (test/support/rig.ts).
 */
import { afterEach, expect, test } from "bun:test";
import type { ServerWebSocket } from "bun";
import { encode } from "../../protocol/frames.ts";
import type { Toxics } from "../support/chaos-net.ts";
import { asked, begun, ended, token } from "../support/events.ts";
import { readyFrame } from "../support/fake-transport.ts";
import { hostileServer } from "../support/hostile-server.ts";
import { memoryStorage } from "../support/oracle.ts";
import {
	endRigs,
	type Rig,
	rig,
	slackMs,
	steppedTime,
	visit,
	waitIn,
} from "../support/rig.ts";

afterEach(endRigs);

type Options = Parameters<typeof rig>[0];

/** A visitor behind a proxy with this fault from the beginning. */
async function behind(toxics: Toxics, options: Options = {}): Promise<Rig> {
	const it = await rig(options);
	it.me.session.stop();
	it.proxy.set(toxics);
	it.me.session.start();
	return it;
}

/** The answer is complete and arrived on `transport`. */
async function toTheEnd(it: Rig, transport: string, answers = 1) {
	await it.when(() => it.me.hasAnswers(answers), "the end", 60_000);
	await it.expectWhole();
	expect(it.provider.asked.length).toBe(answers);
	expect(it.me.session.diagnostics().transport).toBe(transport as "poll");
}

const carriedBy = (it: Rig, transport: string) => () =>
	it.me.isReady && it.me.session.diagnostics().transport === transport;

test.each([400, 403, 426, 502, 200])(
	"P1 a proxy that answers an upgrade with %d: the stream carries within 6 s",
	async (upgrade) => {
		const it = await behind({ upgrade });
		it.me.ask("story 30 50");
		await it.when(() => it.me.text, "text", 6_000);
		await toTheEnd(it, "stream");
		expect(it.me.session.diagnostics().fallbacks).toBe(1);
	},
);

test("P2 a proxy that accepts an upgrade and drops the frames: the stream takes over after 5 s", async () => {
	const it = await behind({ upgrade: "swallow" });
	it.me.ask("story 30 50");
	await it.when(() => it.me.text, "text", 5_000 + slackMs);
	await toTheEnd(it, "stream");
});

test.each([60_000, 100_000])(
	"P3 a proxy that kills a line idle for %d ms never gets to; forced, nothing is lost",
	async (idleMs) => {
		const it = await rig();
		it.me.ask("a");
		await it.when(() => it.me.hasAnswers(1), "an answer", 1_000);
		let quietMs = 0;
		let bytes = 0;
		for (let passed = 0; passed < 300_000; passed += 500) {
			await it.pass(500, 500);
			const { bytesUp, bytesDown } = it.proxy.stats;
			quietMs = bytesUp + bytesDown === bytes ? quietMs + 500 : 0;
			bytes = bytesUp + bytesDown;
			expect(quietMs).toBeLessThan(idleMs);
		}
		expect(it.me.session.diagnostics().resumes).toBe(0);
		it.me.ask("story 30 100");
		await it.when(() => it.me.text.length > 20, "text", 2_000);
		it.proxy.cut();
		await toTheEnd(it, "websocket", 2);
	},
);

test("P4 a close with code 1000 by a proxy is a normal disconnection", async () => {
	const log = [
		asked(1, "q1"),
		begun(2, "r1"),
		token(3, "You said: "),
		token(4, "Why?"),
		ended(5, "r1", "You said: Why?"),
	];
	const hellos: number[] = [];
	const say = (socket: ServerWebSocket<undefined>, from: number, to: number) =>
		log.slice(from, to).forEach((event) => void socket.send(encode(event)));
	const server = hostileServer({
		frame(frame, socket) {
			if (frame.type !== "hello") return;
			hellos.push(frame.after ?? 0);
			socket.send(encode(readyFrame({ head: 5 })));
			say(socket, frame.after ?? 0, hellos.length === 1 ? 3 : 5);
			if (hellos.length === 1) socket.close(1000);
		},
	});
	const time = steppedTime();
	const me = visit(server.url.replace("/chat", ""), { clock: time.clock });
	await waitIn(time, () => me.hasAnswers(1), "the answer", 2_000);
	expect(hellos).toEqual([0, 3]);
	expect(me.text).toBe("You said: Why?");
	expect(me.faults).toEqual([]);
	server.stop();
});

test.each([
	["P5 a stream that is held until its end", "hold"],
	["P6 a stream that is handed out in blocks of 4 kB", { blockBytes: 4_096 }],
] as const)("%s: pages carry after 5 s", async (_, stream) => {
	const it = await behind({ upgrade: 403, stream });
	it.me.ask("story 20 1000");
	await it.when(() => it.me.text, "text", 6_000 + slackMs);
	await toTheEnd(it, "poll");
});

test("P6 full blocks arrive; a rest held back at the end arrives within 14 s", async () => {
	const it = await behind({ upgrade: 403, stream: { blockBytes: 4_096 } });
	it.me.ask("story 300 10");
	await it.when(() => it.me.text.length > 2_000, "text", 6_000);
	expect(it.me.session.diagnostics().transport).toBe("stream");
	await it.when(() => it.provider.asked.length === 1, "the question", 1_000);
	// The model needs 3 s; then 8 s of silence, a check of the head, 5 s for the stream to prove itself.
	await it.when(() => it.me.hasAnswers(1), "the end", 3_000 + 14_000);
	await toTheEnd(it, "poll");
});

test("P7 a stream that is compressed on the way can be read", async () => {
	const it = await behind({ upgrade: 403, stream: "gzip" });
	it.me.ask("story 60 50");
	await it.when(() => it.me.text, "text", 6_000);
	await toTheEnd(it, "stream");
});

test("P8 a stream that is cut every 60 s resumes and stays a stream", async () => {
	const it = await rig({ transport: "stream" });
	it.me.ask("story 2000 100");
	for (let cut = 0; cut < 3; cut++) {
		await it.pass(60_000, 100);
		it.proxy.cut("end");
		const { length } = it.me.text;
		await it.when(() => it.me.text.length > length, "further text", 2_000);
	}
	await toTheEnd(it, "stream");
	expect(it.me.session.diagnostics()).toMatchObject({
		resumes: 3,
		fallbacks: 0,
	});
});

test("P9 a proxy that cuts polls at 10 s delays no message, however long the silence", async () => {
	const it = await rig({ transport: "poll" });
	it.me.ask("a");
	await it.when(() => it.me.hasAnswers(1), "an answer", 2_000);
	let asked = 0;
	let waitedMs = 0;
	for (let passed = 0; passed < 300_000; passed += 100) {
		await it.pass(100, 100);
		const { length } = it.proxy.stats.requests;
		waitedMs = length === asked ? waitedMs + 100 : 0;
		asked = length;
		if (waitedMs === 10_000) it.proxy.cut("end");
	}
	expect(it.proxy.stats.cuts).toBeGreaterThan(2);
	expect(it.me.session.diagnostics().resumes).toBeLessThan(10);
	const other = it.come({ storage: it.me.storage, transport: "websocket" });
	other.ask("b");
	await it.when(() => it.me.hasAnswers(2), "the answer", 2_000);
	await it.expectWhole(other);
});

test.each([502, 503, 504])(
	"P9 pages answered with %d by a proxy are asked for again",
	async (status) => {
		const it = await rig({ transport: "poll" });
		it.me.ask("story 100 100");
		await it.when(() => it.me.text.length > 20, "text", 2_000);
		it.proxy.set({
			answers: { "/chat/events": { status, body: "<h1>Bad</h1>" } },
		});
		await it.pass(20_000, 100);
		expect(it.me.session.connection.state).not.toBe("refused");
		it.proxy.heal();
		await toTheEnd(it, "poll");
	},
);

test("P9 a 429 with Retry-After is obeyed", async () => {
	const it = await rig({ transport: "poll" });
	await it.when(() => it.me.isReady, "ready", 1_000);
	const headers = { "Retry-After": "30" };
	it.proxy.set({ answers: { "/chat": { status: 429, headers } } });
	it.proxy.cut();
	await it.when(() => !it.me.isReady, "loss", 5_000);
	it.proxy.cut();
	await it.when(
		() => it.proxy.stats.requests.at(-1)?.includes("after"),
		"an attempt",
		5_000,
	);
	await it.pass(1_000);
	const { length } = it.proxy.stats.requests;
	await it.pass(27_000, 100);
	expect(it.proxy.stats.requests.length).toBe(length);
	it.proxy.heal();
	await it.when(() => it.me.isReady, "ready", 10_000);
});

test("P10 a captive portal is a dead network: the session keeps trying and shows no part of it", async () => {
	const it = await rig();
	it.me.ask("story 600 100");
	await it.when(() => it.me.text.length > 40, "text", 3_000);
	it.proxy.set({ portal: true });
	it.proxy.cut();
	await it.pass(50_000, 100);
	expect(it.me.session.connection.state).toMatch(/waiting|connecting/);
	expect(it.me.session.diagnostics().fallbacks).toBe(0);
	it.proxy.heal();
	await it.when(() => it.me.isReady, "ready", 35_000);
	await toTheEnd(it, "websocket");
});

test("P11 blocked WebSockets that work again: one takes over within 30 s, during an answer", async () => {
	const it = await behind({ upgrade: 403 });
	it.me.ask("story 600 100");
	await it.when(carriedBy(it, "stream"), "the stream", 6_000);
	it.proxy.heal();
	await it.when(carriedBy(it, "websocket"), "the WebSocket", 30_000 + slackMs);
	expect(it.me.picture.open).toBeDefined();
	await toTheEnd(it, "websocket");
	expect(it.me.session.diagnostics().gapsRepaired).toBe(0);
});

test("P12 a WebSocket that dies 5 s after every ready: the stream takes over within 2 min, and no transport is remembered", async () => {
	const memo = memoryStorage();
	const it = await rig({ memo });
	it.me.ask("story 900 100");
	let lines = 0;
	let wasReady = false;
	await it.when(
		() => {
			if (it.me.isReady && !wasReady && carriedBy(it, "websocket")()) {
				lines++;
				it.time.clock.setTimeout(() => {
					if (carriedBy(it, "websocket")()) it.proxy.cut();
				}, 5_000);
			}
			wasReady = it.me.isReady;
			return carriedBy(it, "stream")();
		},
		"the stream",
		120_000,
	);
	expect(lines).toBe(3);
	expect(memo.keys()).toEqual([]);
	await it.when(() => it.me.hasAnswers(1), "the end", 90_000, 100);
	await it.expectWhole();
});

test("P13 a constructor that throws, by policy or for mixed content: the stream takes over at once", async () => {
	const real = globalThis.WebSocket;
	globalThis.WebSocket = class {
		constructor() {
			throw new DOMException("Refused by the page's policy", "SecurityError");
		}
	} as unknown as typeof WebSocket;
	try {
		const it = await rig();
		it.me.ask("story 30 50");
		await it.when(() => it.me.text, "text", slackMs);
		await toTheEnd(it, "stream");
		expect(it.me.session.diagnostics().fallbacks).toBe(1);
	} finally {
		globalThis.WebSocket = real;
	}
});
