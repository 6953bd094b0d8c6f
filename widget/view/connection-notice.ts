/**
 * The line that describes a lost or rejected connection, and the buttons the visitor gets.
 *
 * Disconnections under one second are not shown; most recover before the visitor notices.
 */

import { errorText, strings } from "../i18n/strings.ts";
import type { Connection } from "../session/types.ts";

export type Notice = {
	tone: "calm" | "alert";
	text: string;
	/** The buttons. */
	actions: readonly { name: string; act(): void }[];
};

export type NoticeActions = {
	reconnectNow(): void;
	/** Connects again after an error that ended the session. */
	restart(): void;
	startNewConversation(): void;
};

/** Below this many seconds there is no countdown. */
const fewSeconds = 3;

/** `isOutage`: the connection has been down long enough to show it. */
export function noticeFor(
	connection: Connection,
	isOutage: boolean,
	secondsTo: (until: number) => number,
	{ reconnectNow, restart, startNewConversation }: NoticeActions,
): Notice | undefined {
	if (connection.state === "refused") {
		const { code } = connection;
		const actions = [{ name: strings.tryAgain, act: restart }];
		if (code === "not_found" || code === "forbidden")
			actions.push({
				name: strings.newConversation,
				act: startNewConversation,
			});
		return { tone: "alert", text: errorText(connection), actions };
	}
	if (!isOutage) return undefined;
	switch (connection.state) {
		case "connecting": {
			const isFirst = connection.attempt <= 1;
			const text = isFirst ? strings.connecting : strings.reconnecting;
			return { tone: "calm", text, actions: [] };
		}
		case "waiting":
			return {
				tone: "calm",
				text: waitingText(connection, secondsTo),
				// Also when offline: what a browser reports about the network may be wrong.
				actions: [{ name: strings.tryNow, act: reconnectNow }],
			};
		case "idle":
		case "ready":
			return undefined;
		default:
			return connection satisfies never;
	}
}

function waitingText(
	{ offline, until }: Extract<Connection, { state: "waiting" }>,
	secondsTo: (until: number) => number,
): string {
	if (offline) return strings.offline;
	const seconds = secondsTo(until);
	return seconds < fewSeconds
		? strings.reconnecting
		: strings.reconnectingIn(seconds);
}
