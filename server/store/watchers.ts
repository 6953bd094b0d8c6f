/**
 * Who waits for which conversation in this process. Both engines keep one; it knows no log.
 */
export class Watchers {
	#hints = new Map<string, Set<() => void>>();

	has(conversation: string): boolean {
		return this.#hints.has(conversation);
	}

	/** `left` is called once, when the conversation has lost its last watcher. */
	add(conversation: string, hint: () => void, left?: () => void): () => void {
		let hints = this.#hints.get(conversation);
		if (!hints) {
			hints = new Set();
			this.#hints.set(conversation, hints);
		}
		// The same function may watch twice: what ends one watch must not end the other.
		const watcher = () => hint();
		hints.add(watcher);
		return () => {
			if (!hints.delete(watcher) || hints.size > 0) return;
			this.#hints.delete(conversation);
			left?.();
		};
	}

	wake(conversation: string) {
		const hints = this.#hints.get(conversation);
		if (hints) for (const hint of hints) hint();
	}
}
