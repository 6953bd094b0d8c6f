/**
 * The built element on pages with another version of it, with a broken `JSON`, without an origin, and with
 * the rules of chat blockers. In real browsers; numbers in brackets are rows of the embedding checklist.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Frame } from "puppeteer-core";
import { version } from "../../package.json";
import { endBrowsers, engines, rowsOf } from "../support/browsers.ts";
import { addressesOfChats, placesOfChats } from "../support/chat-blocking.ts";
import {
	endServers,
	type Program,
	startProgram,
	tempFolder,
} from "../support/server.ts";
import { openTab, type Tab } from "../support/tab.ts";

let server: Program;
/** Accepts the pages of one foreign origin. */
let choosy: Program;

const otherVersion = "99.0.0";

/** A page from the body after `?`; other requests get the server's files, in another version. */
const site = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	async fetch(request) {
		const { pathname, searchParams } = new URL(request.url);
		if (pathname === "/")
			return answer(searchParams.get("html") ?? "", "text/html; charset=utf-8");
		const script = await fetch(server.url + pathname);
		const text = await script.text();
		return answer(text.replaceAll(version, otherVersion), "text/javascript");
	},
});
const answer = (body: string, type: string) =>
	new Response(body, { headers: { "Content-Type": type } });

const start = `<!doctype html><title>A page</title><link rel="icon" href="data:,">`;
const pageOf = (html: string) =>
	`${site.url}?${new URLSearchParams({ html: start + html })}`;
const scriptOf = (origin: string) =>
	`<script src="${origin}/chat-stream.js"></script>`;
const embedded = ({ url }: Program) =>
	`${scriptOf(url)}<chat-stream></chat-stream>`;

beforeAll(async () => {
	server = await startProgram();
	choosy = await startProgram({ CHAT_ORIGINS: "https://good.example" });
});
afterAll(async () => {
	await endBrowsers();
	await endServers();
	await site.stop(true);
});

/** Opens a page with the origin `null`; `frame` contains the element. */
const withoutOrigin: Record<
	string,
	(context: BrowserContext, html: string) => Promise<{ tab: Tab; frame: Frame }>
> = {
	"a page from a file": async (context, html) => {
		const file = join(tempFolder(), "page.html");
		writeFileSync(file, start + html);
		const tab = await openTab(context, `file://${file}`);
		return { tab, frame: tab.page.mainFrame() };
	},
	// In a frame, because from such a top-level page Chromium blocks requests to localhost.
	"a page whose address is its text": async (context, html) => {
		const tab = await openTab(context, pageOf("<iframe></iframe>"));
		await tab.page.$eval(
			"iframe",
			(frame, html) => {
				frame.src = `data:text/html;charset=utf-8,${encodeURIComponent(html)}`;
			},
			html,
		);
		const frame = await tab.page.waitForFrame((frame) =>
			frame.url().startsWith("data:"),
		);
		return { tab, frame };
	},
};

/** Browsers log rejected requests; no script can prevent it. */
const ofTheNetwork =
	/^(WebSocket connection|Access to fetch|Failed to load resource)|establish a connection|Cross-Origin Request Blocked/;

