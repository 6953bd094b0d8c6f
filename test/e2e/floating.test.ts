/**
 * The floating chat of the built script, in real browsers, on a page with a strict policy: a launcher
 * without cost, a reload during an answer, and the badge.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import { endBrowsers, engines, rowsOf } from "../support/browsers.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import { openTab, type Tab } from "../support/tab.ts";

let server: Program;

/** A page of another origin whose policy allows only the chat. */
const site = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	fetch: () =>
		new Response(
			`<!doctype html><title>A page</title><p>Text.</p>
			<chat-stream mode="floating" suggestions="slow 3 4|Other"></chat-stream>
			<script src="${server.url}/chat-stream.js" async></script>`,
			{
				headers: {
					"Content-Type": "text/html; charset=utf-8",
					"Content-Security-Policy": [
						"default-src 'none'; style-src 'none'; img-src 'self'",
						`script-src ${server.url}`,
						`connect-src ${server.url} ${server.url.replace("http", "ws")}`,
						"require-trusted-types-for 'script'; trusted-types chat-stream",
					].join("; "),
				},
			},
		),
});

beforeAll(async () => {
	server = await startProgram();
});
afterAll(async () => {
	await endBrowsers();
	await endServers();
	site.stop(true);
});

/** The state of the launcher and the panel. */
const see = (tab: Tab) =>
	tab.page.evaluate(() => {
		const element = document.querySelector("chat-stream");
		const root = element?.shadowRoot;
		const launcher = root?.querySelector(".launcher");
		const box = launcher?.getBoundingClientRect();
		return {
			inCorner:
				box?.right === document.documentElement.clientWidth - 20 &&
				box.bottom === innerHeight - 20,
			name: launcher?.getAttribute("aria-label"),
			badge: root?.querySelector(".badge")?.textContent,
			suggests: Boolean(root?.querySelector(".suggestion")),
			isOpen: element?.hasAttribute("open"),
			focus: root?.activeElement?.localName,
			files: performance
				.getEntriesByType("resource")
				.map(({ name }) => new URL(name).pathname.replace(/^\//, ""))
				// Requested by the browser itself.
				.filter((name) => name !== "favicon.ico"),
		};
	});

async function until(
	tab: Tab,
	what: string,
	fits: (seen: Awaited<ReturnType<typeof see>>) => boolean,
) {
	const deadline = Date.now() + 10_000;
	for (;;) {
		const seen = await see(tab);
		if (fits(seen)) return seen;
		if (Date.now() >= deadline)
			throw new Error(`No ${what}: ${JSON.stringify(seen)}`);
		await Bun.sleep(40);
	}
}

for (const engine of engines) {
	const row = rowsOf(engine);

	row(
		"sends no request while closed, opens, and shows the answer after a reload",
		async ({ context }) => {
			const tab = await openTab(context, `http://127.0.0.1:${site.port}/`);
			const closed = await until(tab, "launcher", ({ inCorner }) => inCorner);
			expect(closed.files).toEqual(["chat-stream.js"]);
			expect(await tab.sockets()).toEqual({ made: 0, open: 0 });

			const press = async (selector: string) => {
				const place = await tab.page.evaluate((selector) => {
					const root = document.querySelector("chat-stream")?.shadowRoot;
					const box = root?.querySelector(selector)?.getBoundingClientRect();
					return box && [box.x + box.width / 2, box.y + box.height / 2];
				}, selector);
				const [x = 0, y = 0] = place ?? [];
				await tab.page.mouse.click(x, y);
			};
			await press(".launcher");
			await until(tab, "focus in the box", ({ focus }) => focus === "textarea");
			await tab.ready();
			await until(tab, "suggestion", ({ suggests }) => suggests);
			await press(".suggestion");
			await tab.whole(2);

			await tab.page.keyboard.type("slow 10 150");
			await tab.page.keyboard.press("Enter");
			await tab.when(
				({ messages }) => messages.length === 4 && !messages[3]?.isWhole,
				"second answer",
			);
			await tab.page.reload();
			const { isOpen, name } = await until(
				tab,
				"badge",
				({ badge }) => badge === "1",
			);
			expect(isOpen).toBe(false);
			expect(name).toContain("1 new message");
			await press(".launcher");
			const open = await until(
				tab,
				"open panel",
				({ isOpen }) => isOpen === true,
			);
			expect(open.badge).toBeUndefined();
			await tab.whole(4);
			await tab.page.keyboard.press("Escape");
			await until(tab, "focus back", ({ focus }) => focus === "button");
			expect(await tab.blocked()).toEqual([]);
		},
	);
}
