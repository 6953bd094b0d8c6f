/**
 * `npm run bench:load [-- --idle 5000 --streaming 500 --seconds 30]`: the cost of many connections for the real
 * program, and the lateness of tokens. By default under 2 minutes.
 *
 * The server runs with its defaults on SQLite; two other processes run the readers (`load-client.ts`). One in
 * ten reads far too slowly, one in a hundred is cut repeatedly. Every answer is checked number by number: the
 * exit code reports a loss. Figures depend on the machine, which also runs the readers.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
	endServers,
	own,
	startProgram,
	tempFolder,
} from "../test/support/server.ts";
import type { Memory } from "../test/support/soak-provider.ts";
import type { Command, Report } from "./load-client.ts";
import { emptyTally, type Tally } from "./load-readers.ts";

/** Connections, seconds, and the percentages of slow and flapping streaming connections. */
const options = {
	idle: 5_000,
	streaming: 500,
	seconds: 30,
	slow: 10,
	flapping: 1,
};
const bounds = {
	idle: [0, 20_000],
	streaming: [1, 5_000],
	seconds: [1, 600],
	slow: [0, 50],
	flapping: [0, 50],
} as const;
const names = Object.keys(options) as (keyof typeof options)[];
const { values } = parseArgs({
	options: Object.fromEntries(
		names.map((name) => [name, { type: "string" as const }]),
	),
});
for (const name of names) {
	const value = Number(values[name] ?? options[name]);
	const [least, most] = bounds[name];
	if (!Number.isInteger(value) || value < least || value > most)
		stop(
			`Expected --${name} to be a whole number from ${least} to ${most}; got ${values[name]}.`,
		);
	options[name] = value;
}
const { idle, streaming, seconds } = options;
/** File descriptors of a process besides its connections: files, pipes, requests. */
const spareFiles = 100;
const slow = Math.ceil((streaming * options.slow) / 100);
const flapping = Math.ceil((streaming * options.flapping) / 100);
/** Settling time before memory is measured, with idle connections and after they have closed, ms. */
const stillMs = 2_000;
const sampleMs = 500;
/** Time limit for slow readers to finish after `hurry`, ms. */
const patienceMs = 60_000;
const clockTicks = 100;

function stop(why: string): never {
	console.error(why);
	process.exit(2);
}

const files = Bun.spawnSync(["sh", "-c", "ulimit -n"]).stdout.toString().trim();
const filesNeeded = idle + streaming + spareFiles;
if (Number(files) < filesNeeded)
	stop(
		`Expected to be allowed ${filesNeeded} open files in one process; it is ${files}. Say ulimit -n ${filesNeeded} first, or ask for fewer lines: --idle 500 --streaming 50.`,
	);

/** A process of readers; it accepts one command at a time. */
function readers() {
	let answer: PromiseWithResolvers<Report | undefined> | undefined;
	const child = Bun.spawn(
		[process.execPath, `${import.meta.dir}/load-client.ts`],
		{
			stdout: "inherit",
			stderr: "inherit",
			ipc({ report, failed }: { report?: Report; failed?: string }) {
				if (failed) answer?.reject(new Error(failed));
				else answer?.resolve(report);
			},
		},
	);
	own(child);
	child.exited.then((code) =>
		answer?.reject(new Error(`A process of readers ended with ${code}.`)),
	);
	return (command: Command) => {
		answer = Promise.withResolvers();
		child.send(command);
		return answer.promise;
	};
}

const metricsToken = "a-token-of-this-benchmark";
const server = await startProgram(
	{
		// Empty counts as not set, so the default store is used.
		CHAT_STORE: "",
		CHAT_PROVIDER: `${import.meta.dir}/load-provider.ts`,
		CHAT_METRICS_TOKEN: metricsToken,
	},
	undefined,
	tempFolder(),
);
const { url, pid } = server;
const crowd = readers();
const healthy = readers();

async function memory(how: "memory" | "memory now"): Promise<Memory> {
	const response = await fetch(`${url}/chat/messages`, {
		method: "POST",
		body: JSON.stringify({ content: how }),
		headers: { "Content-Type": "application/json" },
	});
	const { content } = (await response.json()) as { content: string };
	return JSON.parse(content);
}

/** CPU seconds of a process; undefined without /proc. */
function cpu(of: number): number | undefined {
	const stat = `/proc/${of}/stat`;
	if (!existsSync(stat)) return undefined;
	// After the name, which may contain spaces.
	const fields = readFileSync(stat, "utf8")
		.replace(/^.*\) /s, "")
		.split(" ");
	return (Number(fields[11]) + Number(fields[12])) / clockTicks;
}

