/** The session over a connection that the test plays, by a clock that the test moves. */
import { expect, test } from "bun:test";
import {
	createSession,
	type SessionOptions,
	type SessionStorage,
} from "../../../../widget/session/session.ts";
import type { Change } from "../../../../widget/session/types.ts";
import { manualClock, settle } from "../../../support/clock.ts";
import {
	asked,
	begun,
	broken,
	ended,
	refusal,
	token,
} from "../../../support/events.ts";
import {
	type FakeTransport,
	fakeTransports,
	readyFrame,
} from "../../../support/fake-transport.ts";

const url = "https://chat.test/chat";
const readyOf = (head: number) => readyFrame({ head });

function memoryStorage(): SessionStorage & { map: Map<string, string> } {
	const map = new Map<string, string>();
	return {
		map,
		getItem: (key) => map.get(key) ?? null,
		setItem: (key, value) => void map.set(key, value),
		removeItem: (key) => void map.delete(key),
	};
}

function sessionWith(options: Partial<SessionOptions> = {}) {
	const clock = manualClock();
	const { transports, factory } = fakeTransports();
	const session = createSession({
		url,
		clock,
		makeTransport: factory,
		...options,
	});
	const changes: Change[] = [];
	session.subscribe((change) => changes.push(change));
	return {
		session,
		clock,
		transports,
		changes,
		get transport(): FakeTransport {
			const transport = transports.at(-1);
			if (!transport) throw new Error("No transport was made.");
			return transport;
		},
		kinds: () => changes.map(({ type }) => type),
		texts: () => session.conversation.messages.map(({ text }) => text),
		/** Drops the current connection and opens the next one. */
		again(head: number) {
			this.transport.lose();
			return this.transport.up({ head });
		},
	};
}

/** A session in the midst of an answer: `Open the` of reply `r1`, cursor 4. */
function midAnswer(options: Partial<SessionOptions> = {}) {
	const it = sessionWith(options);
	it.session.start();
	it.transport.up({ token: "t1" });
	it.transport.say(
		asked(1, "q1"),
		begun(2, "r1"),
		token(3, "Open"),
		token(4, " the"),
	);
	return it;
}

/* ---------------------------------------------------------------- hello and cursor */

test("the first hello has a version and no unknown field", () => {
	const it = sessionWith();
	expect(it.session.connection).toEqual({ state: "idle" });
	it.session.start();
	expect(it.session.connection).toEqual({ state: "connecting", attempt: 1 });
	expect(it.transport.up()).toEqual({ type: "hello", version: 1, after: 0 });
	expect(it.session.connection).toEqual({
		state: "ready",
		transport: "websocket",
	});
	expect(it.session.limit).toBe(100);
});

test("starting twice makes one connection, stopping twice is fine, and nothing runs after it", () => {
	const it = sessionWith();
	it.session.start();
	it.session.start();
	expect(it.transports.length).toBe(1);
	it.transport.up();
	expect(it.clock.pending).toBe(1);
	it.session.stop();
	it.session.stop();
	expect(it.transport.isStopped).toBe(true);
	expect(it.clock.pending).toBe(0);
	expect(it.session.connection).toEqual({ state: "idle" });
});

test("after a loss the next hello has token, conversation, epoch and cursor", () => {
	const it = midAnswer();
	it.transport.lose();
	expect(it.session.connection).toEqual({
		state: "waiting",
		until: it.clock.now() + 500,
		offline: false,
	});
	expect(it.transport.up({ head: 6 })).toEqual({
		type: "hello",
		version: 1,
		token: "t1",
		conversation: "c1",
		epoch: "e1",
		after: 4,
	});
	it.transport.say(token(6, " door.", 5));
	expect(it.texts()).toEqual(["Why?", "Open the door."]);
	expect(it.session.diagnostics().resumes).toBe(1);
});

test("a reload keeps token, conversation and epoch, and reads from the beginning", () => {
	const storage = memoryStorage();
	midAnswer({ storage }).session.stop();
	const it = sessionWith({ storage });
	it.session.start();
	expect(it.transport.up({ head: 4 })).toEqual({
		type: "hello",
		version: 1,
		token: "t1",
		conversation: "c1",
		epoch: "e1",
		after: 0,
	});
	expect([...storage.map.values()].join()).not.toContain("Open");
});

test("sessions with another server share nothing in the same storage", () => {
	const storage = memoryStorage();
	midAnswer({ storage });
	const it = sessionWith({ storage, url: "https://other.test/chat" });
	it.session.start();
	expect(it.transport.greet().token).toBeUndefined();
});

test.each([
	["another epoch", { epoch: "e2", head: 9 }],
	["a head below the cursor", { head: 3 }],
	["another conversation", { conversation: "c2", head: 9 }],
])("%s means another log: the copy is forgotten", (_, ready) => {
	const it = midAnswer();
	it.transport.lose();
	it.transport.up(ready);
	expect(it.session.conversation.last).toBe(0);
	it.transport.say(asked(1, "q9", "Anew?"));
	expect(it.texts()).toEqual(["Anew?"]);
});

