/**
 * How the element looks, and how it keeps the page's looks out (and its own in).
 *
 * Adopted as a style sheet by chat-stream.ts, so that a strict `style-src` does not matter. Sizes are
 * px and em, never rem, which follows the page. Colours go by pairs: light, dark.
 */
import { css } from "lit";

/**
 * Inside `:host`, `!important` beats the page's. So a page's `*{…}` changes nothing, and placing the
 * element goes by these properties: `--chat-width`, `--chat-height`, `--chat-max-width`,
 * `--chat-margin`, `--chat-flex`.
 */
const host = css`
	:host {
		all: initial !important;
		display: block !important;
		box-sizing: border-box !important;
		inline-size: var(--chat-width, auto) !important;
		max-inline-size: var(--chat-max-width, 100%) !important;
		block-size: var(--chat-height, min(640px, 85vh)) !important;
		margin: var(--chat-margin, 0) !important;
		flex: var(--chat-flex, 0 1 auto) !important;
	}
	:host([hidden]) { display: none !important; }
	.chat { color-scheme: light dark; }
	:host([theme="light"]) .chat { color-scheme: light; }
	:host([theme="dark"]) .chat { color-scheme: dark; }

	.chat {
		--accent: var(--chat-accent, light-dark(#3a56d4, #9db0ff));
		--on-accent: var(--chat-on-accent, light-dark(#fff, #10131f));
		--ground: var(--chat-background, light-dark(#fff, #15161a));
		--text: var(--chat-text, light-dark(#1a1c23, #ebecf0));
		--muted: var(--chat-muted, light-dark(#5b606e, #a2a7b4));
		--bubble: var(--chat-bubble, light-dark(#eef1fb, #262a38));
		--on-bubble: var(--chat-on-bubble, var(--text));
		--edge: var(--chat-border, light-dark(#e4e6ec, #2b2e36));
		--control: var(--chat-control-border, light-dark(#8a8f9d, #6f7584));
		--field: var(--chat-field, light-dark(#fff, #1c1e24));
		--danger: var(--chat-danger, light-dark(#b3261e, #ff9d94));
		--warn: light-dark(#a35c00, #f0b455);
		--radius: var(--chat-radius, 18px);
	}
`;

const frame = css`
	*, ::before, ::after { box-sizing: border-box; }
	p, h2, ul { margin: 0; padding: 0; }
	svg { display: block; inline-size: 20px; block-size: 20px; }
	[hidden] { display: none !important; }

	.chat {
		display: flex;
		flex-direction: column;
		block-size: 100%;
		overflow: hidden;
		font: 400 var(--chat-font-size, 16px) / 1.6 var(--chat-font, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif);
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
		padding: 14px 20px;
		border-block-end: 1px solid var(--edge);
	}
	h2 {
		overflow: hidden;
		font-size: 1em;
		font-weight: 600;
		line-height: 1.5;
		letter-spacing: -0.01em;
		text-overflow: ellipsis;
		white-space: nowrap;
	}
	.mark { flex: none; color: var(--accent); }

	.stage { position: relative; display: flex; flex: 1; min-block-size: 0; }
	.transcript {
		flex: 1;
		min-inline-size: 0;
		overflow: hidden auto;
		overscroll-behavior: contain;
		scrollbar-width: thin;
		scrollbar-color: var(--edge) transparent;
	}
	.messages {
		display: flex;
		flex-direction: column;
		gap: 26px;
		max-inline-size: 780px;
		min-block-size: 100%;
		margin-inline: auto;
		padding: 24px 20px 30px;
	}
	.greeting svg { inline-size: 34px; block-size: 34px; margin: 0 auto 14px; color: var(--accent); }
	.greeting {
		margin: auto;
		font-size: 1.5em;
		font-weight: 600;
		line-height: 1.3;
		letter-spacing: -0.02em;
		text-align: center;
		text-wrap: balance;
	}
`;

