/**
 * Styles of the floating mode: the launcher, the panel in its corner, the full-screen panel.
 *
 * The z-index is for browsers without a top layer. The host has no box, so that the page's layout does
 * not change.
 */
import { css, unsafeCSS } from "lit";

/** On these screens the panel covers the whole page. */
export const smallScreen = "(max-width: 480px), (max-height: 440px)";

export const float = css`
	:host([mode="floating"]) { display: contents !important; }
	/* Only the launcher and the floating panel are popovers. */
	[popover] {
		--off: var(--chat-inset, 20px);
		--above: 0px;
		position: fixed;
		inset-block: auto calc(var(--off) + env(safe-area-inset-bottom) + var(--above));
		inset-inline: auto calc(var(--off) + env(safe-area-inset-right));
		z-index: 2147483647;
		margin: 0;
		box-shadow: 0 6px 28px var(--shadow);
	}
	:host(:is([position="bottom-left"], [position="top-left"])) [popover] { inset-inline: calc(var(--off) + env(safe-area-inset-left)) auto; }
	:host(:is([position="top-left"], [position="top-right"])) [popover] { inset-block: calc(var(--off) + env(safe-area-inset-top) + var(--above)) auto; }
	.launcher {
		display: grid;
		place-items: center;
		inline-size: var(--button);
		block-size: var(--button);
		overflow: visible;
		color: var(--chat_on-accent);
		background: var(--chat_accent);
		border: 1px solid var(--chat_ink);
		border-radius: 50%;
	}
	.launcher svg { inline-size: 28px; block-size: 28px; }
	/* Both icons always exist, so that opening creates no nodes. */
	.launcher[aria-expanded="true"] > slot, .launcher[aria-expanded="false"] > svg { display: none; }
	.badge {
		position: absolute;
		inset-block-start: -4px;
		inset-inline-end: -4px;
		min-inline-size: 24px;
		padding: 0 6px;
		font-size: 13px;
		line-height: 24px;
		color: var(--on-danger);
		background: var(--danger);
		border-radius: 12px;
	}
	.chat[popover] {
		--above: calc(12px + var(--button));
		inline-size: min(var(--chat-width, 400px), 100vw - 2 * var(--off));
		max-inline-size: var(--chat-max-width, none);
		block-size: min(var(--chat-height, 640px), 100dvh - 2 * var(--off) - var(--above));
		padding: 0;
	}
	/* One way to close the panel: where the launcher is visible, it is the launcher. */
	.chat[popover]:not([data-alone]) header > .tool:last-child { display: none; }
	/* Also clipped, because slotted content of the page may set visibility: visible. */
	.closed { visibility: hidden; clip-path: inset(50%); }

	@media ${unsafeCSS(smallScreen)} {
		.chat[popover][popover] {
			inset: var(--seen-offsetTop, 0) 0 auto;
			inline-size: 100%;
			max-inline-size: none;
			block-size: var(--seen-height, 100dvh);
			padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
			border: 0;
			border-radius: 0;
		}
		.launcher[aria-expanded="true"] { display: none; }
	}
	@media (forced-colors: active) {
		.launcher { border: 2px solid ButtonText; }
	}
	:host([hidden]) { display: none !important; }
`;
