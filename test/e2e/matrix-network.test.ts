/**
 * The failure matrix, rows N: network faults during an answer.
 *
 * Real sessions, sockets and server. Time is simulated (test/support/rig.ts) unless a test says otherwise,
 * so a time limit is measured by the clock of both sides.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { Backoff } from "../../widget/transport/backoff.ts";
import type { Cut } from "../support/chaos-net.ts";
import { manualClock, seeded } from "../support/clock.ts";
import { oracle } from "../support/oracle.ts";
import { RawSocket } from "../support/raw-socket.ts";
import {
	endRigs,
	type Rig,
	realTime,
	rig,
	slackMs,
	steppedTime,
} from "../support/rig.ts";

afterEach(endRigs);

const transports = ["websocket", "stream", "poll"] as const;

/** A rig during the answer to `question`. */
async function midAnswer(
	question: string,
	options: Parameters<typeof rig>[0] = {},
	chars = 40,
): Promise<Rig> {
	const it = await rig(options);
	it.me.ask(question);
	await it.when(() => it.me.text.length >= chars, "text", 10_000);
	return it;
}

/** Waits for more text. */
function more(it: Rig, ms: number): Promise<number> {
	const { length } = it.me.text;
	return it.when(() => it.me.text.length > length, "further text", ms);
}

async function toTheEnd(it: Rig, ms = 60_000, step?: number) {
	await it.when(() => it.me.hasAnswers(1), "the end of the answer", ms, step);
	await it.expectWhole();
	expect(it.provider.asked.length).toBe(1);
}

describe.each(transports)("on %s", (transport) => {
	const cut = async (how: Cut) => {
		const it = await midAnswer("story 80 100", { transport });
		for (let time = 0; time < 3; time++) {
			it.proxy.cut(how);
			await more(it, 2_000);
			await it.pass(700);
		}
		await toTheEnd(it);
		expect(it.me.session.diagnostics().fallbacks).toBe(0);
	};

	test("N1 a reset connection resumes without loss within 2 s", () =>
		cut("reset"));

	test("N2 a connection that ends cleanly resumes within 2 s", () =>
		cut("end"));

	test("N3 a half-open connection is replaced within 11 s", async () => {
		const it = await midAnswer("story 200 100", { transport });
		it.proxy.set({ hold: "both" });
		// The replacement uses a working path.
		await it.when(() => !it.me.isReady, "loss", 11_000 + slackMs);
		it.proxy.cut();
		it.proxy.heal();
		await more(it, 2_000);
		await toTheEnd(it);
	});

	test("N4 without server frames, a message is sent on another connection within 11 s, once", async () => {
		const it = await midAnswer("story 200 100", { transport });
		it.proxy.set({ hold: "down" });
		it.me.ask("And then?");
		await it.when(() => !it.me.isReady, "loss", 11_000 + slackMs);
		it.proxy.heal();
		await it.when(() => it.me.hasAnswers(2), "both answers", 60_000);
		await it.expectWhole();
		expect(it.provider.asked.length).toBe(2);
	});

	test("N5 with client frames lost, tokens continue, and a message is sent on another connection within 10 s, once", async () => {
		const it = await midAnswer("story 300 100", { transport });
		it.proxy.set({ hold: "up" });
		it.me.ask("And then?");
		if (transport !== "poll") await more(it, 1_000);
		await it.when(() => !it.me.isReady, "another line", 10_000 + slackMs);
		it.proxy.cut();
		it.proxy.heal();
		await it.when(() => it.me.hasAnswers(2), "both answers", 60_000);
		await it.expectWhole();
		expect(it.provider.asked.length).toBe(2);
	});

	test("N9 slices of 1 to 7 bytes break no character and no frame", async () => {
		const it = await rig({ transport });
		it.proxy.set({ slice: true });
		it.me.ask("story 60 20");
		await toTheEnd(it);
		expect(it.me.session.diagnostics()).toMatchObject({
			resumes: 0,
			gapsRepaired: 0,
		});
	});
});

test("N3 the server closes the connection of a lost peer within 45 s", async () => {
	const time = steppedTime();
	const it = await rig({ time });
	await it.when(() => it.me.isReady, "ready", 1_000);
	const raw = new RawSocket(it.server.url);
	const { token, conversation } = it.me.credential;
	raw.say({ type: "hello", version: 1, token, conversation });
	await it.when(() => raw.texts.length > 0, "ready", 1_000);
	await it.pass(12_345);
	raw.say({ type: "ping" });
	const tookMs = await it.when(
		() => raw.ended,
		"end of the line",
		45_000 + slackMs,
	);
	expect(tookMs).toBeGreaterThan(44_000);
	expect(it.me.session.diagnostics().resumes).toBe(0);
});

test.each([
	["2 s", 2_000, 50],
	["30 s", 30_000, 100],
	["3 min", 180_000, 500],
	["30 min", 1_800_000, 2_000],
])("N6 after %s without a network everything is there", async (_, ms, step) => {
	const it = await midAnswer("story 400 100");
	it.proxy.set({ hold: "both" });
	it.proxy.cut();
	await it.pass(ms, step);
	it.proxy.cut();
	it.proxy.heal();
	await it.when(() => it.me.isReady, "ready", 35_000);
	await toTheEnd(it);
	expect(it.me.session.diagnostics()).toMatchObject({
		transport: "websocket",
		fallbacks: 0,
	});
});

