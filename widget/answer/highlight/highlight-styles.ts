/**
 * The colours of highlighted code. Highlight names are global to a page; these styles apply only within
 * the shadow root that adopts them. Part of the highlight chunk, because other pages never need them.
 */
// Marks the text for the build, which removes its white space.
const css = String.raw;

export const highlightStyles = css`
	.body code {
		--code-keyword: var(--chat-code-keyword, light-dark(#9b2393, #ff9ad5));
		--code-string: var(--chat-code-string, light-dark(#0a6640, #8fdca8));
		--code-number: var(--chat-code-number, light-dark(#8a4b00, #f0b277));
		--code-comment: var(--chat-code-comment, var(--muted));
		--code-name: var(--chat-code-name, light-dark(#2f4fd0, #9db0ff));
		--code-type: var(--chat-code-type, light-dark(#0b6b85, #7fd6ea));
		--code-attribute: var(--chat-code-attribute, light-dark(#7a5200, #e6c07b));
		--code-added: var(--chat-code-added, light-dark(#1a6e2e, #8fdca8));
		--code-removed: var(--chat-code-removed, var(--danger));
	}
	::highlight(chat-stream-keyword) { color: var(--code-keyword); }
	::highlight(chat-stream-string) { color: var(--code-string); }
	::highlight(chat-stream-number) { color: var(--code-number); }
	::highlight(chat-stream-comment) { color: var(--code-comment); }
	::highlight(chat-stream-name) { color: var(--code-name); }
	::highlight(chat-stream-type) { color: var(--code-type); }
	::highlight(chat-stream-attribute) { color: var(--code-attribute); }
	::highlight(chat-stream-added) { color: var(--code-added); }
	::highlight(chat-stream-removed) { color: var(--code-removed); }
`;
