/**
 * `npm run bench:open [rounds [slowdown [way]]]`: the main-thread cost of a floating chat on a slow phone. `way`:
 * `pointer`, `touch` or `keyboard`.
 *
 * Headless Chromium with its CPU throttled to a quarter, a real server of another origin. Figures are ms of
 * thread time from Chromium's trace, medians over rounds, each in its own context:
 *
 * - loading: with the script, minus the same page without it; until the launcher is painted
 * - idle time: work within the next second, minus the same; the hidden panel is laid out
 * - opening: from the press of the button until the frame that shows the panel is painted
 * - afterwards: work within the next second: the connection, the chunk for answers
 *
 * "Bare" is the cost of the smallest possible panel: a text box in a popover that is already in the page. Fails
 * if anything but the script is requested before, or if the page's own content moves. Needs a build.
 */
import type { Browser, Page } from "puppeteer-core";
import { endBrowsers, startBrowser } from "../test/support/browsers.ts";
import { endServers, startProgram } from "../test/support/server.ts";
import { beginTrace, median, type Trace } from "./trace.ts";

const [roundsAsked = "11", slowdownAsked = "4", way = "pointer"] =
	process.argv.slice(2);
const rounds = Number(roundsAsked);
const slowdown = Number(slowdownAsked);
const settleMs = 1_000;
/** Duration of a tap, ms. */
const tapMs = 80;

const server = await startProgram();
const text = "<p>What the page is about, and what it says of it.</p>".repeat(
	40,
);

/** Runs in the page. A message posted within a frame's callbacks arrives after its paint. */
function tellPainted() {
	const { port1, port2 } = new MessageChannel();
	port1.onmessage = () => performance.mark("loaded");
	requestAnimationFrame(() => port2.postMessage(""));
}

const site = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	fetch(request) {
		const { pathname } = new URL(request.url);
		const chat = `<chat-stream mode="floating" suggestions="When are you open?|What does shipping cost?"></chat-stream>
			<script>${tellPainted}customElements.whenDefined("chat-stream").then(tellPainted)</script>
			<script src="${server.url}/chat-stream.js" async></script>`;
		const bare = `<button popovertarget="bare">Open</button><div id="bare" popover><h2>Chat</h2><textarea autofocus></textarea></div>
			<script>${tellPainted}addEventListener("load", tellPainted)</script>`;
		const more = pathname === "/with" ? chat : bare;
		return new Response(
			`<!doctype html><title>A page</title><link rel="icon" href="data:,"><h1>A page</h1><style>[popovertarget] { position: fixed; inset: auto 20px 20px auto; inline-size: 60px; block-size: 60px }</style>${text}${more}${text}`,
			{ headers: { "Content-Type": "text/html; charset=utf-8" } },
		);
	},
});

/** Thread time of all tasks that overlap the interval. */
const spent = ({ tasks }: Trace, from = 0, to = Number.POSITIVE_INFINITY) =>
	within({ tasks }, from, to).reduce((sum, { thread }) => sum + thread, 0);
const within = ({ tasks }: Pick<Trace, "tasks">, from: number, to: number) =>
	tasks.filter(({ at, until }) => until > from && at <= to);

async function pageOf(browser: Browser) {
	const context = await browser.createBrowserContext();
	const page = await context.newPage();
	await page.setViewport({
		width: 1_000,
		height: 800,
		hasTouch: way === "touch",
	});
	const cdp = await page.createCDPSession();
	await cdp.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
	const asked: string[] = [];
	page.on("request", (request) => asked.push(request.url()));
	return { context, page, asked };
}

/** Opens a URL. @returns the work of the main thread for it, and in the next second. */
async function load(page: Page, name: "with" | "without") {
	const end = await beginTrace(page);
	await page.goto(`${site.url}${name}`, { waitUntil: "load" });
	if (name === "with")
		await page.waitForFunction(() =>
			document
				.querySelector("chat-stream")
				?.shadowRoot?.querySelector(".launcher"),
		);
	await Bun.sleep(settleMs);
	const trace = await end();
	const loaded = trace.marks.get("loaded");
	return { loading: spent(trace, 0, loaded), idle: spent(trace, loaded) };
}