test("the same epoch and a head at the cursor keep the copy", () => {
	const it = midAnswer();
	it.again(4);
	expect(it.texts()).toEqual(["Why?", "Open the"]);
});

test("events before ready are dropped, because their log is unknown", () => {
	const it = sessionWith();
	it.session.start();
	it.transport.greet();
	it.transport.options.events.receive(asked(1, "q1"));
	expect(it.session.conversation.last).toBe(0);
});

/* ---------------------------------------------------------------- events */

test("each event is emitted once, in order, and repeats are counted", () => {
	const it = midAnswer();
	it.transport.say(token(4, " the"), token(3, "Open"), token(5, " door."));
	const emitted = it.changes.flatMap((change) =>
		change.type === "conversation" ? [change.event?.sequence] : [],
	);
	expect(emitted).toEqual([1, 2, 3, 4, 5]);
	expect(it.session.diagnostics().repeatsDropped).toBe(2);
});

test("a gap is read again once, on the same connection, until it is answered", () => {
	const it = midAnswer();
	it.transport.say(token(6, "?"), token(7, "?"), token(8, "?"));
	expect(it.transport.sent("hello").map(({ after }) => after)).toEqual([0, 4]);
	it.transport.say(
		readyOf(8),
		token(5, " do"),
		token(6, "or"),
		token(8, " now.", 7),
	);
	expect(it.texts()[1]).toBe("Open the door now.");
	expect(it.transport.sent("hello").length).toBe(2);
	expect(it.transport.redials).toBe(0);
	expect(it.session.diagnostics().gapsRepaired).toBe(1);
});

test("rereads without progress double their waits", async () => {
	const it = midAnswer();
	const hellos: number[] = [];
	for (let second = 0; second < 30; second++) {
		it.transport.say(token(9, "?"));
		if (it.transport.sent("hello").length > hellos.length + 1) {
			hellos.push(second);
			it.transport.say(readyOf(9));
		}
		await it.clock.advance(1_000);
	}
	expect(hellos.length).toBeLessThan(7);
	expect(hellos.length).toBeGreaterThan(2);
});

test("a second hello without an answer within 5 s ends the connection", async () => {
	const it = midAnswer();
	it.transport.say(token(9, "?"));
	for (let second = 0; second < 6; second++) {
		it.transport.say(token(4, "a repeat"));
		await it.clock.advance(1_000);
	}
	expect(it.transport.redials).toBe(1);
});

test("a ping ahead of the cursor with nothing under way reads again", async () => {
	const it = midAnswer();
	it.transport.say({ type: "ping", head: 6 });
	expect(it.transport.sent("hello").length).toBe(1);
	await it.clock.advance(1_500);
	it.transport.say({ type: "ping", head: 4 });
	expect(it.transport.sent("hello").length).toBe(1);
	it.transport.say({ type: "ping", head: 6 });
	expect(it.transport.sent("hello").at(-1)?.after).toBe(4);
});

test("a text that is not what the server closed is reported and read again from before its start", () => {
	const it = midAnswer();
	it.transport.say(ended(5, "r1", "Open a"));
	expect(it.changes.at(-1)).toEqual({ type: "integrity", message: "r1" });
	expect(it.texts()).toEqual(["Why?"]);
	expect(it.transport.sent("hello").at(-1)?.after).toBe(1);
	it.transport.say(
		readyOf(5),
		begun(2, "r1"),
		token(4, "Open a", 3),
		ended(5, "r1", "Open a"),
	);
	expect(it.texts()).toEqual(["Why?", "Open a"]);
	expect(it.session.diagnostics().integrityAlarms).toBe(1);
});

test("a text that does not match twice in a row is accepted, not read again without end", () => {
	const it = midAnswer();
	const wrong = ended(5, "r1", "something else");
	it.transport.say(wrong, readyOf(5), begun(2, "r1"), token(4, "Open the", 3));
	it.transport.say(wrong);
	expect(it.texts()[1]).toBe("Open the");
	expect(it.session.conversation.open).toBeUndefined();
	expect(it.transport.sent("hello").length).toBe(2);
	expect(it.session.diagnostics().integrityAlarms).toBe(1);
});

test("a reply that fails is emitted as an error once, and not again as history", () => {
	const storage = memoryStorage();
	const it = midAnswer({ storage });
	it.transport.say(broken(5, "r1", "Open the"));
	expect(it.changes.at(-1)).toEqual({
		type: "error",
		code: "provider_failed",
		text: "The model broke off.",
		message: "r1",
	});
	const reloaded = sessionWith({ storage });
	reloaded.session.start();
	reloaded.transport.up({ head: 5 });
	reloaded.transport.say(
		asked(1, "q1"),
		begun(2, "r1"),
		token(4, "Open the", 3),
		broken(5, "r1", "Open the"),
	);
	expect(reloaded.kinds()).not.toContain("error");
});

test("a reply that failed while disconnected is emitted as an error", () => {
	const it = midAnswer();
	it.again(5);
	it.transport.say(broken(5, "r1", "Open the"));
	expect(it.kinds()).toContain("error");
});

