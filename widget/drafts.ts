/**
 * What visitors have typed and not sent, by server, while no element shows it.
 *
 * A site that swaps its whole body on every visit (Turbo and the like) removes our element and brings
 * another; the text in the box moves over. Used by the element. It lasts as long as the page.
 */
const drafts = new Map<string, string>();

/** An element goes, and may come back. */
export function leaveDraft(server: string, text: string) {
	if (text) drafts.set(server, text);
}

/** An element comes. What it does not take is forgotten. */
export function takeDraft(server: string): string | undefined {
	const draft = drafts.get(server);
	drafts.delete(server);
	return draft;
}
