/**
 * The styles of the element, and its isolation from the page's styles.
 *
 * They are adopted style sheets, so that a strict `style-src` allows them. Sizes are px and em, never
 * rem, which depends on the page: an em of the host is the visitor's own text size. Colours are pairs:
 * light, dark. Tints are the accent at one lightness, mixed into the ground.
 */
import { adoptStyles, css, unsafeCSS } from "lit";
import { float } from "./float-styles.ts";
import { messages } from "./message-styles.ts";

/*
 * Registered, so that the colours derived from `accent` are computed once: an unregistered property is
 * text, computed again at each use. Registrations are global to the document, hence the unusual names.
 */
for (const name of ["accent", "on-accent", "ink", "tone"])
	try {
		CSS.registerProperty({
			name: `--chat_${name}`,
			syntax: "<color>",
			inherits: true,
			initialValue: "#000",
		});
	} catch {
		// Without a DOM there is no `CSS`; a second copy of the script finds the names registered.
	}

/**
 * `!important` in `:host` wins over the page's, so that a page's `*{…}` has no effect. A page sizes the
 * element with `--chat-width`, `--chat-height`, `--chat-max-width`, `--chat-margin` and `--chat-flex`.
 */
const host = css`
	:host {
		all: initial !important;
		color-scheme: inherit !important;
		display: block !important;
		box-sizing: border-box !important;
		inline-size: var(--chat-width, auto) !important;
		max-inline-size: var(--chat-max-width, 100%) !important;
		block-size: var(--chat-height, min(640px, 85vh)) !important;
		margin: var(--chat-margin, 0) !important;
		flex: var(--chat-flex, 0 1 auto) !important;
		/* As an item of a flexible column it may shrink below its content. */
		min-block-size: 0 !important;
		/* Below floats of the page, not beside them. */
		clear: both !important;
		/* auto would take over a page's none. */
		-webkit-user-select: text !important;
		user-select: text !important;
	}
	:host([hidden]) { display: none !important; }
	/* No box: derived values are computed here once, and not again on hover or when the panel opens. */
	.base {
		display: contents;
		--tint: var(--chat-accent, light-dark(#3a56d4, #9db0ff));
		--chat_accent: var(--tint);
		--chat_on-accent: var(--chat-on-accent, light-dark(#fff, #10131f));
		--chat_ink: var(--chat-accent-text, var(--chat_accent));
		--ground: var(--chat-background, light-dark(#fff, #15161a));
		--text: var(--chat-text, light-dark(#1a1c23, #ebecf0));
		--muted: var(--chat-muted, light-dark(#5b606e, #a2a7b4));
		--chat_tone: var(--tint);
		--soft: var(--chat-soft, light-dark(color-mix(in oklab, var(--chat_tone) 8%, var(--ground)), color-mix(in oklab, var(--chat_tone) 14%, var(--ground))));
		--hover: var(--chat-hover, var(--soft));
		--code: var(--chat-code-ground, var(--soft));
		--bubble: var(--chat-bubble, var(--soft));
		--on-bubble: var(--chat-on-bubble, var(--text));
		--edge: var(--chat-border, light-dark(#e4e6ec, #2b2e36));
		--control: var(--chat-control-border, light-dark(#8a8f9d, #6f7584));
		--field: var(--chat-field, light-dark(#fff, #1c1e24));
		--danger: var(--chat-danger, light-dark(#b3261e, #ff9d94));
		--on-danger: var(--chat-on-danger, light-dark(#fff, #10131f));
		--warn: var(--chat-warn, light-dark(#a35c00, #f0b455));
		--shadow: var(--chat-shadow, rgb(0 0 0 / 20%));
		--radius: var(--chat-radius, 18px);
		--round: var(--chat-bubble-radius, var(--radius));
		--block: var(--chat-block-radius, 10px);
		--size: var(--chat-font-size, 1em);
		--line: var(--chat-line-height, 1.6);
		--pad: var(--chat-padding, 20px);
		--gap: var(--chat-gap, 22px);
		--inner: var(--chat-bubble-padding, 9px 16px);
		--head: var(--chat-header-height, 54px);
		--column: var(--chat-column, 780px);
		--target: var(--chat-control-size, 44px);
		--face: var(--chat-avatar-size, 32px);
		--button: var(--chat-launcher-size, 60px);
	}
	:host([theme="light"]) .base { color-scheme: light; }
	:host([theme="dark"]) .base { color-scheme: dark; }
	:host([density="compact"]) .base {
		--size: var(--chat-font-size, 0.875em);
		--line: var(--chat-line-height, 1.45);
		--pad: var(--chat-padding, 14px);
		--gap: var(--chat-gap, 14px);
		--inner: var(--chat-bubble-padding, 5px 12px);
		--head: var(--chat-header-height, 46px);
		--button: var(--chat-launcher-size, 48px);
	}
	/*
	 * Text on the accent, and the accent as text, stay readable for any accent. In xyz, y is the
	 * luminance of WCAG's contrast. On the accent: black or white, whichever contrasts more. As text: the
	 * accent darkened, or lightened with white, to a bit over 4.5:1, because of bubbles and clipped
	 * gamuts. Transparent accents become opaque, because their background is unknown.
	 */
	@supports (color: color(from red xyz x y z)) {
		.base {
			--chat_accent: color(from var(--tint) xyz x y z / 1);
			--chat_tone: oklch(from var(--tint) 0.62 c h / 1);
			--dim: min(1, 0.139 / y);
			--lift: max(0, (0.29 - y) / (1 - y));
			--white: clamp(0, (0.179 - y) * 9999, 1);
			--chat_on-accent: var(--chat-on-accent, color(from var(--chat_accent) xyz calc(0.95 * var(--white)) var(--white) calc(1.089 * var(--white))));
			--chat_ink: var(--chat-accent-text, light-dark(
				color(from var(--chat_accent) xyz calc(x * var(--dim)) calc(y * var(--dim)) calc(z * var(--dim))),
				color(from var(--chat_accent) xyz calc(x + (0.95 - x) * var(--lift)) calc(y + (1 - y) * var(--lift)) calc(z + (1.089 - z) * var(--lift)))
			));
		}
	}
`;