test("a listener that throws does not stop the others", () => {
	const it = sessionWith();
	const later: (() => void)[] = [];
	const { queueMicrotask } = globalThis;
	it.session.subscribe(() => {
		throw new Error("from a listener");
	});
	const after: string[] = [];
	it.session.subscribe(({ type }) => after.push(type));
	globalThis.queueMicrotask = (call) => later.push(call);
	it.session.start();
	it.transport.up();
	globalThis.queueMicrotask = queueMicrotask;
	expect(after).toEqual(it.kinds());
	expect(later.length).toBe(after.length);
	expect(later[0]).toThrow("from a listener");
});

/* ---------------------------------------------------------------- outbox */

test("a message waits for the connection, is sent once it is ready, and leaves when its start comes back", () => {
	const it = sessionWith();
	it.session.start();
	const id = it.session.send("Why?", { page: 1 });
	expect(it.session.pending).toMatchObject([
		{ id, text: "Why?", state: "sending" },
	]);
	it.transport.up();
	expect(it.transport.sent("send")).toEqual([
		{ type: "send", id, content: "Why?", context: { page: 1 } },
	]);
	it.transport.say(asked(1, "somebody-else"));
	expect(it.session.pending.length).toBe(1);
	it.transport.say(asked(2, id));
	expect(it.session.pending).toEqual([]);
	it.again(2);
	expect(it.transport.sent("send").length).toBe(1);
});

test("after each ready the outbox is sent again, in order", () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	const ids = ["one", "two", "three"].map((text) => it.session.send(text));
	it.transport.say(asked(1, ids[0] as string, "one"));
	it.again(1);
	expect(it.transport.sent("send").map(({ content }) => content)).toEqual([
		"one",
		"two",
		"three",
		"two",
		"three",
	]);
});

test("a message without its start for 10 s is sent on another connection, even if this one is alive", async () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	it.session.send("Why?");
	await it.clock.advance(9_900);
	it.transport.say({ type: "ping", head: 0 });
	expect(it.transport.redials).toBe(0);
	await it.clock.advance(200);
	expect(it.transport.redials).toBe(1);
	expect(it.transport.sent("send").length).toBe(1);
	it.transport.up();
	expect(it.transport.sent("send").length).toBe(2);
});

test("a message without its start for 10 s is resent over HTTP, in order, with all later ones", async () => {
	const it = midAnswer();
	const first = it.session.send("one");
	await it.clock.advance(6_000);
	const second = it.session.send("two");
	it.transport.say(token(5, "…"));
	await it.clock.advance(3_999);
	expect(it.transport.resent).toEqual([]);
	it.transport.say(token(6, "…"));
	await it.clock.advance(1);
	expect(it.transport.resent).toMatchObject([[{ id: first }, { id: second }]]);
	// Their place in the row is kept until the log has them.
	expect(it.session.pending.map(({ id }) => id)).toEqual([first, second]);
	expect(it.transport.redials).toBe(1);
	it.transport.up({ head: 7 });
	it.transport.say(asked(7, first, "one"));
	await it.clock.advance(9_999);
	expect(it.transport.resent.length).toBe(1);
});

test("a reload sends what the log does not have yet, with its context", () => {
	const storage = memoryStorage();
	const first = midAnswer({ storage });
	first.transport.lose();
	const id = first.session.send("And then?", { page: 2 });
	const it = sessionWith({ storage });
	expect(it.session.pending).toMatchObject([{ id, state: "sending" }]);
	it.session.start();
	it.transport.up({ head: 4 });
	expect(it.transport.sent("send")).toEqual([
		{ type: "send", id, content: "And then?", context: { page: 2 } },
	]);
	it.transport.say(asked(1, "q1"), asked(2, id));
	expect(sessionWith({ storage }).session.pending).toEqual([]);
});

test("two tabs do not lose each other's messages", () => {
	const storage = memoryStorage();
	const one = midAnswer({ storage });
	const two = sessionWith({ storage });
	two.session.start();
	two.transport.up({ head: 4 });
	const first = one.session.send("from one");
	const second = two.session.send("from two");
	one.transport.say(asked(5, first));
	const third = one.session.send("from one again");
	const reloaded = sessionWith({ storage });
	expect(reloaded.session.pending.map(({ id }) => id)).toEqual([second, third]);
});

test("a message for another conversation is not sent in this one", () => {
	const storage = memoryStorage();
	const one = midAnswer({ storage });
	one.transport.lose();
	const two = sessionWith({ storage });
	two.session.start();
	two.transport.up({ conversation: "c2", epoch: "e2" });
	one.session.send("meant for c1");
	const reloaded = sessionWith({ storage });
	expect(reloaded.session.pending).toEqual([]);
});

