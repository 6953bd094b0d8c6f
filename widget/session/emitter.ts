/**
 * Listeners of one kind of event. A listener that throws does not stop the others.
 */
export class Emitter<Value> {
	readonly #listeners = new Set<(value: Value) => void>();

	/** Returns the function that removes `listener`. */
	add(listener: (value: Value) => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	emit(value: Value) {
		for (const listener of [...this.#listeners]) {
			try {
				listener(value);
			} catch (error) {
				throwLater(error);
			}
		}
	}
}

/** The page's error handler receives an error of the page's own code; the caller continues. */
export const throwLater = (error: unknown) =>
	queueMicrotask(() => {
		throw error;
	});
