/**
 * The visitor's commands about replies (stop, retry, rating) that no connection has carried yet.
 *
 * Messages are in the outbox instead: they wait for their own `start`, a command waits only to be sent.
 */
import type { ClientFrame, Rate, Retry } from "../../protocol/frames.ts";
import { since } from "./heartbeat.ts";

/** If a reply is open this long after its stop was sent, the connection is unresponsive. */
const echoMs = 10_000;

export class PendingCommands {
	/** The latest command on each subject. */
	readonly #commands = new Map<string, ClientFrame>();
	/** The reply to stop, while it is open: a connection that carried the stop may have lost it. */
	#stopping: string | undefined;
	/** When the current connection first carried that stop. */
	#stoppedAt: number | undefined;

	add(frame: Rate | Retry) {
		this.#commands.set(`${frame.type} ${frame.message}`, frame);
	}

	stop(message: string) {
		if (message !== this.#stopping) this.#stoppedAt = undefined;
		this.#stopping = message;
		this.#commands.set("stop", { type: "stop", message });
	}

	clear() {
		this.#commands.clear();
		this.#stopping = undefined;
	}

	/** A new connection is ready: a stop is sent again if its reply is still open. */
	connected(openReply: string | undefined) {
		this.#commands.delete("stop");
		this.#stoppedAt = undefined;
		if (this.#stopping && this.#stopping === openReply) this.stop(openReply);
		else this.#stopping = undefined;
	}

	/** Sends what is pending. Returns whether the connection is unresponsive: a stop has no effect. */
	flush(
		now: number,
		openReply: string | undefined,
		send: (frame: ClientFrame) => boolean,
	): boolean {
		for (const [key, frame] of this.#commands) {
			if (!send(frame)) continue;
			this.#commands.delete(key);
			if (key === "stop") this.#stoppedAt ??= now;
		}
		const isOpen = openReply !== undefined && openReply === this.#stopping;
		if (!isOpen || this.#stoppedAt === undefined) return false;
		return since(this.#stoppedAt, now) >= echoMs;
	}
}
