/**
 * The built element next to other features of a page: modal dialogs, chat blockers, other tabs of the same
 * visitor. In real browsers; numbers in brackets are rows of the embedding checklist.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import type { Page } from "puppeteer-core";
import { endBrowsers, engines, rowsOf } from "../support/browsers.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import { openTab, type Tab } from "../support/tab.ts";

let server: Program;

const site = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	fetch: ({ url }) =>
		new Response(
			`<!doctype html><title>A page</title><link rel="icon" href="data:,">
			<p id="text">Text of the page.</p>
			<dialog><input id="field"></dialog>
			<chat-stream ${new URL(url).searchParams.get("attributes") ?? ""}></chat-stream>
			<script src="${server.url}/chat-stream.js" async></script>`,
			{ headers: { "Content-Type": "text/html; charset=utf-8" } },
		),
});
const addressOf = (attributes = "") =>
	`${site.url}?${new URLSearchParams({ attributes })}`;

beforeAll(async () => {
	server = await startProgram({ CHAT_MAX_MESSAGES_PER_MINUTE: "2" });
});
afterAll(async () => {
	await endBrowsers();
	await endServers();
	await site.stop(true);
});

const focusOf = (page: Page) =>
	page.evaluate(() => document.activeElement?.localName);

/** Clicks at the launcher's position. */
async function pressLauncher(page: Page) {
	const { x, y } = await page.evaluate(() => ({
		x: document.documentElement.clientWidth - 50,
		y: innerHeight - 50,
	}));
	await page.mouse.click(x, y);
}

const isOpen = (page: Page) =>
	page.evaluate(
		() => document.querySelector("chat-stream")?.hasAttribute("open") ?? false,
	);

for (const engine of engines) {
	const row = rowsOf(engine);

	row(
		"while the page shows a modal dialog the chat is inert, and continues after it (116)",
		async ({ context }) => {
			const { page } = await openTab(context, addressOf('mode="floating"'));
			await page.waitForFunction(() =>
				document
					.querySelector("chat-stream")
					?.shadowRoot?.querySelector(".launcher"),
			);
			await pressLauncher(page);
			await page.waitForFunction(
				() => document.activeElement?.localName === "chat-stream",
			);
			await page.evaluate(() => document.querySelector("dialog")?.showModal());
			expect(await focusOf(page)).toBe("input");
			// It does not react and does not take the focus.
			await pressLauncher(page);
			await page.evaluate(() => document.querySelector("chat-stream")?.focus());
			expect(await isOpen(page)).toBe(true);
			expect(await focusOf(page)).not.toBe("chat-stream");
			await page.evaluate(() => document.querySelector("dialog")?.close());
			await pressLauncher(page);
			await page.waitForFunction(
				() => !document.querySelector("chat-stream")?.hasAttribute("open"),
			);
			await pressLauncher(page);
			await page.waitForFunction(
				() => document.activeElement?.localName === "chat-stream",
			);
		},
	);

	row(
		"five tabs of one visitor share the conversation and its limit (130)",
		async ({ context }) => {
			// All at once, with empty storage.
			const tabs = await Promise.all(
				Array.from({ length: 5 }, () => openTab(context, addressOf())),
			);
			const inFront = async (tab: Tab | undefined) => {
				if (!tab) throw new Error("Expected five tabs.");
				await tab.page.bringToFront();
				return tab;
			};
			const [first, second, third] = tabs;
			for (const tab of tabs) await (await inFront(tab)).ready();
			await (await inFront(first)).ask("One");
			await first?.whole(2);
			await (await inFront(second)).ask("Two");
			for (const tab of tabs) await (await inFront(tab)).whole(4);
			await (await inFront(third)).ask("Three");
			await third?.page.waitForFunction(() =>
				document
					.querySelector("chat-stream")
					?.shadowRoot?.querySelector(".user .waiting"),
			);
		},
	);
}

rowsOf("chromium")(
	"where a blocker takes the script away the page is what it was (129)",
	async ({ context }) => {
		const page = await context.newPage();
		const said: string[] = [];
		page.on("pageerror", (error) => said.push(String(error)));
		page.on("console", (message) => {
			if (["error", "warn"].includes(message.type())) said.push(message.text());
		});
		await page.setRequestInterception(true);
		page.on("request", (request) =>
			request.url().endsWith("/chat-stream.js")
				? request.abort("blockedbyclient")
				: request.continue(),
		);
		await page.goto(addressOf('mode="floating"'), { waitUntil: "load" });
		expect(said).toEqual([expect.stringContaining("ERR_BLOCKED_BY_CLIENT")]);
		const left = await page.evaluate(() => ({
			text: document.querySelector("#text")?.textContent,
			room: document.querySelector("chat-stream")?.getClientRects().length,
			tops: document.body.children.length,
		}));
		expect(left).toEqual({ text: "Text of the page.", room: 1, tops: 4 });
	},
);
