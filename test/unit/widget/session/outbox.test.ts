/** The outbox alone: what it sends and when, what it stores, and what it restores. */
import { describe, expect, test } from "bun:test";
import { ChatError } from "../../../../protocol/errors.ts";
import type { Send } from "../../../../protocol/frames.ts";
import { JsonStorage } from "../../../../widget/session/json-storage.ts";
import { Outbox } from "../../../../widget/session/outbox.ts";
import { memoryStorage } from "../../../support/oracle.ts";

const none = Number.POSITIVE_INFINITY;
const day = 24 * 3_600_000;

function outboxWith(map = memoryStorage(), conversation?: string, now = 0) {
	const outbox = new Outbox(new JsonStorage(map, "x "), conversation, now);
	const sent: Send[] = [];
	return {
		map,
		outbox,
		sent,
		ids: () => sent.map(({ id }) => id),
		flush: (now: number, limit = none) =>
			outbox.flush(now, limit, (frame) => {
				sent.push(frame);
				return true;
			}),
	};
}

describe("sending", () => {
	test("is in order, once for each connection", () => {
		const it = outboxWith();
		const first = it.outbox.add("1", undefined, 0);
		const second = it.outbox.add("2", undefined, 0);
		it.flush(0);
		it.flush(1);
		expect(it.ids()).toEqual([first, second]);
		it.outbox.connected();
		it.flush(2);
		expect(it.ids()).toEqual([first, second, first, second]);
	});

	test("stops at the first message that the transport does not take", () => {
		const it = outboxWith();
		it.outbox.add("1", undefined, 0);
		it.outbox.add("2", undefined, 0);
		const tried: string[] = [];
		it.outbox.flush(0, none, ({ content }) => {
			tried.push(content);
			return false;
		});
		expect(tried).toEqual(["1"]);
	});

	test("ends when the message's own start arrives", () => {
		const it = outboxWith();
		const id = it.outbox.add("1", undefined, 0);
		expect(it.outbox.acknowledge("another")).toBe(false);
		expect(it.outbox.acknowledge(id)).toBe(true);
		expect(it.outbox.pending).toEqual([]);
		expect(outboxWith(it.map).outbox.pending).toEqual([]);
	});

	test("names every sent message as unanswered once one is late by 10 s", () => {
		const it = outboxWith();
		const first = it.outbox.add("1", undefined, 0);
		it.flush(0);
		const second = it.outbox.add("2", undefined, 5_000);
		expect(it.flush(5_000).unanswered).toEqual([]);
		expect(it.flush(9_999)).toMatchObject({ unanswered: [], nextMs: 1 });
		const { unanswered } = it.flush(10_000);
		expect(unanswered.map(({ id }) => id)).toEqual([first, second]);
	});
});

describe("a rejected message", () => {
	test("stays with the reason, and is sent again only on request", () => {
		const it = outboxWith();
		const id = it.outbox.add("1", undefined, 0);
		it.flush(0);
		expect(it.outbox.reject({ id, code: "conflict", text: "No." }, 1)).toBe(
			true,
		);
		expect(it.outbox.pending).toMatchObject([
			{ state: "refused", refusal: { code: "conflict", text: "No." } },
		]);
		it.flush(2);
		expect(it.sent.length).toBe(1);
		it.outbox.resend(id);
		it.flush(3);
		expect(it.ids()).toEqual([id, id]);
	});

	test("waits as long as the server asks, and delays those behind it", () => {
		const it = outboxWith();
		const id = it.outbox.add("1", undefined, 0);
		it.flush(0);
		const later = { code: "rate_limited", text: "Slow.", retryAfter: 4_000 };
		it.outbox.reject({ id, ...later, code: "rate_limited" }, 0);
		const second = it.outbox.add("2", undefined, 0);
		expect(it.flush(3_999)).toMatchObject({ nextMs: 1 });
		expect(it.sent.length).toBe(1);
		it.flush(4_000);
		expect(it.ids()).toEqual([id, id, second]);
	});

	test("waits twice as long each time, from 1 s to 32 s", () => {
		const it = outboxWith();
		const id = it.outbox.add("1", undefined, 0);
		let now = 0;
		const waits = Array.from({ length: 7 }, () => {
			it.flush(now);
			it.outbox.reject({ id, code: "unavailable", text: "No." }, now);
			const { nextMs } = it.flush(now);
			const waitMs = nextMs === 10_000 ? 0 : nextMs;
			now += 40_000;
			return waitMs;
		});
		// The next check is at most 10 s away, whatever the wait.
		expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 0, 0, 0]);
	});

	test("that the outbox does not have is not its own", () => {
		const data = { code: "conflict", text: "No." } as const;
		expect(outboxWith().outbox.reject(data, 0)).toBe(false);
		expect(outboxWith().outbox.reject({ id: "x", ...data }, 0)).toBe(false);
	});
});

