/**
 * The built element on hostile pages, in real browsers. Numbers in brackets are rows of the embedding
 * checklist; 118, 123 and 124 are in `lifecycle-page` and `lifecycle`.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import type { BrowserContext, Page } from "puppeteer-core";
import { endBrowsers, engines, rowsOf } from "../support/browsers.ts";
import { isDriverError } from "../support/emulation.ts";
import { hostilePages, hostileStyles } from "../support/hostile-site.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import { Tab } from "../support/tab.ts";

/** Requested by the browser, not by the element. */
const favicon = "/favicon.ico";

let server: Program;
let pages: ReturnType<typeof hostilePages>;

/** A page by its name, or from the body after `?`. */
const site = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	fetch(request) {
		const url = new URL(request.url);
		const name = decodeURIComponent(url.pathname.slice(1));
		const { html, headers = {} } = pages[name] ?? {
			html: url.searchParams.get("html") ?? "",
		};
		return new Response(`<!doctype html><title>A page</title>${html}`, {
			headers: { ...headers, "Content-Type": "text/html; charset=utf-8" },
		});
	},
});

const addressOf = (name: string) =>
	`http://127.0.0.1:${site.port}/${encodeURIComponent(name)}`;

const pageOf = (html: string) =>
	`${addressOf("")}?${new URLSearchParams({ html })}`;

const plain = (attributes = "") =>
	`<script src="${server.url}/chat-stream.js"></script><chat-stream ${attributes}></chat-stream>`;

beforeAll(async () => {
	server = await startProgram();
	const script = await fetch(`${server.url}/chat-stream.js`);
	pages = hostilePages(server.url, await script.bytes());
});
afterAll(async () => {
	await endBrowsers();
	await endServers();
	site.stop(true);
});

/** The errors and warnings of a page's console, in order. */
function complaintsOf(page: Page): string[] {
	const said: string[] = [];
	const note = (text: string) => {
		if (!text.includes(favicon)) said.push(text);
	};
	page.on("pageerror", (error) => {
		if (!isDriverError(error)) note(String(error));
	});
	page.on("console", (message) => {
		if (["error", "warn"].includes(message.type())) note(message.text());
	});
	return said;
}

/** Opens a page and records console errors and policy violations. */
async function open(context: BrowserContext, address: string) {
	const page = await context.newPage();
	const said = complaintsOf(page);
	await page.evaluateOnNewDocument(() => {
		const violations: string[] = [];
		Object.assign(window, { violations });
		document.addEventListener(
			"securitypolicyviolation",
			({ effectiveDirective, blockedURI }) => {
				if (blockedURI.endsWith("/favicon.ico")) return;
				violations.push(`${effectiveDirective} ${blockedURI}`);
			},
		);
	});
	await page.goto(address, { waitUntil: "load" });
	const violations = () =>
		page.evaluate(
			() => (window as unknown as { violations: string[] }).violations,
		);
	return { tab: new Tab(page), page, said, violations };
}

/** The computed styles and sizes of everything in the element. */
const looksOf = (page: Page) =>
	page.evaluate(() => {
		const element = document.querySelector("chat-stream") as Element;
		for (const moving of element.shadowRoot?.getAnimations() ?? [])
			moving.cancel();
		const nodes = [
			element,
			// Live-region texts appear and disappear.
			...(element.shadowRoot?.querySelectorAll("*:not(.sr *)") ?? []),
		];
		return nodes.map((node) => {
			const style = getComputedStyle(node);
			const { width, height } = node.getBoundingClientRect();
			const all = [...style]
				// A scale of the host applies to everything in it; its position is the page's.
				.filter((name) => !/^(inset|top|left|right|bottom|--)/.test(name))
				.map((name) => `${name}: ${style.getPropertyValue(name)}`);
			return [
				node.localName,
				Math.round(width),
				Math.round(height),
				...all,
			].join("\n");
		});
	});

