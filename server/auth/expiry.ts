/** When a credential stops to count while its bearer is still here. Both gates call it. */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";

/** Timers cannot wait for longer than 24 days, and a machine may sleep: looks at least this often, ms. */
const lookMs = 60_000;

export const expired = () =>
	new ChatError("unauthorized", "This credential has expired.");

/** Calls once when `until` has come, unless the returned function was called. */
export function whenExpired(
	clock: Clock,
	until: number,
	call: () => void,
): () => void {
	let timer: unknown;
	const look = () => {
		const leftMs = until - clock.now();
		if (leftMs <= 0) call();
		else timer = clock.setTimeout(look, Math.min(leftMs, lookMs));
	};
	timer = clock.setTimeout(look, Math.min(until - clock.now(), lookMs));
	return () => clock.clearTimeout(timer);
}