test.each([
	["not JSON", "{"],
	["no object", "[1,2]"],
	["null", "null"],
	["a message that no server takes", '{"../x":{"content":"a","at":1}}'],
	["a blank message", '{"a":{"content":" ","at":9e12}}'],
	["a message without a time", '{"a":{"content":"a"}}'],
	["a message of last year", '{"a":{"content":"a","at":1}}'],
	["null for a message", '{"a":null,"__proto__":null}'],
	["a wrong token", '{"token":7,"conversation":"c1"}'],
	["a wrong conversation", '{"token":"t1","conversation":"../../etc"}'],
	["an endless token", `{"token":"${"x".repeat(9_000)}"}`],
])("a stored value is ignored if it is %s", (_, value) => {
	const storage = memoryStorage();
	const keys = new Set<string>();
	const spy = {
		...storage,
		getItem(key: string) {
			keys.add(key);
			return value;
		},
	};
	const it = sessionWith({ storage: spy });
	it.session.start();
	expect(it.transport.up()).toEqual({ type: "hello", version: 1, after: 0 });
	expect(it.session.pending).toEqual([]);
	expect(keys.size).toBe(2);
});

test("with a storage that throws, only a reload loses data", () => {
	const storage: SessionStorage = {
		getItem() {
			throw new DOMException("denied", "SecurityError");
		},
		setItem() {
			throw new DOMException("full", "QuotaExceededError");
		},
		removeItem() {},
	};
	const it = midAnswer({ storage });
	const id = it.session.send("Why?");
	expect(it.again(4).token).toBe("t1");
	it.transport.say(asked(5, id));
	expect(it.session.pending).toEqual([]);
});

test("a text over the limit is refused before it is sent; characters count, not units", () => {
	const it = sessionWith();
	it.session.start();
	const early = it.session.send("x".repeat(101));
	it.transport.up();
	const smile = it.session.send("😀".repeat(100));
	const late = it.session.send("😀".repeat(101));
	expect(it.transport.sent("send").map(({ id }) => id)).toEqual([smile]);
	expect(it.session.pending).toMatchObject([
		{ id: early, state: "refused", refusal: { code: "too_large" } },
		{ id: smile, state: "sending" },
		{ id: late, state: "refused", refusal: { code: "too_large" } },
	]);
});

test("a frame that is too large is refused before it ends the connection", () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up({ limits: { content: 1_000_000 } });
	it.session.send("x".repeat(70_000));
	expect(it.transport.sent("send")).toEqual([]);
	expect(it.session.pending).toMatchObject([
		{ state: "refused", refusal: { code: "too_large" } },
	]);
});

test("a blank text is refused with a sentence for the programmer", () => {
	const it = sessionWith();
	expect(() => it.session.send(" \n")).toThrow(
		"Expected a message with some text",
	);
	expect(it.session.pending).toEqual([]);
});

test.each(["too_large", "conflict"] as const)(
	"%s marks the message refused until the visitor sends it again or takes it out",
	(code) => {
		const it = midAnswer();
		const id = it.session.send("And?");
		expect(it.session.discard(id)).toBeUndefined();
		it.transport.say(refusal(code, { id }));
		expect(it.session.pending).toMatchObject([
			{ id, state: "refused", refusal: { code, text: "No." } },
		]);
		it.again(4);
		expect(it.transport.sent("send").length).toBe(1);
		it.session.resend(id);
		expect(it.transport.sent("send").map((frame) => frame.id)).toEqual([
			id,
			id,
		]);
		it.transport.say(refusal(code, { id }));
		expect(it.session.discard(id)).toBe("And?");
		expect(it.session.discard(id)).toBeUndefined();
		expect(it.session.pending).toEqual([]);
	},
);

test("a refused message survives a reload as refused", () => {
	const storage = memoryStorage();
	const it = midAnswer({ storage });
	const id = it.session.send("And?");
	it.transport.say(refusal("conflict", { id }));
	expect(sessionWith({ storage }).session.pending).toMatchObject([
		{ id, state: "refused", refusal: { code: "conflict", text: "No." } },
	]);
});

test.each(["rate_limited", "unavailable"] as const)(
	"%s is tried again by itself after retryAfter, on another connection, too, and in order",
	async (code) => {
		const it = sessionWith();
		it.session.start();
		it.transport.up();
		const id = it.session.send("one");
		it.transport.say(refusal(code, { id, retryAfter: 5_000 }));
		expect(it.session.pending).toMatchObject([
			{ state: "sending", refusal: { code, retryAfter: 5_000 } },
		]);
		it.session.send("two");
		it.again(0);
		await it.clock.advance(4_900);
		expect(it.transport.sent("send").length).toBe(1);
		await it.clock.advance(200);
		expect(it.transport.sent("send").map(({ content }) => content)).toEqual([
			"one",
			"one",
			"two",
		]);
	},
);

test("a rejection without retryAfter is not tried again at once", async () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	const id = it.session.send("one");
	for (let time = 0; time < 3; time++) {
		it.transport.say(refusal("rate_limited", { id }));
		await it.clock.advance(900 * 2 ** time);
		expect(it.transport.sent("send").length).toBe(time + 1);
		await it.clock.advance(200 * 2 ** time);
		expect(it.transport.sent("send").length).toBe(time + 2);
	}
});

test("an error that concerns nothing in the outbox is emitted as an error", () => {
	const it = midAnswer();
	it.transport.say(refusal("conflict", { id: "q1" }));
	expect(it.changes.at(-1)).toEqual({
		type: "error",
		code: "conflict",
		text: "No.",
		message: "q1",
	});
});

