/**
 * Counting: how often in a stretch of time, and how many at once. Everything else in this folder says
 * what is counted.
 *
 * Keys are bounded, or whoever makes up keys would fill the memory: the longest unused is forgotten
 * first, so that who calls often stays counted. In memory: a restart counts anew, but for what is
 * resumed.
 */
import { RateLimiterMemory } from "rate-limiter-flexible";

const defaultMaxKeys = 50_000;

/** Points taken, and in how many ms their stretch of time is over. */
export type Used = { used: number; againMs: number };

/** At most so many points for a key within a stretch of time that begins with its first. */
export class RateWindow {
	readonly most: number;
	readonly #limiter: RateLimiterMemory;
	readonly #maxKeys: number;
	/** The longest unused first. */
	readonly #keys = new Set<string>();

	/** `most` 0: without a limit. */
	constructor(most: number, seconds: number, maxKeys = defaultMaxKeys) {
		this.most = most;
		this.#maxKeys = maxKeys;
		this.#limiter = new RateLimiterMemory({ points: most, duration: seconds });
	}

	get size(): number {
		return this.#keys.size;
	}

	/** Takes a point. @returns in how many ms there is one again, if there is none. */
	async take(key: string): Promise<number | undefined> {
		if (this.most === 0) return undefined;
		const { used, againMs } = await this.add(key, 1);
		return used > this.most ? againMs : undefined;
	}

	/** Counts points, whether there are any left or not; fewer than none gives some back. */
	async add(key: string, points: number): Promise<Used> {
		this.#touch(key);
		const now = await this.#limiter.penalty(key, points);
		return { used: now.consumedPoints, againMs: now.msBeforeNext };
	}

	async look(key: string): Promise<Used> {
		const now = await this.#limiter.get(key);
		if (!now || now.msBeforeNext <= 0) return { used: 0, againMs: 0 };
		return { used: now.consumedPoints, againMs: now.msBeforeNext };
	}

	/** Goes on counting from what another window had: so many points, for so many ms more. */
	async resume(key: string, { used, againMs }: Used): Promise<void> {
		this.#touch(key);
		await this.#limiter.set(key, used, Math.ceil(againMs / 1_000));
	}

	#touch(key: string) {
		this.#keys.delete(key);
		this.#keys.add(key);
		if (this.#keys.size <= this.#maxKeys) return;
		for (const oldest of this.#keys) {
			this.#keys.delete(oldest);
			// In memory: done when it returns.
			this.#limiter.delete(oldest);
			break;
		}
	}
}

/** How many a key has at once. A key is forgotten when it has none. */
export class LiveCount {
	readonly #counts = new Map<string, number>();

	of(key: string): number {
		return this.#counts.get(key) ?? 0;
	}

	get size(): number {
		return this.#counts.size;
	}

	/** Counts `amount` until the returned function is called; calling it twice is fine. */
	add(key: string, amount = 1): () => void {
		this.#counts.set(key, this.of(key) + amount);
		let isCounted = true;
		return () => {
			if (!isCounted) return;
			isCounted = false;
			const left = this.of(key) - amount;
			if (left > 0) this.#counts.set(key, left);
			else this.#counts.delete(key);
		};
	}
}
