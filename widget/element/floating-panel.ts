/**
 * The floating launcher and its panel: the top layer, focus, and the full-screen panel of small screens.
 *
 * It does nothing in inline mode, and does not know the content of the panel.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { smallScreen } from "../view/float-styles.ts";

type Host = ReactiveControllerHost & HTMLElement & { opened: boolean };

/** Elements that can have the focus. */
const focusable = "a[href], button, input, textarea, [tabindex='0']";

export class FloatingPanel implements ReactiveController {
	readonly #host: Host;
	/** The element that had the focus when the panel opened. */
	#before: Element | null = null;
	#hadFocus = false;
	/** Set while the panel is open. Aborting it removes the listeners. */
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

	/** Keeps the focus inside a panel that covers the page. */
	readonly key = (event: KeyboardEvent) => {
		const panel = this.#panel;
		// `code`, because WebKitGTK reports another `key` for Shift+Tab.
		if (event.code !== "Tab" || !panel?.ariaModal) return;
		const all = [...panel.querySelectorAll<HTMLElement>(focusable)].filter(
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
		// Popovers and dialogs that the page opened since then would be above the panel.
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

	/** Makes a covering panel end above the on-screen keyboard, and stops the page from scrolling. */
	#fit(panel: HTMLElement, covers: boolean, seen: VisualViewport | null) {
		panel.ariaModal = covers ? "true" : null;
		lockPage(covers);
		// A visitor who zooms in wants a larger panel, not one that fits.
		const follows = covers && seen && seen.scale < 1.05;
		// A page may hide the launcher, and small screens do.
		const isAlone = this.#launcher?.getClientRects().length === 0;
		panel.toggleAttribute("data-alone", isAlone);
		// Only read if needed: reading forces a layout.
		for (const name of ["offsetTop", "height"] as const) {
			const px = follows ? `${seen[name]}px` : "";
			panel.style.setProperty(`--seen-${name}`, px);
		}
	}
}

/** Moves `element` into the top layer, if the browser has one. The styles do not need it. */
function raise(element: HTMLElement) {
	if (
		element.isConnected &&
		"showPopover" in element &&
		!element.matches(":popover-open")
	)
		element.showPopover();
}

/** Removes it from the top layer, so that the next `raise` puts it above everything else. */
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
