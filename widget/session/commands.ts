/**
 * What the visitor wants of replies, kept until a line has carried it: stop, another answer, a rating.
 *
 * Owned by the session. Messages are not wishes: those wait in the outbox for their echo.
 */
import type { ClientFrame, Rate, Retry } from "../../protocol/frames.ts";
import { since } from "./heartbeat.ts";

/** A stop that was carried and has closed nothing after this long shows that the line is deaf. */
const echoMs = 10_000;

export class PendingCommands {
	/** The last word on each subject. */
	readonly #waiting = new Map<string, ClientFrame>();
	/** The reply to be stopped, while it is open: the line that was told may have been dying. */
	#unwanted: string | undefined;
	/** When the line of now carried that stop, the first time. */
	#stoppedAt: number | undefined;

	add(frame: Rate | Retry) {
		this.#waiting.set(`${frame.type} ${frame.message}`, frame);
	}

	stop(message: string) {
		if (message !== this.#unwanted) this.#stoppedAt = undefined;
		this.#unwanted = message;
		this.#waiting.set("stop", { type: "stop", message });
	}

	clear() {
		this.#waiting.clear();
		this.#unwanted = undefined;
	}

	/** A new line, and the reply that is open as far as we have read. */
	begin(openReply: string | undefined) {
		this.#waiting.delete("stop");
		this.#stoppedAt = undefined;
		if (this.#unwanted && this.#unwanted === openReply) this.stop(openReply);
		else this.#unwanted = undefined;
	}

	/** Carries what waits. `true`: the reply is still open long after its stop; nothing goes up here. */
	flush(
		now: number,
		openReply: string | undefined,
		carry: (frame: ClientFrame) => boolean,
	): boolean {
		for (const [key, frame] of this.#waiting) {
			if (!carry(frame)) continue;
			this.#waiting.delete(key);
			if (key === "stop") this.#stoppedAt ??= now;
		}
		const isOpen = openReply !== undefined && openReply === this.#unwanted;
		if (!isOpen || this.#stoppedAt === undefined) return false;
		return since(this.#stoppedAt, now) >= echoMs;
	}
}
