/**
 * Real browsers for end-to-end tests: Chromium over its own protocol, Firefox over WebDriver BiDi.
 *
 * A test file calls `afterAll(endBrowsers)`, which ends the browsers that it started. Knows no chat.
 */
import { test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import puppeteer, {
	type Browser,
	type BrowserContext,
	type LaunchOptions,
} from "puppeteer-core";
import { browserArguments, firefoxPreferences, programs } from "./engines.ts";

export type Engine = "chromium" | "firefox";
export const engines: readonly Engine[] = ["chromium", "firefox"];

const launches: Record<Engine, LaunchOptions> = {
	chromium: {
		browser: "chrome",
		// As for a visitor: with the back-forward cache, and with throttled background tabs.
		ignoreDefaultArgs: [
			"--disable-back-forward-cache",
			"--disable-backgrounding-occluded-windows",
			"--disable-renderer-backgrounding",
			"--disable-background-timer-throttling",
		],
		args: [...browserArguments],
	},
	firefox: { browser: "firefox", extraPrefsFirefox: firefoxPreferences },
};

const rowMs = 120_000;
const running = new Set<Browser>();

/** Closes every browser that this file has started. */
export async function endBrowsers(): Promise<void> {
	const ended = [...running].map((browser) => browser.close());
	running.clear();
	await Promise.all(ended);
}

/** @throws {Error} that names the package, if the browser is missing and cannot be installed. */
export async function startBrowser(engine: Engine): Promise<Browser> {
	const browser = await puppeteer.launch({
		...launches[engine],
		executablePath: programs[engine](),
		headless: true,
	});
	running.add(browser);
	const pid = browser.process()?.pid;
	if (!pid) throw new Error(`Expected ${engine} to run as a process.`);
	// A killed test run calls no hook, but its end of this pipe closes.
	const watch = 'read never; kill -9 "$0"';
	const watchdog = Bun.spawn(["sh", "-c", watch, `${pid}`], { stdin: "pipe" });
	browser.process()?.once("exit", () => watchdog.kill("SIGKILL"));
	return browser;
}

export type Place = { browser: Browser; context: BrowserContext };

/**
 * A `test` for one engine. Each test has its own context in one shared browser. The tests of one engine run in
 * sequence, beside those of the other engine.
 */
export function rowsOf(engine: Engine) {
	let started: Promise<Browser> | undefined;
	let turn: Promise<unknown> = Promise.resolve();
	async function run(body: (place: Place) => Promise<void>) {
		started ??= startBrowser(engine);
		const browser = await started;
		const context = await browser.createBrowserContext();
		try {
			await body({ browser, context });
		} finally {
			await context.close();
		}
	}
	return (name: string, body: (place: Place) => Promise<void>) =>
		test.concurrent(
			`${engine} > ${name}`,
			() => {
				const row = turn.then(() => run(body));
				turn = row.catch(() => {
					// The error fails its own test; the next one starts.
				});
				return row;
			},
			rowMs,
		);
}

/** Signals every process of a browser. Ignores a process that has just ended. */
export function signalAll(browser: Browser, signal: NodeJS.Signals) {
	const children = new Map<number, number[]>();
	for (const folder of readdirSync("/proc")) {
		if (!/^\d+$/.test(folder)) continue;
		const parent = parentOf(folder);
		const siblings = children.get(parent) ?? [];
		children.set(parent, [...siblings, Number(folder)]);
	}
	const tree = [browser.process()?.pid ?? -1];
	for (const pid of tree) tree.push(...(children.get(pid) ?? []));
	for (const pid of tree) {
		try {
			process.kill(pid, signal);
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
		}
	}
}

function parentOf(folder: string): number {
	try {
		// `pid (name) state parent …`; the name may contain spaces and brackets.
		const stat = readFileSync(`/proc/${folder}/stat`, "utf8");
		return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
	} catch {
		// The process has ended since the folder was listed.
		return 0;
	}
}
