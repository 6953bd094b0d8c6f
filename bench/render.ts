/**
 * `npm run bench:render [rounds [renderer…]]`: the cost of rendering a streamed answer of 20,000 tokens.
 *
 * Headless Chromium, four tokens a frame, frames as fast as possible. Every figure is cumulative thread time of
 * the page's main thread as reported by Chromium, a median over rounds. In each round every renderer runs in a
 * fresh process. The empty harness is subtracted.
 *
 * 1. Script: without layout. Renderers that render the whole text each time would take many minutes, so only a
 *    sample of their renderings is done (`sampled`), and its time is extrapolated.
 * 2. Everything: with layout and paint, and the longest task, from a trace.
 *
 * With renderers named, only the first part runs, and only for them. Needs a build. Figures depend on the
 * machine; compare the ratios.
 */
import { join } from "node:path";
import type { Browser, CDPSession } from "puppeteer-core";
import { endBrowsers, startBrowser } from "../test/support/browsers.ts";
import { makeTokens } from "./answer.ts";
import type { Bench, RendererName } from "./render-page.ts";
import { beginTrace, median } from "./trace.ts";

declare const bench: Bench;

const [roundsAsked = "3", ...only] = process.argv.slice(2);
const rounds = Number(roundsAsked);
const checkpoints = [1_000, 5_000, 20_000] as const;
/** Tokens per animation frame, or per task in place of one. */
const perStep = { script: 4, painted: 40 } as const;
const tokens = makeTokens(20_000);

/** The sampling rate of renderings up to each checkpoint; the last one is always done. */
const sampled: Partial<Record<RendererName, readonly number[]>> = {
	"marked, per step": [2, 20, 75],
	"marked, per token": [10, 100, 300],
};
const scripted: RendererName[] = [
	"nothing",
	"text, per token",
	"text, per step",
	"chat-stream",
	"streaming-markdown",
	"marked, per step",
	"marked, per token",
];
const painted: RendererName[] = [
	"text in blocks",
	"chat-stream",
	"streaming-markdown",
];

/* ---------------------------------------------------------------- the page */

const root = join(import.meta.dir, "..");
const modules = join(root, "node_modules");
const files: Record<string, string> = {
	"/": join(import.meta.dir, "render.html"),
	"/marked.js": join(modules, "marked/lib/marked.esm.js"),
	"/dompurify.js": join(modules, "dompurify/dist/purify.es.mjs"),
	"/streaming-markdown.js": join(modules, "streaming-markdown/smd.js"),
	"/chat-stream.markdown.js": join(root, "dist/chat-stream.markdown.js"),
};
const pageScript = new Bun.Transpiler({ loader: "ts" }).transformSync(
	await Bun.file(join(import.meta.dir, "render-page.ts")).text(),
);
const server = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	fetch({ url }) {
		const { pathname } = new URL(url);
		const file = files[pathname];
		if (file) return new Response(Bun.file(file));
		if (pathname !== "/render-page.js")
			return new Response(null, { status: 404 });
		return new Response(pageScript, {
			headers: { "Content-Type": "text/javascript" },
		});
	},
});

/* ---------------------------------------------------------------- one run */

const kinds = ["Script", "Layout", "RecalcStyle", "Task"] as const;
/** Milliseconds of thread time. */
type Cost = Record<(typeof kinds)[number], number>;

async function costNow(cdp: CDPSession): Promise<Cost> {
	const { metrics } = await cdp.send("Performance.getMetrics");
	const ms = (kind: string) =>
		1_000 *
		(metrics.find(({ name }) => name === `${kind}Duration`)?.value ?? 0);
	return Object.fromEntries(kinds.map((kind) => [kind, ms(kind)])) as Cost;
}

/** `costs`: between checkpoints. */
type Run = { costs: Cost[]; longestMs: number; counts: string };

async function runOf(
	browser: Browser,
	name: RendererName,
	mode: "script" | "painted",
): Promise<Run> {
	const context = await browser.createBrowserContext();
	try {
		const page = await context.newPage();
		await page.setViewport({ width: 1_000, height: 900 });
		await page.bringToFront();
		await page.goto(server.url.href);
		await page.evaluate((mode) => document.body.classList.add(mode), mode);
		await page.evaluate(
			(name, tokens) => bench.begin(name, tokens),
			name,
			tokens,
		);
		const cdp = await page.createCDPSession();
		await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
		const trace = mode === "painted" ? await beginTrace(page) : undefined;
		const costs: Cost[] = [];
		for (const [index, to] of checkpoints.entries()) {
			const oneIn = sampled[name]?.[index] ?? 1;
			const before = await costNow(cdp);
			await page.evaluate(
				(...run) => bench.run(...run),
				to,
				perStep[mode],
				oneIn,
				mode === "painted",
			);
			const cost = await costNow(cdp);
			for (const kind of kinds) cost[kind] -= before[kind];
			costs.push(cost);
		}
		const tasks = (await trace?.())?.tasks ?? [];
		const longestMs = Math.max(0, ...tasks.map(({ thread }) => thread));
		return {
			costs,
			longestMs,
			counts: await page.evaluate(() => bench.counts()),
		};
	} finally {
		await context.close();
	}
}

