/**
 * What a page does to the element, and other obstacles: elements that are moved, removed and swapped, two
 * on one page, many tabs, policies, proxies, a killed server. Rows B7, P1, P13.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import type { BrowserContext } from "puppeteer-core";
import { endBrowsers, engines, rowsOf } from "../support/browsers.ts";
import { type ChaosProxy, chaosProxy } from "../support/chaos-proxy.ts";
import { post } from "../support/doors.ts";
import {
	endServers,
	type Program,
	startProgram,
	tempFolder,
} from "../support/server.ts";
import { openTab, startSite, type Tab } from "../support/tab.ts";

const site = startSite();
/** Takes about two seconds to answer. */
const question = "slow 10 150";

let server: Program;

beforeAll(async () => {
	server = await startProgram();
});
afterAll(async () => {
	await endBrowsers();
	await endServers();
	site.stop();
});

for (const engine of engines) {
	const row = rowsOf(engine);
	let proxy: ChaosProxy;

	beforeAll(async () => {
		proxy = await chaosProxy({ target: Number(new URL(server.url).port) });
	});
	afterAll(() => proxy.close());

	/** A tab during an answer, with a draft of the next question. */
	async function answering(context: BrowserContext): Promise<Tab> {
		proxy.heal();
		const tab = await openTab(context, site.page({ server: proxy.url }));
		await tab.ready();
		await tab.ask(question);
		await tab.growing();
		await tab.type("And then");
		return tab;
	}

	/** One of the `made` connections is left, the draft is kept, and the answer equals the log. */
	async function expectOneLine(tab: Tab, made: number) {
		const { draft } = await tab.whole(2);
		expect(draft).toBe("And then");
		await tab.expectFaithful(server.url, [question]);
		expect(await tab.sockets()).toEqual({ made, open: 1 });
	}

	row(
		"B7: an element that is moved keeps its connection and its draft",
		async ({ context }) => {
			const tab = await answering(context);
			await tab.page.evaluate(() => {
				const element = document.querySelector("chat-stream") as Element;
				for (let i = 0; i < 10; i++)
					document.body
						.appendChild(document.createElement("main"))
						.append(element);
			});
			await expectOneLine(tab, 1);
		},
	);

	row(
		"B7: an element that is removed and put back continues",
		async ({ context }) => {
			const tab = await answering(context);
			await tab.page.evaluate(() => {
				const element = document.querySelector("chat-stream") as Element;
				element.remove();
				Object.assign(window, { element });
			});
			await until(
				async () => (await tab.sockets()).open === 0,
				"end of the line",
			);
			await tab.page.evaluate(() => {
				document.body.append(
					(window as unknown as { element: Element }).element,
				);
			});
			await expectOneLine(tab, 2);
		},
	);

	row(
		"B7: a body that is swapped ten times leaves one connection, the conversation and the draft",
		async ({ context }) => {
			const tab = await answering(context);
			for (let i = 0; i < 10; i++)
				await tab.page.evaluate(() => {
					const body = document.createElement("body");
					body.append(document.createElement("chat-stream"));
					document.body.replaceWith(body);
				});
			const { draft } = await tab.whole(2);
			expect(draft).toBe("And then");
			await tab.expectFaithful(server.url, [question]);
			await until(
				async () => (await tab.sockets()).open === 1,
				"one line and no more",
			);
		},
	);

	row(
		"two elements on one page show one conversation, whichever sends",
		async ({ context }) => {
			const address = site.page({ server: server.url, elements: 2 });
			const tab = await openTab(context, address);
			await tab.ready();
			await tab.ask(question, 0);
			await tab.growing(1);
			await tab.whole(2, { nth: 1 });
			await tab.ask("And you?", 1);
			for (const nth of [0, 1]) {
				await tab.whole(4, { nth });
				await tab.expectFaithful(server.url, [question, "And you?"], nth);
			}
		},
	);

	row(
		"a question of one tab appears in the others while it is answered",
		async ({ context }) => {
			const address = site.page({ server: server.url });
			const tabs = [await openTab(context, address)];
			await tabs[0]?.ready();
			for (let i = 0; i < 2; i++) tabs.push(await openTab(context, address));
			const asks = tabs[2] as Tab;
			await asks.ready();
			await asks.ask(`hold ${engine}`);
			for (const tab of tabs) await tab.growing();
			await post(server.url, "/messages", { content: `release ${engine}` });
			for (const tab of tabs) {
				await tab.whole(2);
				await tab.expectFaithful(server.url, [`hold ${engine}`]);
			}
		},
	);

	row(
		"P1: where upgrades are rejected, the answer arrives on a stream",
		async ({ context }) => {
			proxy.set({ upgrade: 403 });
			const tab = await openTab(context, site.page({ server: proxy.url }));
			await tab.ready("stream");
			await tab.ask(question);
			await tab.growing();
			await tab.whole(2);
			await tab.expectFaithful(server.url, [question]);
		},
	);

	/** A policy that allows connections to `connect`. */
	const policy = (connect: string) =>
		`default-src 'none'; script-src ${server.url}; connect-src ${connect}`;

	row(
		"P13: where the page's policy forbids WebSockets, the answer arrives on a stream",
		async ({ context }) => {
			const tab = await openTab(
				context,
				site.page({ server: server.url, policy: policy(server.url) }),
			);
			await tab.ready("stream");
			await tab.ask(question);
			await tab.whole(2);
			await tab.expectFaithful(server.url, [question]);
		},
	);

	row(
		"P13: where the page's policy forbids every connection, three attempts and an error text",
		async ({ context }) => {
			const tab = await openTab(
				context,
				site.page({ server: server.url, policy: policy("'none'") }),
			);
			const { connection } = await tab.when(
				({ notice }) => /does not let the chat/.test(notice ?? ""),
				"sentence",
			);
			expect(connection.state).toBe("refused");
			const blocked = await tab.blocked();
			expect(blocked).not.toBeEmpty();
			expect(blocked.length).toBeLessThanOrEqual(3);
		},
	);

	row(
		"after a server is killed during an answer and restarted, the page shows its log",
		async ({ context }) => {
			const CHAT_STORE = `sqlite:${tempFolder()}/chat.db`;
			const first = await startProgram({ CHAT_STORE });
			const { url } = first;
			const tab = await openTab(context, site.page({ server: url }));
			await tab.ready();
			await tab.ask(question);
			await tab.growing();
			await first.kill();
			await tab.when(({ connection }) => connection.state !== "ready", "loss");
			const second = await startProgram({
				CHAT_STORE,
				PORT: new URL(url).port,
			});
			await tab.whole(2);
			await tab.expectFaithful(url, [question]);
			await tab.ask("Are you back?");
			await tab.whole(4);
			await tab.expectFaithful(url, [question, "Are you back?"]);
			await second.kill();
		},
	);
}

async function until(holds: () => Promise<boolean>, what: string) {
	for (const end = Date.now() + 5_000; Date.now() < end; await Bun.sleep(20))
		if (await holds()) return;
	throw new Error(`No ${what} in 5 s.`);
}
