/**
 * The life of a page, in real browsers, with the built element and the real server: networks that go
 * away, machines that sleep, tabs that are frozen, cached, reloaded, closed and killed.
 *
 * Whatever happens to the page, in the end it shows the server's log. Rows B1 to B5.
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

/** Takes some two seconds to answer. */
const question = "slow 10 150";

for (const engine of engines) {
	const row = rowsOf(engine);
	let proxy: ChaosProxy;

	beforeAll(async () => {
		proxy = await chaosProxy({ target: Number(new URL(server.url).port) });
	});
	afterAll(() => proxy.close());

	/** A tab in the middle of an answer. */
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
		"B1: offline in the middle of an answer, the line is back within 2 s of being online",
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
		"B1: what is asked without a line is shown as sending, outlives a reload, and is sent once",
		async ({ context }) => {
			proxy.heal();
			const tab = await openTab(context, address());
			await tab.ready();
			// The script is still to be had; the chat is not.
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
		"B3: a hidden tab loses its line and comes back whole",
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
			"B3: a frozen tab whose line was lost shows the whole answer when it is active again",
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
		"B4: back in the middle of an answer, the page goes on with it",
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
			// Firefox decides before `pagehide`, when the line is still open, and loads the page anew.
			if (engine === "chromium")
				expect(await tab.page.title()).toBe("restored");
			await tab.whole(2);
			await expectFaithful(tab);
		},
	);

	row(
		"B4: back after the answer has ended, the restored page shows all of it",
		async ({ context }) => {
			const { tab, visitor } = await answering(context);
			await tab.page.goto(site.away);
			await visitor.closed(2);
			await tab.page.evaluate(() => history.back());
			await tab.whole(2, { ms: 3_000 });
			await expectFaithful(tab);
		},
	);

	row(
		"a reload in the middle of an answer changes nothing",
		async ({ context }) => {
			const { tab } = await answering(context);
			await tab.page.reload({ waitUntil: "domcontentloaded" });
			await tab.growing();
			await tab.whole(2);
			await expectFaithful(tab);
		},
	);

	row(
		"away and back by a link, the conversation is there",
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
		"B5: a tab closed in the middle of an answer: it goes on, and a new tab shows it whole",
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
			"B5: a tab that crashes in the middle of an answer: a new one shows it go on",
			async ({ context }) => {
				const { tab } = await answering(context);
				const devtools = await tab.page.createCDPSession();
				// The one who could answer is gone.
				devtools.send("Page.crash").catch(() => {});
				const next = await openTab(context, address());
				await next.whole(2);
				await expectFaithful(next);
			},
		);
}
