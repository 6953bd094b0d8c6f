/**
 * The life cycle of a page, in real browsers, with the built element and the real server: lost networks,
 * sleeping machines, tabs that are frozen, cached, reloaded, closed and killed.
 *
 * In the end the page always shows the server's log. Rows B1 to B5.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import type { BrowserContext } from "puppeteer-core";
import {
	endBrowsers,
	engines,
	rowsOf,
	signalAll,
} from "../support/browsers.ts";
import { type ChaosProxy, chaosProxy } from "../support/chaos-proxy.ts";
import { setOffline } from "../support/emulation.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import {
	type Look,
	openTab,
	startSite,
	type Tab,
	type Visitor,
} from "../support/tab.ts";

let server: Program;
const site = startSite();

beforeAll(async () => {
	server = await startProgram();
});
afterAll(async () => {
	await endBrowsers();
	await endServers();
	site.stop();
});

/** Takes about two seconds to answer. */
const question = "slow 10 150";

for (const engine of engines) {
	const row = rowsOf(engine);
	let proxy: ChaosProxy;

	beforeAll(async () => {
		proxy = await chaosProxy({ target: Number(new URL(server.url).port) });
	});
	afterAll(() => proxy.close());

	/** A tab during an answer. */
	async function answering(
		context: BrowserContext,
	): Promise<{ tab: Tab; visitor: Visitor }> {
		proxy.heal();
		const tab = await openTab(context, address());
		await tab.ready();
		await tab.ask(question);
		await tab.growing();
		return { tab, visitor: await tab.visitor(server.url) };
	}

	const address = () => site.page({ server: proxy.url });
	const expectFaithful = (tab: Tab) =>
		tab.expectFaithful(server.url, [question]);

	row(
		"B1: offline during an answer, the connection is back within 2 s of being online",
		async ({ context }) => {
			const { tab, visitor } = await answering(context);
			await setOffline(tab.page, true);
			proxy.set({ portal: true });
			proxy.cut();
			await tab.when(({ notice }) => /offline/.test(notice ?? ""), "notice");
			await visitor.closed(2);
			proxy.heal();
			await setOffline(tab.page, false);
			await tab.ready("websocket", 2_000);
			await tab.whole(2);
			await expectFaithful(tab);
		},
	);

	row(
		"B1: a question asked offline is shown as sending, survives a reload, and is sent once",
		async ({ context }) => {
			proxy.heal();
			const tab = await openTab(context, address());
			await tab.ready();
			// The script is still served; the chat is not.
			proxy.set({ upgrade: 503, answers: { "/chat/": { status: 503 } } });
			proxy.cut();
			await tab.when(({ connection }) => connection.state !== "ready", "loss");
			await tab.ask(question);
			const isSending = ({ messages }: Look) =>
				messages.length === 1 && messages[0]?.isWhole === false;
			await tab.when(isSending, "message being sent");
			await tab.page.reload({ waitUntil: "domcontentloaded" });
			await tab.when(isSending, "message being sent");
			proxy.heal();
			await tab.whole(2);
			await expectFaithful(tab);
		},
	);

	row(
		"B2: a machine that slept shows the whole answer within 3 s of waking",
		async ({ browser, context }) => {
			const { tab, visitor } = await answering(context);
			signalAll(browser, "SIGSTOP");
			try {
				proxy.cut();
				await visitor.closed(2);
			} finally {
				signalAll(browser, "SIGCONT");
			}
			await tab.whole(2, { ms: 3_000 });
			await expectFaithful(tab);
		},
	);

	row(
		"B3: a hidden tab loses its connection and recovers completely",
		async ({ context }) => {
			const { tab, visitor } = await answering(context);
			const other = await openTab(context, site.away);
			const isHidden = () => tab.page.evaluate(() => document.hidden);
			expect(await isHidden()).toBe(true);
			proxy.cut();
			await visitor.closed(2);
			await other.page.close();
			await tab.page.bringToFront();
			expect(await isHidden()).toBe(false);
			await tab.whole(2, { ms: 3_000 });
			await expectFaithful(tab);
		},
	);

	// Only Chromium freezes pages on demand.
	if (engine === "chromium")
		row(
			"B3: a frozen tab that lost its connection shows the whole answer when active again",
			async ({ context }) => {
				const { tab, visitor } = await answering(context);
				const devtools = await tab.page.createCDPSession();
				const become = (state: "frozen" | "active") =>
					devtools.send("Page.setWebLifecycleState", { state });
				await become("frozen");
				proxy.cut();
				await visitor.closed(2);
				await become("active");
				await tab.whole(2);
				await expectFaithful(tab);
			},
		);

	row(
		"B4: restored during an answer, the page continues it",
		async ({ context }) => {
			const { tab } = await answering(context);
			await tab.page.evaluate(() => {
				addEventListener("pageshow", (event) => {
					document.title = (event as PageTransitionEvent).persisted
						? "restored"
						: "loaded";
				});
			});
			await tab.page.goto(site.away);
			await tab.page.evaluate(() => history.back());
			await tab.growing();
			// Firefox decides before `pagehide`, while the connection is open, and reloads the page.
			if (engine === "chromium")
				expect(await tab.page.title()).toBe("restored");
			await tab.whole(2);
			await expectFaithful(tab);
		},
	);

	row(
		"B4: restored after the end of the answer, the page shows all of it",
		async ({ context }) => {
			const { tab, visitor } = await answering(context);
			await tab.page.goto(site.away);
			await visitor.closed(2);
			await tab.page.evaluate(() => history.back());
			await tab.whole(2, { ms: 3_000 });
			await expectFaithful(tab);
		},
	);

	row("a reload during an answer changes nothing", async ({ context }) => {
		const { tab } = await answering(context);
		await tab.page.reload({ waitUntil: "domcontentloaded" });
		await tab.growing();
		await tab.whole(2);
		await expectFaithful(tab);
	});

	row(
		"after leaving and returning by links, the conversation is shown",
		async ({ context }) => {
			const { tab } = await answering(context);
			await tab.page.goto(site.away);
			await tab.page.goto(address());
			await tab.growing();
			await tab.whole(2);
			await expectFaithful(tab);
		},
	);

	row(
		"B5: a tab closed during an answer: the answer continues, and a new tab shows all of it",
		async ({ context }) => {
			const { tab, visitor } = await answering(context);
			await tab.page.close();
			await visitor.closed(2);
			const next = await openTab(context, address());
			await next.whole(2);
			await expectFaithful(next);
		},
	);

	// Firefox does not crash one tab alone on demand.
	if (engine === "chromium")
		row(
			"B5: a tab that crashes during an answer: a new tab shows it continue",
			async ({ context }) => {
				const { tab } = await answering(context);
				const devtools = await tab.page.createCDPSession();
				// The tab that would answer has crashed.
				devtools.send("Page.crash").catch(() => {});
				const next = await openTab(context, address());
				await next.whole(2);
				await expectFaithful(next);
			},
		);
}