const messages = css`
	article { max-inline-size: 100%; overflow-wrap: anywhere; }
	.user {
		position: relative;
		display: flex;
		flex-direction: column;
		align-items: flex-end;
		align-self: flex-end;
		max-inline-size: min(85%, 600px);
	}
	.text {
		padding: 9px 16px;
		color: var(--on-bubble);
		white-space: pre-wrap;
		background: var(--bubble);
		border: 1px solid transparent;
		border-radius: 18px;
		border-end-end-radius: 6px;
	}
	.refused .text { background: none; border: 1px dashed var(--danger); }
	.plain { white-space: pre-wrap; }
	/* In the gap below, so that nothing moves when it goes; late, so that a quick line never shows it. */
	.state {
		position: absolute;
		inset-block-start: 100%;
		inset-inline-end: 6px;
		font-size: 0.8125em;
		line-height: 24px;
		color: var(--muted);
		white-space: nowrap;
		animation: appear 0.2s 0.6s backwards;
	}
	.foot {
		display: flex;
		flex-wrap: wrap;
		gap: 2px 4px;
		align-items: center;
		min-block-size: 26px;
		font-size: 0.875em;
		color: var(--muted);
	}
	.user .foot { justify-content: flex-end; text-align: end; }
	.foot p { margin-inline-end: 6px; }
	.foot.failed p { color: var(--danger); }
	/* In the gap below the text, so that nothing moves when it goes. */
	.life { gap: 5px; margin-block-end: -26px; }
	.body:empty ~ .life { margin-block-end: 0; }
	.life i {
		inline-size: 7px;
		block-size: 7px;
		background: var(--accent);
		border-radius: 50%;
		animation: breathe 1.4s infinite ease-in-out both;
	}
	.life i:nth-child(2) { animation-delay: 0.18s; }
	.life i:nth-child(3) { animation-delay: 0.36s; }

	.sources { margin-block: 12px 4px; font-size: 0.875em; }
	.sources > p { color: var(--muted); }
	.sources ul { display: flex; flex-wrap: wrap; gap: 8px; margin-block-start: 6px; list-style: none; }
	.sources li { max-inline-size: 100%; }
	.sources li > * {
		display: block;
		max-inline-size: 100%;
		padding: 6px 12px;
		overflow: hidden;
		color: var(--text);
		text-decoration: none;
		text-overflow: ellipsis;
		white-space: nowrap;
		border: 1px solid var(--edge);
		border-radius: 10px;
	}
	.sources a:hover { border-color: var(--control); }

	.latest {
		position: absolute;
		inset-block-end: 12px;
		inset-inline: 0;
		display: flex;
		gap: 8px;
		align-items: center;
		justify-content: center;
		inline-size: fit-content;
		min-inline-size: 44px;
		padding: 0 11px;
		margin-inline: auto;
		color: var(--text);
		background: var(--field);
		border: 1px solid var(--edge);
		box-shadow: 0 4px 16px rgb(0 0 0 / 14%);
	}
	.latest.unseen { padding-inline: 14px 18px; color: var(--on-accent); background: var(--accent); border-color: transparent; }
`;

const composer = css`
	.notice {
		display: flex;
		flex: none;
		gap: 10px;
		align-items: center;
		inline-size: 100%;
		max-inline-size: 780px;
		min-block-size: 44px;
		padding: 2px 12px 2px 20px;
		margin-inline: auto;
		font-size: 0.875em;
		line-height: 1.45;
		color: var(--muted);
	}
	.notice:dir(rtl) { padding: 2px 20px 2px 12px; }
	.notice p { flex: 1; }
	.dot { flex: none; inline-size: 8px; block-size: 8px; background: var(--warn); border-radius: 50%; }
	.alert .dot { background: var(--danger); }
	.alert p { color: var(--danger); }

	form {
		flex: none;
		inline-size: 100%;
		max-inline-size: 780px;
		padding: 0 14px 14px;
		margin-inline: auto;
	}
	.problem { padding: 4px 8px 8px; font-size: 0.875em; line-height: 1.45; color: var(--danger); }
	.box {
		display: flex;
		align-items: flex-end;
		padding: 5px;
		background: var(--field);
		border: 1px solid var(--control);
		border-radius: 28px;
		transition: border-color 0.15s;
	}
	.box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
	textarea {
		flex: 1;
		min-inline-size: 0;
		min-block-size: 44px;
		max-block-size: min(200px, 35vh);
		padding: 9px 6px 9px 15px;
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
	textarea:dir(rtl) { padding: 9px 15px 9px 6px; }
	textarea::placeholder { color: var(--muted); opacity: 1; }
	.left { padding: 10px; font-size: 0.8125em; color: var(--muted); white-space: nowrap; }
	.left:empty { display: none; }

	button {
		flex: none;
		min-inline-size: 44px;
		min-block-size: 44px;
		padding: 0;
		font: inherit;
		font-weight: 500;
		cursor: pointer;
		border: 0;
		border-radius: 22px;
		transition: background-color 0.15s, color 0.15s, transform 0.1s;
	}
	button:active { transform: scale(0.96); }
	.quiet { padding: 0 12px; color: var(--accent); background: none; }
	.quiet:hover { background: var(--bubble); }
	.send { display: grid; place-items: center; color: var(--on-accent); background: var(--accent); }
	.send[aria-disabled="true"] { color: var(--muted); cursor: default; background: var(--bubble); transform: none; }
	:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
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
		header { padding: 10px 14px; }
		.messages { padding: 18px 14px 26px; }
		.user { max-inline-size: 92%; }
		form { padding: 0 8px 8px; }
	}
	@media (prefers-reduced-motion: no-preference) {
		.user, .reply, .greeting, .latest { animation: arrive 0.22s ease-out; }
	}
	@media (prefers-reduced-motion: reduce) {
		*, ::before, ::after { animation: none !important; transition: none !important; }
		.life i { opacity: 0.7; }
	}
	@media (forced-colors: active) {
		.text, .latest, .send { border: 1px solid ButtonText; }
		.send { color: ButtonText; background: ButtonFace; }
		.send[aria-disabled="true"] { color: GrayText; border-color: GrayText; }
		.life i, .dot { forced-color-adjust: none; background: CanvasText; }
		.box:focus-within { outline: 2px solid Highlight; }
	}
	@keyframes appear { from { opacity: 0; } }
	@keyframes arrive { from { opacity: 0; transform: translateY(6px); } }
	@keyframes breathe { 0%, 70%, 100% { opacity: 0.3; transform: scale(0.85); } 35% { opacity: 1; transform: none; } }
`;

