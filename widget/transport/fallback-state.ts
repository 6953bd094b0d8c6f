/**
 * The states of one transport in the fallback chain, and what each event makes of each state.
 *
 * Pure: the chain performs the effects. It decides when enough speaks against a transport; it knows
 * no socket, no timer and no other transport.
 */
import type { TransportName } from "./transport.ts";

export const limits = Object.freeze({
	/** Attempts that may fail in a row on a transport that has never worked here. */
	failures: 2,
	/** The same for one that has worked: the network rarely changes under it. */
	failuresOnceReady: 4,
	/** If this many connections were short within `shortSpanMs`, a proxy cuts them. */
	shortConnections: 3,
	shortSpanMs: 120_000,
	/** A connection is short if it was ready for less than this. */
	shortMs: { websocket: 10_000, stream: 5_000, poll: 0 },
});

/** The next transport in the chain. */
export const below = {
	websocket: "stream",
	stream: "poll",
	poll: undefined,
} as const;

export type Fault = "unsupported" | "swallowed";

/** What speaks against a transport. */
export type Evidence = {
	readonly transport: TransportName;
	readonly failuresAllowed: number;
	readonly failures: number;
	/** When short connections were lost, in the last two minutes. */
	readonly shortAt: readonly number[];
	/** Why the transport itself, not the network, seems to cause the next loss. */
	readonly fault?: Fault | undefined;
};

type StateData = {
	/** Dialed beside the transport in use, to find out whether a better one works. */
	probing: object;
	/** After a step up, until the `ready` that answers the second hello. */
	syncing: object;
	/** Not ready: before the first `ready`, or after a loss. */
	connecting: object;
	ready: { since: number };
	/** The session asked for a redial: the loss that follows is not a failure. */
	redialing: object;
	/** Enough speaks against it; the server is asked whether the network works at all. */
	checking: object;
	/** Stopped, or another transport took its place. */
	stopped: object;
};

type EventData = {
	/** From the transport. */
	dialing: object;
	ready: { now: number };
	failed: { fault: Fault };
	lost: { now: number };
	/** From the session. `networkChanged`: redial, perhaps in another network. */
	redial: object;
	networkChanged: object;
	/** A plain request carried what the WebSocket did not. */
	unresponsive: { now: number };
	/** From the check. */
	healthy: object;
	unhealthy: object;
	/** From the chain. `stepUp`: the probe works and takes over. */
	stepUp: object;
	stop: object;
};

export type StateName = keyof StateData;
export type EventType = keyof EventData;
export type TransportState<Name extends StateName = StateName> = {
	[N in Name]: {
		readonly name: N;
		readonly evidence: Evidence;
	} & Readonly<StateData[N]>;
}[Name];
export type TransportEvent<Type extends EventType = EventType> = {
	[T in Type]: { readonly type: T } & Readonly<EventData[T]>;
}[Type];

export type Effect =
	/** Stop the probe; the next better transport is tried. */
	| "dismiss"
	/** Ask the server's health endpoint. */
	| "check"
	/** Use the next transport in the chain. */
	| "stepDown";

export type Step = { state: TransportState; effect?: Effect };
type Row = { [T in EventType]: (event: TransportEvent<T>) => Step };
type Table = { [N in StateName]: (state: TransportState<N>) => Row };

const noEvidence = (transport: TransportName): Evidence => ({
	transport,
	failuresAllowed: limits.failures,
	failures: 0,
	shortAt: [],
});

/** A transport that is used at once is `connecting`; one that is tried first is `probing`. */
export const initialState = (
	transport: TransportName,
	name: "connecting" | "probing",
): TransportState => ({ name, evidence: noEvidence(transport) });

const withShort = (evidence: Evidence, now: number): Evidence => ({
	...evidence,
	shortAt: [...evidence.shortAt, now].filter(
		(at) => at >= now - limits.shortSpanMs,
	),
});

/** Weighs the evidence after a loss. At the end of the chain there is nothing to check. */
function judge(
	name: "connecting" | "syncing",
	evidence: Evidence,
	now: number,
): Step {
	const { transport, fault, failures, failuresAllowed } = evidence;
	const shortAt = evidence.shortAt.filter(
		(at) => at >= now - limits.shortSpanMs,
	);
	const rest = { ...evidence, shortAt, fault: undefined };
	const isEnough =
		fault !== undefined ||
		failures >= failuresAllowed ||
		shortAt.length >= limits.shortConnections;
	return isEnough && below[transport]
		? { state: { name: "checking", evidence: rest }, effect: "check" }
		: { state: { name, evidence: rest } };
}

const stay = (state: TransportState) => (): Step => ({ state });

