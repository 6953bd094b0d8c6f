/** Who a conversation belongs to, and from where they speak. A leaf: it knows no request. */

/** The keys of per-address limits. */
export type ClientAddress = {
	/** An IPv4 address, or the /64 network of an IPv6 address. */
	group: string;
	/** The /48 network of an IPv6 address. One subscriber may own all its /64 networks. */
	wider?: string;
	/** The client is on this machine, without a proxy in between. Per-address limits do not apply. */
	isLocal: boolean;
};

export type Visitor = {
	/** A random UUID for an anonymous visitor, `known:<subject>` for one with a site JWT. */
	id: string;
	/** The claims of a site JWT that the operator hands on to the provider. Never stored. */
	claims?: Record<string, unknown>;
	/** Where the visitor's request came from. Unknown: only the visitor's own limits apply. */
	address?: ClientAddress;
};

const prefix = "known:";

/** The id of a known visitor. */
export const knownVisitor = (subject: string): string => prefix + subject;

/** The subject of a known visitor's id. `undefined` for an anonymous visitor. */
export const subjectOf = (id: string): string | undefined =>
	id.startsWith(prefix) ? id.slice(prefix.length) : undefined;