const frame = css`
	* { box-sizing: border-box; }
	p, h2, ul { margin: 0; padding: 0; }
	svg { display: block; inline-size: 20px; block-size: 20px; }
	[hidden] { display: none !important; }

	.chat {
		display: flex;
		flex-direction: column;
		block-size: 100%;
		overflow: hidden;
		font: 400 var(--size) / var(--line) var(--chat-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
		color: var(--text);
		background: var(--ground);
		border: 1px solid var(--edge);
		border-radius: var(--radius);
		-webkit-font-smoothing: antialiased;
		-webkit-tap-highlight-color: transparent;
		container-type: inline-size;
	}
	header {
		display: flex;
		flex: none;
		align-items: center;
		gap: 10px;
		min-block-size: var(--head);
		padding: 4px var(--pad);
		border-block-end: 1px solid var(--edge);
	}
	header .tool { margin-inline-end: -8px; }
	slot + .tool { margin-inline-start: auto; }
	h2 {
		min-inline-size: 0;
		overflow: hidden;
		font-size: 1em;
		font-weight: 600;
		line-height: 1.5;
		letter-spacing: -0.01em;
		text-overflow: ellipsis;
		white-space: nowrap;
	}
	.mark { flex: none; color: var(--chat_ink); }
	.avatar { display: block; inline-size: var(--face); block-size: var(--face); object-fit: cover; border-radius: 50%; }
	.greeting .avatar { scale: 1.75; margin: 14px auto 28px; }
	.reply .avatar { margin-block-end: 6px; }

	.stage { position: relative; display: flex; flex: 1; min-block-size: 0; }
	.transcript {
		position: relative;
		flex: 1;
		min-inline-size: 0;
		overflow: hidden auto;
		overscroll-behavior: contain;
		scrollbar-width: thin;
		scrollbar-color: var(--edge) transparent;
		/* A mask, because contrast checkers cannot see through an overlay. */
		mask-image: linear-gradient(#000 calc(100% - var(--fade, 20px)), transparent);
	}
	.stage:has(.latest) { --fade: 72px; }
	.messages {
		display: flex;
		flex-direction: column;
		max-inline-size: var(--column);
		min-block-size: 100%;
		margin-inline: auto;
		padding: 24px var(--pad) 4px;
	}
	.welcome { margin: auto; padding-block-end: 24px; }
	.greeting svg { inline-size: 34px; block-size: 34px; margin: 0 auto 14px; color: var(--chat_ink); }
	.greeting {
		font-size: 1.5em;
		font-weight: 600;
		line-height: 1.3;
		letter-spacing: -0.02em;
		text-align: center;
		text-wrap: balance;
	}
	.suggestions { display: flex; flex-wrap: wrap; gap: 8px; justify-content: center; margin-block-start: 22px; }
`;

