/**
 * Real browsers for tests from outside: Chromium over its own protocol, Firefox over WebDriver BiDi.
 *
 * A test file calls `afterAll(endBrowsers)`; what it started does not outlive it. Knows no chat.
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
		// A browser as visitors have it: with its cache of pages, and tabs that can be in the background.
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

/** Ends every browser that this file has started. */
export async function endBrowsers(): Promise<void> {
	const ended = [...running].map((browser) => browser.close());
	running.clear();
	await Promise.all(ended);
}

/** @throws {Error} that says what to install, where the browser is missing and cannot be installed. */
export async function startBrowser(engine: Engine): Promise<Browser> {
	const browser = await puppeteer.launch({
		...launches[engine],
		executablePath: programs[engine](),
		headless: true,
	});
	running.add(browser);
	const pid = browser.process()?.pid;
	if (!pid) throw new Error(`Expected ${engine} to run as a process.`);
	// A test run that is cut short runs no hook; its end of this pipe closes all the same.
	const watch = 'read never; kill -9 "$0"';
	const watchdog = Bun.spawn(["sh", "-c", watch, `${pid}`], { stdin: "pipe" });
	browser.process()?.once("exit", () => watchdog.kill("SIGKILL"));
	return browser;
}

export type Place = { browser: Browser; context: BrowserContext };

/**
 * A `test` for one engine: each with a context of its own, in one browser, one after the other; those
 * of another engine run meanwhile.
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
					// It fails as a test; the next one has its turn.
				});
				return row;
			},
			rowMs,
		);
}

/** Signals every process of a browser; one that has just ended is no matter. */
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
		// `pid (name) state parent …`, and the name may hold anything.
		const stat = readFileSync(`/proc/${folder}/stat`, "utf8");
		return Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]);
	} catch {
		// The process has ended meanwhile.
		return 0;
	}
}
