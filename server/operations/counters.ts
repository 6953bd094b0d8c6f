/**
 * Counters of the running server. Plain numbers, because some change with every token.
 *
 * Knows nothing of how they are read. All names come from fixed tables, so visitors' input cannot add
 * any.
 */
import { type ErrorCode, statusOf } from "../../protocol/errors.ts";
import { type EndReason, endReasons } from "../../protocol/schemas.ts";

/** A histogram of durations. The last count is of durations above every bound. */
export class Times {
	/** Ascending, ms. */
	readonly boundsMs: readonly number[];
	readonly counts: number[];
	sumMs = 0;

	constructor(boundsMs: readonly number[]) {
		this.boundsMs = boundsMs;
		this.counts = new Array(boundsMs.length + 1).fill(0);
	}

	record(ms: number) {
		// A clock that was set back gives a negative duration.
		const tookMs = Math.max(0, ms);
		let bucket = 0;
		while (tookMs > (this.boundsMs[bucket] ?? Number.POSITIVE_INFINITY))
			bucket++;
		this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
		this.sumMs += tookMs;
	}
}

export type Transport = "websocket" | "stream" | "poll";

const zeros = <Name extends string>(names: readonly Name[]) =>
	Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
const codes = Object.keys(statusOf) as ErrorCode[];

const firstTokenMs = [
	50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000,
];
const betweenTokensMs = [10, 20, 40, 60, 100, 200, 500, 1_000, 5_000, 30_000];
const appendMs = [1, 2, 5, 10, 20, 50, 100, 500, 1_000, 5_000];

/** What closed a reply. */
type Close =
	| { by: "end"; reason: EndReason }
	| { by: "error"; code: ErrorCode };

export type Counts = ReturnType<typeof createCounts>;

export function createCounts() {
	const replies = zeros<EndReason | ErrorCode>([...endReasons, ...codes]);
	return {
		/** Open readers. A poll counts while it waits. */
		connections: zeros<Transport>(["websocket", "stream", "poll"]),
		/** Readers that reconnected with a cursor. Polls are not counted: each has one. */
		resumes: zeros<Transport>(["websocket", "stream"]),
		/** Errors that were sent. */
		rejections: zeros(codes),
		/** Tokens that were stored. */
		tokens: 0,
		/** Closed replies. */
		replies,
		closed(close: Close) {
			replies[close.by === "end" ? close.reason : close.code]++;
		},
		/** From the start of a reply to its first text. */
		firstToken: new Times(firstTokenMs),
		/** Between two tokens of a reply. */
		betweenTokens: new Times(betweenTokensMs),
		/** An append to the store. */
		append: new Times(appendMs),
	};
}
