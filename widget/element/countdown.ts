/** Counts seconds down on the screen: one update of the element for each second that is shown. */
export class Countdown {
	readonly #requestUpdate: () => void;
	readonly #ends = new WeakMap<object, number>();
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(requestUpdate: () => void) {
		this.#requestUpdate = requestUpdate;
	}

	/** Seconds until `until`, in ms since 1970. */
	readonly secondsTo = (until: number): number => {
		const leftMs = until - Date.now();
		if (leftMs <= 0) return 0;
		this.#timer ??= setTimeout(
			() => {
				this.#timer = undefined;
				this.#requestUpdate();
			},
			leftMs % 1_000 || 1_000,
		);
		return Math.ceil(leftMs / 1_000);
	};

	/** Seconds left of `ms`, which start with the first call for `subject`. */
	readonly secondsLeft = (subject: object, ms: number): number => {
		const end = this.#ends.get(subject) ?? Date.now() + ms;
		this.#ends.set(subject, end);
		return this.secondsTo(end);
	};
}
