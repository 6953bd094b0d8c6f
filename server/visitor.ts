/** Who a conversation belongs to. A leaf: authentication makes it, the chat service compares it. */

/** `id`: a random UUID for an anonymous visitor, `known:<subject>` for one with a site JWT. */
export type Visitor = { id: string };
