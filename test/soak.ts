/**
 * `npm run soak [-- seconds readers seed]`: many readers, the real program, and a network that never
 * rests. By default 180 s and 200 readers.
 *
 * Readers ask, are disconnected, slowed down, sent wrong data and reloaded; at the end every one must
 * hold its log exactly: nothing lost, nothing repeated, no alarm, and no growing memory. It
 * prints a table and fails by its exit code. Real time, loopback only.
 */
import type { TransportName } from "../widget/transport/transport.ts";
import type { Toxics } from "./support/chaos-net.ts";
import { seeded } from "./support/clock.ts";
import { memoryStorage } from "./support/oracle.ts";
import {
	endRigs,
	foldSoundly,
	proxyTo,
	readLog,
	Visitor,
} from "./support/rig.ts";
import { endServers, startProgram, tempFolder } from "./support/server.ts";
import { type Memory, memoryNow } from "./support/soak-provider.ts";

const [seconds = 180, count = 200, seed = 1] = process.argv
	.slice(2)
	.map(Number);
/** Each proxy has its own faults. */
const networks = 8;
const sampleMs = 3_000;
/** Time limit for recovery after the last fault, ms. */
const settleMs = 60_000;
/** Maximum heap growth, MiB a minute: less than one conversation per reader. */
const mostGrowth = 1.5;
/** A shorter run shows no growth rate: it ends while caches fill. */
const leastSeconds = 120;
/**
 * Questions per conversation. Few, so that the server soon has as many idle logs as its cache
 * holds: until then its heap grows as expected.
 */
const mostAsked = 4;
const transports: ("auto" | TransportName)[] = [
	"auto",
	"websocket",
	"stream",
	"poll",
];

const random = seeded(seed);
const pick = <Item>(items: readonly Item[]): Item =>
	items[Math.floor(random() * items.length)] as Item;
const within = (from: number, to: number) => from + random() * (to - from);

/** Names and toxics; a cut is added to the current ones. */
const weathers: Record<string, () => Toxics> = {
	calm: () => ({}),
	late: () => ({ latencyMs: within(20, 400), jitterMs: within(0, 200) }),
	slices: () => ({ slice: true }),
	"black hole": () => ({ hold: pick(["up", "down", "both"] as const) }),
	"cut by bytes": () => ({
		cutAfterBytes: Math.floor(within(500, 20_000)),
		cutHow: pick(["reset", "end"] as const),
	}),
	"HTTP errors": () => ({
		answers: { "/chat": { status: pick([429, 500, 502, 503, 504]) } },
	}),
	"no upgrades": () => ({ upgrade: pick([400, 403, 502, "swallow"] as const) }),
	"deaf sockets": () => ({ deafSockets: true }),
	"held streams": () => ({ upgrade: 403, stream: "hold" }),
	portal: () => ({ portal: true }),
};

const seen: Record<string, number> = {};
const figures = {
	asked: 0,
	answers: 0,
	reloads: 0,
	resumes: 0,
	gapsRepaired: 0,
	repeatsDropped: 0,
	fallbacks: 0,
	integrityAlarms: 0,
};
const wrong: string[] = [];

/** One visitor: asks, waits, reloads the page, starts a new conversation. */
class Reader {
	visitor: Visitor;
	readonly #url: string;
	readonly #transport: (typeof transports)[number];
	#storage = memoryStorage();
	/** Questions of this conversation, including earlier pages. */
	#asked: string[] = [];

	constructor(url: string, transport: (typeof transports)[number]) {
		this.#url = url;
		this.#transport = transport;
		this.visitor = this.#load();
	}

