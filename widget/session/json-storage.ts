/**
 * Small JSON records that outlive a reload, under names with a common prefix.
 *
 * An older version, another script or another tab may have written them: the reader checks each record.
 */

import type { SessionStorage } from "./types.ts";

export class JsonStorage {
	readonly #storage: SessionStorage | undefined;
	readonly #prefix: string;

	/** Without `storage` nothing is stored: every record is empty. */
	constructor(storage: SessionStorage | undefined, prefix: string) {
		this.#storage = storage;
		this.#prefix = prefix;
	}

	/** The record that any tab wrote last, or an empty one. */
	read(name: string): Record<string, unknown> {
		try {
			const text = this.#storage?.getItem(this.#prefix + name);
			return { ...JSON.parse(text ?? "{}") };
		} catch {
			// The storage is forbidden, or the text is not JSON: the same as no record.
			return {};
		}
	}

	write(name: string, record: object) {
		try {
			this.#storage?.setItem(this.#prefix + name, JSON.stringify(record));
		} catch {
			// The storage is full or forbidden: this page continues from memory.
		}
	}
}
