/**
 * The failure matrix, row N5, for a stop: what goes up is lost while tokens keep coming down.
 *
 * The rest of the matrix is in `matrix-*.test.ts`. Real session, sockets and server; time is stepped
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
		// Impatience grants no more time.
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