const composer = css`
	.notice {
		display: flex;
		flex: none;
		flex-wrap: wrap;
		gap: 0 10px;
		align-items: center;
		justify-content: flex-end;
		inline-size: 100%;
		max-inline-size: var(--column);
		min-block-size: var(--target);
		padding-block: 2px;
		padding-inline: var(--pad) 12px;
		margin-inline: auto;
		font-size: 0.875em;
		line-height: 1.45;
		color: var(--muted);
	}
	.notice p { flex: 1 1 50%; }
	.dot { flex: none; inline-size: 8px; block-size: 8px; background: var(--warn); border-radius: 50%; }
	.alert .dot { background: var(--danger); }
	.alert p { color: var(--danger); }

	/* A page's reset must not move it into a corner. */
	::slotted([slot="footer"]) {
		margin: 0 var(--pad) 12px !important;
		font-size: 0.8125em;
		text-align: center;
		color: var(--muted);
	}
	form {
		flex: none;
		inline-size: 100%;
		max-inline-size: var(--column);
		padding: 0 var(--pad) 14px;
		margin-inline: auto;
	}
	.problem { padding: 4px 8px 8px; font-size: 0.875em; line-height: 1.45; color: var(--danger); }
	.box {
		display: flex;
		align-items: flex-end;
		padding: 5px;
		background: var(--field);
		border: 1px solid var(--control);
		border-radius: var(--chat-field-radius, 28px);
	}
	.box:focus-within { border-color: var(--chat_ink); box-shadow: 0 0 0 1px var(--chat_ink); }
	textarea {
		overscroll-behavior: contain;
		flex: 1;
		min-inline-size: 0;
		min-block-size: var(--target);
		max-block-size: min(200px, 35vh);
		padding-block: 9px;
		padding-inline: 15px 6px;
		font: inherit;
		font-size: max(16px, 1em);
		color: inherit;
		resize: none;
		background: none;
		border: 0;
		outline: 0;
		field-sizing: content;
		scrollbar-width: thin;
	}
	textarea::placeholder { color: var(--muted); opacity: 1; }
	.left { padding: 10px; font-size: 0.8125em; color: var(--muted); white-space: nowrap; }
	.left:empty { display: none; }

	button {
		flex: none;
		min-inline-size: var(--target);
		min-block-size: var(--target);
		padding: 0;
		font: inherit;
		font-weight: 500;
		cursor: pointer;
		border: 0;
		border-radius: var(--chat-control-radius, 22px);
	}
	button:where(:not(.launcher)):active { transform: scale(0.96); }
	.greeting, .suggestion { overflow-wrap: anywhere; }
	.suggestion { flex: 0 1 auto; padding: 9px 16px; text-align: start; color: var(--text); background: none; border: 1px solid var(--edge); }
	.suggestion:hover { border-color: var(--control); }
	.quiet { padding: 0 12px; color: var(--chat_ink); background: none; }
	/* Transitions on hover only: otherwise opening the panel computes these styles twice. */
	:is(.tool, .suggestion, .quiet):hover { background: var(--hover); transition: background-color 0.15s, color 0.15s, transform 0.1s; }
	.send { display: grid; place-items: center; color: var(--chat_on-accent); background: var(--chat_accent); border: 1px solid var(--chat_ink); }
	.send[aria-disabled="true"] { color: var(--muted); cursor: default; background: var(--soft); border: 0; transform: none; }
	:focus-visible { outline: 2px solid var(--chat_ink); outline-offset: 2px; }
	.transcript:focus-visible { outline-offset: -3px; border-radius: 6px; }
	textarea:focus-visible { outline: 0; }
	.sr {
		position: absolute;
		inline-size: 1px;
		block-size: 1px;
		overflow: hidden;
		clip-path: inset(50%);
		white-space: nowrap;
	}
`;

