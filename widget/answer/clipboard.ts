/** Puts text on the clipboard, wherever the page lets us. Used by the element. */

/** `false`: the page, or the browser, refuses. */
export async function copyText(text: string, root: Node): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		// A page without https, or a frame without the permission: the old way may still be open.
		return copyBySelection(text, root);
	}
}

function copyBySelection(text: string, root: Node): boolean {
	const focused = (root as ShadowRoot).activeElement as HTMLElement | null;
	const box = document.createElement("textarea");
	box.className = "sr";
	box.readOnly = true;
	box.value = text;
	root.appendChild(box);
	box.select();
	try {
		return document.execCommand("copy");
	} catch {
		return false;
	} finally {
		box.remove();
		focused?.focus();
	}
}
