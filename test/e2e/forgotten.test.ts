/**
 * A conversation that disappears while several tabs read it, one on each transport: deleted by its
 * visitor during an answer, or unknown to a server that restarts with an empty store.
 */
import { afterEach, expect, test } from "bun:test";
import type { SessionOptions } from "../../widget/session/types.ts";
import {
	endRigs,
	expectWhole,
	realTime,
	rig,
	type Time,
	type Visitor,
	visit,
	waitIn,
} from "../support/rig.ts";
import { programOn } from "../support/rig-parts.ts";

afterEach(endRigs);

/** One tab of the same visitor per transport, each showing the beginning of an answer. */
async function readBy(url: string, time: Time, question: string) {
	const when = (look: () => unknown, what: string) =>
		waitIn(time, look, what, 15_000);
	const come = (more: Partial<SessionOptions>) =>
		visit(url, { clock: time.clock, ...more });
	const first = come({ transport: "websocket" });
	await when(() => first.isReady, "the first tab");
	const { storage } = first;
	const httpTransports = ["stream", "poll"] as const;
	const others = httpTransports.map((transport) =>
		come({ transport, storage }),
	);
	const tabs = [first, ...others];
	await when(() => tabs.every((tab) => tab.isReady), "all tabs");
	first.ask(question);
	await when(() => tabs.every(({ text }) => text), "text");
	return { when, tabs, first };
}

/** Every tab has the same empty conversation, and each reads what the others send. */
async function expectSameBeginning(
	tabs: Visitor[],
	when: (look: () => unknown, what: string) => Promise<unknown>,
	url: string,
) {
	const isAnew = (tab: Visitor) =>
		tab.isReady && tab.picture.messages.length === 0;
	await when(() => tabs.every(isAnew), "a new beginning");
	for (const tab of tabs) {
		expect(tab.session.pending).toEqual([]);
		tab.sent.length = 0;
		tab.ask("count 3");
	}
	await when(() => tabs.every((tab) => tab.hasAnswers(3)), "three answers");
	await expectWhole(url, ...tabs);
}

test("deleted during an answer: every tab starts the same empty conversation", async () => {
	const it = await rig();
	const { url } = it.server;
	const { tabs, first, when } = await readBy(url, it.time, "story 400 100");
	const { token, conversation } = first.credential;
	const deletion = await fetch(`${url}/chat/me`, {
		method: "DELETE",
		headers: { Authorization: `Bearer ${token}` },
	});
	expect(await deletion.json()).toEqual({ deleted: 1 });
	await expectSameBeginning(tabs, when, url);
	expect(first.credential.conversation).not.toBe(conversation);
	// The deleted answer was aborted and not requested again.
	const anew = Array(3).fill("count 3");
	expect(it.provider.asked).toEqual(["story 400 100", ...anew]);
});

test.each([
	["knows their credential", "0123456789abcdef0123456789abcdef"],
	["has another secret", ""],
])(
	"a server that comes back with nothing and %s: every tab begins with nothing, and all of them the same",
	async (_, secret) => {
		const settings = { CHAT_STORE: "memory:", CHAT_SECRET: secret };
		const { first: server, proxy, again } = await programOn(settings);
		const time = realTime();
		const { tabs, when } = await readBy(proxy.url, time, "slow 20 300");
		await server.kill();
		const { url } = await again();
		await expectSameBeginning(tabs, when, url);
	},
);
