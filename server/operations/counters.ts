/**
 * What is counted while the server runs: plain numbers, because some are touched with every token.
 *
 * `main.ts` makes one and hands it down; whoever counts adds to it and knows nothing of how it is
 * read. Every name in it is of a table of ours, so that nothing a visitor says can make it grow.
 */
import { type ErrorCode, statusOf } from "../../protocol/errors.ts";
import { type EndReason, endReasons } from "../../protocol/schemas.ts";

/** How often something took how long. The last count is of what took longer than every bound. */
export class Times {
	/** Ascending, ms. */
	readonly boundsMs: readonly number[];
	readonly counts: number[];
	sumMs = 0;

	constructor(boundsMs: readonly number[]) {
		this.boundsMs = boundsMs;
		this.counts = new Array(boundsMs.length + 1).fill(0);
	}

	saw(ms: number) {
		// A clock that was set back is no time.
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

/** What closed a reply, as far as it is counted. */
type Close =
	| { by: "end"; reason: EndReason }
	| { by: "error"; code: ErrorCode };

export type Counts = ReturnType<typeof createCounts>;

export function createCounts() {
	const replies = zeros<EndReason | ErrorCode>([...endReasons, ...codes]);
	return {
		/** Readers that are here now; a poll is one while it waits. */
		lines: zeros<Transport>(["websocket", "stream", "poll"]),
		/** Readers who came back with a cursor. Each poll does, and is not counted. */
		resumes: zeros<Transport>(["websocket", "stream"]),
		refusals: zeros(codes),
		/** Tokens that were stored. */
		tokens: 0,
		/** Replies that were closed, by what they were closed with. */
		replies,
		closed(how: Close) {
			replies[how.by === "end" ? how.reason : how.code]++;
		},
		/** From a reply's beginning to its first text. */
		firstToken: new Times([
			...[50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000],
		]),
		/** From text to text within a reply. */
		betweenTokens: new Times([
			...[10, 20, 40, 60, 100, 200, 500, 1_000, 5_000, 30_000],
		]),
		/** What the store took to keep what a reply has said. */
		append: new Times([1, 2, 5, 10, 20, 50, 100, 500, 1_000, 5_000]),
	};
}
