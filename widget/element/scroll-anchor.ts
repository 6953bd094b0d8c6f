/**
 * Decides where the transcript stands while text grows: the question that was just asked stays in sight,
 * and the answer fills the room below it. Only the visitor scrolls away.
 *
 * It knows the scrolling box and the last question in it, and no session.
 */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { SkippedLayout } from "./skipped-layout.ts";

/** Scrolling down to within this distance of the end follows the text again, in CSS px. */
const nearPx = 50;

/** How much of the conversation before a question stays visible above it, in CSS px. */
const peekPx = 56;

/** An input this long ago may still cause a scroll, in ms: wheels and touches have momentum. */
const momentumMs = 1_000;

/** After the content changed its size, a browser may still correct the scroll position for this long, in ms. */
const settlingMs = 500;

/**
 * What stays where it is while text grows: the end of the transcript, the question that was just asked, or
 * the place to which the visitor scrolled.
 */
type Hold = "end" | "question" | "place";

type Host = ReactiveControllerHost & { renderRoot: ParentNode };

export class ScrollAnchor implements ReactiveController {
	/** Messages are below the fold, and the transcript does not scroll to them. */
	away = false;
	/** The log grew while the visitor was scrolled up. */
	unseen = false;
	readonly #host: Host;
	#hold: Hold = "end";
	/** The next update shows a new question. */
	#isAsked = false;
	#question: HTMLElement | undefined;
	#box: HTMLElement | undefined;
	#skipped: SkippedLayout | undefined;
	#top = 0;
	/** The box has no size, so its scroll position means nothing. */
	#isHidden = false;
	/** The height of the box and of its content at the last look. */
	#size = "";
	#sizedAt = Number.NEGATIVE_INFINITY;
	/** The scroll position that shows the question at the top. */
	#place = 0;
	/** A finger or a mouse button is down on the transcript. */
	#isHeld = false;
	/** When the visitor last used a wheel, a finger, a key or a pointer here. */
	#inputAt = Number.NEGATIVE_INFINITY;
	#watching: AbortController | undefined;

	constructor(host: Host) {
		this.#host = host;
		host.addController(this);
	}

	/** The transcript scrolls to its end while text grows. */
	get isFollowing(): boolean {
		return this.#hold === "end";
	}

	hostDisconnected() {
		this.#watching?.abort();
		this.#watching = undefined;
	}

	hostUpdate() {
		// The visitor may have scrolled since the last scroll event.
		this.scrolled();
	}

