/**
 * Stays at the bottom while text grows, unless the reader scrolled up; the reader always wins.
 *
 * A controller of the element. It knows one scrolling box and what is in it, and nothing of what the
 * text says.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Nearer to the bottom than this counts as being there, in CSS px. */
const nearPx = 50;

export class Stick implements ReactiveController {
	/** The reader is elsewhere. */
	away = false;
	/** Something new came while the reader was elsewhere. */
	unseen = false;
	readonly #host: ReactiveControllerHost & { renderRoot: ParentNode };
	#box: HTMLElement | undefined;
	#top = 0;
	#sizes: ResizeObserver | undefined;

	constructor(host: ReactiveControllerHost & { renderRoot: ParentNode }) {
		this.#host = host;
		host.addController(this);
	}

	hostDisconnected() {
		this.#sizes?.disconnect();
		this.#sizes = undefined;
	}

	hostUpdated() {
		const box = this.#host.renderRoot.querySelector<HTMLElement>("[role=log]");
		if (!box) return;
		if (!this.#sizes) {
			this.#box = box;
			// Text also moves when the box is resized, a font comes or the composer grows.
			this.#sizes = new ResizeObserver(() => this.#keep());
			this.#sizes.observe(box);
			for (const child of box.children) this.#sizes.observe(child);
		}
		this.#keep();
	}

	/** Something new is there. */
	news() {
		if (this.away) this.unseen = true;
	}

	/** Back to the bottom, and stay there. */
	follow() {
		this.away = false;
		this.unseen = false;
		this.#host.requestUpdate();
	}

	/** To be called on every scroll of the box, whoever caused it. */
	readonly scrolled = () => {
		const box = this.#box;
		if (!box) return;
		const { scrollTop, scrollHeight, clientHeight } = box;
		const below = scrollHeight - clientHeight - scrollTop;
		const wasAway = this.away;
		if (scrollTop < this.#top - 1 && below > 1) this.away = true;
		else if (below <= nearPx) this.away = this.unseen = false;
		this.#top = scrollTop;
		if (wasAway !== this.away) this.#host.requestUpdate();
	};

	#keep() {
		const box = this.#box;
		if (!box || this.away) return;
		box.scrollTop = box.scrollHeight;
		this.#top = box.scrollTop;
	}
}
