/**
 * How much the fuzz tests do. FUZZ_FACTOR multiplies their runs: `npm run test:long` sets 10, and 0 leaves one run.
 * FUZZ_SEED is the first seed.
 */

/** @default 1 */
export const firstSeed = Number(process.env.FUZZ_SEED ?? 1);

const factor = Number(process.env.FUZZ_FACTOR ?? 1);

/** How many runs there are, where `npm test` has `usual`. */
export const runs = (usual: number): number =>
	Math.max(1, Math.round(usual * factor));

/** `npm test` has the seeds from 1 on. */
export const seeds = (usual: number): number[] =>
	Array.from({ length: runs(usual) }, (_, i) => firstSeed + i);

/** Ample time for `runs(usual)`, ms. */
export const fuzzMs = 60_000 + 60_000 * factor;
