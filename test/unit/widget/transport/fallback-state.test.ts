/** The table of one transport in the fallback chain: ARCHITECTURE.md prints it. */
import { describe, expect, test } from "bun:test";
import {
	type EventType,
	type Evidence,
	initialState,
	next,
	type StateName,
	type TransportEvent,
	type TransportState,
} from "../../../../widget/transport/fallback-state.ts";
import { printTable, tableUnder } from "../../../support/state-table.ts";

const now = 1_000_000;
const none: Evidence = {
	transport: "websocket",
	failuresAllowed: 2,
	failures: 0,
	shortAt: [],
};
/** One more loss of any kind is enough. */
const nearly: Evidence = {
	...none,
	failures: 1,
	shortAt: [now - 2_000, now - 1_000],
};
const states: { [Name in StateName]: TransportState<Name>[] } = {
	probing: [{ name: "probing", evidence: none }],
	syncing: [none, nearly].map((evidence) => ({ name: "syncing", evidence })),
	connecting: [none, nearly].map((evidence) => ({
		name: "connecting",
		evidence,
	})),
	ready: [none, nearly].map((evidence) => ({
		name: "ready",
		since: now - 9_000,
		evidence,
	})),
	redialing: [none, nearly].map((evidence) => ({
		name: "redialing",
		evidence,
	})),
	checking: [none, nearly].map((evidence) => ({ name: "checking", evidence })),
	stopped: [{ name: "stopped", evidence: none }],
};
const events: { [Type in EventType]: TransportEvent<Type>[] } = {
	dialing: [{ type: "dialing" }],
	ready: [{ type: "ready", now }],
	failed: [{ type: "failed", fault: "swallowed" }],
	lost: [{ type: "lost", now }],
	redial: [{ type: "redial" }],
	networkChanged: [{ type: "networkChanged" }],
	unresponsive: [{ type: "unresponsive", now }],
	healthy: [{ type: "healthy" }],
	unhealthy: [{ type: "unhealthy" }],
	stepUp: [{ type: "stepUp" }],
	stop: [{ type: "stop" }],
};

/** The state after `events`, and the effects on the way. */
function run(first: TransportState, list: readonly TransportEvent[]) {
	const effects: string[] = [];
	let state = first;
	for (const event of list) {
		const step = next(state, event);
		state = step.state;
		if (step.effect) effects.push(step.effect);
	}
	return { state, effects };
}
const connecting = initialState("websocket", "connecting");
const lost = { type: "lost", now } as const;
const ready = { type: "ready", now: now - 500 } as const;
const dialing = { type: "dialing" } as const;

test("ARCHITECTURE.md prints the table of the code", () => {
	expect(tableUnder("Fallback chain states")).toBe(
		printTable<TransportState, TransportEvent>(states, events, next),
	);
});

describe("a transport is checked", () => {
	test("after two failures, or after four once it was ready", () => {
		expect(run(connecting, [lost]).effects).toEqual([]);
		expect(run(connecting, [lost, lost]).effects).toEqual(["check"]);
		const longReady = { type: "ready", now: 0 } as const;
		const worked = [longReady, lost, lost, lost, lost];
		expect(run(connecting, worked).effects).toEqual([]);
		expect(run(connecting, [...worked, lost]).effects).toEqual(["check"]);
	});

	test("at once if the transport itself is at fault", () => {
		const failed = { type: "failed", fault: "unsupported" } as const;
		expect(run(connecting, [failed, lost]).effects).toEqual(["check"]);
	});

	test("after three short connections within two minutes", () => {
		expect(run(connecting, [ready, lost, ready, lost]).effects).toEqual([]);
		const three = [ready, lost, ready, lost, ready, lost];
		expect(run(connecting, three).effects).toEqual(["check"]);
		const later = now + 120_001;
		const spread = [
			...three.slice(0, 4),
			{ type: "ready", now: later } as const,
			{ type: "lost", now: later } as const,
		];
		expect(run(connecting, spread).effects).toEqual([]);
	});

	test("never at the end of the chain", () => {
		const poll = initialState("poll", "connecting");
		expect(run(poll, [lost, lost, lost, lost]).effects).toEqual([]);
	});

	test("and loses its place only if the server is reachable", () => {
		const { state } = run(connecting, [lost, lost]);
		expect(run(state, [{ type: "healthy" }]).effects).toEqual(["stepDown"]);
		expect(run(state, [{ type: "unhealthy" }, lost]).effects).toEqual([]);
		expect(run(state, [ready, { type: "healthy" }]).effects).toEqual([]);
	});
});

test("a loss that the session asked for is not a failure", () => {
	const redial = { type: "redial" } as const;
	const { effects } = run(connecting, [
		lost,
		redial,
		lost,
		dialing,
		redial,
		lost,
		dialing,
	]);
	expect(effects).toEqual([]);
});

test("in another network nothing speaks against a transport", () => {
	const changed = { type: "networkChanged" } as const;
	const { state } = run(connecting, [ready, lost, changed]);
	expect(state).toEqual({ name: "redialing", evidence: none });
});

test("a stopped transport stays stopped", () => {
	const [stopped] = states.stopped;
	if (!stopped) throw new Error("Expected a sample.");
	for (const event of Object.values(events).flat())
		expect(next(stopped, event)).toEqual({ state: stopped });
});
