/** The table of the session's connection: ARCHITECTURE.md prints it, and its cells keep their data. */
import { describe, expect, test } from "bun:test";
import {
	type ConnectionEvent,
	type ConnectionState,
	connectionOf,
	type EventType,
	next,
	type StateName,
} from "../../../../widget/session/connection-state.ts";
import { printTable, tableUnder } from "../../../support/state-table.ts";

const until = 10_000;
const states: { [Name in StateName]: ConnectionState<Name>[] } = {
	stopped: [{ name: "stopped" }],
	identifying: [{ name: "identifying", needsToken: true }],
	pausing: [{ name: "pausing", until }],
	dialing: [{ name: "dialing", attempt: 2 }],
	ready: [{ name: "ready", since: 0, transport: "websocket" }],
	waiting: [{ name: "waiting", until }],
	recovering: [{ name: "recovering", needsToken: false }],
	asleep: [{ name: "asleep", needsToken: false }],
	refused: [{ name: "refused", code: "forbidden", text: "No." }],
};
const events: { [Type in EventType]: ConnectionEvent<Type>[] } = {
	start: [{ type: "start" }],
	stop: [{ type: "stop" }],
	giveUp: [{ type: "giveUp", code: "forbidden", text: "No." }],
	sleep: [{ type: "sleep" }],
	wake: [{ type: "wake", now: 0 }],
	identified: [{ type: "identified" }],
	notIdentified: [{ type: "notIdentified", until }],
	resume: [{ type: "resume" }],
	dialing: [{ type: "dialing", attempt: 3 }],
	waiting: [{ type: "waiting", until }],
	ready: [{ type: "ready", now: 5, transport: "stream" }],
	recover: [{ type: "recover", needsToken: true }],
};
const allStates: ConnectionState[] = Object.values(states).flat();
const allEvents: ConnectionEvent[] = Object.values(events).flat();

test("ARCHITECTURE.md prints the table of the code", () => {
	expect(tableUnder("Connection states")).toBe(
		printTable<ConnectionState, ConnectionEvent>(states, events, next),
	);
});

describe("the connection", () => {
	test("holds a transport only while dialing, waiting or ready", () => {
		const holds = ({ name }: ConnectionState) =>
			name === "dialing" || name === "waiting" || name === "ready";
		for (const state of allStates)
			for (const event of allEvents) {
				const { state: after, effect } = next(state, event);
				const change = `${state.name} ${event.type}`;
				if (!holds(state) && holds(after))
					expect([change, effect]).toEqual([change, "dial"]);
				if (holds(state) && !holds(after))
					expect([change, effect]).toEqual([change, "close"]);
			}
	});

	test("stops in every state, and is given up in every state", () => {
		for (const state of allStates) {
			expect(next(state, { type: "stop" }).state).toEqual({ name: "stopped" });
			const giveUp = {
				type: "giveUp",
				code: "outdated",
				text: "Old.",
			} as const;
			expect(next(state, giveUp).state).toMatchObject({
				name: "refused",
				code: "outdated",
			});
		}
	});

	test("does not hurry an attempt that is due within 300 ms", () => {
		for (const name of ["waiting", "pausing"] as const) {
			const state: ConnectionState = { name, until };
			const wake = (now: number) => next(state, { type: "wake", now }).effect;
			expect([wake(until - 300), wake(until - 301)]).toEqual([
				undefined,
				name === "waiting" ? "redial" : "identify",
			]);
		}
	});

	test("asks for the credential after sleep only if it was missing before", () => {
		const wake = { type: "wake", now: 0 } as const;
		for (const [state, needsToken] of [
			[{ name: "identifying", needsToken: true }, true],
			[{ name: "recovering", needsToken: true }, true],
			[{ name: "pausing", until }, true],
			[{ name: "identifying", needsToken: false }, false],
			[{ name: "ready", since: 0, transport: "poll" }, false],
		] satisfies [ConnectionState, boolean][]) {
			const asleep = next(state, { type: "sleep" }).state;
			expect(next(asleep, wake).state).toEqual({
				name: "identifying",
				needsToken,
			});
		}
	});

	test("is shown to the page as one of five states", () => {
		expect(allStates.map((state) => connectionOf(state, true, 4))).toEqual([
			{ state: "idle" },
			{ state: "connecting", attempt: 4 },
			{ state: "waiting", until, offline: true },
			{ state: "connecting", attempt: 2 },
			{ state: "ready", transport: "websocket" },
			{ state: "waiting", until, offline: true },
			{ state: "connecting", attempt: 4 },
			{ state: "idle" },
			{ state: "refused", code: "forbidden", text: "No." },
		]);
	});
});