for (const engine of engines) {
	const row = rowsOf(engine);

	/** How a page gets two versions, and which comes first. */
	const twice: Record<string, () => { html: string; versions: string[] }> = {
		"ours, then another one": () => ({
			html: scriptOf(server.url) + scriptOf(site.url.origin),
			versions: [version, otherVersion],
		}),
		"another one, then ours": () => ({
			html: scriptOf(site.url.origin) + scriptOf(server.url),
			versions: [otherVersion, version],
		}),
		"ours, then another one as a module": () => ({
			html: `${scriptOf(server.url)}<script type="module" src="${site.url}chat-stream.module.js"></script>`,
			versions: [version, otherVersion],
		}),
	};
	for (const [order, made] of Object.entries(twice))
		row(
			`of two versions the first stays, with one warning: ${order} (120)`,
			async ({ context }) => {
				const { html, versions } = made();
				const [first, second] = versions;
				const element = `<chat-stream src="${server.url}/chat"></chat-stream>`;
				const tab = await openTab(context, pageOf(html + element));
				await tab.ready();
				await tab.ask("Hello");
				await tab.whole(2);
				await tab.expectFaithful(server.url, ["Hello"]);
				const here = await tab.page.evaluate(() => {
					const made = customElements.get("chat-stream");
					return (made as unknown as { version: string }).version;
				});
				expect(here).toBe(first as string);
				expect(tab.said).toEqual([
					`<chat-stream> ${first} is here already; ${second} was not loaded.`,
				]);
				expect(await tab.sockets()).toEqual({ made: 1, open: 1 });
			},
		);

	/** What the page does to `JSON`, and the console's message about the missing chat. */
	const broken: Record<string, { code: string; said: RegExp[] }> = {
		"writes nothing": {
			code: `JSON.stringify = () => { throw new Error("No JSON."); };`,
			said: [/No JSON\.$/],
		},
		"reads nothing": {
			code: `JSON.parse = () => { throw new Error("No JSON."); };`,
			said: [],
		},
	};
	for (const [what, { code, said }] of Object.entries(broken))
		row(
			`with a JSON that ${what} the page is unchanged (121)`,
			async ({ context }) => {
				const button = `<button id="button" onclick="this.textContent = 'Pressed'">Press</button>`;
				const tab = await openTab(
					context,
					pageOf(
						`<script>${code}</script>${embedded(server)}<p id="text">Text of the page.</p>${button}`,
					),
				);
				const state = () =>
					tab.page.evaluate(
						() => document.querySelector("chat-stream")?.connection.state,
					);
				// It has tried: its notice, or another attempt.
				await until(
					async () => tab.said.length > 0 || (await state()) === "waiting",
					"attempt",
				);
				await tab.page.click("#button");
				const left = await tab.page.evaluate(() => ({
					title: document.title,
					text: document.querySelector("#text")?.textContent,
					button: document.querySelector("#button")?.textContent,
				}));
				expect(left).toEqual({
					title: "A page",
					text: "Text of the page.",
					button: "Pressed",
				});
				expect(tab.said).toEqual(
					said.map((words) => expect.stringMatching(words)),
				);
			},
		);

	for (const [place, open] of Object.entries(withoutOrigin)) {
		row(`on ${place} it answers (125)`, async ({ context }) => {
			const { tab, frame } = await open(context, embedded(server));
			await answersIn(frame);
			expect(tab.said).toEqual([]);
		});

		row(
			`on ${place} a list of origins rejects it, and the server logs it (125)`,
			async ({ context }) => {
				const { tab, frame } = await open(context, embedded(choosy));
				await frame.waitForFunction(() => {
					const { connection, shadowRoot } =
						document.querySelector("chat-stream") ?? {};
					const notice = shadowRoot?.querySelector('[part~="notice"]');
					return (
						connection?.state === "waiting" &&
						notice?.textContent?.startsWith("Connection lost.")
					);
				});
				expect(choosy.output()).toContain(
					`"event":"origin_refused","origin":"null"`,
				);
				expect(tab.said).not.toBeEmpty();
				expect(tab.said.filter((text) => !ofTheNetwork.test(text))).toEqual([]);
			},
		);
	}
}

rowsOf("chromium")(
	"rules by which blockers find chats do not find it (129)",
	async ({ context }) => {
		const tab = await openTab(
			context,
			pageOf(
				`<chat-stream mode="floating" heading="Questions" open></chat-stream>${scriptOf(server.url)}`,
			),
		);
		await tab.ready();
		await tab.ask("**Hello**");
		await tab.whole(2);
		const found = () =>
			tab.page.evaluate(
				(selectors) =>
					selectors.filter((selector) => document.querySelector(selector)),
				Object.keys(placesOfChats),
			);
		expect(await found()).toEqual([]);
		const loaded = await tab.page.evaluate(() =>
			performance.getEntriesByType("resource").map(({ name }) => name),
		);
		const ours = loaded.filter((address) => address.startsWith(server.url));
		expect(ours).toContain(`${server.url}/chat-stream.js`);
		for (const door of ["", "/frames", "/events"])
			ours.push(`${server.url}/chat${door}`);
		const caught = ours.filter((address) =>
			addressesOfChats.some((part) => address.includes(part)),
		);
		expect(caught).toEqual([]);
		// The rules do match what they are for.
		for (const [selector, html] of Object.entries(placesOfChats)) {
			const finds = await tab.page.evaluate(
				(selector, html) => {
					const { body } = new DOMParser().parseFromString(html, "text/html");
					return body.parentElement?.querySelector(selector) !== null;
				},
				selector,
				html,
			);
			expect([selector, finds]).toEqual([selector, true]);
		}
	},
);

/** Asks in a frame as the page's own code would, and waits for the answer. */
async function answersIn(frame: Frame) {
	await frame.waitForFunction(
		() => document.querySelector("chat-stream")?.connection.state === "ready",
	);
	await frame.evaluate(() => {
		document.querySelector("chat-stream")?.send("**Hello**");
	});
	await frame.waitForFunction(() =>
		document
			.querySelector("chat-stream")
			?.shadowRoot?.querySelector('[part~="text"] strong'),
	);
}

async function until(holds: () => Promise<boolean>, what: string) {
	for (const end = Date.now() + 8_000; Date.now() < end; await Bun.sleep(20))
		if (await holds()) return;
	throw new Error(`No ${what} in 8 s.`);
}
