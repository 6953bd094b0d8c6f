/**
 * The failure matrix, row N5, for a stop: client frames are lost while tokens still arrive.
 *
 * The rest of the matrix is in `matrix-*.test.ts`. Real session, sockets and server; simulated time
 * (test/support/rig.ts).
 */
import { afterEach, expect, test } from "bun:test";
import { endRigs, rig, slackMs } from "../support/rig.ts";

afterEach(endRigs);

test.each(["websocket", "stream", "poll"] as const)(
	"N5 with nothing going up, a stop is said on another line within 10 s (%s)",
	async (transport) => {
		const it = await rig({ transport });
		it.me.ask("story 2000 50");
		await it.when(() => it.me.text.length > 20, "text", 5_000);
		it.proxy.set({ hold: "up" });
		it.me.session.stopReply();
		await it.pass(5_000);
		// A second stop does not extend the time.
		it.me.session.stopReply();
		await it.when(() => !it.me.isReady, "another line", 5_000 + slackMs);
		it.proxy.cut();
		it.proxy.heal();
		await it.when(() => it.me.hasAnswers(1), "its end", 2_000);
		await it.expectWhole();
		expect(it.me.replies).toMatchObject([{ close: { reason: "stopped" } }]);
		expect(it.me.session.diagnostics().resumes).toBe(1);
	},
);

test("N5 a WebSocket that passes only the hello: messages go over HTTP within 10 s, and the third steps down to a stream", async () => {
	const it = await rig();
	it.proxy.set({ deafSockets: true });
	const posts = () =>
		it.proxy.stats.requests.filter((asked) =>
			asked.startsWith("POST /chat/frames"),
		).length;
	const isAsked = (count: number) => () => it.provider.asked.length === count;
	for (let count = 1; count <= 3; count++) {
		await it.when(() => it.me.isReady, "ready", 5_000);
		it.me.ask(`question ${count}`);
		await it.when(isAsked(count), "the question there", 10_000 + slackMs);
		expect(posts()).toBe(count);
		await it.when(() => it.me.hasAnswers(count), "the answer", 5_000);
	}
	const { transport, fallbacks } = it.me.session.diagnostics();
	expect({ transport, fallbacks }).toEqual({
		transport: "stream",
		fallbacks: 1,
	});
	it.me.ask("question 4");
	await it.when(() => it.me.hasAnswers(4), "an answer", 3_000);
	await it.expectWhole();
	expect(it.provider.asked.length).toBe(4);
});
