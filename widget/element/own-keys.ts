/**
 * Keeps the keys that the visitor uses in the widget from the page's shortcuts.
 *
 * For the page, the target of every key in a shadow tree is the host element, so a shortcut cannot
 * recognise a text box. It knows neither the composer nor the conversation.
 */

/** Editing commands of a text box, typed with Ctrl or Cmd. */
const editing = new Set(["a", "c", "v", "x", "y", "z"]);
const moving =
	/^(Arrow|Page|Home$|End$|Backspace$|Delete$|Enter$|Process$|Dead$)/;

/** Stops the events of such keys at `root`, after the widget's own listeners. */
export function keepKeys(root: ShadowRoot) {
	for (const type of ["keydown", "keypress", "keyup"] as const)
		root.addEventListener(type, (event) => {
			const key = event as KeyboardEvent;
			if (isUsed(key, root)) key.stopPropagation();
		});
}

/**
 * Stops the `keyup` of a key whose `keydown` the widget has used. The focus may have left the widget
 * by then.
 */
export function keepKeyup({ code }: KeyboardEvent) {
	const done = new AbortController();
	const options = { capture: true, signal: done.signal };
	window.addEventListener(
		"keyup",
		(event) => {
			if (event.code === code) event.stopImmediatePropagation();
			done.abort();
		},
		options,
	);
	// The next key begins: this one was released outside the window.
	window.addEventListener("keydown", ({ repeat }) => repeat || done.abort(), {
		...options,
	});
}

/** Whether the focused part of the widget uses the key. Tab and function keys are the page's, too. */
function isUsed(event: KeyboardEvent, root: ShadowRoot): boolean {
	const { key, target } = event;
	// Slotted elements are the page's.
	if (!(target instanceof Element) || target.getRootNode() !== root)
		return false;
	if (target.matches("textarea")) return isTyping(event);
	if (key === " " || key === "Enter") return true;
	return target.closest("[role=log]") !== null && moving.test(key);
}

function isTyping(event: KeyboardEvent): boolean {
	const { key, ctrlKey, metaKey, altKey, isComposing, keyCode } = event;
	if (isComposing || keyCode === 229 || moving.test(key)) return true;
	if (key.length !== 1) return false;
	// Windows reports AltGr as Ctrl and Alt, and a Mac types with Alt.
	if (event.getModifierState("AltGraph") || (altKey && !/[\w ]/.test(key)))
		return true;
	if (ctrlKey || metaKey) return editing.has(key.toLowerCase());
	return !altKey;
}