/* ---------------------------------------------------------------- silence */

test("a connection silent for a heartbeat and 10 s is replaced", async () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	await it.clock.advance(24_900);
	expect(it.transport.redials).toBe(0);
	await it.clock.advance(200);
	expect(it.transport.redials).toBe(1);
	await it.clock.advance(60_000);
	expect(it.transport.redials).toBe(1);
});

test("pings keep a quiet connection", async () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	for (let time = 0; time < 8; time++) {
		await it.clock.advance(15_000);
		it.transport.say({ type: "ping", head: 0 });
	}
	expect(it.transport.redials).toBe(0);
	expect(it.transport.sent("ping")).toEqual([]);
});

test("while a reply is open, 8 s of silence cause a ping, and 3 s more another connection", async () => {
	const it = midAnswer();
	await it.clock.advance(7_900);
	expect(it.transport.sent("ping").length).toBe(0);
	await it.clock.advance(200);
	expect(it.transport.sent("ping").length).toBe(1);
	await it.clock.advance(2_800);
	expect(it.transport.redials).toBe(0);
	await it.clock.advance(200);
	expect(it.transport.redials).toBe(1);
});

test("a pong keeps the connection and measures the round trip", async () => {
	const it = midAnswer();
	await it.clock.advance(8_050);
	it.transport.say({ type: "pong" });
	expect(it.session.diagnostics().roundTripMs).toBe(50);
	await it.clock.advance(7_000);
	expect(it.transport.redials).toBe(0);
});

test("after the machine slept, the next send finds the connection dead", () => {
	const it = midAnswer();
	it.clock.sleep(600_000);
	it.session.send("Still there?");
	expect(it.transport.redials).toBe(1);
	expect(it.transport.sent("send")).toEqual([]);
	it.transport.up({ head: 4 });
	expect(it.transport.sent("send").length).toBe(1);
});

test("a clock set back an hour delays neither the heartbeat nor a message", () => {
	const it = midAnswer();
	const first = it.session.send("And?");
	it.transport.say(refusal("rate_limited", { id: first, retryAfter: 5_000 }));
	it.clock.sleep(-3_600_000);
	it.session.send("And now?");
	expect(it.transport.redials).toBe(1);
	it.transport.up({ head: 4 });
	expect(it.transport.sent("send").map(({ content }) => content)).toEqual([
		"And?",
		"And?",
		"And now?",
	]);
});

/* ---------------------------------------------------------------- the page's life */

test("waking up replaces a silent connection, and pings a live one for 2 s", async () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	it.session.wake();
	expect(it.transport.sent("ping").length).toBe(1);
	it.transport.say({ type: "pong" });
	await it.clock.advance(2_100);
	expect(it.transport.redials).toBe(0);
	it.session.wake();
	await it.clock.advance(2_100);
	expect(it.transport.redials).toBe(1);
	it.transport.up();
	it.clock.sleep(26_000);
	it.session.wake();
	expect(it.transport.redials).toBe(2);
});

test("waking up repeatedly does not move the deadline", async () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	for (let time = 0; time < 5; time++) {
		it.session.wake();
		await it.clock.advance(450);
	}
	expect(it.transport.redials).toBe(1);
});

test("waking up while waiting starts one attempt at once", () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	it.transport.lose(20_000);
	for (let time = 0; time < 3; time++) it.session.wake();
	expect(it.transport.redials).toBe(1);
});

test("a sleeping page has no connection, and continues where it was", () => {
	const it = midAnswer();
	it.session.sleep();
	it.session.sleep();
	expect(it.transport.isStopped).toBe(true);
	expect(it.session.connection).toEqual({ state: "idle" });
	expect(it.clock.pending).toBe(0);
	it.session.wake();
	expect(it.transports.length).toBe(2);
	expect(it.transport.up({ head: 4 }).after).toBe(4);
	it.session.wake();
	expect(it.transports.length).toBe(2);
});

test("a session that was not started does not wake up", () => {
	const it = sessionWith();
	it.session.wake();
	it.session.setOffline(false);
	expect(it.transports.length).toBe(0);
});

test("offline is shown while waiting; an open connection is pinged, not dropped", async () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	it.session.setOffline(true);
	expect(it.transport.sent("ping").length).toBe(1);
	expect(it.session.connection.state).toBe("ready");
	await it.clock.advance(2_100);
	expect(it.session.connection).toMatchObject({
		state: "waiting",
		offline: true,
	});
	it.transport.lose(20_000);
	it.session.setOffline(false);
	expect(it.transport.redials).toBe(2);
	expect(it.session.connection).toMatchObject({ offline: false });
});

/* ---------------------------------------------------------------- refusals of the connection */

