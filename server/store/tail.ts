/**
 * The newest events of a log, in memory: all of them in the memory engine, in SQLite those that a
 * reader who keeps up needs.
 *
 * Adjacent tokens form a run: an object for each token would cost several times its text. A run
 * keeps the content of each token, so it can be read from any cursor. Knows no append rule.
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

/** A limited read also ends at this many characters. */
const pageChars = 262_144;

/**
 * How much one read may return; the first event in any case. A reader holds a page in memory while
 * its peer is slow: 256 events of the largest size would be 4 MB each.
 */
export class ReadBudget {
	/** Events that still fit. */
	events: number;
	#chars: number;

	/** Without a limit everything fits. */
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

/** Memory of a token beside its characters, about. Empty tokens count, too. */
const tokenWeight = 32;

/**
 * A run ends at this weight (characters, and 32 for each token), so that it makes a small frame. A
 * token is never split.
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

	/** The first sequence in it. If it is empty: the next one. */
	get first(): number {
		return this.#entries[0]?.sequence ?? this.#end + 1;
	}

	/** The run that the next token extends, if any. It is always the newest entry. */
	get growing(): Run | undefined {
		return this.#growing;
	}

	/** Adds the next event. @returns the run that this event ended, if any. */
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

	/** Ends the growing run. The next token begins another one. */
	endRun(): Run | undefined {
		const ended = this.#growing;
		this.#growing = undefined;
		return ended;
	}

	/** Events after `after`, within the budget. `after` is at least {@link first} - 1. */
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

	/** The text of the tokens between two events. `after` is not the sequence of a token. */
	text(after: number, before = Number.POSITIVE_INFINITY): string {
		let text = "";
		if (after >= this.#end) return text;
		for (let i = this.#find(after + 1); ; i++) {
			const entry = this.#entries[i];
			if (!entry || entry.sequence >= before) return text;
			if (entry.type === "run") text += entry.contents.join("");
		}
	}

	/** Removes everything after `head`. `growing` is the growing run of that moment. */
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

	/** Drops the oldest entries while the rest weighs at least `weight`. */
	trim(weight: number) {
		for (;;) {
			const oldest = this.#entries[0];
			if (!oldest || this.#weight - weigh(oldest) < weight) break;
			this.#entries.shift();
			this.#weight -= weigh(oldest);
		}
	}

	/** The place of the entry that covers `sequence`. */
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

/** The part after `after` of a run, as one token. */
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

/** The events after `after` in rows of the table, within the budget. */
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

/** The event of a row, which is one event or the contents of adjacent tokens. */
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
