/**
 * Styles of Markdown, of the views below an answer, and of the question whether to start a new
 * conversation. Lists are tight unless they have `data-loose`. Plain text does not need them.
 */
// Marks the text for the build, which takes its spaces out.
const css = String.raw;

export const looks = css`
	.body { hyphens: auto; overflow-wrap: break-word; }
	/* Each block is a layer: one that did not change is not painted again with the one that grows. */
	.body > * { margin-block: 0; isolation: isolate; }
	.body > * + * { margin-block-start: 0.75em; }
	.body :is(h3, h4, h5, h6) { margin: 1.1em 0 0; font-size: 1em; font-weight: 650; line-height: 1.4; }
	.body h3 { font-size: 1.2em; }
	.body h4 { font-size: 1.1em; }
	.body > :first-child { margin-block-start: 0; }
	/* Each block by its own first letters, whichever way the page runs. */
	.body :is(p, li, h3, h4, h5, h6, th, td) { unicode-bidi: plaintext; }
	.body :is(ul, ol) { padding-inline-start: 1.5em; }
	.body * > :is(ul, ol) { margin: 0; }
	.body li > * + * { margin-block-start: 0.35em; }
	.body [data-loose] > li + li { margin-block-start: 0.6em; }
	blockquote { margin: 0; }
	.body blockquote { padding-inline-start: 14px; border-inline-start: 3px solid var(--edge); color: var(--muted); }
	.body blockquote > * + * { margin-block-start: 0.6em; }
	.body hr { block-size: 1px; border: 0; background: var(--edge); }
	.body a[href] { color: var(--chat_ink); text-underline-offset: 2px; }
	.body :not(pre) > code { padding: 0.1em 0.35em; font-size: 0.9em; background: var(--code); border-radius: 5px; }
	.body code { font-family: var(--chat-code-font, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace); }
	[part~="code"] { overflow: hidden; border: 1px solid var(--edge); border-radius: var(--block); }
	[part~="code-bar"] { display: flex; align-items: center; justify-content: space-between; min-block-size: 34px; padding-inline: 14px 4px; font-size: 0.8125em; color: var(--muted); background: var(--code); }
	[part~="copy"] { min-block-size: 28px; padding: 0 10px; font: inherit; color: inherit; background: none; border: 0; border-radius: 7px; cursor: pointer; }
	[part~="copy"]:hover { color: var(--text); }
	pre { margin: 0; padding: 12px 14px; overflow: auto; font-size: var(--chat-code-size, 0.875em); line-height: 1.55; text-align: start; white-space: pre; tab-size: 4; overflow-wrap: normal; }
	[part~="table"] { overflow: auto; border: 1px solid var(--edge); border-radius: var(--block); }
	/* A shadow at each edge beyond which there is more; the ground covers it where the content ends. */
	pre, [part~="table"] {
		background: linear-gradient(90deg, var(--ground) 50%, transparent) 0 / 28px local,
			linear-gradient(270deg, var(--ground) 50%, transparent) 100% / 28px local,
			linear-gradient(90deg, var(--edge), transparent) 0 / 14px,
			linear-gradient(270deg, var(--edge), transparent) 100% / 14px;
		background-repeat: no-repeat;
	}
	table { inline-size: max-content; min-inline-size: 100%; border-collapse: collapse; font-size: 0.9375em; }
	:is(th, td) { max-inline-size: 16em; padding: 7px 12px; text-align: left; overflow-wrap: normal; vertical-align: top; }
	tr + tr, tbody tr { border-block-start: 1px solid var(--edge); }
	/* By the table's direction and not by each cell's own, or a column would have no edge. */
	table:dir(rtl) :is(th, td):not([data-align]) { text-align: right; }
	[data-align="center"] { text-align: center; }
	[data-align="right"] { text-align: right; }
	:is(pre, [part~="table"]):focus-visible { outline: 2px solid var(--chat_ink); outline-offset: -2px; }
	[part~="plain"] { white-space: pre-wrap; }
	[part~="host"], [part~="too-long"] { color: var(--muted); }
	math { font-family: math; }
	[part~="formula"] { display: block; padding-block: 2px; overflow: auto hidden; }
	[part~="math"] [data-align="left"] { text-align: left; }
	.body img { max-inline-size: 100%; max-block-size: 24em; border-radius: var(--block); }
	.body input { margin-inline: 0 0.5em; }
	.body li:has(> [part="task"], > p:first-child > [part="task"]) { margin-inline-start: -1.3em; list-style: none; }

	.tools { gap: 0; margin: 2px -13px -14px; }
	.tools time { padding-inline: 8px 13px; }
	.tool[aria-pressed="true"] { color: var(--chat_ink); }
	.tool[aria-pressed="true"] path { fill: currentColor; }
	.turned { rotate: 180deg; }

	.quote {
		padding-inline-start: 10px;
		margin-block-end: 8px;
		overflow: hidden;
		font-size: 0.875em;
		color: var(--muted);
		text-overflow: ellipsis;
		white-space: nowrap;
		border-inline-start: 3px solid var(--edge);
	}
	.ask { display: flex; flex: none; flex-wrap: wrap; align-items: center; padding-block: 4px; padding-inline: var(--pad) 8px; font-size: 0.875em; background: var(--soft); }
	.ask p { flex: 1 1 auto; }
	.ask p + .quiet { margin-inline-start: -12px; }

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
		border-radius: var(--block);
	}
	.sources a:hover { border-color: var(--control); }
`;
