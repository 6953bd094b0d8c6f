/**
 * The linked list of a leaf's tokens. Linked, because an opening token is often inserted before many
 * existing ones. Knows no syntax.
 */
import type { Link, Token } from "./model.ts";

export interface Node extends Token {
	next: Node | undefined;
	before: Node | undefined;
}

/** All nodes have the same shape, which makes them fast. */
export const makeNode = (
	kind: Token["kind"],
	text: string,
	link?: Link,
): Node => ({ kind, text, link, next: undefined, before: undefined });

export function insertAfter(node: Node, added: Node) {
	added.before = node;
	added.next = node.next;
	if (node.next) node.next.before = added;
	node.next = added;
}

/** The tokens behind `head`. Adjacent text is joined, except across `safe`, the end of the settled tokens. */
export function joinTokens(
	head: Node,
	safe: Node,
): { tokens: Token[]; settled: number } {
	const tokens: Token[] = [];
	let settled = 0;
	let joined: Node | undefined;
	for (let node = head.next; node; node = node.next) {
		const isText = node.kind === "text";
		if (isText && joined) joined.text += node.text;
		else if (!isText || node.text) {
			tokens.push(node);
			joined = isText ? node : undefined;
		}
		if (node === safe) {
			settled = tokens.length;
			joined = undefined;
		}
	}
	return { tokens, settled };
}