for (const engine of engines) {
	const row = rowsOf(engine);

	for (const name of Object.keys(hostilePages("http://x", new Uint8Array())))
		row(`${name}`, async ({ context }) => {
			const { tab, said, violations, page } = await open(
				context,
				addressOf(name),
			);
			const { refused, refusedWith = "window" } = pages[name] ?? {};
			if (refused && (await page.evaluate((n) => n in window, refusedWith))) {
				const isDefined = await page.evaluate(
					() => customElements.get("chat-stream") !== undefined,
				);
				expect(isDefined).toBe(false);
				expect(said.join("\n")).toMatch(refused);
				expect(await page.title()).toBe("A page");
				return;
			}
			await tab.ready();
			await tab.ask("**Hello**");
			const { messages } = await tab.whole(2);
			expect(messages.at(-1)?.text).toContain("Hello");
			expect(await violations()).toEqual([]);
			expect(said).toEqual([]);
		});

	row(
		"appearance attributes work under a policy without styles (117)",
		async ({ context }) => {
			const { tab, page, said, violations } = await open(
				context,
				addressOf(
					"looks by attribute, no style and no foreign type allowed (117)",
				),
			);
			await tab.ready();
			const look = () =>
				page.evaluate(() => {
					const root = document.querySelector("chat-stream")
						?.shadowRoot as ShadowRoot;
					const chat = getComputedStyle(root.querySelector(".chat") as Element);
					const { borderRadius, fontSize, fontFamily } = chat;
					const tint = chat.getPropertyValue("--chat-accent");
					return { borderRadius, fontSize, fontFamily, tint };
				});
			expect(await look()).toEqual({
				...{ borderRadius: "3px", fontSize: "14px", fontFamily: "Georgia" },
				tint: "rgb(10, 125, 85)",
			});
			await page.evaluate(async () => {
				const element = document.querySelector("chat-stream");
				for (const name of ["accent", "radius", "density", "font", "avatar"])
					element?.removeAttribute(name);
				await (element as Element & { updateComplete: Promise<boolean> })
					.updateComplete;
			});
			expect(await look()).toMatchObject({
				...{ borderRadius: "18px", fontSize: "16px", tint: "" },
			});
			expect(await violations()).toEqual([]);
			expect(said).toEqual([]);
		},
	);

	row("a page's styles change nothing inside (114)", async ({ context }) => {
		const opened = async (style: string) => {
			// A separate box, so that the page's styles do not change its width.
			const frame = `<style>body { margin: 0 } chat-stream { --chat-width: 400px }${style}</style>`;
			const { tab, page } = await open(context, pageOf(frame + plain()));
			await tab.ready();
			return { tab, page };
		};
		const { tab } = await opened("");
		await tab.ask("**Hello** `code`");
		await tab.whole(2);
		const looks = async (style: string) => {
			const { tab, page } = await opened(style);
			await tab.whole(2);
			return await looksOf(page);
		};
		const clean = await looks("");
		expect(clean.length).toBeGreaterThan(20);
		expect(await looks(hostileStyles)).toEqual(clean);
	});

	row(
		"a page's font size changes no size inside (115)",
		async ({ context }) => {
			const sizes = async (px: number) => {
				const style = `<style>html { font-size: ${px}px } body { margin: 0 }</style>`;
				const { page } = await open(context, pageOf(style + plain()));
				// Only now everything is rendered.
				await page.waitForFunction(() => {
					const { connection, shadowRoot } =
						document.querySelector("chat-stream") ?? {};
					const has = (part: string) =>
						shadowRoot?.querySelector(`[part~="${part}"]`) ?? false;
					return (
						connection?.state === "ready" && has("greeting") && !has("notice")
					);
				});
				return (await looksOf(page)).map((look) => look.split("\n", 3));
			};
			const usual = await sizes(16);
			for (const px of [8, 10, 32]) expect(await sizes(px)).toEqual(usual);
		},
	);

	row("`hidden` hides it (114)", async ({ context }) => {
		const { page } = await open(context, pageOf(plain("hidden")));
		const box = await (await page.$("chat-stream"))?.boundingBox();
		expect(box).toBeNull();
	});

	row("in a frame without an origin it works (125)", async ({ context }) => {
		const inner = plain().replaceAll('"', "&quot;");
		const html = `<iframe sandbox="allow-scripts" srcdoc="${inner}"></iframe>`;
		const { page, said } = await open(context, pageOf(html));
		const frame = page.frames()[1];
		await frame?.waitForFunction(
			() => document.querySelector("chat-stream")?.connection.state === "ready",
		);
		expect(said).toEqual([]);
	});
}
