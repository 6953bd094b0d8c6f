/**
 * The floating launcher and its panel: the top layer, focus, and the full-screen panel of small screens.
 *
 * It does nothing in inline mode, and does not know the content of the panel.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { smallScreen } from "../view/float-styles.ts";

type Host = ReactiveControllerHost & HTMLElement & { open: boolean };

export class FloatingPanel implements ReactiveController {
	readonly #host: Host;
	/** The element that had the focus when the panel opened. */
	#before: HTMLElement | null = null;
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
		if (this.#host.open && !this.#open)
			this.#before = focusedElement(this.#host);
	}

	hostUpdated() {
		const launcher = this.#launcher;
		const isOpen = launcher !== null && this.#host.open;
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
		const { shiftKey } = event;
		const from = tabStop(panel, !shiftKey);
		if (!from || focusedElement() !== from) return;
		event.preventDefault();
		tabStop(panel, shiftKey)?.focus();
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
		if (!isOurs && before.isConnected) before.focus();
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

/**
 * The element with the focus, inside other shadow trees as well. Of a shadow tree it does not enter,
 * `outside`, it returns the host.
 */
function focusedElement(outside?: Element): HTMLElement | null {
	const root = outside?.getRootNode() as Document | ShadowRoot | undefined;
	let at = root?.activeElement ?? document.activeElement;
	while (at && at !== outside && at.shadowRoot?.activeElement)
		at = at.shadowRoot.activeElement;
	return at as HTMLElement | null;
}

/** The first or last element in `parent` that Tab reaches, slotted and nested ones included. */
function tabStop(parent: Element, isLast: boolean): HTMLElement | undefined {
	const slotted =
		parent instanceof HTMLSlotElement ? parent.assignedElements() : [];
	const inside = (parent.shadowRoot ?? parent).children;
	const children = [...(slotted.length > 0 ? slotted : inside)];
	if (isLast) children.reverse();
	for (const child of children) {
		const stop = isTabStop(child) ? child : undefined;
		const found = isLast
			? (tabStop(child, isLast) ?? stop)
			: (stop ?? tabStop(child, isLast));
		if (found) return found;
	}
	return undefined;
}

const isTabStop = (element: Element): element is HTMLElement =>
	element instanceof HTMLElement &&
	element.tabIndex >= 0 &&
	element.matches(":not(:disabled)") &&
	element.getClientRects().length > 0;

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
