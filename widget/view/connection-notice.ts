/**
 * What the visitor is told of the line to the server, and what can be done about it.
 *
 * Used by the element. A short loss is nobody's business: most lines are back before anybody minds.
 */

import { errorText, strings } from "../i18n/strings.ts";
import type { Connection } from "../session/session.ts";

export type Notice = {
	tone: "calm" | "alert";
	text: string;
	/** What the visitor can do about it. */
	actions: readonly { name: string; act(): void }[];
};

export type NoticeActions = {
	wake(): void;
	start(): void;
	startAnew(): void;
};

/** A wait shorter than this, in seconds, is not counted down. */
const fewSeconds = 3;

/** `late`: the line has been down for long enough to say so. */
export function noticeFor(
	connection: Connection,
	late: boolean,
	countdown: Countdown,
	{ wake, start, startAnew }: NoticeActions,
): Notice | undefined {
	const { state } = connection;
	if (state === "refused") {
		const { code } = connection;
		const actions = [{ name: strings.tryAgain, act: start }];
		if (code === "not_found" || code === "forbidden")
			actions.push({ name: strings.newConversation, act: startAnew });
		return { tone: "alert", text: errorText(connection), actions };
	}
	if (!late) return undefined;
	if (state === "connecting") {
		const { attempt } = connection;
		const text = attempt > 1 ? strings.reconnecting : strings.connecting;
		return { tone: "calm", text, actions: [] };
	}
	if (state !== "waiting") return undefined;
	// What a browser says of the network may be wrong.
	const actions = [{ name: strings.tryNow, act: wake }];
	return { tone: "calm", text: waitingText(connection, countdown), actions };
}

function waitingText(
	{ offline, until }: Extract<Connection, { state: "waiting" }>,
	countdown: Countdown,
): string {
	if (offline) return strings.offline;
	const seconds = countdown.secondsTo(until);
	return seconds < fewSeconds
		? strings.reconnecting
		: strings.reconnectingIn(seconds);
}

/** Counts seconds down, and asks for a painting each second while anybody looks. */
export class Countdown {
	readonly #repaint: () => void;
	readonly #ends = new WeakMap<object, number>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(repaint: () => void) {
		this.#repaint = repaint;
	}

	/** `until`: ms since 1970. */
	secondsTo(until: number): number {
		const leftMs = until - Date.now();
		if (leftMs <= 0) return 0;
		this.#timer ??= setTimeout(
			() => {
				this.#timer = undefined;
				this.#repaint();
			},
			leftMs % 1_000 || 1_000,
		);
		return Math.ceil(leftMs / 1_000);
	}

	/** Of `ms` that began when `subject` was first seen here. */
	readonly secondsLeft = (subject: object, ms: number): number => {
		const end = this.#ends.get(subject) ?? Date.now() + ms;
		this.#ends.set(subject, end);
		return this.secondsTo(end);
	};
}

/** A line may be down this long before the visitor is told. */
const quietMs = 1_000;

/** Tells when a line has been down for too long to say nothing. */
export class OutageTimer {
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
