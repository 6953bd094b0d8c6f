/** Styles of messages: the visitor's bubbles, replies, and the notes below them. */
import { css } from "lit";

export const messages = css`
	article {
		position: relative;
		max-inline-size: 100%;
		/* Includes the note below a message: content-visibility clips to this box. */
		padding: 2px 4px 26px;
		margin-inline: -4px;
		overflow-wrap: anywhere;
	}
	/* The browser remembers the real size before it skips the layout: an estimate would move the text. */
	article { contain-intrinsic-block-size: auto 110px; }
	article[data-laid] { content-visibility: auto; }
	.following { overflow-anchor: none; }
	.day { padding-block: 6px 20px; font-size: 0.8125em; text-align: center; color: var(--muted); }
	.day::first-letter { text-transform: uppercase; }

	.user { display: flex; flex-direction: column; align-items: flex-end; }
	.text {
		max-inline-size: min(85%, 600px);
		padding: var(--inner);
		color: var(--on-bubble);
		white-space: pre-wrap;
		background: var(--bubble);
		border: 1px solid transparent;
		border-radius: var(--round);
		border-bottom-right-radius: min(6px, var(--round));
	}
	/* By the page's direction, and not by the text's own. */
	article:dir(rtl) > .text { border-radius: var(--round); border-bottom-left-radius: min(6px, var(--round)); }
	.refused .text { background: none; border: 1px dashed var(--danger); }
	/* Not dir="auto": the browser would look for the first letter again at every insertion. */
	.plain { white-space: pre-wrap; unicode-bidi: plaintext; }
	/* In the gap below the message, so that a change moves nothing. */
	.state, .when {
		position: absolute;
		inset-block-end: 2px;
		inset-inline-end: 8px;
		line-height: 24px;
		white-space: nowrap;
	}
	.state, time { font-size: 0.8125em; color: var(--muted); }
	/* Delayed, so that a fast connection never shows it. */
	.late { animation: appear 0.2s 0.6s backwards; }

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
	.failed, .waiting { margin-block-start: 8px; }
	.failed p, .waiting p { flex-basis: 100%; }
	.foot.failed p { color: var(--danger); }
	.foot .quiet { margin-inline: -12px 8px; }
	.user .foot .quiet { margin-inline: 8px -12px; }
	.reply { padding-block-end: var(--gap); }
	/* An answer that was continued. The break may be inside of code or a table, so the mark is below. */
	.seam { inline-size: 48px; margin-block: 10px 4px; border-block-start: 1px dashed var(--edge); }
	.life { gap: 5px; }
	/* As high as the row of tools, so that the end of an answer moves nothing. */
	.body:not(:empty) ~ .life { min-block-size: 32px; visibility: hidden; }
	/* Moves with no line: each would count as a layout shift. */
	.life .sr { inset-block-start: 0; visibility: visible; }
	[aria-busy="true"] > .body > :is(p, h3, h4, h5, h6, .plain):last-child::after,
	[aria-busy="true"] > .body > :is(ul, ol):last-child > :last-child:not(:has(> :is(p, ul, ol, pre)))::after {
		display: inline-block;
		inline-size: 2px;
		block-size: 1.1em;
		margin-inline: 2px -4px;
		vertical-align: -0.2em;
		content: "";
		background: var(--chat_ink);
		animation: breathe 1.2s infinite;
	}
	.life i {
		inline-size: 7px;
		block-size: 7px;
		background: var(--chat_ink);
		border-radius: 50%;
		animation: breathe 1.4s infinite ease-in-out both;
	}
	.life i:nth-child(2) { animation-delay: 0.18s; }
	.life i:nth-child(3) { animation-delay: 0.36s; }

	.tool { display: grid; place-items: center; color: var(--muted); background: none; }
	.tool svg { inline-size: 18px; block-size: 18px; }
	.tool:hover { color: var(--text); }
	.latest {
		position: absolute;
		inset-block-end: 12px;
		inset-inline: 0;
		display: flex;
		gap: 8px;
		align-items: center;
		justify-content: center;
		inline-size: fit-content;
		min-inline-size: var(--target);
		padding: 0 11px;
		margin-inline: auto;
		color: var(--text);
		background: var(--field);
		border: 1px solid var(--edge);
		box-shadow: 0 4px 16px var(--shadow);
	}
	.latest.unseen { padding-inline: 14px 18px; color: var(--chat_on-accent); background: var(--chat_accent); border-color: var(--chat_ink); }
`;
