/**
 * Finds the messages of the SQLite file by their ids. Knows no transaction: its writes belong to
 * the caller's.
 */
import { emptyHash, extendHash } from "../../../protocol/conversation.ts";
import type {
	Feedback,
	LogEvent,
	Start,
	Token,
} from "../../../protocol/frames.ts";
import { openHashOf } from "../append-rules.ts";
import type { StoredMessage } from "../store.ts";
import type { Log } from "./log-cache.ts";
import type { prepare } from "./statements.ts";

export class Messages {
	readonly #sql: ReturnType<typeof prepare>;

	constructor(sql: ReturnType<typeof prepare>) {
		this.#sql = sql;
	}

	find({ key, state }: Log, message: string): StoredMessage | undefined {
		const row = this.#sql.findMessage.get(key, message);
		if (!row) return undefined;
		const start = this.#eventAt<Start>(key, row.start);
		if (row.role === "user")
			return {
				start,
				close: undefined,
				hash: undefined,
				previous: this.#sql.questionBefore.get(key, row.start)?.id,
				reply: this.#sql.newestReply.get(key, message)?.id,
				feedback: undefined,
			};
		const close =
			row.close === null
				? undefined
				: this.#eventAt<NonNullable<StoredMessage["close"]>>(key, row.close);
		const to = row.replyTo ?? "";
		return {
			start,
			close,
			hash: close?.data.hash ?? openHashOf(state),
			previous: this.#sql.replyBefore.get(key, to, row.start)?.id,
			reply: undefined,
			feedback:
				row.feedback === null
					? undefined
					: this.#eventAt<Feedback>(key, row.feedback),
		};
	}

	text({ key, tail }: Log, message: string): string | undefined {
		const row = this.#sql.findMessage.get(key, message);
		if (!row) return undefined;
		const { role, start, close } = row;
		if (role === "user") {
			const { data } = this.#eventAt<Start>(key, start);
			return data.role === "user" ? data.content : undefined;
		}
		const before = close ?? Number.MAX_SAFE_INTEGER;
		let text = "";
		for (const tokens of this.#tokens(key, start, Math.min(before, tail.first)))
			text += tokens.join("");
		return text + tail.text(Math.max(start, tail.first - 1), before);
	}

	/** The hash of the open reply's text, as far as it is in the table of events. */
	hashOfOpen({ key, state }: Log): number {
		const row =
			state.open === undefined
				? undefined
				: this.#sql.findMessage.get(key, state.open);
		if (!row) return emptyHash;
		let hash = emptyHash;
		for (const tokens of this.#tokens(key, row.start, state.head + 1))
			for (const content of tokens) hash = extendHash(hash, content);
		return hash;
	}

	/** @returns whether `context` was stored with this event. */
	index(
		{ key }: Log,
		event: Exclude<LogEvent, Token>,
		context: string | null,
	): boolean {
		const { sequence } = event;
		switch (event.action) {
			case "start": {
				const { data } = event;
				if (data.role === "user") {
					this.#sql.insertQuestion.run(key, data.message, context, sequence);
					return context !== null;
				}
				const { message, replyTo } = data;
				this.#sql.insertReply.run(key, message, sequence, replyTo);
				this.#sql.endWaiting.run(key, replyTo);
				return false;
			}
			case "end":
			case "error":
				this.#sql.closeMessage.run(sequence, key, event.data.message);
				return false;
			case "feedback":
				this.#sql.rateMessage.run(sequence, key, event.data.message);
				return false;
			default: {
				const never: never = event;
				return never;
			}
		}
	}

	/** @throws {Error} if the row is missing: the file is damaged. */
	#eventAt<Kind extends LogEvent>(key: number, sequence: number): Kind {
		const row = this.#sql.findEvent.get(key, sequence);
		if (!row) throw new Error(`Event ${sequence} of a log is missing.`);
		return JSON.parse(row.data);
	}

	*#tokens(key: number, after: number, before: number): Generator<string[]> {
		const rows = this.#sql.readTokens.iterate(key, after, before);
		for (const { data } of rows) yield JSON.parse(data);
	}
}