/** The event loop's delay since the last request, ms. */
async function loopDelay(): Promise<Record<string, number>> {
	const headers = { Authorization: `Bearer ${metricsToken}` };
	const text = await (await fetch(`${url}/metrics`, { headers })).text();
	const lines = text.matchAll(
		/^chat_event_loop_delay_seconds\{at="(\w+)"\} (.*)$/gm,
	);
	return Object.fromEntries(
		[...lines].map(([, at = "", value]) => [at, Number(value) * 1_000]),
	);
}

const since = performance.now();
const say = (what: string) =>
	console.log(`${((performance.now() - since) / 1_000).toFixed(1)} s  ${what}`);

say(`${idle} idle lines, ${streaming} streaming, ${seconds} s`);
// A first conversation warms up the process before memory is measured.
await memory("memory");
const before = await memory("memory");
await crowd({ what: "come", url, crowd: { idle } });
await Bun.sleep(stillMs);
const withIdle = await memory("memory");
say("idle lines are there");

await crowd({ what: "come", url, crowd: { slow, flapping } });
const measured = Math.max(0, streaming - slow - flapping);
await healthy({ what: "come", url, crowd: { healthy: measured } });
await Bun.sleep(stillMs);
const during: Memory = { heap: 0, rss: 0 };
await loopDelay();
const cpuBefore = cpu(pid);
const begun = performance.now();
await Promise.all([
	crowd({ what: "ask", seconds }),
	healthy({ what: "ask", seconds }),
]);
say("all have asked");
while (performance.now() - begun < seconds * 1_000) {
	await Bun.sleep(sampleMs);
	during.rss = Math.max(during.rss, await server.memory());
}
const tookS = (performance.now() - begun) / 1_000;
const cpuAfter = cpu(pid);
const delay = await loopDelay();
// Only once, because counting the heap blocks the process.
during.heap = (await memory("memory now")).heap;
say("slow readers hurry now");
const reports = [
	await healthy({ what: "hurry", patienceMs }),
	await crowd({ what: "hurry", patienceMs }),
].filter((report) => report !== undefined);
say("all is read");
await Promise.all([crowd({ what: "leave" }), healthy({ what: "leave" })]);
await Bun.sleep(stillMs);
const after = await memory("memory");

const mebibytes = (bytes: number) => Number((bytes / 2 ** 20).toFixed(1));
const shown = ({ heap, rss }: Memory) => ({
	"heap, MiB": mebibytes(heap),
	"RSS, MiB": mebibytes(rss),
});
console.table({
	before: shown(before),
	"with idle lines": shown(withIdle),
	"while streaming, at most": shown(during),
	afterwards: shown(after),
});
const [{ late } = { late: undefined }, slowReport] = reports;
const ms = (value: number | undefined) => Number((value ?? 0).toFixed(1));
const share =
	cpuAfter === undefined || cpuBefore === undefined
		? undefined
		: Math.round(((cpuAfter - cpuBefore) / tookS) * 100);
console.table({
	"bytes of RSS an idle line": perLine(before.rss, withIdle.rss),
	"bytes of heap an idle line": perLine(before.heap, withIdle.heap),
	"numbers timed": late?.tokens,
	"late p50, ms": ms(late?.p50),
	"late p95, ms": ms(late?.p95),
	"late p99, ms": ms(late?.p99),
	"late at most, ms": ms(late?.max),
	"event loop mean, ms": ms(delay.mean),
	"event loop p99, ms": ms(delay.p99),
	"event loop at most, ms": ms(delay.max),
	"CPU of the server, %": share,
	"MiB that slow readers had not read": mebibytes(
		(slowReport?.slow.all ?? 0) - (slowReport?.slow.taken ?? 0),
	),
	"ms until they had it": Math.round(slowReport?.settledMs ?? 0),
});

function perLine(from: number, to: number) {
	return idle > 0 ? Math.round((to - from) / idle) : undefined;
}

const tallies = Object.assign({}, ...reports.map(({ tallies }) => tallies));
console.table(tallies);
const total: Tally = { ...emptyTally };
for (const tally of Object.values(tallies) as Tally[])
	for (const name of Object.keys(total) as (keyof Tally)[])
		total[name] += tally[name];
const wrong = (
	["lost", "repeated", "out of order", "damaged", "broken off"] as const
).filter((name) => total[name] > 0);
const escaped = server
	.output()
	.match(/"(unhandled_rejection|uncaught_exception|internal)"/g);
for (const name of wrong) console.error(`${name}: ${total[name]}`);
if (escaped)
	console.error(`The server says ${escaped[0]} ${escaped.length} times.`);
const isSound = wrong.length === 0 && !escaped;
console.log(
	isSound ? `sound: all of ${total.expected} numbers, in order` : "not sound",
);
await endServers();
process.exit(isSound ? 0 : 1);