	#load(): Visitor {
		const visitor = new Visitor({
			url: `${this.#url}/chat`,
			transport: this.#transport,
			storage: this.#storage,
		});
		visitor.session.start();
		return visitor;
	}

	/** Closes this page and adds its counters. */
	leave() {
		const { session, faults } = this.visitor;
		wrong.push(...faults.splice(0));
		for (const [name, value] of Object.entries(session.diagnostics()))
			if (name in figures && typeof value === "number")
				figures[name as keyof typeof figures] += value;
		session.stop();
	}

	async live(isOver: () => boolean) {
		while (!isOver()) {
			await Bun.sleep(within(500, 6_000));
			if (isOver()) return;
			const chance = random();
			if (chance < 0.1) this.#reload();
			else if (chance < 0.15 && this.isWhole) await this.#moveOn();
			else if (this.#asked.length < mostAsked) this.#ask();
			else if (this.isWhole) await this.#moveOn();
		}
	}

	#ask() {
		figures.asked++;
		const story = `story ${Math.floor(within(1, 60))} ${Math.floor(within(10, 80))}`;
		this.#asked.push(this.visitor.session.send(story));
	}

	#reload() {
		figures.reloads++;
		this.leave();
		this.visitor = this.#load();
	}

	/** Compares this conversation with its log, and starts another one as a new visitor. */
	async #moveOn() {
		await this.check();
		this.leave();
		this.#asked = [];
		this.#storage = memoryStorage();
		this.visitor = this.#load();
	}

	get isWhole(): boolean {
		const { visitor } = this;
		return (
			visitor.isReady &&
			visitor.session.pending.length === 0 &&
			visitor.hasAnswers(this.#asked.length)
		);
	}

	/** Each question once and in order, each answer complete, the conversation equal to the log. */
	async check() {
		const { visitor } = this;
		const credential = this.#storage.record("identity");
		const { conversation } = credential;
		const say = (what: string) => wrong.push(`${conversation}: ${what}`);
		if (!this.isWhole) {
			const { connection, pending } = visitor.session;
			say(`not whole: ${JSON.stringify({ connection, pending })}`);
			return;
		}
		const log = foldSoundly(await readLog(server.url, credential));
		const { messages } = visitor.picture;
		if (!Bun.deepEquals(messages, log.messages)) say("differs from its log");
		const stored = log.messages.flatMap(({ role, id }) =>
			role === "user" ? [id] : [],
		);
		const twice = stored.filter((id, at) => stored.indexOf(id) !== at);
		const lost = this.#asked.filter((id) => !stored.includes(id));
		if (twice.length > 0) say(`stored twice: ${twice}`);
		if (lost.length > 0) say(`lost: ${lost}`);
		if (stored.length !== this.#asked.length) say("more than was asked");
		for (const reply of visitor.replies) {
			figures.answers++;
			const { close } = reply;
			const isWhole = close?.by === "end" && close.reason === "complete";
			if (!isWhole) say(`broken off: ${JSON.stringify(close)}`);
		}
	}
}

/** MiB a minute, by least squares. */
function slope(samples: { at: number; value: number }[]): number {
	const mean = (of: number[]) => of.reduce((a, b) => a + b, 0) / of.length;
	const at = mean(samples.map(({ at }) => at));
	const value = mean(samples.map(({ value }) => value));
	const top = samples.map((one) => (one.at - at) * (one.value - value));
	const bottom = samples.map((one) => (one.at - at) ** 2);
	return ((mean(top) / mean(bottom)) * 60_000) / 2 ** 20;
}

const server = await startProgram({
	CHAT_STORE: `sqlite:${tempFolder()}/chat.db`,
	CHAT_PROVIDER: `${import.meta.dir}/support/soak-provider.ts`,
});
const proxies = await Promise.all(
	Array.from({ length: networks }, (_, at) => proxyTo(server.url, seed + at)),
);
const begun = performance.now();
const isOver = () => performance.now() - begun > seconds * 1_000;

async function spoil(proxy: (typeof proxies)[number]) {
	while (!isOver()) {
		const name = pick(Object.keys(weathers));
		seen[name] = (seen[name] ?? 0) + 1;
		proxy.set(weathers[name]?.() ?? {});
		await Bun.sleep(within(1_000, 8_000));
		if (random() < 0.6) proxy.cut(pick(["reset", "end"] as const));
		proxy.heal();
		// No one requests these counters.
		proxy.stats.requests.length = 0;
		await Bun.sleep(within(500, 6_000));
	}
	proxy.heal();
}

type Sample = { at: number; server: Memory; client: Memory };
const samples: Sample[] = [];

async function sample() {
	while (!isOver()) {
		await Bun.sleep(sampleMs);
		const response = await fetch(`${server.url}/chat/messages`, {
			method: "POST",
			body: JSON.stringify({ content: "memory" }),
			headers: { "Content-Type": "application/json" },
		});
		const { content } = (await response.json()) as { content: string };
		const at = performance.now() - begun;
		samples.push({ at, server: JSON.parse(content), client: memoryNow() });
	}
}

const readers = Array.from(
	{ length: count },
	(_, at) =>
		new Reader(
			proxies[at % networks]?.url ?? "",
			transports[Math.floor(at / networks) % transports.length] ?? "auto",
		),
);
await Promise.all([
	...readers.map((reader) => reader.live(isOver)),
	...proxies.map(spoil),
	sample(),
]);

const healedAt = performance.now();
const patience = () => performance.now() - healedAt < settleMs;
while (patience() && !readers.every(({ isWhole }) => isWhole))
	await Bun.sleep(50);
const settledMs = performance.now() - healedAt;
for (const reader of readers) await reader.check();
for (const reader of readers) reader.leave();

// The first third warms up caches and compilers.
const late = samples.slice(Math.floor(samples.length / 3));
const growth = (of: (sample: Sample) => number) => ({
	"MiB at first": Math.round(of(late[0] as Sample) / 2 ** 20),
	"MiB at last": Math.round(of(late.at(-1) as Sample) / 2 ** 20),
	"MiB a minute": Number(
		slope(late.map((one) => ({ at: one.at, value: of(one) }))).toFixed(2),
	),
});
const memory = {
	"server heap": growth(({ server }) => server.heap),
	"server RSS": growth(({ server }) => server.rss),
	"client heap": growth(({ client }) => client.heap),
	"client RSS": growth(({ client }) => client.rss),
};
for (const name of ["server heap", "client heap"] as const)
	if (seconds >= leastSeconds && memory[name]["MiB a minute"] > mostGrowth)
		wrong.push(`${name} grows by ${memory[name]["MiB a minute"]} MiB a minute`);
if (figures.integrityAlarms > 0) wrong.push("integrity alarms");

console.table({ seconds, readers: count, seed });
console.table(seen);
console.table({ ...figures, "ms until all were whole": Math.round(settledMs) });
console.table(memory);
for (const what of wrong.slice(0, 20)) console.error(what);
console.log(wrong.length === 0 ? "sound" : `${wrong.length} things are wrong`);
await endRigs();
await endServers();
process.exit(wrong.length === 0 ? 0 : 1);
