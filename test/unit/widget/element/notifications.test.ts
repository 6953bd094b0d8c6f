/** Which effects a change of the session has, in which order, and which it has not. */
import { describe, expect, test } from "bun:test";
import type { Reply } from "../../../../protocol/conversation.ts";
import {
	type Effect,
	effectsOf,
	type Known,
} from "../../../../widget/element/notifications.ts";
import type {
	Change,
	ChatSession,
	Pending,
} from "../../../../widget/session/session.ts";

const reply: Reply = {
	role: "assistant",
	id: "r1",
	replyTo: "q1",
	text: "Hello.",
	at: 1,
	start: 2,
	close: { by: "end", reason: "complete" },
};

const end: Change = {
	type: "conversation",
	event: {
		type: "control",
		action: "end",
		sequence: 4,
		data: { message: "r1", reason: "complete", hash: "0" },
	},
};

function effects(
	change: Change,
	session: Partial<ChatSession> = {},
	known: Partial<Known> = {},
): Effect[] {
	const snapshot = {
		conversation: { last: 4, messages: [reply] },
		pending: [],
		connection: { state: "idle" } as const,
		...session,
	};
	const nothing = {
		live: new Set<string>(),
		errors: new WeakSet(),
		state: undefined,
		outageShown: false,
	};
	return [...effectsOf(change, snapshot, { ...nothing, ...known })];
}

/** The types of effects, with the name of the DOM event. */
const namesOf = (list: Effect[]) =>
	list.map((effect) =>
		effect.type === "event" ? effect.event.type : effect.type,
	);

describe("a reply that closes", () => {
	test("is announced before the page gets its event", () => {
		for (const id of ["q1", "r1"])
			expect(namesOf(effects(end, {}, { live: new Set([id]) }))).toEqual([
				"contentAdded",
				"replyClosed",
				"chat-message",
			]);
	});

	test("is not announced if it is history", () => {
		expect(namesOf(effects(end))).toEqual(["contentAdded"]);
	});
});

describe("a message in the outbox", () => {
	const refusal = { code: "rate_limited", text: "Later." } as const;
	const message: Pending = {
		id: "q2",
		text: "Hi",
		at: 1,
		state: "refused",
		refusal,
	};
	const change: Change = { type: "pending" };

	test("that is rejected is reported to the page and the visitor", () => {
		const found = effects(change, { pending: [message] });
		expect(namesOf(found)).toEqual(["chat-error", "alert"]);
		expect(found[1]).toHaveProperty("text", "Not sent. Later.");
	});

	test("that is sent again by itself does not interrupt the visitor", () => {
		const pending: Pending[] = [{ ...message, state: "sending" }];
		expect(namesOf(effects(change, { pending }))).toEqual([
			"chat-error",
			"say",
		]);
	});

	test("that is too long returns to the composer", () => {
		const pending: Pending[] = [
			{ ...message, refusal: { code: "too_large", text: "Too long." } },
		];
		expect(namesOf(effects(change, { pending }))).toEqual([
			"chat-error",
			"takeBack",
		]);
	});

	test("is reported once for each error", () => {
		const errors = new WeakSet([refusal]);
		expect(effects(change, { pending: [message] }, { errors })).toEqual([]);
	});
});

describe("a connection", () => {
	const change: Change = { type: "connection" };

	test("in the same state as before causes no event", () => {
		const connection = { state: "connecting", attempt: 2 } as const;
		expect(
			namesOf(effects(change, { connection }, { state: "connecting" })),
		).toEqual(["connection"]);
	});

	test("that is back is announced only if the outage was shown", () => {
		const connection = { state: "ready", transport: "websocket" } as const;
		const quiet = effects(change, { connection }, { state: "waiting" });
		expect(namesOf(quiet)).toEqual(["connection", "chat-connection"]);
		const shown = effects(
			change,
			{ connection },
			{ state: "waiting", outageShown: true },
		);
		expect(namesOf(shown)).toEqual(["connection", "chat-connection", "say"]);
	});

	test("that the server rejected is announced at once", () => {
		const connection = {
			state: "refused",
			code: "forbidden",
			text: "No.",
		} as const;
		expect(namesOf(effects(change, { connection }))).toEqual([
			"connection",
			"chat-connection",
			"alert",
		]);
	});
});

test("an error of a reply is an event, any other is also shown at the composer", () => {
	const error = { type: "error", code: "internal", text: "Broken." } as const;
	expect(namesOf(effects({ ...error, message: "r1" }))).toEqual(["chat-error"]);
	expect(namesOf(effects(error))).toEqual(["chat-error", "problem"]);
});

test("a stored rating replaces the visitor's own, also in history", () => {
	const change: Change = {
		type: "conversation",
		event: {
			type: "control",
			action: "feedback",
			sequence: 5,
			data: { message: "r1", value: "up" },
		},
	};
	expect(effects(change)).toEqual([
		{ type: "contentAdded" },
		{ type: "ratingStored", reply: "r1" },
	]);
});
