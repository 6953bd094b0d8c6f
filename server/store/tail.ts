/**
 * The newest events of a log, held in memory: all of them in the memory engine, in SQLite those
 * that a reader who keeps up still needs.
 *
 * Adjacent tokens stand together as a run: an object for every token would cost several times its
 * text. A run remembers its contents, so it can be read from any cursor. Knows no rule of accepted.
 */
import type { LogEvent, Token } from "../../protocol/frames.ts";

/** Adjacent tokens: `contents[i]` is the content of the event `sequence + i`. */
export type Run = {
	type: "run";
	sequence: number;
	contents: string[];
	weight: number;
};

type TailEntry = Run | Exclude<LogEvent, Token>;

/** A read with a limit ends at so many characters, too. */
const pageChars = 262_144;

/**
 * How much one read may bring, the first event in any case. A page is what a reader holds in memory
 * while its peer takes nothing: 256 events of the largest size would be 4 MB for each.
 */
export class ReadBudget {
	/** Events that there is room for. */
	events: number;
	#chars: number;

	/** Without a limit: for all there is. */
	constructor(limit?: number) {
		this.events =
			limit === undefined ? Number.MAX_SAFE_INTEGER : Math.max(1, limit);
		this.#chars = limit === undefined ? Number.POSITIVE_INFINITY : pageChars;
	}

	get isFull(): boolean {
		return this.events <= 0 || this.#chars <= 0;
	}

	take(chars: number) {
		this.events--;
		this.#chars -= chars;
	}
}

/** About what a content costs in memory beside its characters; also what makes empty contents count. */
const tokenWeight = 32;

/**
 * A run is ended when it is this heavy (characters, and 32 for every content), so that what is read
 * as one token stays a small frame. One content is never cut.
 */
const maxRunWeight = 16_384;

export class Tail {
	#entries: TailEntry[] = [];
	#end: number;
	#weight = 0;
	#growing: Run | undefined;

	/** An empty tail of a log whose last sequence is `head`. */
	constructor(head: number) {
		this.#end = head;
	}

	/** The first sequence it guardHolds, or would hold next. */
	get first(): number {
		return this.#entries[0]?.sequence ?? this.#end + 1;
	}

	/** The run to which the next token will be added, if any: always the newest entry. */
	get growing(): Run | undefined {
		return this.#growing;
	}

	/** Adds the event that follows the last one; says which run can grow no more after it. */
	push(event: LogEvent): Run | undefined {
		this.#end = event.sequence;
		if (event.type !== "token") {
			const ended = this.endRun();
			this.#entries.push(event);
			this.#weight += weigh(event);
			return ended;
		}
		const { content, sequence } = event;
		if (!this.#growing) {
			this.#growing = { type: "run", sequence, contents: [], weight: 0 };
			this.#entries.push(this.#growing);
		}
		const run = this.#growing;
		run.contents.push(content);
		run.weight += weighToken(content);
		this.#weight += weighToken(content);
		return run.weight >= maxRunWeight ? this.endRun() : undefined;
	}

	/** The run that was growing: the next token will begin another one. */
	endRun(): Run | undefined {
		const ended = this.#growing;
		this.#growing = undefined;
		return ended;
	}

	/** Events after `after`, which is not before {@link first} - 1, while there is room. */
	read(after: number, room: ReadBudget): LogEvent[] {
		const events: LogEvent[] = [];
		if (after >= this.#end) return events;
		for (let i = this.#find(after + 1); !room.isFull; i++) {
			const entry = this.#entries[i];
			if (!entry) break;
			if (entry.type !== "run") events.push(entry);
			else events.push(tokenOf(entry.sequence, entry.contents, after));
			room.take(weigh(entry));
		}
		return events;
	}

	/** The text of the tokens after `after`, which is no token's sequence, up to the event `before`. */
	text(after: number, before = Number.POSITIVE_INFINITY): string {
		let text = "";
		if (after >= this.#end) return text;
		for (let i = this.#find(after + 1); ; i++) {
			const entry = this.#entries[i];
			if (!entry || entry.sequence >= before) return text;
			if (entry.type === "run") text += entry.contents.join("");
		}
	}

	/** Takes back everything after `head`; `growing` as it was then. */
	cutAfter(head: number, growing: Run | undefined) {
		for (;;) {
			const last = this.#entries.at(-1);
			if (!last || last.sequence <= head) break;
			this.#entries.pop();
			this.#weight -= weigh(last);
		}
		const run = this.#entries.at(-1);
		if (run?.type === "run") {
			for (const content of run.contents.splice(head - run.sequence + 1)) {
				run.weight -= weighToken(content);
				this.#weight -= weighToken(content);
			}
		}
		this.#end = head;
		this.#growing = growing;
	}

	/** Forgets the oldest entries as long as those that remain weigh at least `weight`. */
	trim(weight: number) {
		for (;;) {
			const oldest = this.#entries[0];
			if (!oldest || this.#weight - weigh(oldest) < weight) break;
			this.#entries.shift();
			this.#weight -= weigh(oldest);
		}
	}

	/** Where the entry stands that covers `sequence`. Readers who keep up are near the end. */
	#find(sequence: number): number {
		let low = 0;
		let high = this.#entries.length - 1;
		while (low < high) {
			const middle = (low + high + 1) >> 1;
			if ((this.#entries[middle] as TailEntry).sequence <= sequence)
				low = middle;
			else high = middle - 1;
		}
		return low;
	}
}

/** What follows `after` of the tokens that begin at `sequence`, as one. */
function tokenOf(
	sequence: number,
	contents: readonly string[],
	after: number,
): Token {
	const last = sequence + contents.length - 1;
	const from = Math.max(sequence, after + 1);
	if (from === last)
		return {
			type: "token",
			sequence: last,
			content: contents.at(-1) as string,
		};
	const content = contents.slice(from - sequence).join("");
	return { type: "token", sequence: last, from, content };
}

/** What follows `after` of rows of `events`, while there is room. */
export function eventsOf(
	rows: Iterable<{ last: number; data: string }>,
	after: number,
	room: ReadBudget,
): LogEvent[] {
	const events: LogEvent[] = [];
	for (const { last, data } of rows) {
		events.push(eventOf(last, data, after));
		room.take(data.length);
		if (room.isFull) break;
	}
	return events;
}

/** What follows `after` of a row: one event, or the contents of adjacent tokens. */
function eventOf(last: number, data: string, after: number): LogEvent {
	const event: LogEvent | string[] = JSON.parse(data);
	if (!Array.isArray(event)) return event;
	return tokenOf(last - event.length + 1, event, after);
}

const weighToken = (content: string): number => content.length + tokenWeight;

function weigh(entry: TailEntry): number {
	if (entry.type === "run") return entry.weight;
	if (entry.action !== "start" || entry.data.role !== "user")
		return 4 * tokenWeight;
	return entry.data.content.length + 4 * tokenWeight;
}
