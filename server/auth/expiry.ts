/** Watches the expiry of a credential while its connection is open. Knows no endpoint. */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";

/** How often the clock is checked, ms. Timers overflow after 24 days, and a machine may be suspended. */
const checkMs = 60_000;

export const expired = () =>
	new ChatError("unauthorized", "This credential has expired.");

/** Calls `call` once at `until`, unless the returned function is called before. */
export function whenExpired(
	clock: Clock,
	until: number,
	call: () => void,
): () => void {
	let timer: unknown;
	const check = () => {
		const leftMs = until - clock.now();
		if (leftMs <= 0) call();
		else timer = clock.setTimeout(check, Math.min(leftMs, checkMs));
	};
	timer = clock.setTimeout(check, Math.min(until - clock.now(), checkMs));
	return () => clock.clearTimeout(timer);
}
