/** Who a conversation belongs to. A leaf: authentication makes it, the chat service compares it. */

export type Visitor = {
	/** A random UUID for an anonymous visitor, `known:<subject>` for one with a site JWT. */
	id: string;
	/** The claims of a site JWT that the operator hands on to the provider. Never stored. */
	claims?: Record<string, unknown>;
};

const prefix = "known:";

/** The id of a known visitor. */
export const knownVisitor = (subject: string): string => prefix + subject;

/** The subject of a known visitor's id. `undefined` for an anonymous visitor. */
export const subjectOf = (id: string): string | undefined =>
	id.startsWith(prefix) ? id.slice(prefix.length) : undefined;
