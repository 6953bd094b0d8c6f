/**
 * What the visitor wants of replies, kept until a line has carried it: stop, another answer, a rating.
 *
 * Owned by the session. Messages are not wishes: those wait in the outbox for their echo.
 */
import type { Rate, Retry, UpFrame } from "../protocol/frames.ts";

export class Wishes {
	/** The last word on each subject. */
	readonly #waiting = new Map<string, UpFrame>();
	/** The reply to be stopped, while it is open: the line that was told may have been dying. */
	#unwanted: string | undefined;

	add(frame: Rate | Retry) {
		this.#waiting.set(`${frame.type} ${frame.message}`, frame);
	}

	stop(message: string) {
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
		if (this.#unwanted && this.#unwanted === openReply) this.stop(openReply);
		else this.#unwanted = undefined;
	}

	flush(carry: (frame: UpFrame) => boolean) {
		for (const [key, frame] of this.#waiting)
			if (carry(frame)) this.#waiting.delete(key);
	}
}
