/** Copies text to the clipboard, by the clipboard API or by a selection. Knows no messages. */

/** Resolves to `false` if the page or the browser forbids it. */
export async function copyText(text: string, root: Node): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		// A page without https or a frame without the permission may still allow a selection.
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
