/**
 * Time and chance, injected into every part of both sides, so that a test controls them.
 */
export type Clock = {
	/** The wall clock in ms since 1970: it keeps running while a machine sleeps. */
	now(): number;
	setTimeout(call: () => void, ms: number): unknown;
	clearTimeout(timer: unknown): void;
	/** 0 ≤ x < 1 */
	random(): number;
};
