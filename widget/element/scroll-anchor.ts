/**
 * Keeps the transcript at its end while text grows, until the visitor scrolls up.
 *
 * It knows one scrolling box and nothing about messages.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Marks closed messages that have been laid out: the styles skip their layout while they are off screen. */
function markLaid(box: HTMLElement) {
	if (box.clientHeight === 0) return;
	const unmarked = "article:not([data-laid], [aria-busy=true])";
	for (const article of box.querySelectorAll<HTMLElement>(unmarked))
		article.dataset.laid = "";
}

/** Scrolling down to within this distance of the end follows the text again, in CSS px. */
const nearPx = 50;

export class ScrollAnchor implements ReactiveController {
	/** The visitor scrolled up. */
	away = false;
	/** The log grew while the visitor was scrolled up. */
	unseen = false;
	readonly #host: ReactiveControllerHost & { renderRoot: ParentNode };
	#box: HTMLElement | undefined;
	#top = 0;
	#height = 0;
	/** A finger or a mouse button is down on the transcript. */
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

	/** The log has grown. */
	contentAdded() {
		if (this.away) this.unseen = true;
	}

	/** Scrolls to the end and follows new text. */
	follow() {
		this.#isHeld = false;
		this.#set(false);
	}

	/** To be called on every scroll of the box, by the visitor or by code. */
	readonly scrolled = () => {
		const box = this.#box;
		if (!box) return;
		const { scrollTop, scrollHeight, clientHeight } = box;
		const below = scrollHeight - clientHeight - scrollTop;
		const isResized = clientHeight !== this.#height;
		this.#height = clientHeight;
		// Only the visitor scrolls up: the styles turn scroll anchoring off while the text is followed.
		// A box that grows also loses scrollTop, and may have shrunk again before this runs.
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
		// Text also moves when the box is resized, a font is loaded or the composer grows. Waits for the
		// next frame: scrolling now may resize again, and the page would get a ResizeObserver error.
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
		// The first step of a wheel may be less than a pixel.
		on(box, ["wheel"], (event) => {
			if ((event as WheelEvent).deltaY < 0 && box.scrollTop > 0)
				this.#set(true);
		});
		on(box, ["touchstart", "pointerdown"], () => {
			this.#isHeld = true;
		});
		// Not `pointercancel`: it fires when the browser starts to pan, while the finger is still down.
		on(window, ["touchend", "touchcancel", "pointerup"], () => {
			this.#isHeld = false;
		});
	}

	#keep() {
		const box = this.#box;
		if (!box) return;
		// The visitor may have scrolled since the last scroll event.
		this.scrolled();
		// A greeting is read from its beginning.
		const isEmpty = !box.querySelector("article");
		if (isEmpty || this.away || this.#isHeld) return;
		box.scrollTop = box.scrollHeight;
		this.#top = box.scrollTop;
	}
}
