/** The `debug` option: it reports states and frames, never a credential, and disturbs nothing. */
import { expect, test } from "bun:test";
import {
	createSession,
	type SessionOptions,
} from "../../../../widget/session/session.ts";
import { manualClock } from "../../../support/clock.ts";
import { fakeTransports } from "../../../support/fake-transport.ts";

function dial(debug: SessionOptions["debug"]) {
	const clock = manualClock();
	const { transports, factory } = fakeTransports();
	const session = createSession({
		url: "https://chat.example/chat",
		clock,
		makeTransport: factory,
		getToken: () => "secret-of-the-page",
		debug,
	});
	session.start();
	return { session, clock, transports };
}

test("each state and each frame is reported in order, without credentials", async () => {
	const entries: [string, unknown][] = [];
	const { session, clock, transports } = dial((entry, detail) =>
		entries.push([entry, detail]),
	);
	await clock.advance(0);
	transports[0]?.up({ token: "secret-of-the-visitor" });
	session.send("Hello");
	session.stop();
	expect(
		entries.map(([entry, detail]) => {
			const { name, type } = detail as { name?: string; type?: string };
			return `${entry} ${name ?? type}`;
		}),
	).toEqual([
		"state identifying",
		"state dialing",
		"state dialing",
		"state dialing",
		"sent hello",
		"received ready",
		"state ready",
		"sent send",
		"state stopped",
	]);
	expect(JSON.stringify(entries)).not.toContain("secret");
	expect(JSON.stringify(entries)).toContain('"token":"redacted"');
});

test("a frame that was not sent is not reported as sent", async () => {
	const sent: unknown[] = [];
	const { session, clock } = dial((entry, detail) => {
		if (entry === "sent") sent.push(detail);
	});
	await clock.advance(0);
	session.send("Hello");
	expect(sent).toEqual([]);
});
