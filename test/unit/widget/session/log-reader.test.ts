/** The reader's copy of the log: gaps, other logs, wrong texts, and what counts as new. */
import { describe, expect, test } from "bun:test";
import type { Event } from "../../../../protocol/frames.ts";
import { LogReader } from "../../../../widget/session/log-reader.ts";
import { asked, begun, ended, token } from "../../../support/events.ts";
import { readyFrame } from "../../../support/fake-transport.ts";

function reading(...events: Event[]) {
	const reader = new LogReader();
	reader.helloCursor();
	reader.readyReceived(readyFrame({ head: 0 }), true, 0);
	for (const event of events) reader.take(event, 0);
	return reader;
}
const ready = (head: number) => readyFrame({ head });

describe("a gap", () => {
	test("keeps nothing of the event and asks for another hello at once", () => {
		const reader = reading(asked(1, "q1"));
		expect(reader.take(token(3, "x"), 0)).toEqual({ outcome: "dropped" });
		expect(reader.conversation.last).toBe(1);
		expect(reader.check(0)).toBe("hello");
		expect(reader.helloCursor()).toBe(1);
	});

	test("is repaired by the next ready", () => {
		const reader = reading(asked(1, "q1"));
		reader.take(token(3, "x"), 0);
		reader.helloSent(0);
		expect(reader.check(0)).toBe(5_000);
		reader.readyReceived(ready(3), true, 1);
		expect(reader.counts.gapsRepaired).toBe(1);
		expect(reader.check(1)).toBe(Number.POSITIVE_INFINITY);
	});

	test("costs the connection if no ready comes within 5 s", () => {
		const reader = reading(asked(1, "q1"));
		reader.take(token(3, "x"), 0);
		reader.helloSent(0);
		expect([reader.check(4_999), reader.check(5_000)]).toEqual([1, "redial"]);
	});

	test("that stays is read again after waits that double, up to 30 s", () => {
		const reader = reading(asked(1, "q1"));
		const waits = Array.from({ length: 9 }, () => {
			reader.take(token(3, "x"), 0);
			const due = reader.check(0);
			reader.helloSent(0);
			reader.readyReceived(ready(3), true, 0);
			return due;
		});
		expect(waits).toEqual([
			"hello",
			1_000,
			2_000,
			4_000,
			8_000,
			16_000,
			30_000,
			30_000,
			30_000,
		]);
	});

	test("is forgotten when the connection is lost", () => {
		const reader = reading(asked(1, "q1"));
		reader.take(token(3, "x"), 0);
		reader.disconnected();
		expect(reader.check(0)).toBe(Number.POSITIVE_INFINITY);
	});
});

describe("the server's head", () => {
	test("ahead of a reader on which nothing came for 1 s reads again", () => {
		const reader = reading(asked(1, "q1"));
		reader.compareHead(5, 999);
		expect(reader.check(999)).toBe(Number.POSITIVE_INFINITY);
		reader.compareHead(5, 1_000);
		expect(reader.check(1_000)).toBe("hello");
	});

	test("at the cursor does nothing", () => {
		const reader = reading(asked(1, "q1"));
		reader.compareHead(1, 60_000);
		expect(reader.check(60_000)).toBe(Number.POSITIVE_INFINITY);
	});
});

describe("another log", () => {
	test("drops the copy: another epoch, or a head below the cursor", () => {
		const other = reading(asked(1, "q1"));
		other.helloCursor();
		expect(other.readyReceived(ready(1), false, 0)).toBe(true);
		expect(other.conversation.last).toBe(0);
		const shorter = reading(asked(1, "q1"), begun(2, "r1"));
		shorter.helloCursor();
		expect(shorter.readyReceived(ready(1), true, 0)).toBe(true);
	});

	test("does not report a drop if there was nothing to drop", () => {
		expect(new LogReader().readyReceived(ready(0), false, 0)).toBe(false);
	});
});

describe("events", () => {
	test("up to the head of a first ready are history, later ones are new", () => {
		const reader = new LogReader();
		reader.readyReceived(ready(1), true, 0);
		expect(reader.take(asked(1, "q1"), 0)).toEqual({
			outcome: "applied",
			isNew: false,
		});
		expect(reader.take(begun(2, "r1"), 0)).toEqual({
			outcome: "applied",
			isNew: true,
		});
	});

	test("that repeat are dropped and counted", () => {
		const reader = reading(asked(1, "q1"));
		expect(reader.take(asked(1, "q1"), 0)).toEqual({ outcome: "dropped" });
		expect(reader.counts.repeatsDropped).toBe(1);
	});
});

test("a text that the server closed otherwise is read again once, then accepted", () => {
	const reader = reading(asked(1, "q1"), begun(2, "r1"), token(3, "wrong"));
	const end = ended(4, "r1", "right");
	expect(reader.take(end, 0)).toEqual({ outcome: "mismatch", message: "r1" });
	expect(reader.conversation.last).toBe(1);
	expect(reader.check(0)).toBe("hello");
	reader.helloSent(0);
	reader.readyReceived(ready(4), true, 0);
	reader.take(begun(2, "r1"), 0);
	reader.take(token(3, "wrong"), 0);
	expect(reader.take(end, 0)).toMatchObject({ outcome: "applied" });
	expect(reader.counts.integrityAlarms).toBe(1);
});
