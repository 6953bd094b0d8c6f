/**
 * The states of a session's connection, and what each event makes of each state.
 *
 * Pure: the session performs the effects. It knows no transport, no timer and no frame.
 */
import type { ErrorCode } from "../../protocol/errors.ts";
import type { TransportName } from "../transport/transport.ts";
import type { Connection } from "./types.ts";

type StateData = {
	/** Before the first `start()`, and after `stop()`. */
	stopped: object;
	/** The server's rejection is final, or the owner gave up. */
	refused: { code: ErrorCode; text: string };
	/** The page is away: started, but without a transport until `wake()`. */
	asleep: { needsToken: boolean };
	/** The page is asked for the visitor's credential, if it has one and a new one is needed. */
	identifying: { needsToken: boolean };
	/** The page failed to give a credential; it is asked again at `until`. */
	pausing: { until: number };
	/** The server rejected the credentials; the session changes them. */
	recovering: { needsToken: boolean };
	/** The transport makes its attempt number `attempt`. */
	dialing: { attempt: number };
	/** The transport makes its next attempt at `until`. */
	waiting: { until: number };
	/** The server answered `hello`. */
	ready: { since: number; transport: TransportName };
};

type EventData = {
	/** From the owner. */
	start: object;
	stop: object;
	giveUp: { code: ErrorCode; text: string };
	sleep: object;
	wake: { now: number };
	/** From the session itself. `resume`: the pause or the recovery is over. */
	identified: object;
	notIdentified: { until: number };
	recover: { needsToken: boolean };
	resume: object;
	/** From the transport. */
	dialing: { attempt: number };
	waiting: { until: number };
	ready: { now: number; transport: TransportName };
};

export type StateName = keyof StateData;
export type EventType = keyof EventData;
export type ConnectionState<Name extends StateName = StateName> = {
	[N in Name]: { readonly name: N } & Readonly<StateData[N]>;
}[Name];
export type ConnectionEvent<Type extends EventType = EventType> = {
	[T in Type]: { readonly type: T } & Readonly<EventData[T]>;
}[Type];

export type Effect =
	/** Stop the transport and forget it. */
	| "close"
	/** Ask the page for the credential, or go on without. */
	| "identify"
	/** Ask the page again at `until`. */
	| "pause"
	/** Make a transport and start it. */
	| "dial"
	/** Have the transport make its next attempt now. */
	| "redial"
	/** Check whether the connection still works. */
	| "verify";

export type Step = { state: ConnectionState; effect?: Effect };
type Row = { [T in EventType]: (event: ConnectionEvent<T>) => Step };
type Table = { [N in StateName]: (state: ConnectionState<N>) => Row };

/** An attempt that is due within this time is not hurried. */
const soonMs = 300;
const isSoon = (until: number, now: number) => until - now <= soonMs;

const stop = (): Step => ({ state: { name: "stopped" }, effect: "close" });
const giveUp = ({ code, text }: ConnectionEvent<"giveUp">): Step => ({
	state: { name: "refused", code, text },
	effect: "close",
});
const sleep = (needsToken: boolean) => (): Step => ({
	state: { name: "asleep", needsToken },
	effect: "close",
});
const identify = (needsToken: boolean) => (): Step => ({
	state: { name: "identifying", needsToken },
	effect: "identify",
});
const dial = ({ attempt }: ConnectionEvent<"dialing">): Step => ({
	state: { name: "dialing", attempt },
});
const wait = ({ until }: ConnectionEvent<"waiting">): Step => ({
	state: { name: "waiting", until },
});
const ready = ({ now, transport }: ConnectionEvent<"ready">): Step => ({
	state: { name: "ready", since: now, transport },
});
const recover = ({ needsToken }: ConnectionEvent<"recover">): Step => ({
	state: { name: "recovering", needsToken },
	effect: "close",
});

const stay = (state: ConnectionState) => (): Step => ({ state });

/* Cells that several states share. */

/** Nothing that these events report is under way: they come too late. */
const atRest = (state: ConnectionState) => ({
	identified: stay(state),
	notIdentified: stay(state),
	resume: stay(state),
	recover: stay(state),
	dialing: stay(state),
	waiting: stay(state),
	ready: stay(state),
});
const ended = (state: ConnectionState) => ({
	...atRest(state),
	start: identify(true),
	stop,
	giveUp,
	sleep: stay(state),
	wake: stay(state),
});
const started = (state: ConnectionState) => ({
	...atRest(state),
	start: stay(state),
	stop,
	giveUp,
});
const withTransport = (state: ConnectionState) => ({
	...started(state),
	sleep: sleep(false),
	recover,
	dialing: dial,
	waiting: wait,
	ready,
});

/** Each state has a cell for each event: the compiler rejects a gap. */
const table: Table = {
	stopped: ended,
	refused: ended,
	asleep: (state) => ({
		...started(state),
		sleep: stay(state),
		wake: identify(state.needsToken),
	}),
	identifying: (state) => ({
		...started(state),
		sleep: sleep(state.needsToken),
		wake: stay(state),
		identified: () => ({
			state: { name: "dialing", attempt: 1 },
			effect: "dial",
		}),
		notIdentified: ({ until }) => ({
			state: { name: "pausing", until },
			effect: "pause",
		}),
	}),
	pausing: (state) => ({
		...started(state),
		sleep: sleep(true),
		wake: ({ now }) =>
			isSoon(state.until, now) ? { state } : identify(true)(),
		resume: identify(true),
	}),
	recovering: (state) => ({
		...started(state),
		sleep: sleep(state.needsToken),
		wake: stay(state),
		resume: identify(state.needsToken),
	}),
	dialing: (state) => ({ ...withTransport(state), wake: stay(state) }),
	waiting: (state) => ({
		...withTransport(state),
		wake: ({ now }) =>
			isSoon(state.until, now) ? { state } : { state, effect: "redial" },
	}),
	ready: (state) => ({
		...withTransport(state),
		wake: () => ({ state, effect: "verify" }),
		ready: ({ transport }) => ({ state: { ...state, transport } }),
	}),
};

const rowOf = <Name extends StateName>(state: ConnectionState<Name>): Row =>
	table[state.name](state);
const cellOf = <Type extends EventType>(
	row: Row,
	event: ConnectionEvent<Type>,
): Step => row[event.type](event);

export const next = (state: ConnectionState, event: ConnectionEvent): Step =>
	cellOf(rowOf(state), event);

/** What the page sees of a state. `attempt`: the next one to ask the page for a credential. */
export function connectionOf(
	state: ConnectionState,
	offline: boolean,
	attempt: number,
): Connection {
	switch (state.name) {
		case "stopped":
		case "asleep":
			return { state: "idle" };
		case "refused":
			return { state: "refused", code: state.code, text: state.text };
		case "identifying":
		case "recovering":
			return { state: "connecting", attempt };
		case "dialing":
			return { state: "connecting", attempt: state.attempt };
		case "pausing":
		case "waiting":
			return { state: "waiting", until: state.until, offline };
		case "ready":
			return { state: "ready", transport: state.transport };
		default: {
			const never: never = state;
			return never;
		}
	}
}