const circumstances = css`
	@container (max-width: 420px) {
		.chat > * { --pad: var(--chat-padding, 14px); }
		.messages { padding-block-start: 18px; }
		.text { max-inline-size: 92%; }
	}
	@container (min-width: 361px) {
		.pictured .reply { min-block-size: calc(var(--face) + 8px); padding-inline-start: calc(var(--face) + 14px); }
		.reply .avatar { position: absolute; inset-block-start: 0; inset-inline-start: 4px; }
	}
	@media (max-height: 500px) {
		.chat header { min-block-size: 44px; padding-block: 0; }
		.chat .box { padding: 0; }
		.chat form { padding-block-end: 6px; }
	}
	@media (prefers-contrast: more) {
		.base { --muted: var(--text); --edge: var(--control); --control: var(--text); }
	}
	@media (prefers-reduced-motion: no-preference) {
		article:last-of-type, .welcome, .latest { animation: arrive 0.22s ease-out; }
		.chat[popover]:not(.closed) { animation: unfold 0.18s ease-out; }
		.launcher { transition: scale 0.15s, visibility 0.15s; }
		.launcher:hover { scale: 1.06; }
	}
	@media (prefers-reduced-motion: reduce) {
		* { animation: none !important; transition: none !important; }
		.life i { opacity: 0.7; }
	}
	/* On paper, the whole conversation and no controls; a floating chat is no part of the page. */
	@media print {
		[popover], form, header .tool, .latest, .notice { display: none !important; }
		:host { block-size: auto !important; }
		.chat, .transcript { block-size: auto; overflow: visible; }
	}
	@media (forced-colors: active) {
		.text, .latest, .send, .suggestion { border: 1px solid ButtonText; }
		.send { color: ButtonText; background: ButtonFace; }
		.send[aria-disabled="true"] { color: GrayText; border-color: GrayText; }
		.life i, .dot { forced-color-adjust: none; background: CanvasText; }
		.box:focus-within { outline: 2px solid Highlight; }
	}
	@keyframes unfold { from { opacity: 0; translate: 0 8px; } }
	@keyframes appear { from { opacity: 0; } }
	@keyframes arrive { from { opacity: 0; transform: translateY(6px); } }
	@keyframes breathe { 0%, 70%, 100% { opacity: 0.3; transform: scale(0.85); } 35% { opacity: 1; transform: none; } }
`;

/** Adds the styles of the answer chunk. */
export function adoptChunkStyles(root: Node, looks: string | undefined) {
	if (looks && root instanceof ShadowRoot)
		adoptStyles(root, [...styles, unsafeCSS(looks)]);
}

export const styles = [host, frame, messages, composer, circumstances, float];
