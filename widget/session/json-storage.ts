/**
 * What a session remembers across a reload: small records of JSON under names of its own.
 *
 * The session and its outbox read and write here. What comes back was stored by an older version, by
 * another script or by nobody: whoever reads it checks it.
 */

export type SessionStorage = Pick<
	Storage,
	"getItem" | "setItem" | "removeItem"
>;

export class JsonStorage {
	readonly #storage: SessionStorage | undefined;
	readonly #prefix: string;

	/** Without a storage nothing is kept; whoever writes here has it in memory anyway. */
	constructor(storage: SessionStorage | undefined, prefix: string) {
		this.#storage = storage;
		this.#prefix = prefix;
	}

	/** The record last written, by whichever tab; an empty one where there is none. */
	read(name: string): Record<string, unknown> {
		try {
			const text = this.#storage?.getItem(this.#prefix + name);
			return { ...JSON.parse(text ?? "{}") };
		} catch {
			// Forbidden storage, or not JSON: as good as nothing.
			return {};
		}
	}

	write(name: string, record: object) {
		try {
			this.#storage?.setItem(this.#prefix + name, JSON.stringify(record));
		} catch {
			// Full or forbidden: this page goes on from memory, the next one begins with less.
		}
	}
}
