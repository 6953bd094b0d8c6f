/**
 * Those who want to hear of something; none of them can keep the news from the others.
 *
 * The session tells its changes through it.
 */
export class Emitter<News> {
	readonly #calls = new Set<(news: News) => void>();

	/** Returns the call that takes `call` out again. */
	add(call: (news: News) => void): () => void {
		this.#calls.add(call);
		return () => this.#calls.delete(call);
	}

	tell(news: News) {
		for (const call of [...this.#calls]) {
			try {
				call(news);
			} catch (error) {
				// A listener's fault is the page's to see, and no reason for us to stop half-way.
				queueMicrotask(() => {
					throw error;
				});
			}
		}
	}
}
