/**
 * Stays at the bottom while text grows, unless the reader scrolled up; the reader always wins.
 *
 * A controller of the element. It knows one scrolling box and what is in it, and nothing of what the
 * text says.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Closed messages that have their size may be left out of the layout where nobody sees them. */
function markLaid(box: HTMLElement) {
	if (box.clientHeight === 0) return;
	const unmarked = "article:not([data-laid], [aria-busy=true])";
	for (const article of box.querySelectorAll<HTMLElement>(unmarked))
		article.dataset.laid = "";
}

/** Nearer to the bottom than this counts as being there, in CSS px. */
const nearPx = 50;

export class ScrollAnchor implements ReactiveController {
	/** The reader is elsewhere. */
	away = false;
	/** Something new came while the reader was elsewhere. */
	unseen = false;
	readonly #host: ReactiveControllerHost & { renderRoot: ParentNode };
	#box: HTMLElement | undefined;
	#top = 0;
	#height = 0;
	/** A finger or a mouse button is down on the text. */
	#isHeld = false;
	#watching: AbortController | undefined;

	constructor(host: ReactiveControllerHost & { renderRoot: ParentNode }) {
		this.#host = host;
		host.addController(this);
	}

	hostDisconnected() {
		this.#watching?.abort();
		this.#watching = undefined;
	}

	hostUpdated() {
		const box = this.#host.renderRoot.querySelector<HTMLElement>("[role=log]");
		if (!box) return;
		if (!this.#watching) this.#watch(box);
		this.#keep();
	}

	/** Something new is there. */
	contentAdded() {
		if (this.away) this.unseen = true;
	}

	/** Back to the bottom, and stay there. */
	follow() {
		this.#isHeld = false;
		this.#set(false);
	}

	/** To be called on every scroll of the box, whoever caused it. */
	readonly scrolled = () => {
		const box = this.#box;
		if (!box) return;
		const { scrollTop, scrollHeight, clientHeight } = box;
		const below = scrollHeight - clientHeight - scrollTop;
		const isResized = clientHeight !== this.#height;
		this.#height = clientHeight;
		// Nothing else goes up and is not at the end: the styles have no anchoring while we follow.
		// A box that gets taller goes up, too, and may get narrower before anybody looks.
		if (scrollTop < this.#top - 1 && below > 1 && !isResized) this.#set(true);
		else if (below <= (scrollTop > this.#top ? nearPx : 1)) this.#set(false);
		this.#top = scrollTop;
	};

	#set(away: boolean) {
		if (this.away === away) return;
		this.away = away;
		if (!away) this.unseen = false;
		this.#host.requestUpdate();
	}

	#watch(box: HTMLElement) {
		this.#box = box;
		this.#watching = new AbortController();
		const { signal } = this.#watching;
		// Text also moves when the box is resized, a font comes or the composer grows.
		// In the next frame: to scroll within this one may resize again, which the page would hear of.
		const sizes = new ResizeObserver(() =>
			requestAnimationFrame(() => {
				this.#keep();
				markLaid(box);
			}),
		);
		sizes.observe(box);
		for (const child of box.children) sizes.observe(child);
		signal.addEventListener("abort", () => sizes.disconnect());
		const on = (
			target: EventTarget,
			types: string[],
			listener: (event: Event) => void,
		) => {
			for (const type of types)
				target.addEventListener(type, listener, { signal, passive: true });
		};
		// A wheel's first step may be less than a pixel.
		on(box, ["wheel"], (event) => {
			if ((event as WheelEvent).deltaY < 0 && box.scrollTop > 0)
				this.#set(true);
		});
		on(box, ["touchstart", "pointerdown"], () => {
			this.#isHeld = true;
		});
		// The browser takes a pointer over for panning; a touch lasts until the finger leaves.
		on(window, ["touchend", "touchcancel", "pointerup"], () => {
			this.#isHeld = false;
		});
	}

	#keep() {
		const box = this.#box;
		if (!box) return;
		// The reader may have scrolled since the last event told of it.
		this.scrolled();
		// A greeting is read from its top.
		const isEmpty = !box.querySelector("article");
		if (isEmpty || this.away || this.#isHeld) return;
		box.scrollTop = box.scrollHeight;
		this.#top = box.scrollTop;
	}
}
