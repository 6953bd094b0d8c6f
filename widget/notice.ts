/**
 * What the visitor is told of the line to the server, and what can be done about it.
 *
 * Used by the element. A short loss is nobody's business: most lines are back before anybody minds.
 */
import type { Connection } from "./session.ts";
import { strings } from "./strings.ts";

export type Notice = {
	tone: "calm" | "alert";
	text: string;
	/** What the visitor can do about it. */
	actions: readonly { name: string; act(): void }[];
};

export type Remedies = {
	wake(): void;
	start(): void;
	startAnew(): void;
};

/** `late`: the line has been down for long enough to say so. */
export function noticeOf(
	connection: Connection,
	late: boolean,
	{ wake, start, startAnew }: Remedies,
): Notice | undefined {
	const { state } = connection;
	if (state === "refused") {
		const { code, text } = connection;
		const actions = [{ name: strings.tryAgain, act: start }];
		if (code === "not_found" || code === "forbidden")
			actions.push({ name: strings.newConversation, act: startAnew });
		return { tone: "alert", text, actions };
	}
	if (!late) return undefined;
	if (state === "connecting") {
		const { attempt } = connection;
		const text = attempt > 1 ? strings.reconnecting : strings.connecting;
		return { tone: "calm", text, actions: [] };
	}
	if (state !== "waiting") return undefined;
	if (connection.offline)
		return { tone: "calm", text: strings.offline, actions: [] };
	const actions = [{ name: strings.tryNow, act: wake }];
	return { tone: "calm", text: strings.reconnecting, actions };
}

/** A line may be down this long before the visitor is told. */
const quietMs = 1_000;

/** Tells when a line has been down for too long to say nothing. */
export class Patience {
	over = false;
	readonly #due: () => void;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(due: () => void) {
		this.#due = due;
	}

	watch({ state }: Connection) {
		if (state === "ready" || state === "idle") this.end();
		else
			this.#timer ??= setTimeout(() => {
				this.over = true;
				this.#due();
			}, quietMs);
	}

	end() {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.over = false;
	}
}