test("N7 a latency of about 800 ms and a stall lose no connection (real time)", async () => {
	const runs = transports.map(async (transport) => {
		const it = await rig({ transport, time: realTime() });
		it.proxy.set({ latencyMs: 800, jitterMs: 400 });
		it.me.ask("story 100 20");
		await it.when(() => it.me.text, "text", 10_000);
		it.proxy.set({ latencyMs: 800, jitterMs: 400, hold: "both" });
		await Bun.sleep(500);
		it.proxy.set({ latencyMs: 800, jitterMs: 400 });
		await toTheEnd(it, 15_000);
		expect(it.me.states).toEqual(["connecting", "ready"]);
	});
	await Promise.all(runs);
}, 20_000);

test("N8 8 kB/s carry a whole answer of 20 kB on one connection (real time)", async () => {
	const it = await rig({ transport: "websocket", time: realTime() });
	await it.when(() => it.me.isReady, "ready", 1_000);
	it.proxy.set({ bytesPerSecond: 8_000 });
	it.me.ask("huge 20000");
	await toTheEnd(it, 15_000);
	expect(it.me.session.diagnostics().resumes).toBe(0);
}, 20_000);

test("N10 a network that flaps every 3 s for 2 min loses no token and causes no early attempt", async () => {
	const it = await midAnswer("story 1200 100");
	let until = 0;
	let attempts = 0;
	let early = 0;
	it.me.session.subscribe(({ type }) => {
		const { connection } = it.me.session;
		if (connection.state === "waiting") until = connection.until;
		if (type !== "connection" || connection.state !== "connecting") return;
		attempts++;
		if (it.time.clock.now() < until) early++;
	});
	for (let round = 0; round < 20; round++) {
		it.proxy.set({ hold: "both" });
		it.proxy.cut();
		await it.pass(3_000, 100);
		it.proxy.heal();
		await it.pass(3_000, 100);
	}
	await it.when(() => it.me.isReady, "ready", 35_000, 100);
	await toTheEnd(it, 60_000, 100);
	// A step down to another transport has no delay.
	expect(early).toBeLessThanOrEqual(it.me.session.diagnostics().fallbacks);
	expect(attempts).toBeLessThan(80);
});

test("N11 on another network the connection is back within 3 s, whatever its back-off", async () => {
	const it = await midAnswer("story 600 100");
	it.me.session.setOffline(true);
	it.proxy.set({ hold: "both" });
	it.proxy.cut();
	await it.pass(40_000, 100);
	expect(it.me.session.connection).toMatchObject({ state: "waiting" });
	it.proxy.cut();
	it.proxy.heal();
	it.me.session.setOffline(false);
	await more(it, 3_000);
	await toTheEnd(it);
});

test("N12 a wrong name, port or certificate is a dead network: no step down, growing delays", async () => {
	const it = await rig();
	const strangers = [
		"http://nowhere.invalid",
		"http://127.0.0.1:9",
		it.server.url.replace("http", "https"),
	].map((url) => it.come({ url: `${url}/chat` }));
	await it.pass(120_000, 200);
	for (const { session, states, errors } of strangers) {
		expect(session.connection.state).not.toBe("ready");
		expect(session.connection.state).not.toBe("refused");
		expect(session.diagnostics()).toMatchObject({
			transport: "websocket",
			fallbacks: 0,
		});
		expect(errors).toEqual([]);
		const attempts = states.filter((state) => state === "connecting").length;
		expect(attempts).toBeGreaterThan(5);
		expect(attempts).toBeLessThan(15);
	}
});

test("N13 200 readers disconnected at once are back within 30 s, spread over time (real time)", async () => {
	const it = await rig({ time: realTime(), transport: "websocket" });
	const crowd = Array.from({ length: 200 }, () => it.come());
	for (const visitor of crowd) visitor.ask("slow 200 25");
	await it.when(() => crowd.every(({ text }) => text), "text", 10_000);
	const backAt: number[] = [];
	for (const { session } of crowd)
		session.subscribe(({ type }) => {
			if (type === "connection" && session.connection.state === "ready")
				backAt.push(performance.now());
		});
	it.proxy.cut();
	await it.when(() => backAt.length === 200, "everybody", 30_000);
	expect((backAt.at(-1) as number) - (backAt[0] as number)).toBeGreaterThan(
		150,
	);
	await it.when(
		() => crowd.every((visitor) => visitor.hasAnswers(1)),
		"all answers",
		30_000,
	);
	for (const visitor of crowd) {
		expect(visitor.faults).toEqual([]);
		expect(visitor.text).toBe(oracle("slow 200 25"));
		expect(visitor.session.diagnostics()).toMatchObject({
			resumes: 1,
			integrityAlarms: 0,
		});
	}
	expect(it.provider.asked.length).toBe(200);
}, 60_000);

test("N13 5,000 delays after one disconnection are evenly distributed, at every attempt", () => {
	const random = seeded(13);
	const clock = { ...manualClock(), random };
	const crowd = Array.from({ length: 5_000 }, () => new Backoff(clock));
	for (let attempt = 0; attempt < 8; attempt++) {
		const waits = crowd.map((backoff) => backoff.lost());
		const mostMs = Math.max(...waits);
		const slots = Array<number>(10).fill(0);
		const leastMs = Math.min(...waits);
		for (const ms of waits) {
			const slot = Math.floor((10 * (ms - leastMs)) / (mostMs - leastMs));
			slots[Math.min(slot, 9)] = (slots[Math.min(slot, 9)] ?? 0) + 1;
		}
		expect(Math.max(...slots)).toBeLessThan(5_000 * 0.13);
		expect(mostMs).toBeLessThanOrEqual(30_000);
	}
});
