/**
 * Remembers for a tab which HTTP transport worked, so that the next page of the site starts with it.
 *
 * A storage that throws, or holds a value of another script, remembers nothing.
 */
import type { TransportName, TransportOptions } from "./transport.ts";

/** Later than this, a laptop may be in another network. */
const memoMs = 600_000;

export class TransportMemory {
	readonly #storage: TransportOptions["memo"];
	readonly #key: string;

	constructor({ memo, url }: TransportOptions) {
		this.#storage = memo;
		this.#key = `chat-line ${url}`;
	}

	recall(now: number): TransportName | undefined {
		const [name, until] =
			this.#try((storage, key) => storage.getItem(key))?.split(" ") ?? [];
		const leftMs = Number(until) - now;
		if (!(leftMs > 0 && leftMs <= memoMs)) return undefined;
		return name === "stream" || name === "poll" ? name : undefined;
	}

	remember(name: TransportName, now: number) {
		this.#try((storage, key) =>
			storage.setItem(key, `${name} ${now + memoMs}`),
		);
	}

	forget() {
		this.#try((storage, key) => storage.removeItem(key));
	}

	#try<Result>(
		call: (
			storage: NonNullable<TransportOptions["memo"]>,
			key: string,
		) => Result,
	): Result | undefined {
		try {
			return this.#storage && call(this.#storage, this.#key);
		} catch {
			return undefined;
		}
	}
}
