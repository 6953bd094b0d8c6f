/**
 * The failure matrix, rows C1 to C3: messages sent more than once, too early and too late.
 *
 * Real sessions, sockets and server; simulated time (test/support/rig.ts).
 */
import { afterEach, describe, expect, test } from "bun:test";
import { codeOf, post } from "../support/doors.ts";
import { endRigs, type Rig, rig, type Visitor } from "../support/rig.ts";

afterEach(endRigs);

const transports = ["websocket", "stream", "poll"] as const;

/** One visitor in three tabs, one per transport, all ready. */
async function threeTabs(): Promise<{ it: Rig; tabs: Visitor[] }> {
	const it = await rig({ transport: "websocket" });
	await it.when(() => it.me.isReady, "ready", 1_000);
	const { storage } = it.me;
	const others = (["stream", "poll"] as const).map((transport) =>
		it.come({ transport, storage }),
	);
	const tabs = [it.me, ...others];
	await it.when(() => tabs.every(({ isReady }) => isReady), "ready", 1_000);
	return { it, tabs };
}

/** A frame by POST, without a session. */
function say({ me, server }: Rig, frame: Record<string, unknown>) {
	const { conversation, token } = me.credential;
	const path = `/frames?conversation=${conversation}`;
	return post(server.url, path, frame, token);
}

const all = (tabs: Visitor[], answers: number) => () =>
	tabs.every((tab) => tab.hasAnswers(answers));

test("C1 one message from three sessions and five POSTs at once is one question and one answer", async () => {
	const { it, tabs } = await threeTabs();
	it.proxy.set({ hold: "both" });
	const id = it.me.ask("story 20 50");
	// Sessions with the same storage share the outbox: these send the same message.
	const { storage } = it.me;
	tabs.push(...transports.map((transport) => it.come({ transport, storage })));
	const frame = { type: "send", id, content: "story 20 50" };
	const posts = Array.from({ length: 5 }, () => say(it, frame));
	it.proxy.heal();
	for (const { body } of await Promise.all(posts))
		expect(body).toMatchObject({ action: "start", data: { message: id } });
	await it.when(all(tabs, 1), "the answer everywhere", 30_000);
	await it.expectWhole(...tabs.slice(1));
	expect(it.provider.asked).toEqual(["story 20 50"]);
});

test("C2 one id with different content is a conflict and changes nothing", async () => {
	const { it, tabs } = await threeTabs();
	const id = it.me.ask("Why?");
	const other = { type: "send", id, content: "Something else" };
	await it.when(all(tabs, 1), "the answer", 2_000);
	const answers = await Promise.all([say(it, other), say(it, other)]);
	for (const answer of answers) {
		expect(codeOf(answer)).toBe("conflict");
		expect(answer.body).toMatchObject({ data: { id } });
	}
	await it.pass(1_000);
	await it.expectWhole(...tabs.slice(1));
	expect(it.provider.asked).toEqual(["Why?"]);
});

describe("C3 stop", () => {
	test.each(transports)(
		"by %s, before there is anything to stop, stops nothing",
		async (transport) => {
			const it = await rig({ transport });
			it.me.ask("story 10 50");
			it.me.session.stopReply();
			await it.when(() => it.me.isReady, "ready", 1_000);
			const message = crypto.randomUUID();
			expect((await say(it, { type: "stop", message })).status).toBe(200);
			await it.when(() => it.me.hasAnswers(1), "the answer", 5_000);
			await it.expectWhole();
			expect(it.me.replies[0]?.close).toMatchObject({ reason: "complete" });
		},
	);

	test("after the end changes nothing and does not affect the next answer", async () => {
		const { it, tabs } = await threeTabs();
		it.me.ask("story 3 10");
		await it.when(all(tabs, 1), "the answer", 5_000);
		const message = it.me.replies[0]?.id;
		for (const tab of tabs) tab.session.stopReply();
		it.me.ask("story 10 50");
		await it.when(() => it.me.picture.open !== undefined, "a reply", 1_000);
		await say(it, { type: "stop", message });
		await it.when(all(tabs, 2), "both answers", 5_000);
		await it.expectWhole(...tabs.slice(1));
		for (const { close } of it.me.replies)
			expect(close).toMatchObject({ reason: "complete" });
	});

	test.each([0, 1, 2])(
		"twice from every tab, first from tab %d: all see it stopped, once, and nothing is shown after it",
		async (first) => {
			const { it, tabs } = await threeTabs();
			it.me.ask("story 600 50");
			await it.when(
				() => tabs.every(({ text }) => text.length > 20),
				"text everywhere",
				5_000,
			);
			tabs[first]?.session.stopReply();
			await it.pass(100);
			for (const tab of [...tabs, ...tabs]) tab.session.stopReply();
			await it.when(all(tabs, 1), "its end", 2_000);
			const log = await it.expectWhole(...tabs.slice(1));
			const { last } = log;
			await it.pass(3_000);
			expect(it.me.picture.last).toBe(last);
			expect(it.me.replies).toMatchObject([{ close: { reason: "stopped" } }]);
		},
	);

	test("on a failing connection is sent again on the next one", async () => {
		const it = await rig();
		it.me.ask("story 600 50");
		await it.when(() => it.me.text.length > 20, "text", 5_000);
		it.proxy.set({ hold: "up" });
		it.me.session.stopReply();
		it.proxy.cut();
		it.proxy.heal();
		await it.when(() => it.me.hasAnswers(1), "its end", 3_000);
		await it.expectWhole();
		expect(it.me.replies).toMatchObject([{ close: { reason: "stopped" } }]);
	});
});

test("C1 a message whose echo was lost with its connection is sent again and stored once, repeatedly", async () => {
	const it = await rig();
	for (let round = 1; round <= 10; round++) {
		await it.when(() => it.me.isReady, "ready", 40_000);
		await it.pass(200);
		it.proxy.set({ hold: "down" });
		it.me.ask(`round ${round}`);
		// It arrives, but its echo does not.
		await it.when(
			() => it.provider.asked.length === round,
			"the question",
			1_000,
		);
		it.proxy.cut();
		it.proxy.heal();
		await it.when(() => it.me.hasAnswers(round), "the answer", 40_000);
	}
	await it.expectWhole();
	expect(it.provider.asked.length).toBe(10);
	expect(codeOf(await say(it, { type: "send", id: "x" }))).toBe("bad_frame");
});
