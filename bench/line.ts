/**
 * `bun bench/line.ts [readers]`: cost and recovery time of a connection, in three tables.
 *
 * 1. Real time: from a reset connection to `ready` and to the next token, for stable connections.
 * 2. Real time: bytes per token on the wire, for each transport, at 30 tokens a second.
 * 3. Simulated time: time to detect each fault of the failure matrix, compared with its limit.
 *
 * Real sessions and sockets, the server in process, loopback only. Figures depend on the machine, except
 * those of the third table, which use the test's clock.
 */
import { memoryStorage } from "../test/support/oracle.ts";
import {
	endRigs,
	type Rig,
	realTime,
	rig,
	type Visitor,
} from "../test/support/rig.ts";

const [readers = 100] = process.argv.slice(2).map(Number);
const transports = ["websocket", "stream", "poll"] as const;
/** After this time a connection is stable and reconnects without a delay, ms. */
const stableMs = 10_500;

/** Upper limit for a reconnection, ms. */
const mostMs = 8_000;

const round = (value: number) => Math.round(value * 10) / 10;
const at = (values: number[], share: number) => {
	const sorted = values.toSorted((a, b) => a - b);
	const value = sorted[Math.floor((sorted.length - 1) * share)];
	return value === undefined ? "–" : Math.round(value);
};

/**
 * Resolves with the ms until `look` succeeds, or with `undefined` if it never does: a visitor without an
 * open connection at the time of the cut loses nothing.
 */
function until({ session }: Visitor, look: () => boolean) {
	const since = performance.now();
	const { promise, resolve } = Promise.withResolvers<number | undefined>();
	setTimeout(resolve, mostMs);
	const end = session.subscribe(() => {
		if (!look()) return;
		end();
		resolve(performance.now() - since);
	});
	return promise;
}

async function resume(transport: (typeof transports)[number]) {
	const it = await rig({ time: realTime(), transport });
	const crowd = Array.from({ length: readers }, () => it.come());
	for (const visitor of crowd) visitor.ask("story 500 33");
	await it.when(() => crowd.every(({ text }) => text), "text", 20_000);
	await Bun.sleep(stableMs);
	const ready: Promise<number | undefined>[] = [];
	const token: Promise<number | undefined>[] = [];
	for (const visitor of crowd) {
		let isLost = false;
		const { last } = visitor.picture;
		ready.push(
			until(visitor, () => {
				isLost ||= !visitor.isReady;
				return isLost && visitor.isReady;
			}),
		);
		token.push(until(visitor, () => visitor.picture.last > last + 1));
	}
	it.proxy.cut();
	const are = (ms: number | undefined) => ms !== undefined;
	const readyMs = (await Promise.all(ready)).filter(are);
	const tokenMs = (await Promise.all(token)).filter(are);
	const whole = () => crowd.every((visitor) => visitor.hasAnswers(1));
	await it.when(whole, "all answers", 60_000);
	const faults = crowd.flatMap(({ faults }) => faults);
	await endRigs();
	return {
		lines: readers,
		lost: readyMs.length,
		"ready, median ms": at(readyMs, 0.5),
		"ready, p99 ms": at(readyMs, 0.99),
		"next token, median ms": at(tokenMs, 0.5),
		"next token, p99 ms": at(tokenMs, 0.99),
		faults: faults.length,
	};
}

async function bytes(transport: (typeof transports)[number]) {
	const tokens = 300;
	const it = await rig({ time: realTime(), transport });
	await it.when(() => it.me.isReady, "ready", 5_000);
	const { stats } = it.proxy;
	const { bytesDown, bytesUp, connections } = stats;
	it.me.ask(`count-${tokens}`);
	await it.when(() => it.me.hasAnswers(1), "the answer", 5_000);
	const idle = {
		down: stats.bytesDown - bytesDown,
		up: stats.bytesUp - bytesUp,
	};
	it.me.ask(`story ${tokens} 33`);
	await it.when(() => it.me.hasAnswers(2), "the answer", 60_000);
	const characters = Buffer.byteLength(it.me.text);
	const figures = {
		tokens,
		"bytes of text a token": round(characters / tokens),
		"bytes down a token": round(
			(stats.bytesDown - bytesDown - idle.down) / tokens,
		),
		"bytes up a token": round((stats.bytesUp - bytesUp - idle.up) / tokens),
		"requests for it": stats.connections - connections,
	};
	await endRigs();
	return figures;
}

/** How to cause a fault, how to see that it was detected, and the matrix's limit in ms. */
const faults: Record<string, [number, (it: Rig) => Promise<number>]> = {
	"P1 upgrades refused → stream": [
		6_000,
		(it) => behind(it, { upgrade: 403 }, "stream"),
	],
	"P2 upgrades swallowed → stream": [
		6_000,
		(it) => behind(it, { upgrade: "swallow" }, "stream"),
	],
	"P5 upgrades refused, streams held → poll": [
		6_500,
		(it) => behind(it, { upgrade: 403, stream: "hold" }, "poll"),
	],
	"P11 let through again → websocket": [
		30_500,
		async (it) => {
			await behind(it, { upgrade: 403 }, "stream");
			it.proxy.heal();
			return it.when(carriedBy(it, "websocket"), "a WebSocket", 60_000);
		},
	],
	"P11 let through again, from poll → stream → websocket": [
		60_500,
		async (it) => {
			await behind(it, { upgrade: 403, stream: "hold" }, "poll");
			it.proxy.set({ upgrade: 403 });
			const stream = await it.when(carriedBy(it, "stream"), "s", 90_000);
			it.proxy.heal();
			await it.when(carriedBy(it, "websocket"), "a WebSocket", 120_000);
			return stream;
		},
	],
	"N3 half-open, mid-answer → another line": [
		11_500,
		(it) => lost(it, "both", "story 900 100"),
	],
	"N5 nothing goes up → a message by HTTP": [
		10_500,
		async (it) => {
			await it.when(() => it.me.isReady, "ready", 5_000);
			it.proxy.set({ deafSockets: true });
			it.me.ask("Why?");
			const isThere = () => it.provider.asked.length === 1;
			return it.when(isThere, "the question", 20_000);
		},
	],
};

const carriedBy = (it: Rig, transport: string) => () =>
	it.me.isReady && it.me.session.diagnostics().transport === transport;

function behind(it: Rig, toxics: object, transport: string) {
	it.me.session.stop();
	it.proxy.set(toxics);
	it.me.session.start();
	return it.when(carriedBy(it, transport), transport, 60_000);
}

async function lost(it: Rig, hold: "both" | "up", question: string) {
	it.me.ask(question);
	await it.when(() => it.me.text.length > 40, "text", 5_000);
	it.proxy.set({ hold });
	return it.when(() => !it.me.isReady, "loss", 60_000);
}

async function found([boundMs, run]: (typeof faults)[string]) {
	const it = await rig({ memo: memoryStorage() });
	const ms = await run(it);
	await endRigs();
	return { ms, "bound, ms": boundMs, holds: ms <= boundMs };
}

async function table<Key extends string, Row>(
	keys: readonly Key[],
	make: (key: Key) => Promise<Row>,
) {
	const rows: Record<string, Row> = {};
	for (const key of keys) rows[key] = await make(key);
	console.table(rows);
}

await table(transports, resume);
await table(transports, bytes);
await table(Object.keys(faults), (name) =>
	found(faults[name] as (typeof faults)[string]),
);
process.exit(0);
