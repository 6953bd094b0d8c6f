/**
 * One process of readers for the load test, controlled by `load.ts`. It runs either the measured readers or
 * all others, so that the others' work does not count as lateness.
 */
import { nowMs } from "./load-provider.ts";
import {
	emptyTally,
	type Order,
	QuickReader,
	type Reader,
	type Tally,
} from "./load-readers.ts";
import { type SlowReader, SlowSocket, SlowStream } from "./load-slow.ts";

const kinds = ["idle", "healthy", "flapping", "slow"] as const;
export type Kind = (typeof kinds)[number];
export type Crowd = Partial<Record<Kind, number>>;

/** The commands for this process. */
export type Command =
	| { what: "come"; url: string; crowd: Crowd }
	| { what: "ask"; seconds: number }
	| { what: "hurry"; patienceMs: number }
	| { what: "leave" };

export type Report = {
	tallies: Record<string, Tally & { readers: number }>;
	/** Lateness of healthy readers, ms. */
	late: { p50: number; p95: number; p99: number; max: number; tokens: number };
	/** Bytes that slow readers had read before `hurry`, and the total for them. */
	slow: { taken: number; all: number };
	/** Time until all slow readers had everything, ms. */
	settledMs: number;
};

/** Simultaneous handshakes; more would only wait in the kernel's queue. */
const atOnce = 100;
/** Slow readers per conversation: tabs of one visitor. */
const tabs = 25;
/**
 * The text for slow readers: 3.8 MB per tab, the maximum that one visitor's tabs may read. An
 * answer is shorter than the limit of 500,000 characters.
 */
const past: Order = { answers: 8, pieces: 60, everyMs: 0, width: 8_000 };
const pastMs = 30_000;
/** Characters of the answer that streams while they read. */
const wideChars = 400_000;

type Slow = { owner: QuickReader; tabs: SlowReader[] };
const readers: { kind: string; reader: Reader }[] = [];
const talkers: QuickReader[] = [];
const slow: Slow[] = [];

async function come(url: string, crowd: Crowd) {
	for (const kind of kinds) {
		const count = crowd[kind] ?? 0;
		for (let at = 0; at < count; at += kind === "slow" ? tabs : atOnce) {
			const some = Math.min(kind === "slow" ? tabs : atOnce, count - at);
			if (kind === "slow") await comeSlowly(url, some);
			else await comeQuickly(url, kind, some);
		}
	}
}

async function comeQuickly(url: string, kind: Kind, count: number) {
	const isTimed = kind === "healthy";
	const some = Array.from({ length: count }, () => {
		// Not all at the same time.
		const flapMs = kind === "flapping" ? 900 + 200 * Math.random() : 0;
		return new QuickReader(url, { isTimed, flapMs });
	});
	await Promise.all(some.map((reader) => reader.come()));
	for (const reader of some) {
		readers.push({ kind, reader });
		if (kind !== "idle") talkers.push(reader);
	}
}

/** One visitor fills a long conversation; the other tabs read it from its start. */
async function comeSlowly(url: string, count: number) {
	const owner = new QuickReader(url);
	await owner.come();
	const ids = owner.ask(past);
	const begun = nowMs();
	while (!owner.copy.isWhole) {
		if (nowMs() - begun > pastMs) throw new Error("No past for the slow.");
		await Bun.sleep(20);
	}
	readers.push({ kind: "asks for the slow", reader: owner });
	const some = Array.from({ length: count }, (_, at) =>
		at % 2 === 0
			? new SlowSocket(url, owner.copy)
			: new SlowStream(url, owner.copy),
	);
	for (const reader of some) {
		for (const id of ids) reader.copy.expect(id, past);
		const kind =
			reader instanceof SlowSocket ? "slow, WebSocket" : "slow, stream";
		readers.push({ kind, reader });
	}
	await Promise.all(some.map((reader) => reader.come()));
	slow.push({ owner, tabs: some });
}

async function ask(seconds: number) {
	const durationMs = seconds * 1_000;
	for (const reader of talkers) {
		// 20 to 50 a second, different for each.
		const everyMs = Math.round(1_000 / (20 + 30 * Math.random()));
		const pieces = Math.ceil(durationMs / everyMs);
		reader.ask({ answers: 1, pieces, everyMs, width: 0 });
		if (Math.random() < 0.2) await Bun.sleep(1);
	}
	for (const { owner, tabs } of slow) {
		const pieces = seconds * 20;
		const width = Math.round(wideChars / pieces);
		const order = { answers: 1, pieces, everyMs: 50, width };
		for (const id of owner.ask(order))
			for (const tab of tabs) tab.copy.expect(id, order);
	}
}

async function hurry(patienceMs: number): Promise<Report> {
	const begun = nowMs();
	const everyTab = slow.flatMap(({ tabs }) => tabs);
	const taken = everyTab.reduce((sum, { received }) => sum + received, 0);
	for (const { reader } of readers) reader.hurry();
	const isWhole = () => readers.every(({ reader }) => reader.copy.isWhole);
	while (!isWhole() && nowMs() - begun < patienceMs) await Bun.sleep(20);
	const settledMs = nowMs() - begun;
	const all = everyTab.reduce((sum, { received }) => sum + received, 0);
	const tallies: Report["tallies"] = {};
	for (const { kind, reader } of readers) {
		tallies[kind] ??= { readers: 0, ...emptyTally };
		const sum = tallies[kind];
		sum.readers++;
		for (const [name, value] of Object.entries(reader.copy.check()))
			sum[name as keyof Tally] += value;
	}
	const late = Float64Array.from(
		readers.flatMap(({ reader }) => reader.copy.lateMs),
	).sort();
	const at = (share: number) =>
		late[Math.floor((late.length - 1) * share)] ?? 0;
	return {
		tallies,
		late: {
			p50: at(0.5),
			p95: at(0.95),
			p99: at(0.99),
			max: at(1),
			tokens: late.length,
		},
		slow: { taken, all },
		settledMs,
	};
}

process.on("message", async (command: Command) => {
	try {
		let report: Report | undefined;
		if (command.what === "come") await come(command.url, command.crowd);
		else if (command.what === "ask") await ask(command.seconds);
		else if (command.what === "hurry") report = await hurry(command.patienceMs);
		else for (const { reader } of readers.splice(0)) reader.leave();
		process.send?.({ report });
	} catch (error) {
		process.send?.({ failed: `${error}` });
	}
});