/* ---------------------------------------------------------------- rounds and tables */

type Measured = {
	names: RendererName[];
	runs: (name: RendererName) => Run[];
	/** Cost up to a checkpoint, without the harness, extrapolated from samples. */
	costOf: (name: RendererName, checkpoint: number, kind: keyof Cost) => number;
};

async function measure(
	names: RendererName[],
	mode: "script" | "painted",
): Promise<Measured> {
	const all = new Map<RendererName, Run[]>(names.map((name) => [name, []]));
	const runs = (name: RendererName) => all.get(name) ?? [];
	const browser = await startBrowser("chromium");
	for (let round = 0; round < rounds; round++)
		for (let turn = 0; turn < names.length; turn++) {
			// Each round starts with a different renderer.
			const name = names[(turn + round) % names.length] as RendererName;
			runs(name).push(await runOf(browser, name, mode));
		}
	await endBrowsers();
	const between = (name: RendererName, index: number, kind: keyof Cost) =>
		median(runs(name).map(({ costs }) => costs[index]?.[kind] ?? 0));
	const costOf: Measured["costOf"] = (name, checkpoint, kind) => {
		let sum = 0;
		for (let index = 0; index <= checkpoint; index++) {
			const own = between("nothing", index, kind);
			sum += (between(name, index, kind) - own) * (sampled[name]?.[index] ?? 1);
		}
		return sum;
	};
	return { names: names.filter((name) => name !== "nothing"), runs, costOf };
}

const round = (value: number) => Number(value.toPrecision(3));
const last = checkpoints.length - 1;

/** Checks that the rendered answer is complete. */
function expectSame(...names: RendererName[]) {
	const counts = names.flatMap((name) =>
		script.runs(name).flatMap((run) => run.counts),
	);
	if (new Set(counts).size > 1)
		throw new Error(`Expected the same elements; got ${counts.join(" | ")}.`);
}

function show(
	{ names, costOf }: Measured,
	kind: keyof Cost,
	more: (name: RendererName) => Record<string, number>,
) {
	const rowOf = (name: RendererName) => {
		const costs = checkpoints.map((tokens, index) => [
			`${tokens} tokens`,
			round(costOf(name, index, kind)),
		]);
		return { ...Object.fromEntries(costs), ...more(name) };
	};
	console.table(Object.fromEntries(names.map((name) => [name, rowOf(name)])));
}

const unknown = only.filter((name) => !scripted.includes(name as RendererName));
if (unknown.length > 0)
	throw new TypeError(
		`Expected names of renderers (${scripted.join("; ")}); got ${unknown.join("; ")}.`,
	);
const asked = scripted.filter(
	(name) => name === "nothing" || only.length === 0 || only.includes(name),
);
const script = await measure(asked, "script");
expectSame("chat-stream", "marked, per step", "marked, per token");
const scriptOf = (name: RendererName) => script.costOf(name, last, "Script");
const times = (name: RendererName, other: RendererName) =>
	round(scriptOf(name) / scriptOf(other));
console.log(`Script, ms of thread time (${perStep.script} tokens a step)`);
show(script, "Script", (name) => ({
	"× text": times(name, "text, per token"),
	"× text, per step": times(name, "text, per step"),
	"× chat-stream": times(name, "chat-stream"),
}));

async function showPainted() {
	const paint = await measure(painted, "painted");
	const allOf = (name: RendererName, kind: keyof Cost) =>
		round(paint.costOf(name, last, kind));
	console.log(`All, ms of thread time (${perStep.painted} tokens a frame)`);
	show(paint, "Task", (name) => ({
		"of it script": allOf(name, "Script"),
		layout: allOf(name, "Layout"),
		style: allOf(name, "RecalcStyle"),
		"longest task": round(
			median(paint.runs(name).map(({ longestMs }) => longestMs)),
		),
	}));
}
if (only.length === 0) await showPainted();
await server.stop(true);