const stop =
	({ evidence }: TransportState) =>
	(): Step => ({ state: { name: "stopped", evidence } });

const becomeReady =
	({ evidence }: TransportState) =>
	({ now }: TransportEvent<"ready">): Step => ({
		state: {
			name: "ready",
			since: now,
			evidence: {
				...evidence,
				failuresAllowed: limits.failuresOnceReady,
				failures: 0,
			},
		},
	});

const noteFault =
	(state: TransportState) =>
	({ fault }: TransportEvent<"failed">): Step => ({
		state: { ...state, evidence: { ...state.evidence, fault } },
	});

const loseAttempt =
	({ name, evidence }: TransportState<"connecting" | "syncing">) =>
	({ now }: TransportEvent<"lost">): Step =>
		judge(name, { ...evidence, failures: evidence.failures + 1 }, now);

const loseConnection =
	({ since, evidence }: TransportState<"ready">) =>
	({ now }: TransportEvent<"lost">): Step => {
		const isShort = now - since < limits.shortMs[evidence.transport];
		const more = isShort ? withShort(evidence, now) : evidence;
		return judge("connecting", more, now);
	};

const redial =
	({ evidence }: TransportState) =>
	(): Step => ({
		state: { name: "redialing", evidence: { ...evidence, fault: undefined } },
	});

/** What spoke against the transport in the old network does not count in the new one. */
const changeNetwork =
	({ evidence }: TransportState) =>
	(): Step => ({
		state: { name: "redialing", evidence: noEvidence(evidence.transport) },
	});

/**
 * Once, an unresponsive connection broke without a close. Repeated, something on the way lets a
 * hello through and little more.
 */
const noteUnresponsive =
	(state: TransportState) =>
	({ now }: TransportEvent<"unresponsive">): Step => {
		const evidence = withShort(state.evidence, now);
		const isEnough = evidence.shortAt.length >= limits.shortConnections;
		return {
			state: { ...state, evidence },
			...(isEnough && { effect: "stepDown" }),
		};
	};

/* Cells that several states share. */

const withoutCheck = (state: TransportState) => ({
	healthy: stay(state),
	unhealthy: stay(state),
});
const inUse = (state: TransportState) => ({
	...withoutCheck(state),
	ready: becomeReady(state),
	failed: noteFault(state),
	redial: redial(state),
	networkChanged: changeNetwork(state),
	unresponsive: noteUnresponsive(state),
	stepUp: stay(state),
	stop: stop(state),
});

/** Each state has a cell for each event: the compiler rejects a gap. */
const table: Table = {
	probing: (state) => ({
		...withoutCheck(state),
		dialing: stay(state),
		ready: stay(state),
		failed: stay(state),
		lost: () => ({ ...stop(state)(), effect: "dismiss" }),
		redial: stay(state),
		networkChanged: stay(state),
		unresponsive: stay(state),
		stepUp: () => ({ state: { ...state, name: "syncing" } }),
		stop: stop(state),
	}),
	syncing: (state) => ({
		...inUse(state),
		dialing: stay(state),
		lost: loseAttempt(state),
	}),
	connecting: (state) => ({
		...inUse(state),
		dialing: stay(state),
		lost: loseAttempt(state),
	}),
	ready: (state) => ({
		...inUse(state),
		dialing: stay(state),
		ready: stay(state),
		lost: loseConnection(state),
	}),
	redialing: (state) => ({
		...inUse(state),
		dialing: () => ({ state: { ...state, name: "connecting" } }),
		failed: stay(state),
		lost: stay(state),
	}),
	checking: (state) => ({
		...inUse(state),
		dialing: stay(state),
		failed: stay(state),
		lost: stay(state),
		redial: stay(state),
		networkChanged: () => ({
			state: { ...state, evidence: noEvidence(state.evidence.transport) },
		}),
		healthy: () => ({ state, effect: "stepDown" }),
		// A dead network speaks against no transport.
		unhealthy: () => ({
			state: {
				name: "connecting",
				evidence: { ...state.evidence, failures: 0, shortAt: [] },
			},
		}),
	}),
	stopped: (state) => ({
		...withoutCheck(state),
		dialing: stay(state),
		ready: stay(state),
		failed: stay(state),
		lost: stay(state),
		redial: stay(state),
		networkChanged: stay(state),
		unresponsive: stay(state),
		stepUp: stay(state),
		stop: stay(state),
	}),
};

const rowOf = <Name extends StateName>(state: TransportState<Name>): Row =>
	table[state.name](state);
const cellOf = <Type extends EventType>(
	row: Row,
	event: TransportEvent<Type>,
): Step => row[event.type](event);

export const next = (state: TransportState, event: TransportEvent): Step =>
	cellOf(rowOf(state), event);
