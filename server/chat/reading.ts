/**
 * The types of a conversation that is being read: the contract between the chat service and its
 * readers. Knows no socket and no HTTP response.
 */
import type { Ready } from "../../protocol/frames.ts";
import type { Batch } from "../store/follow.ts";

export type { Batch };

export type Reading = {
	/** The first frame of the answer to `hello`. */
	ready: Ready;
	/** The first batch after the reader's cursor; it may be empty. */
	first: Batch;
	/** Every later batch, until the signal aborts. */
	rest: AsyncIterableIterator<Batch>;
};
