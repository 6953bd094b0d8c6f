/**
 * The launcher and its panel: in the top layer of the page, at home on small screens, kind to focus.
 *
 * A controller of the element, idle unless it floats. It never sees what is in the panel.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { smallScreen } from "../view/float-styles.ts";

type Host = ReactiveControllerHost & HTMLElement & { opened: boolean };

/** What can have the focus. */
const stops = "a[href], button, input, textarea, [tabindex='0']";

export class FloatingPanel implements ReactiveController {
	readonly #host: Host;
	/** What had the focus when the panel opened. */
	#before: Element | null = null;
	#hadFocus = false;
	/** There while the panel is open. */
	#open: AbortController | undefined;

	constructor(host: Host) {
		this.#host = host;
		host.addController(this);
	}

	hostDisconnected() {
		this.#open?.abort();
		this.#open = undefined;
	}

	hostUpdate() {
		const { renderRoot } = this;
		const focused = renderRoot?.activeElement;
		this.#hadFocus = !!focused && this.#panel?.contains(focused) === true;
		if (this.#host.opened && !this.#open) this.#before = document.activeElement;
	}

	hostUpdated() {
		const launcher = this.#launcher;
		const isOpen = launcher !== null && this.#host.opened;
		if (launcher) {
			const panel = this.#panel;
			raise(launcher);
			if (panel && !panel.hidden) raise(panel);
		}
		if (isOpen === (this.#open !== undefined)) return;
		if (isOpen) this.#unfold();
		else this.#fold();
	}

	/** Keeps the focus in a panel that covers the page. */
	readonly key = (event: KeyboardEvent) => {
		const panel = this.#panel;
		// With Shift, WebKitGTK has a name for the key's place only.
		if (event.code !== "Tab" || !panel?.ariaModal) return;
		const all = [...panel.querySelectorAll<HTMLElement>(stops)].filter(
			(element) => element.getClientRects().length > 0,
		);
		const [from, to] = event.shiftKey ? [0, -1] : [-1, 0];
		if (this.renderRoot?.activeElement !== all.at(from)) return;
		event.preventDefault();
		all.at(to)?.focus();
	};

	get renderRoot() {
		return this.#host.shadowRoot;
	}
	get #launcher() {
		return this.renderRoot?.querySelector<HTMLElement>(".launcher") ?? null;
	}
	get #panel() {
		return this.renderRoot?.querySelector<HTMLElement>(".chat") ?? null;
	}

	#unfold() {
		const panel = this.#panel as HTMLElement;
		// Above what the page has raised since it was laid out.
		if (
			"showPopover" in panel &&
			document.querySelector(":popover-open, :modal")
		)
			lower(panel);
		raise(panel);
		this.#open = new AbortController();
		const { signal } = this.#open;
		const small = matchMedia(smallScreen);
		const seen = window.visualViewport;
		const fit = () => this.#fit(panel, small.matches, seen);
		small.addEventListener("change", fit, { signal });
		for (const type of ["resize", "scroll"])
			seen?.addEventListener(type, fit, { signal });
		fit();
		signal.addEventListener("abort", () => this.#fit(panel, false, seen));
	}

	#fold() {
		this.#open?.abort();
		this.#open = undefined;
		lower(this.#panel);
		if (!this.#hadFocus) return;
		const before = this.#before;
		const isOurs = !before || before === this.#host || before === document.body;
		if (!isOurs && before.isConnected) (before as HTMLElement).focus();
		else this.#launcher?.focus();
	}

	/** Where the panel covers the screen: above the keyboard, and nothing scrolls behind. */
	#fit(panel: HTMLElement, covers: boolean, seen: VisualViewport | null) {
		panel.ariaModal = covers ? "true" : null;
		lockPage(covers);
		// Whoever magnifies the page wants it larger, not fitted.
		const follows = covers && seen && seen.scale < 1.05;
		// It is asked only where it counts: the answer takes a layout.
		for (const name of ["offsetTop", "height"] as const) {
			const px = follows ? `${seen[name]}px` : "";
			panel.style.setProperty(`--seen-${name}`, px);
		}
	}
}

/** Into the top layer, where there is one; the styles do without. */
function raise(element: HTMLElement) {
	if (
		element.isConnected &&
		"showPopover" in element &&
		!element.matches(":popover-open")
	)
		element.showPopover();
}

/** Out of it, so that the next time it comes before what was raised meanwhile. */
function lower(element: HTMLElement | null) {
	if (element && "hidePopover" in element && element.matches(":popover-open"))
		element.hidePopover();
}

let unlocked: string | undefined;

function lockPage(isLocked: boolean) {
	const { style } = document.documentElement;
	if (isLocked === (unlocked !== undefined)) return;
	if (isLocked) {
		unlocked = style.overflow;
		style.overflow = "hidden";
	} else {
		style.overflow = unlocked as string;
		unlocked = undefined;
	}
}
