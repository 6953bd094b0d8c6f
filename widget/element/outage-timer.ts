/** Decides when a lost connection is shown: short interruptions recover before the visitor notices. */
import type { Connection } from "../session/types.ts";

/** A connection may be down this long before the visitor sees it, in ms. */
const quietMs = 1_000;

export class OutageTimer {
	/** The connection has been down for over a second. */
	isOver = false;
	readonly #onOver: () => void;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(onOver: () => void) {
		this.#onOver = onOver;
	}

	watch({ state }: Connection) {
		if (state === "ready" || state === "idle") this.end();
		else
			this.#timer ??= setTimeout(() => {
				this.isOver = true;
				this.#onOver();
			}, quietMs);
	}

	end() {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.isOver = false;
	}
}