describe("before it is sent", () => {
	test("a text over the limit is refused; code points count, not units", () => {
		const it = outboxWith();
		it.outbox.add("🙂🙂", undefined, 0);
		it.outbox.add("abc", undefined, 0);
		expect(it.flush(0, 2).refused).toBe(true);
		expect(it.outbox.pending.map(({ state }) => state)).toEqual([
			"sending",
			"refused",
		]);
		expect(it.sent.map(({ content }) => content)).toEqual(["🙂🙂"]);
	});

	test("a blank text is an error for the page, a huge one stays for the visitor", () => {
		const { outbox } = outboxWith();
		expect(() => outbox.add("  ", undefined, 0)).toThrow(ChatError);
		outbox.add("x".repeat(70_000), undefined, 0);
		expect(outbox.pending).toMatchObject([{ refusal: { code: "too_large" } }]);
	});

	test("a message can be taken back until a connection carried it", () => {
		const it = outboxWith();
		const early = it.outbox.add("early", undefined, 0);
		expect(it.outbox.discard(early)).toBe("early");
		const sent = it.outbox.add("sent", undefined, 0);
		it.flush(0);
		expect(it.outbox.discard(sent)).toBeUndefined();
		expect(it.outbox.discard("unknown")).toBeUndefined();
	});
});

describe("after a reload", () => {
	test("messages of the same conversation come back, with their context", () => {
		const map = memoryStorage();
		const before = outboxWith(map, "c1");
		const id = before.outbox.add("1", { page: "/a" }, 5);
		const it = outboxWith(map, "c1", 6);
		expect(it.outbox.pending).toMatchObject([{ id, text: "1", at: 5 }]);
		it.flush(6);
		expect(it.sent).toMatchObject([{ id, context: { page: "/a" } }]);
		expect(outboxWith(map, "c2", 6).outbox.pending).toEqual([]);
	});

	test("a message older than a week is ignored", () => {
		const map = memoryStorage();
		outboxWith(map).outbox.add("1", undefined, 0);
		expect(outboxWith(map, undefined, 7 * day).outbox.pending.length).toBe(1);
		expect(outboxWith(map, undefined, 7 * day + 1).outbox.pending).toEqual([]);
	});

	test("only the restored messages are discarded for another visitor", () => {
		const map = memoryStorage();
		outboxWith(map).outbox.add("old", undefined, 0);
		const { outbox } = outboxWith(map);
		outbox.add("new", undefined, 0);
		outbox.discardRestored();
		expect(outbox.pending.map(({ text }) => text)).toEqual(["new"]);
	});

	test("messages move with the conversation that they wait for", () => {
		const map = memoryStorage();
		const { outbox } = outboxWith(map);
		outbox.add("1", undefined, 0);
		outbox.bind("c1");
		expect(outboxWith(map, "c1").outbox.pending.length).toBe(1);
		expect(outboxWith(map, "c2").outbox.pending).toEqual([]);
	});

	test("what another script stored is ignored", () => {
		const map = memoryStorage();
		for (const text of [
			"null",
			"[]",
			"{",
			'{"not an id":{"content":"1","at":0}}',
			'{"2f1c6a1e-7b0e-4e56-9a6b-111111111111":{"content":5,"at":0}}',
			'{"2f1c6a1e-7b0e-4e56-9a6b-111111111111":{"content":"1"}}',
			'{"2f1c6a1e-7b0e-4e56-9a6b-111111111111":null}',
		]) {
			map.setItem("x outbox", text);
			expect([text, outboxWith(map).outbox.pending]).toEqual([text, []]);
		}
	});

	test("two tabs change only their own messages", () => {
		const map = memoryStorage();
		const one = outboxWith(map);
		const two = outboxWith(map);
		const id = one.outbox.add("1", undefined, 0);
		two.outbox.add("2", undefined, 0);
		one.outbox.acknowledge(id);
		expect(outboxWith(map).outbox.pending.map(({ text }) => text)).toEqual([
			"2",
		]);
	});
});
