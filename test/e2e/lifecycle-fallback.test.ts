/**
 * Browsers behind a proxy that blocks more and more, and then nothing; and many tabs that share the few
 * connections that a browser allows per server. Rows P2, P5, P11 and B6.
 *
 * These tests are slow, so they run in parallel, each with its own browser.
 */
import { afterAll, test } from "bun:test";
import { endBrowsers, engines, startBrowser } from "../support/browsers.ts";
import { chaosProxy } from "../support/chaos-proxy.ts";
import { post } from "../support/doors.ts";
import { endServers, startProgram } from "../support/server.ts";
import { type Look, openTab, startSite } from "../support/tab.ts";

const site = startSite();
const testMs = 120_000;

afterAll(async () => {
	await endBrowsers();
	await endServers();
	site.stop();
});

for (const engine of engines) {
	test.concurrent(
		`${engine}: P2 P5 P11: from a blocked WebSocket to a stream, from a held stream to polls, and back up`,
		async () => {
			const server = await startProgram({
				CHAT_NEXT_CHUNK_TIMEOUT_MS: "60000",
			});
			const target = Number(new URL(server.url).port);
			const proxy = await chaosProxy({ target });
			const browser = await startBrowser(engine);

			proxy.set({ upgrade: "swallow" });
			const tab = await openTab(
				browser.defaultBrowserContext(),
				site.page({ server: proxy.url }),
			);
			await tab.ready("stream", 10_000);
			await tab.ask("slow 10 50");
			await tab.whole(2);

			proxy.set({ upgrade: "swallow", stream: "hold" });
			await tab.ask("hold x");
			proxy.cut();
			await tab.ready("poll", 15_000);
			await tab.growing();

			proxy.heal();
			await tab.ready("websocket", 35_000);
			await post(server.url, "/messages", { content: "release x" });
			await tab.whole(4);
			await tab.expectFaithful(server.url, ["slow 10 50", "hold x"]);
			await proxy.close();
		},
		testMs,
	);

	test.concurrent(
		`${engine}: B6: of eight tabs on streams the visible one works, and the first recovers completely`,
		async () => {
			const server = await startProgram();
			const context = (await startBrowser(engine)).defaultBrowserContext();
			const address = site.page({ server: server.url, transport: "stream" });
			const first = await openTab(context, address);
			await first.ready();
			await first.ask("hold x");
			await first.growing();
			let last = first;
			for (let i = 1; i < 8; i++) last = await openTab(context, address);
			await last.when(() => true, "element", { ms: 15_000 });
			// A hidden tab closes its stream, even during an answer.
			const isAsleep = ({ connection }: Look) => connection.state === "idle";
			await first.when(isAsleep, "sleep", { ms: 15_000 });
			await post(server.url, "/messages", { content: "release x" });
			await last.whole(2, { ms: 20_000 });
			await last.ask("Is there room?");
			await last.whole(4, { ms: 20_000 });
			const asked = ["hold x", "Is there room?"];
			await last.expectFaithful(server.url, asked);
			await first.page.bringToFront();
			await first.whole(4);
			await first.ask("And here?");
			await first.whole(6);
			await first.expectFaithful(server.url, [...asked, "And here?"]);
		},
		testMs,
	);
}
