/**
 * The messages of one log by id, for an engine that holds them in memory. It follows the log event by
 * event, so that no request reads the log to find a message.
 */
import type { Feedback, LogEvent, Start } from "../../protocol/frames.ts";
import type { Role } from "./append-rules.ts";
import type { StoredMessage } from "./store.ts";

type Known = {
	start: Start;
	close: StoredMessage["close"];
	previous: string | undefined;
	feedback: Feedback | undefined;
};

export class MessageIndex {
	readonly #messages = new Map<string, Known>();
	/** The newest reply to each question. */
	readonly #replies = new Map<string, string>();
	/** Questions that no reply has been begun for, in the order of the log. */
	readonly #waiting = new Set<string>();
	#lastQuestion: string | undefined;

	add(event: LogEvent) {
		if (event.type === "token") return;
		switch (event.action) {
			case "start":
				this.#begin(event);
				break;
			case "end":
			case "error": {
				const closed = this.#messages.get(event.data.message);
				if (closed) closed.close = event;
				break;
			}
			case "feedback": {
				const rated = this.#messages.get(event.data.message);
				if (rated) rated.feedback = event;
				break;
			}
			default: {
				const never: never = event;
				return never;
			}
		}
	}

	roleOf(message: string): Role | undefined {
		return this.#messages.get(message)?.start.data.role;
	}

	/** The first question that no reply has been begun for. */
	get waiting(): string | undefined {
		const [first] = this.#waiting;
		return first;
	}

	/** @param openHash The hash of the open reply's text. */
	message(id: string, openHash: string): StoredMessage | undefined {
		const known = this.#messages.get(id);
		if (!known) return undefined;
		const { start, close, previous, feedback } = known;
		const isReply = start.data.role === "assistant";
		const hash = isReply ? (close?.data.hash ?? openHash) : undefined;
		const reply = isReply ? undefined : this.#replies.get(id);
		return { start, close, hash, previous, reply, feedback };
	}

	#begin(start: Start) {
		const { data } = start;
		const { message } = data;
		let previous: string | undefined;
		if (data.role === "user") {
			previous = this.#lastQuestion;
			this.#lastQuestion = message;
			this.#waiting.add(message);
		} else {
			this.#waiting.delete(data.replyTo);
			previous = this.#replies.get(data.replyTo);
			this.#replies.set(data.replyTo, message);
		}
		this.#messages.set(message, {
			start,
			close: undefined,
			previous,
			feedback: undefined,
		});
	}
}
