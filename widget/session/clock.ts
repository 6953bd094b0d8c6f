/** The machine's own time and chance, for a session that was given none. Tests give their own. */
import type { Clock } from "../../protocol/clock.ts";

export const machineClock: Clock = {
	now: () => Date.now(),
	setTimeout: (call, ms) => setTimeout(call, ms),
	clearTimeout: (timer) => clearTimeout(timer as number),
	random: () => Math.random(),
};
