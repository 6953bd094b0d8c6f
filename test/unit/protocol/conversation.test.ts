import { describe, expect, test } from "bun:test";
import {
	type Conversation,
	emptyConversation,
	emptyHash,
	extendHash,
	foldLog,
	hashText,
	hexOfHash,
	LogFold,
	openReply,
	reduce,
	rewind,
} from "../../../protocol/conversation.ts";
import type { Event } from "../../../protocol/frames.ts";

const asked: Event = {
	type: "control",
	action: "start",
	sequence: 1,
	data: { message: "q", role: "user", content: "Why?", at: 1 },
};
const begun: Event = {
	type: "control",
	action: "start",
	sequence: 2,
	data: { message: "a", role: "assistant", replyTo: "q", at: 2 },
};
const token = (sequence: number, content: string, from?: number): Event => ({
	type: "token",
	content,
	sequence,
	...(from !== undefined && { from }),
});
const ended = (sequence: number, text: string): Event => ({
	type: "control",
	action: "end",
	sequence,
	data: { message: "a", reason: "complete", hash: hashText(text) },
});

const log = [
	asked,
	begun,
	token(3, "Be"),
	token(4, "cau"),
	token(5, "se"),
	ended(6, "Because"),
];

function read(events: Event[], from: Conversation = emptyConversation) {
	return events.reduce((conversation, event) => {
		const { outcome, conversation: next } = reduce(conversation, event);
		if (outcome === "gap" || outcome === "mismatch")
			throw new Error(`${outcome} at ${event.sequence}`);
		return next;
	}, from);
}
const textOf = (conversation: Conversation) =>
	conversation.messages.find(({ id }) => id === "a")?.text;

describe("a conversation", () => {
	test("folds from its log", () => {
		const whole = read(log);
		expect(whole.last).toBe(6);
		expect(whole.messages.map(({ id, text }) => [id, text])).toEqual([
			["q", "Why?"],
			["a", "Because"],
		]);
		expect(openReply(whole)).toBeUndefined();
	});

	test("is the same when every event comes twice", () => {
		expect(read(log.flatMap((event) => [event, event]))).toEqual(read(log));
	});

	for (let cut = 0; cut <= log.length; cut++)
		test(`read again from the start after ${cut} events is the same`, () => {
			expect(read(log, read(log.slice(0, cut)))).toEqual(read(log));
		});

	for (let cut = 2; cut <= 5; cut++)
		test(`a folded message replaces the ${cut - 2} tokens a reader has of it`, () => {
			const part = read(log.slice(0, cut));
			const folded = [token(5, "Because", 3), ended(6, "Because")];
			expect(textOf(read(folded, part))).toBe("Because");
			expect(read(folded, part)).toEqual(read(log));
		});

	test("a merged token continues from the reader's cursor", () => {
		const part = read(log.slice(0, 3));
		expect(textOf(read([token(5, "cause", 4)], part))).toBe("Because");
	});

	test("a merged token that begins inside what the reader has is a gap", () => {
		const part = read(log.slice(0, 4));
		expect(reduce(part, token(5, "cause", 4)).outcome).toBe("gap");
	});

	test("an event too far ahead is a gap and is dropped", () => {
		const part = read(log.slice(0, 3));
		const { outcome, conversation } = reduce(part, token(5, "se"));
		expect(outcome).toBe("gap");
		expect(conversation).toBe(part);
	});

	test("a first token numbered after another event is found by a folded one", () => {
		const other: Event = {
			type: "control",
			action: "start",
			sequence: 3,
			data: { message: "q2", role: "user", content: "And?", at: 3 },
		};
		const part = read([asked, begun, other, token(4, "B"), token(5, "e")]);
		expect(textOf(read([token(6, "Bee", 4)], part))).toBe("Bee");
	});

	test("a question asked meanwhile does not move the reply", () => {
		const meanwhile: Event = {
			type: "control",
			action: "start",
			sequence: 4,
			data: { message: "q2", role: "user", content: "And?", at: 3 },
		};
		const whole = read([
			asked,
			begun,
			token(3, "Be"),
			meanwhile,
			token(5, "cause"),
			ended(6, "Because"),
		]);
		expect(whole.messages.map(({ id, text }) => [id, text])).toEqual([
			["q", "Why?"],
			["a", "Because"],
			["q2", "And?"],
		]);
	});

	test("another text than the writer's is a mismatch; reading again mends it", () => {
		const wrong = read([asked, begun, token(3, "Bx"), token(5, "cause", 4)]);
		const { outcome, conversation } = reduce(wrong, ended(6, "Because"));
		expect(outcome).toBe("mismatch");
		const before = rewind(conversation, "a");
		expect(before.last).toBe(1);
		expect(read(log, before)).toEqual(read(log));
	});

	test("an event of the future is counted and changes nothing", () => {
		const unknown: Event = { type: "control", action: "unknown", sequence: 2 };
		const after = read([asked, unknown]);
		expect(after).toEqual({ ...read([asked]), last: 2 });
	});

	test("the last feedback counts", () => {
		const rate = (sequence: number, value: "up" | "down" | "none"): Event => ({
			type: "control",
			action: "feedback",
			sequence,
			data: { message: "a", value },
		});
		const rated = read([...log, rate(7, "up"), rate(8, "down")]);
		expect(rated.messages[1]).toMatchObject({ feedback: "down" });
	});

	test("never changes after a reader has got it", () => {
		const part = read(log.slice(0, 4));
		const copy = structuredClone(part);
		read(log.slice(4), part);
		expect(part).toEqual(copy);
	});
});

test("the hash is FNV-1a 32 over UTF-8", () => {
	// Vectors of the authors, http://www.isthe.com/chongo/src/fnv/test_fnv.c
	expect(hashText("")).toBe("811c9dc5");
	expect(hashText("a")).toBe("e40c292c");
	expect(hashText("foobar")).toBe("bf9cf968");
	expect(hashText("é")).toBe(hashText("\u00e9"));
	expect(hashText("é")).not.toBe(hashText("e\u0301"));
});

test("a text hashed in parts has the hash of the whole", () => {
	const parts = ["foo", "", "bär", "👩‍👧"];
	const hash = parts.reduce(extendHash, emptyHash);
	expect(hexOfHash(hash)).toBe(hashText(parts.join("")));
});

describe("the fold of an own log", () => {
	const rated: Event = {
		type: "control",
		action: "feedback",
		sequence: 7,
		data: { message: "a", value: "up" },
	};
	const whole = [...log, rated];

	for (let cut = 0; cut <= whole.length; cut++)
		test(`equals the reduced one after ${cut} events`, () => {
			expect(foldLog(whole.slice(0, cut))).toEqual(read(whole.slice(0, cut)));
		});

	test("takes a log in parts that overlap", () => {
		const fold = new LogFold();
		fold.add(log.slice(0, 4));
		fold.add([token(5, "Because", 3)]);
		fold.add(whole.slice(2));
		expect(fold.conversation).toEqual(read(whole));
	});
});