async function open(page: Page) {
	const place = await page.evaluate(() => {
		// A message posted within a frame's callbacks arrives after its paint.
		const { port1, port2 } = new MessageChannel();
		port1.onmessage = () => performance.mark("painted");
		const isShown = () => {
			const panel =
				document
					.querySelector("chat-stream")
					?.shadowRoot?.querySelector(".chat") ??
				document.querySelector("#bare");
			return panel?.checkVisibility({ visibilityProperty: true });
		};
		let isReal = false;
		const look = () => {
			if (isShown() || !isReal) port2.postMessage("");
			else requestAnimationFrame(look);
		};
		const pressed = () => {
			performance.mark("pressed");
			requestAnimationFrame(look);
		};
		for (const type of ["pointerdown", "keydown"])
			addEventListener(type, pressed, { capture: true });
		// Warms up the benchmark's own code.
		pressed();
		setTimeout(() => {
			isReal = true;
		}, 200);
		const { innerHeight, document: page } = window;
		const x = page.documentElement.clientWidth - 50;
		return { x, y: innerHeight - 50 };
	});
	// The pointer hovers over the button before it presses.
	if (way === "pointer") await page.mouse.move(place.x, place.y);
	if (way === "keyboard")
		await page.evaluate(() => {
			const { shadowRoot } = document.querySelector("chat-stream") ?? {};
			const button = shadowRoot?.querySelector<HTMLElement>(".launcher");
			(button ?? document.querySelector<HTMLElement>("button"))?.focus();
		});
	await Bun.sleep(settleMs);
	const end = await beginTrace(page);
	await press(page, place);
	await Bun.sleep(settleMs);
	const trace = await end();
	const pressed = trace.marks.get("pressed") ?? Number.NaN;
	const painted = trace.marks.get("painted") ?? Number.NaN;
	const longest = (from: number, to?: number) =>
		Math.max(
			0,
			...within(trace, from, to ?? Number.POSITIVE_INFINITY).map(
				({ thread }) => thread,
			),
		);
	return {
		opening: spent(trace, pressed, painted),
		"longest task": longest(pressed, painted),
		afterwards: spent(trace, painted),
		"longest afterwards": longest(painted),
		"on the clock": painted - pressed,
	};
}

async function press(page: Page, { x, y }: { x: number; y: number }) {
	if (way === "keyboard") await page.keyboard.press("Enter");
	else if (way === "touch") {
		const finger = await page.touchscreen.touchStart(x, y);
		await Bun.sleep(tapMs);
		await finger.end();
	} else await page.mouse.click(x, y);
}

const shiftOf = (page: Page) =>
	page.evaluate(
		() =>
			new Promise<number>((resolve) => {
				let sum = 0;
				new PerformanceObserver((list) => {
					for (const entry of list.getEntries())
						sum += (entry as unknown as { value: number }).value;
				}).observe({ type: "layout-shift", buffered: true });
				setTimeout(() => resolve(sum), 100);
			}),
	);

const bare: Awaited<ReturnType<typeof load>>[] = [];
const loaded: Awaited<ReturnType<typeof load>>[] = [];
const bareOpenings: number[] = [];
const openings: Awaited<ReturnType<typeof open>>[] = [];
const faults = new Set<string>();
const browser = await startBrowser("chromium");
try {
	for (let round = 0; round < rounds; round++) {
		for (const name of ["without", "with"] as const) {
			const { context, page, asked } = await pageOf(browser);
			(name === "with" ? loaded : bare).push(await load(page, name));
			if (name === "without") bareOpenings.push((await open(page)).opening);
			else {
				for (const address of asked)
					if (
						address.startsWith(server.url) &&
						!address.endsWith("/chat-stream.js")
					)
						faults.add(`Asked for before opening: ${address}`);
				openings.push(await open(page));
				const shift = await shiftOf(page);
				if (shift > 0) faults.add(`The page moved by ${shift}.`);
			}
			await context.close();
		}
	}
} finally {
	await endBrowsers();
	await endServers();
	await site.stop(true);
}

const round = (ms: number) => Number(ms.toPrecision(3));
const more = (phase: "loading" | "idle") =>
	round(
		median(loaded.map((it) => it[phase])) - median(bare.map((it) => it[phase])),
	);
const table = Object.keys(openings[0] ?? {}).map((name) => {
	const values = openings.map((it) => it[name as keyof typeof it]);
	return [
		name,
		{ median: round(median(values)), worst: round(Math.max(...values)) },
	];
});
console.log(
	`ms of thread time at ${slowdown} × CPU throttling, by ${way}, ${rounds} rounds`,
);
console.table({
	loading: { median: more("loading") },
	"in idle time": { median: more("idle") },
	...Object.fromEntries(table),
	"bare, opening": {
		median: round(median(bareOpenings)),
		worst: round(Math.max(...bareOpenings)),
	},
});
for (const fault of faults) console.error(fault);
process.exitCode = faults.size > 0 ? 1 : 0;