test("a final rejection is shown, and start or resend tries again", () => {
	const it = sessionWith();
	it.session.start();
	it.transport.refuse("outdated", "Please reload.");
	expect(it.session.connection).toEqual({
		state: "refused",
		code: "outdated",
		text: "Please reload.",
	});
	it.session.wake();
	const id = it.session.send("Why?");
	expect(it.transports.length).toBe(1);
	it.session.start();
	expect(it.transports.length).toBe(2);
	it.transport.refuse("forbidden");
	it.session.resend(id);
	expect(it.transports.length).toBe(3);
	it.transport.up();
	expect(it.transport.sent("send").length).toBe(1);
});

test("unauthorized asks the page for a fresh token, once", async () => {
	let asked = 0;
	const it = sessionWith({ getToken: async () => `page-${++asked}` });
	it.session.start();
	await settle();
	expect(it.transport.greet().token).toBe("page-1");
	it.transport.refuse("unauthorized");
	await settle();
	expect(it.transport.greet().token).toBe("page-2");
	it.transport.refuse("unauthorized", "Sign in.");
	await settle();
	expect(asked).toBe(2);
	expect(it.session.connection).toMatchObject({
		state: "refused",
		code: "unauthorized",
	});
});

test("a credential that expires after a long time is requested again each time, and nothing is forgotten", async () => {
	let pages = 0;
	const it = sessionWith({ getToken: async () => `page-${++pages}` });
	it.session.start();
	await settle();
	it.transport.up();
	it.transport.say(asked(1, "q1"), begun(2, "r1"));
	for (let time = 2; time < 5; time++) {
		await it.clock.advance(9_000);
		it.transport.say({ type: "ping", head: 2 });
		await it.clock.advance(9_000);
		it.transport.refuse("unauthorized");
		await settle();
		expect(it.transport.up({ head: 2 })).toMatchObject({
			token: `page-${time}`,
			conversation: "c1",
			after: 2,
		});
	}
});

test.each([
	["throws", () => Promise.reject(new Error("signed out"))],
	["never answers", () => new Promise<string>(() => {})],
])(
	"a page whose getToken %s hears of it in 5 s, once, and is asked again, ever more slowly",
	async (_, failing) => {
		let asked = 0;
		let works = false;
		const it = sessionWith({
			getToken: () => {
				asked++;
				return works ? "t9" : failing();
			},
		});
		const errors = () => it.changes.filter(({ type }) => type === "error");
		it.session.start();
		await it.clock.advance(5_000);
		expect(errors()).toEqual([
			{
				type: "error",
				code: "unauthorized",
				text: "The page did not say who you are.",
			},
		]);
		expect(it.session.connection).toMatchObject({
			state: "waiting",
			offline: false,
		});
		await it.clock.advance(120_000);
		// 5 s of silence each, and waits that double to half a minute.
		expect(asked).toBeWithin(5, 12);
		expect(errors().length).toBe(1);
		expect(it.transports.length).toBe(0);
		works = true;
		await it.clock.advance(35_000);
		expect(it.transport.up()).toMatchObject({ token: "t9" });
		// The next time it fails is news again.
		works = false;
		it.transport.refuse("unauthorized");
		await it.clock.advance(5_000);
		expect(errors().length).toBe(2);
	},
);

test("waking up asks a page again whose getToken failed, and stop and sleep leave nothing running", async () => {
	let asked = 0;
	const it = sessionWith({
		getToken: () => {
			asked++;
			return Promise.reject(new Error("signed out"));
		},
	});
	it.session.start();
	await it.clock.advance(60_000);
	const { connection } = it.session;
	if (connection.state !== "waiting") throw new Error(connection.state);
	expect(connection.until - it.clock.now()).toBeGreaterThan(300);
	const before = asked;
	it.session.wake();
	await settle();
	expect(asked).toBe(before + 1);
	it.session.sleep();
	expect(it.clock.pending).toBe(0);
	it.session.wake();
	await settle();
	expect(asked).toBe(before + 2);
	it.session.stop();
	expect(it.clock.pending).toBe(0);
	await it.clock.advance(120_000);
	expect(asked).toBe(before + 2);
});

test("a credential that arrives after stop starts no connection", async () => {
	let answer = (_: string) => {};
	const it = sessionWith({
		getToken: () =>
			new Promise<string>((resolve) => {
				answer = resolve;
			}),
	});
	it.session.start();
	await settle();
	it.session.stop();
	answer("late");
	await settle();
	expect(it.transports.length).toBe(0);
	expect(it.session.connection).toEqual({ state: "idle" });
});

test("an anonymous visitor whose credential is rejected starts again, once, and keeps unsent messages", () => {
	const storage = memoryStorage();
	midAnswer({ storage });
	const it = sessionWith({ storage });
	it.session.start();
	const id = it.session.send("And?");
	it.transport.refuse("unauthorized");
	expect(it.transport.up({ conversation: "c2", epoch: "e2" })).toEqual({
		type: "hello",
		version: 1,
		after: 0,
	});
	expect(it.transport.sent("send")).toMatchObject([{ id }]);
	it.transport.refuse("unauthorized");
	expect(it.session.connection.state).toBe("refused");
});