	hostUpdated() {
		const box = this.#host.renderRoot.querySelector<HTMLElement>("[role=log]");
		if (!box) return;
		if (!this.#watching) this.#watch(box);
		if (this.#isAsked) {
			this.#isAsked = false;
			this.#question = [...box.querySelectorAll<HTMLElement>(".user")].at(-1);
			this.#hold = this.#question ? "question" : "end";
			this.unseen = false;
		}
		this.#keep();
	}

	/** The log has grown. */
	contentAdded() {
		if (this.#hold === "place" && this.away) this.unseen = true;
	}

	/** Scrolls to the end and follows new text. */
	follow() {
		this.#isHeld = false;
		this.#setHold("end");
	}

	/** Scrolls the next question to the top, and leaves it there while its answer grows. */
	asked() {
		this.#isHeld = false;
		this.#isAsked = true;
	}

	/** The transcript is visible again: shows the last question, or the end. */
	shown() {
		this.#setHold(this.#question?.isConnected ? "question" : "end");
	}

	/** To be called on every scroll of the box, by the visitor or by code. */
	readonly scrolled = () => {
		const box = this.#box;
		if (!box) return;
		const { scrollTop, scrollHeight, clientHeight } = box;
		if (clientHeight === 0) this.#isHidden = true;
		if (this.#isHidden) return;
		const moved = scrollTop - this.#top;
		this.#top = scrollTop;
		this.#noteSize(box);
		const now = performance.now();
		const isInput = this.#isHeld || now - this.#inputAt < momentumMs;
		const below = scrollHeight - clientHeight - scrollTop;
		const isAtEnd = moved > 1 ? below <= nearPx : below <= 1 && !isInput;
		if (isAtEnd && (moved > 1 || this.#hold === "place")) this.#reachedEnd();
		else if (Math.abs(moved) > 1) {
			// Content that shrinks and grows, or a box that does, also moves scrollTop.
			const isVisitors = isInput || now - this.#sizedAt > settlingMs;
			if (isVisitors) this.#setHold("place");
			else requestAnimationFrame(() => this.#keep());
		}
	};

	#noteSize({ clientHeight, scrollHeight }: HTMLElement) {
		const size = `${clientHeight}/${scrollHeight}`;
		if (size !== this.#size) this.#sizedAt = performance.now();
		this.#size = size;
	}

	/** While an answer leaves room below it, the end is where its question stands. */
	#reachedEnd() {
		const box = this.#box;
		const isRoom =
			box &&
			this.#question?.isConnected &&
			this.#contentEnd(box) <= this.#place + box.clientHeight;
		this.#setHold(isRoom ? "question" : "end");
	}

	#setHold(hold: Hold) {
		this.#hold = hold;
		if (hold === "end") this.unseen = false;
		this.#showAway();
	}

	#showAway() {
		const box = this.#box;
		const below = box
			? this.#contentEnd(box) - box.clientHeight - box.scrollTop
			: 0;
		const away = this.#hold !== "end" && below > 1;
		if (away === this.away) return;
		this.away = away;
		if (!away) this.unseen = false;
		this.#host.requestUpdate();
	}

	/** Where the last message ends in the content, in px. Reserved room is no message. */
	#contentEnd(box: HTMLElement): number {
		const last = box.firstElementChild?.lastElementChild;
		if (!(last instanceof HTMLElement)) return 0;
		return last.offsetTop + last.offsetHeight;
	}

	#watch(box: HTMLElement) {
		this.#box = box;
		this.#watching = new AbortController();
		const { signal } = this.#watching;
		const skipped = new SkippedLayout(box);
		this.#skipped = skipped;
		signal.addEventListener("abort", () => skipped.stop());
		// Text also moves when the box is resized, a font is loaded or the composer grows. Waits for the
		// next frame: scrolling now may resize again, and the page would get a ResizeObserver error.
		const sizes = new ResizeObserver(() =>
			requestAnimationFrame(() => this.#keep()),
		);
		sizes.observe(box);
		for (const child of box.children) sizes.observe(child);
		signal.addEventListener("abort", () => sizes.disconnect());
		const on = <Type extends keyof HTMLElementEventMap>(
			target: EventTarget,
			types: readonly Type[],
			listener: (event: HTMLElementEventMap[Type]) => void,
		) => {
			for (const type of types)
				target.addEventListener(type, listener as EventListener, {
					signal,
					passive: true,
				});
		};
		on(box, ["wheel", "keydown", "touchstart", "touchmove"], () => {
			this.#inputAt = performance.now();
		});
		// The first step of a wheel may be less than a pixel.
		on(box, ["wheel"], ({ deltaY }) => {
			if (deltaY < 0 && box.scrollTop > 0) this.#setHold("place");
		});
		on(box, ["touchstart"], () => {
			this.#isHeld = true;
		});
		// A finger's `pointercancel` fires when the browser starts to pan, while the finger is still down.
		on(box, ["pointerdown"], ({ pointerType }) => {
			if (pointerType !== "touch") this.#isHeld = true;
		});
		on(window, ["touchend", "touchcancel", "pointerup"], () => {
			if (this.#isHeld) this.#inputAt = performance.now();
			this.#isHeld = false;
		});
		on(window, ["pointercancel"], ({ pointerType }) => {
			if (pointerType !== "touch") this.#isHeld = false;
		});
	}

	#keep() {
		const box = this.#box;
		if (!box) return;
		this.scrolled();
		if (this.#isHidden) {
			if (box.clientHeight === 0) return;
			// A browser forgets the position of a box that is not displayed.
			this.#isHidden = false;
			if (this.#hold === "place") box.scrollTop = this.#top;
		}
		this.#skipped?.update();
		if (this.#hold !== "end" && !this.#question?.isConnected)
			this.#question = undefined;
		this.#reserveRoom(box);
		// A greeting is read from its beginning.
		const isEmpty = !box.querySelector("article");
		if (!isEmpty && !this.#isHeld) {
			if (this.#hold === "end") box.scrollTop = box.scrollHeight;
			else if (this.#hold === "question") box.scrollTop = this.#place;
			this.#top = box.scrollTop;
		}
		this.#noteSize(box);
		this.#showAway();
	}

	/** Keeps the content high enough for the question to be at the top. */
	#reserveRoom(box: HTMLElement) {
		const content = box.firstElementChild as HTMLElement;
		const question = this.#hold === "end" ? undefined : this.#question;
		const { clientHeight } = box;
		if (clientHeight === 0) return;
		if (question) {
			const { offsetTop, offsetHeight } = question;
			// Of a long question, its end stays visible, and half of the box is for the answer.
			const last = offsetTop + offsetHeight - clientHeight / 2;
			this.#place = Math.round(Math.max(0, last, offsetTop - peekPx));
		}
		const room = question ? `${this.#place + clientHeight}px` : "";
		if (content.style.minBlockSize !== room) content.style.minBlockSize = room;
	}
}