/** What Markdown becomes. Lists are tight unless they say that they are loose. */
const prose = css`
	.body { overflow-wrap: anywhere; }
	.body > * { margin-block: 0; }
	.body > * + * { margin-block-start: 0.75em; }
	.body :is(h3, h4, h5, h6) { margin: 1.1em 0 0; font-size: 1em; font-weight: 650; line-height: 1.4; }
	.body h3 { font-size: 1.2em; }
	.body h4 { font-size: 1.1em; }
	.body :is(ul, ol) { margin: 0; padding-inline-start: 1.5em; }
	.body li > * + * { margin-block-start: 0.35em; }
	.body [data-loose] > li + li { margin-block-start: 0.6em; }
	.body blockquote { margin: 0; padding-inline-start: 14px; border-inline-start: 3px solid var(--edge); color: var(--muted); }
	.body blockquote > * + * { margin-block-start: 0.6em; }
	.body hr { block-size: 1px; border: 0; background: var(--edge); }
	.body a[href] { color: var(--accent); text-underline-offset: 2px; }
	.body :not(pre) > code { padding: 0.1em 0.35em; font-size: 0.9em; background: var(--bubble); border-radius: 5px; }
	.body code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
	[part~="code"] { overflow: hidden; border: 1px solid var(--edge); border-radius: 10px; }
	[part~="code-bar"] { display: flex; align-items: center; justify-content: space-between; min-block-size: 34px; padding-inline: 14px 4px; font-size: 0.8125em; color: var(--muted); background: var(--bubble); }
	[part~="copy"] { min-block-size: 28px; padding: 0 10px; font: inherit; color: inherit; background: none; border: 0; border-radius: 7px; cursor: pointer; }
	[part~="copy"]:hover { color: var(--text); }
	pre { margin: 0; padding: 12px 14px; overflow: auto; font-size: 0.875em; line-height: 1.55; text-align: start; white-space: pre; overflow-wrap: normal; }
	[part~="table"] { overflow: auto; border: 1px solid var(--edge); border-radius: 10px; }
	table { min-inline-size: 100%; border-collapse: collapse; font-size: 0.9375em; }
	:is(th, td) { min-inline-size: 6.5em; padding: 7px 12px; text-align: start; overflow-wrap: normal; vertical-align: top; }
	tr + tr, tbody tr { border-block-start: 1px solid var(--edge); }
	[data-align="center"] { text-align: center; }
	[data-align="right"] { text-align: end; }
	:is(pre, [part~="table"]):focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
	[part~="plain"] { white-space: pre-wrap; }
	[part~="host"], [part~="too-long"] { color: var(--muted); }
	.body img { max-inline-size: 100%; border-radius: 10px; }
	.body input { margin-inline: 0 0.5em; }
`;

export const styles = [host, frame, messages, prose, composer, circumstances];