test.each(["not_found", "forbidden"] as const)(
	"%s forgets the stored conversation and begins a new one, once",
	(code) => {
		const storage = memoryStorage();
		midAnswer({ storage });
		const it = sessionWith({ storage });
		it.session.start();
		const id = it.session.send("And?");
		it.transport.refuse(code);
		expect(it.session.connection.state).toBe("connecting");
		expect(it.transport.up({ conversation: "c2", epoch: "e2" })).toEqual({
			type: "hello",
			version: 1,
			token: "t1",
			after: 0,
		});
		expect(it.transport.sent("send")).toMatchObject([{ id }]);
		it.transport.refuse(code);
		expect(it.session.connection).toMatchObject({ state: "refused", code });
	},
);

test("messages come along even if the page is reloaded before the new conversation is there", () => {
	const storage = memoryStorage();
	midAnswer({ storage });
	const one = sessionWith({ storage });
	one.session.start();
	const id = one.session.send("And?");
	one.transport.refuse("not_found");
	const two = sessionWith({ storage });
	two.session.start();
	two.transport.up({ conversation: "c2", epoch: "e2" });
	expect(two.transport.sent("send")).toMatchObject([{ id }]);
});

/* ---------------------------------------------------------------- what the visitor wants */

test("stop names the open reply, and is sent on the next connection if it is still open", () => {
	const it = midAnswer();
	it.session.stopReply();
	expect(it.transport.sent("stop")).toEqual([{ type: "stop", message: "r1" }]);
	it.again(4);
	expect(it.transport.sent("stop").length).toBe(2);
	it.transport.say(ended(5, "r1", "Open the"), begun(6, "r2"));
	it.again(6);
	expect(it.transport.sent("stop").length).toBe(2);
});

test("stop without an open reply sends nothing", () => {
	const it = sessionWith();
	it.session.start();
	it.transport.up();
	it.session.stopReply();
	expect(it.transport.sent("stop")).toEqual([]);
});

test("retry and rating wait for a connection; the latest of each is sent, once", () => {
	const it = midAnswer();
	it.transport.lose();
	it.session.rate("r1", "up");
	it.session.rate("r1", "none");
	it.session.retry("q1");
	it.session.retry("q1", { continue: true });
	it.transport.up({ head: 4 });
	it.again(4);
	expect(it.transport.sent("feedback")).toEqual([
		{ type: "feedback", message: "r1", value: "none" },
	]);
	expect(it.transport.sent("retry")).toEqual([
		{ type: "retry", message: "q1", continue: true },
	]);
});

test("a new conversation forgets the old one here, its unsent messages too, and keeps the visitor", () => {
	const storage = memoryStorage();
	const it = midAnswer({ storage });
	it.session.send("unsent");
	it.session.newConversation();
	expect(it.session.conversation.messages).toEqual([]);
	expect(it.session.pending).toEqual([]);
	it.transport.options.events.receive(token(5, "of the old one"));
	expect(it.session.conversation.last).toBe(0);
	expect(it.transport.up({ conversation: "c2", epoch: "e2" })).toEqual({
		type: "hello",
		version: 1,
		token: "t1",
		after: 0,
	});
	it.transport.say(asked(1, "q1", "Anew?"));
	expect(it.texts()).toEqual(["Anew?"]);
	expect(it.again(1).conversation).toBe("c2");
});

test("another tab's newer conversation is what a reload finds, however often this tab reconnects", () => {
	const storage = memoryStorage();
	const one = midAnswer({ storage });
	const two = sessionWith({ storage });
	two.session.start();
	two.transport.up({ head: 4 });
	two.session.newConversation();
	two.transport.up({ conversation: "c2", epoch: "e2" });
	one.again(4);
	const it = sessionWith({ storage });
	it.session.start();
	expect(it.transport.greet().conversation).toBe("c2");
});

test("a listener may stop the session on any event", () => {
	const play = (it: ReturnType<typeof sessionWith>) => {
		const steps = [
			() => it.session.start(),
			() => it.transport.up({ limits: { content: 3 } }),
			() => it.session.send("too long"),
			() => it.transport.say(asked(1, "q1")),
			() => it.transport.lose(),
			() => it.transport.up({ epoch: "e2" }),
			() => it.transport.refuse("not_found"),
		];
		for (const [at, step] of steps.entries())
			if (at === 0 || it.session.connection.state !== "idle") step();
	};
	const whole = sessionWith();
	play(whole);
	expect(whole.changes.length).toBeGreaterThan(9);
	for (let count = 1; count <= whole.changes.length; count++) {
		const it = sessionWith();
		it.session.subscribe(() => {
			if (it.changes.length === count) it.session.stop();
		});
		play(it);
		expect(it.session.connection).toEqual({ state: "idle" });
		expect(it.clock.pending).toBe(0);
		expect(it.transports.every(({ isStopped }) => isStopped)).toBe(true);
	}
});

/* ---------------------------------------------------------------- the whole */

