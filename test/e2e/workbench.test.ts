/** The demo's workbench in a real browser: settings take effect, the network is cut and restored. */
import { afterAll, beforeAll, expect } from "bun:test";
import type { Frame, Page } from "puppeteer-core";
import { endBrowsers, rowsOf } from "../support/browsers.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";

const row = rowsOf("chromium");
let server: Program;

beforeAll(async () => {
	server = await startProgram();
});
afterAll(async () => {
	await endBrowsers();
	await endServers();
});

/** By script, because the page moves while it applies a setting. */
const click = (page: Page, value: string) =>
	page.$eval(`[data-value="${value}"]`, (button) =>
		(button as HTMLButtonElement).click(),
	);

/** The stage, once its chat is in that state. */
async function stage(page: Page, state: string): Promise<Frame> {
	await page.waitForFunction(
		(state) =>
			document
				.querySelector("iframe")
				?.contentDocument?.querySelector("chat-stream")?.connection?.state ===
			state,
		{},
		state,
	);
	return page.frames()[1] as Frame;
}

row(
	"shows the settings, on a hostile page and over a cut network",
	async ({ context }) => {
		const page = await context.newPage();
		const errors: unknown[] = [];
		page.on("pageerror", (error) => errors.push(error));
		await page.goto(`${server.url}/workbench/`);
		await stage(page, "ready");
		await page.type('[name="heading"]', 'Ask "us"');
		await page.select('[name="theme"]', "dark");
		await click(page, "hostile");
		await page.waitForFunction(() =>
			document
				.querySelector("iframe")
				?.contentDocument?.URL.endsWith("?hostile"),
		);
		const frame = await stage(page, "ready");
		await frame.evaluate(() => {
			document.querySelector("chat-stream")?.send("slow 10 150");
		});
		await click(page, "cut");
		await stage(page, "waiting");
		await click(page, "whole");
		await stage(page, "ready");
		await frame.waitForFunction(() =>
			document
				.querySelector("chat-stream")
				?.shadowRoot?.querySelector('[part~="tools"]'),
		);
		const shown = await frame.evaluate(() => {
			const root = document.querySelector("chat-stream")?.shadowRoot;
			const textOf = (part: string) =>
				root?.querySelector(`[part~="${part}"]`)?.textContent?.trim();
			return { heading: textOf("heading"), display: textOf("reply") };
		});
		expect(shown.heading).toBe('Ask "us"');
		expect(shown.display).toContain("149 150");
		const snippet = await page.$eval("#snippet", (code) => code.textContent);
		expect(snippet).toBe(
			`<script src="${server.url}/chat-stream.js" async></script>\n` +
				'<chat-stream\n\theading="Ask &quot;us&quot;"\n\ttheme="dark"\n></chat-stream>',
		);
		expect(errors).toEqual([]);
	},
);

row("offers six brands", async ({ context }) => {
	const page = await context.newPage();
	await page.goto(`${server.url}/workbench/`);
	await stage(page, "ready");
	const brands = await page.$$("#brands button");
	expect(brands).toHaveLength(6);
	const accents = new Set<string | null>();
	for (const brand of brands) {
		await brand.evaluate((button) => (button as HTMLElement).click());
		await Bun.sleep(50);
		const frame = await stage(page, "ready");
		accents.add(
			await frame.evaluate(
				() =>
					document.querySelector("chat-stream")?.getAttribute("accent") ?? null,
			),
		);
	}
	expect(accents.has(null)).toBe(false);
	expect(accents.size).toBe(6);
});
