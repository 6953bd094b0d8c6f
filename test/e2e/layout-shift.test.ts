/**
 * The built script as a guest: a visitor types three questions, and the page's Core Web Vitals do not suffer.
 * The questions stay in sight while long answers arrive.
 */
import { afterAll, expect } from "bun:test";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import type { Provider } from "../../server/providers/provider.ts";
import { endBrowsers, rowsOf } from "../support/browsers.ts";
import { endServers, startInProcess } from "../support/server.ts";

/** Paragraphs, a list, a table and code, in chunks, with sources at the end. */
const long = `${"A sentence that fills some of the line, and another one. ".repeat(6)}

- one thing
- another thing

| Width | Front |
| ----- | ----- |
| 28 mm | 4.5 bar |

\`\`\`ts
const pressure = 4.5;
\`\`\`

${"The last paragraph says what follows from all of this. ".repeat(6)}`;

const chunkMs = 6;

const model: Provider & { asked: string[] } = {
	name: "long",
	asked: [],
	async *reply() {
		for (const text of long.split(/(?<= )/)) {
			yield { text };
			await Bun.sleep(chunkMs);
		}
		yield {
			sources: [1, 2, 3].map((n) => ({
				title: `Source ${n}`,
				url: `https://example.com/${n}`,
			})),
		};
	},
};

const server = startInProcess({ provider: model });
const dist = join(import.meta.dir, "../../dist");
const site = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	fetch(request) {
		const { pathname } = new URL(request.url);
		if (pathname.endsWith(".js"))
			return new Response(Bun.file(dist + pathname));
		return new Response(
			`<!doctype html><meta name="viewport" content="width=device-width"><title>A page</title>
			<style>chat-stream:not(:defined, [mode=floating]) { display: block; block-size: min(640px, 85vh); }</style>
			<h1>A page</h1><p>${"Text of the page. ".repeat(20)}</p>
			<chat-stream src="${server.url}/chat" mode="${pathname.slice(1)}"></chat-stream>
			<p>${"Text of the page. ".repeat(20)}</p>
			<script src="/chat-stream.js" async></script>`,
			{ headers: { "Content-Type": "text/html; charset=utf-8" } },
		);
	},
});

afterAll(async () => {
	await endBrowsers();
	await endServers();
	site.stop(true);
});

const screens = {
	phone: { width: 375, height: 667 },
	desktop: { width: 1280, height: 800 },
};

/** Collects the page's layout shifts, as a search engine counts them. */
const observe = (page: Page) =>
	page.evaluate(() => {
		const shifts: number[] = [];
		Object.assign(window, { shifts });
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries() as (PerformanceEntry & {
				value: number;
				hadRecentInput: boolean;
			})[])
				if (!entry.hadRecentInput) shifts.push(entry.value);
		}).observe({ type: "layout-shift", buffered: true });
	});

async function ask(page: Page, n: number) {
	await page.keyboard.type("What follows?", { delay: 5 });
	await page.keyboard.press("Enter");
	await page.waitForFunction(
		(n) => {
			const root = document.querySelector("chat-stream")?.shadowRoot;
			return root?.querySelectorAll(".reply .sources").length === n;
		},
		{ timeout: 20_000 },
		n,
	);
	// Late layout, such as skipped messages.
	await Bun.sleep(700);
}

/** Where the last question and the end of the content are, in px below the top of the transcript. */
const look = (page: Page) =>
	page.evaluate(() => {
		const root = document.querySelector("chat-stream")?.shadowRoot;
		const box = root?.querySelector(".transcript") as HTMLElement;
		const question = [...box.querySelectorAll(".user .text")].at(-1);
		const { top } = box.getBoundingClientRect();
		return {
			question: (question?.getBoundingClientRect().top ?? Number.NaN) - top,
			hasLatest: root?.querySelector(".latest") !== null,
		};
	});

const row = rowsOf("chromium");

for (const [screen, viewport] of Object.entries(screens))
	for (const mode of ["inline", "floating"])
		row(
			`a ${mode} chat on a ${screen} shifts nothing, and the questions stay in sight`,
			async ({ context }) => {
				const page = await context.newPage();
				await page.setViewport(viewport);
				await page.goto(`${site.url}${mode}`, { waitUntil: "load" });
				await page.waitForFunction(() => customElements.get("chat-stream"), {
					timeout: 8_000,
				});
				await observe(page);
				await page.evaluate((mode) => {
					const chat = document.querySelector("chat-stream");
					chat?.scrollIntoView({ block: "end" });
					if (mode === "floating")
						chat?.shadowRoot?.querySelector<HTMLElement>(".launcher")?.click();
					else chat?.focus();
				}, mode);
				for (const n of [1, 2, 3]) {
					await ask(page, n);
					const { question, hasLatest } = await look(page);
					expect(question).toBeWithin(0, 120);
					expect(hasLatest).toBe(true);
				}
				const shifts = await page.evaluate(
					() => (window as unknown as { shifts: number[] }).shifts,
				);
				const sum = shifts.reduce((sum, value) => sum + value, 0);
				expect(sum).toBeLessThan(0.02);
			},
		);