test("a hostile connection that repeats, skips or mixes events never shows a wrong text", async () => {
	const words = Array.from({ length: 40 }, (_, i) => ` w${i}`);
	const whole = words.join("");
	const log = [
		asked(1, "q1"),
		begun(2, "r1"),
		...words.map((word, i) => token(i + 3, word)),
		ended(43, "r1", whole),
	];
	for (let seed = 1; seed <= 20; seed++) {
		const it = sessionWith({ clock: manualClock(seed) });
		const chance = manualClock(seed * 7);
		it.session.start();
		it.transport.up({ head: 43 });
		let hellos = it.transport.sent("hello").length;
		let at = 0;
		for (
			let step = 0;
			step < 600 && it.session.conversation.last < 43;
			step++
		) {
			const dice = chance.random();
			if (dice < 0.05) at += 2;
			else if (dice < 0.1) at = Math.max(0, at - 5);
			else if (dice < 0.12) it.transport.lose();
			else if (at < log.length) it.transport.say(log[at++] as (typeof log)[0]);
			if (it.session.connection.state !== "ready")
				it.transport.up({ head: 43 });
			const said = it.transport.sent("hello");
			if (said.length > hellos) {
				hellos = said.length;
				at = it.session.conversation.last;
				it.transport.say(readyOf(43));
			}
			expect(whole).toStartWith(it.texts()[1] ?? "");
		}
		it.again(43);
		it.transport.say(...log.slice(it.session.conversation.last));
		expect(it.texts()[1]).toBe(whole);
		expect(it.kinds()).not.toContain("integrity");
	}
});

test("a first visit in two tabs at once is one conversation", () => {
	const storage = memoryStorage();
	const [first, second] = [sessionWith({ storage }), sessionWith({ storage })];
	for (const it of [first, second]) it.session.start();
	const hello = second.transport.greet();
	expect(hello.conversation).toBeUndefined();
	first.transport.up({ conversation: "c1", token: "t1" });
	const id = second.session.send("Hello");
	second.transport.say(readyFrame({ conversation: "c2", token: "t2" }));
	expect(second.transport.redials).toBe(1);
	expect(second.transport.sent("send")).toEqual([]);
	expect(second.transport.up({ conversation: "c1" })).toMatchObject({
		conversation: "c1",
		token: "t1",
	});
	expect(second.transport.sent("send")).toMatchObject([{ id }]);
	first.session.newConversation();
	expect(
		first.transport.up({ conversation: "c3" }).conversation,
	).toBeUndefined();
	expect(first.session.connection.state).toBe("ready");
});

/** Two tabs on whose first visit neither saw in time what the other one kept. */
async function strangers(others: Partial<SessionOptions> = {}) {
	const [mine, other] = [memoryStorage(), memoryStorage()];
	const it = sessionWith({ storage: mine });
	const there = sessionWith({ storage: other, ...others });
	for (const [tab, conversation] of [
		[it, "c1"],
		[there, "c2"],
	] as const) {
		tab.session.start();
		await settle();
		tab.transport.up({ conversation, token: `token of ${conversation}` });
	}
	/** What the other one kept arrives late. */
	const arrive = () => {
		for (const [key, value] of other.map) mine.setItem(key, value);
	};
	return { it, arrive };
}

test("a blank tab continues the conversation of another tab as soon as it wakes", async () => {
	const { it, arrive } = await strangers();
	it.session.wake();
	expect(it.transport.redials).toBe(0);
	arrive();
	it.session.wake();
	expect(it.transport.redials).toBe(1);
	expect(it.transport.up({ conversation: "c2" })).toMatchObject({
		conversation: "c2",
		token: "token of c2",
	});
	it.session.wake();
	expect(it.transport.redials).toBe(1);
});

test("the first message of a tab goes into the conversation that another tab started", async () => {
	const { it, arrive } = await strangers();
	arrive();
	const id = it.session.send("Hello");
	expect(it.transport.sent("send")).toEqual([]);
	expect(it.transport.up({ conversation: "c2" }).conversation).toBe("c2");
	expect(it.transport.sent("send")).toMatchObject([{ id }]);
});

test("a tab keeps its conversation if it has messages, was requested, or is another kind of visitor's", async () => {
	const sending = await strangers();
	sending.it.session.send("Hello");
	const asked = await strangers();
	asked.it.session.newConversation();
	asked.it.transport.up({ conversation: "c3", token: "token of c3" });
	const known = await strangers({ getToken: () => "the page's" });
	for (const { it, arrive } of [sending, asked, known]) {
		const { redials } = it.transport;
		arrive();
		it.session.wake();
		it.transport.lose();
		it.transport.up({ conversation: it === asked.it ? "c3" : "c1" });
		expect(it.transport.redials).toBe(redials);
		expect(it.session.connection.state).toBe("ready");
	}
});

test("`giveUp` ends a session like a rejection of the server, until it is started again", () => {
	const it = sessionWith();
	it.session.start();
	it.session.giveUp("unavailable", "This page does not let us.");
	expect(it.transport.isStopped).toBe(true);
	expect(it.session.connection).toEqual({
		state: "refused",
		code: "unavailable",
		text: "This page does not let us.",
	});
	it.session.wake();
	expect(it.transports).toHaveLength(1);
	it.session.start();
	it.transport.up();
	expect(it.session.connection.state).toBe("ready");
});
