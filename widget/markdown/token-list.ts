/**
 * The list that a leaf's tokens are gathered in, before and after it is known what they are.
 *
 * Used by inlines.ts and emphasis.ts. Linked, because what opens something is put in front of much
 * that is there already.
 */
import type { Link, Token } from "./model.ts";

export interface Node extends Token {
	next: Node | undefined;
	before: Node | undefined;
}

/** All nodes are born alike, which makes them fast. */
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
