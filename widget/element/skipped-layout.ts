/**
 * Marks closed messages out of sight: the styles let the browser skip their layout.
 *
 * A message in sight is never marked, because a mark costs a layout shift there. Marks are never removed:
 * the browser lays out a marked message when it comes near.
 */

/** The last messages change most, and the visitor returns to them. They are never marked. */
const exempt = 2;

const unmarked = "article:not([data-laid], [aria-busy=true])";

export class SkippedLayout {
	readonly #box: HTMLElement;
	readonly #outOfSight = new Set<Element>();
	readonly #observer: IntersectionObserver;

	constructor(box: HTMLElement) {
		this.#box = box;
		this.#observer = new IntersectionObserver(
			(entries) => {
				// A message without a box has not been laid out.
				for (const { target, isIntersecting, boundingClientRect } of entries)
					if (isIntersecting || boundingClientRect.height === 0)
						this.#outOfSight.delete(target);
					else this.#outOfSight.add(target);
				this.#mark();
			},
			{ root: box, rootMargin: "100%" },
		);
	}

	/** To be called after messages were added or changed. */
	update() {
		// While the panel is hidden, nothing is in sight.
		if (this.#box.clientHeight === 0) return;
		const articles = this.#box.querySelectorAll(unmarked);
		for (const article of articles) this.#observer.observe(article);
		this.#mark();
	}

	stop() {
		this.#observer.disconnect();
	}

	#mark() {
		if (this.#outOfSight.size === 0) return;
		const last = [...this.#box.querySelectorAll("article")].slice(-exempt);
		for (const article of this.#outOfSight) {
			if (last.includes(article as HTMLElement)) continue;
			if (article.ariaBusy === "true") continue;
			(article as HTMLElement).dataset.laid = "";
			this.#observer.unobserve(article);
			this.#outOfSight.delete(article);
		}
	}
}
