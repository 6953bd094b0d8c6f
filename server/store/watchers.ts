/**
 * The watchers of each conversation in this process. Knows no log.
 */
import type { Hint, LogPage } from "./store.ts";

export class Watchers {
	#hints = new Map<string, Set<Hint>>();

	has(conversation: string): boolean {
		return this.#hints.has(conversation);
	}

	/** `left` is called once, when the last watcher of the conversation has ended. */
	add(conversation: string, hint: Hint, left?: () => void): () => void {
		let hints = this.#hints.get(conversation);
		if (!hints) {
			hints = new Set();
			this.#hints.set(conversation, hints);
		}
		// Wrapped, because one function may watch twice and end one watch only.
		const watcher: Hint = (stored) => hint(stored);
		hints.add(watcher);
		return () => {
			if (!hints.delete(watcher) || hints.size > 0) return;
			this.#hints.delete(conversation);
			left?.();
		};
	}

	wake(conversation: string, stored?: LogPage) {
		const hints = this.#hints.get(conversation);
		if (hints) for (const hint of hints) hint(stored);
	}
}
