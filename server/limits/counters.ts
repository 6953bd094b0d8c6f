/**
 * Counters in memory: events per time window, and things that are open at once.
 *
 * Knows nothing of what is counted. Memory is bounded: the least recently used key is forgotten first,
 * so invented keys cannot evict an active one. A restart starts from zero, except for resumed windows.
 */

import type { ClientAddress } from "../visitor.ts";

const defaultMaxKeys = 50_000;

/** Points used in the current window, and ms until the window ends. */
export type Used = { used: number; againMs: number };

/** Counts points per key in fixed windows. A window starts with the first point of its key. */
export class RateWindow {
	readonly #max: number;
	readonly #windowMs: number;
	readonly #now: () => number;
	readonly #maxKeys: number;
	/** In order of use, the least recently used key first. */
	readonly #windows = new Map<string, { used: number; endsAt: number }>();

	/** @param max Points per window; 0 disables the limit. */
	constructor(
		max: number,
		windowMs: number,
		now: () => number,
		maxKeys = defaultMaxKeys,
	) {
		this.#max = max;
		this.#windowMs = windowMs;
		this.#now = now;
		this.#maxKeys = maxKeys;
	}

	get size(): number {
		return this.#windows.size;
	}

	/** Takes a point. @returns ms until there is one again, or `undefined` if there was one. */
	take(key: string): number | undefined {
		if (this.#max === 0) return undefined;
		const { used, againMs } = this.add(key, 1);
		return used > this.#max ? againMs : undefined;
	}

	/** Adds points without checking the limit. A negative number gives points back. */
	add(key: string, points: number): Used {
		const { used, againMs } = this.look(key);
		const left = againMs > 0 ? againMs : this.#windowMs;
		return this.#set(key, used + points, left);
	}

	/** Reads the current window of a key without changing it. */
	look(key: string): Used {
		const window = this.#windows.get(key);
		const againMs = window ? window.endsAt - this.#now() : 0;
		// A window that is longer than it can be was started before the clock was set back.
		if (!window || againMs <= 0 || againMs > this.#windowMs)
			return { used: 0, againMs: 0 };
		return { used: window.used, againMs };
	}

	/** Continues a window that another process started. */
	resume(key: string, { used, againMs }: Used): void {
		this.#set(key, used, Math.min(againMs, this.#windowMs));
	}

	#set(key: string, used: number, againMs: number): Used {
		this.#windows.delete(key);
		this.#windows.set(key, { used, endsAt: this.#now() + againMs });
		const [oldest] = this.#windows.keys();
		if (this.#windows.size > this.#maxKeys && oldest !== undefined)
			this.#windows.delete(oldest);
		return { used, againMs };
	}
}

/** How many things a key has open at once. A key without any is forgotten. */
export class LiveCount {
	readonly #counts = new Map<string, number>();

	of(key: string): number {
		return this.#counts.get(key) ?? 0;
	}

	get size(): number {
		return this.#counts.size;
	}

	/** Adds `amount` until the returned function is called. Calling it again has no effect. */
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

/** A limit of a /48 network is this many times the limit of an address. */
export const widerFactor = 2;

/** Counts points per address, and per /48 network with a higher limit. Localhost has no limit. */
export class AddressWindow {
	readonly #near: RateWindow;
	readonly #wide: RateWindow;

	constructor(max: number, windowMs: number, now: () => number) {
		this.#near = new RateWindow(max, windowMs, now);
		this.#wide = new RateWindow(max * widerFactor, windowMs, now);
	}

	/** Takes a point, as {@link RateWindow.take}. An unknown address has no limit. */
	take(address: ClientAddress | undefined): number | undefined {
		if (!address || address.isLocal) return undefined;
		const { group, wider } = address;
		const againMs = this.#near.take(group);
		if (againMs !== undefined || wider === undefined) return againMs;
		return this.#wide.take(wider);
	}
}

/** How many things an address has open at once, and the /48 network around it. */
export class AddressCount {
	readonly #counts = new LiveCount();

	get size(): number {
		return this.#counts.size;
	}

	isFull({ group, wider, isLocal }: ClientAddress, max: number): boolean {
		if (isLocal) return false;
		return (
			isOver(this.#counts.of(group), max) ||
			(wider !== undefined && isOver(this.#counts.of(wider), max * widerFactor))
		);
	}

	/** Counts until the returned function is called. Calling it again has no effect. */
	add({ group, wider }: ClientAddress): () => void {
		const releases = [group, ...(wider === undefined ? [] : [wider])].map(
			(key) => this.#counts.add(key),
		);
		return () => {
			for (const release of releases) release();
		};
	}
}

/** Whether `now` has reached a limit. A limit of 0 is disabled. */
export const isOver = (now: number, max: number): boolean =>
	max > 0 && now >= max;
