/**
 * How the floating chat stands on the page: the launcher, the panel in its corner, the small screen.
 *
 * A part of styles.ts, which adopts it. In the top layer z-index means nothing; it is for browsers
 * without one. The host has no box, so that the page does not move.
 */
import { css, unsafeCSS } from "lit";
import { smallScreen } from "./float.ts";

export const float = css`
	:host([mode="floating"]) { display: contents !important; }
	.launcher, :host([mode="floating"]) .chat {
		--off: var(--chat-inset, 20px);
		position: fixed;
		inset: auto;
		z-index: 2147483647;
		margin: 0;
		box-shadow: 0 6px 28px var(--shadow);
	}
	.launcher {
		display: grid;
		place-items: center;
		inline-size: var(--button);
		block-size: var(--button);
		overflow: visible;
		color: var(--on-accent);
		background: var(--accent);
		border: 1px solid var(--ink);
		border-radius: 50%;
	}
	.launcher svg { inline-size: 28px; block-size: 28px; }
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
	:host([mode="floating"]) .chat {
		inline-size: min(var(--chat-width, 400px), 100vw - 2 * var(--off));
		max-inline-size: var(--chat-max-width, none);
		block-size: min(var(--chat-height, 640px), 100dvh - 2 * var(--off) - 12px - var(--button));
		padding: 0;
	}
	.launcher, :host([mode="floating"]) .chat { inset-inline-end: calc(var(--off) + env(safe-area-inset-right)); }
	.launcher { inset-block-end: calc(var(--off) + env(safe-area-inset-bottom)); }
	:host([mode="floating"]) .chat { inset-block-end: calc(var(--off) + env(safe-area-inset-bottom) + 12px + var(--button)); }
	:host([mode="floating"]:is([position="bottom-left"], [position="top-left"])) :is(.launcher, .chat) { inset-inline: calc(var(--off) + env(safe-area-inset-left)) auto; }
	:host(:is([position="top-left"], [position="top-right"])) .launcher { inset-block: calc(var(--off) + env(safe-area-inset-top)) auto; }
	:host([mode="floating"]:is([position="top-left"], [position="top-right"])) .chat { inset-block: calc(var(--off) + env(safe-area-inset-top) + 12px + var(--button)) auto; }

	@media ${unsafeCSS(smallScreen)} {
		:host([mode="floating"][mode][mode]) .chat {
			inset: var(--seen-top, 0) 0 auto;
			inline-size: 100%;
			max-inline-size: none;
			block-size: var(--seen-height, 100dvh);
			padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left);
			border: 0;
			border-radius: 0;
		}
		.launcher[aria-expanded="true"] { display: none; }
	}
	@media (prefers-reduced-motion: no-preference) {
		:host([mode="floating"]) .chat { animation: arrive 0.18s ease-out; }
	}
	@media (forced-colors: active) {
		.launcher { border: 2px solid ButtonText; }
	}
	:host([hidden]) { display: none !important; }
`;
