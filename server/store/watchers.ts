/**
 * The watchers of each conversation in this process. Knows no log.
 */
export class Watchers {
	#hints = new Map<string, Set<() => void>>();

	has(conversation: string): boolean {
		return this.#hints.has(conversation);
	}

	/** `left` is called once, when the last watcher of the conversation has ended. */
	add(conversation: string, hint: () => void, left?: () => void): () => void {
		let hints = this.#hints.get(conversation);
		if (!hints) {
			hints = new Set();
			this.#hints.set(conversation, hints);
		}
		// Wrapped, because one function may watch twice and end one watch only.
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
