/**
 * The contract of a provider: who writes replies.
 *
 * `reply.ts` calls it; each file beside this one implements it for one kind of model. A provider
 * knows no conversation log, no socket and no visitor, and its vendor's words stop here.
 */
import type { EndReason, Source, Usage } from "../../protocol/frames.ts";

export type Turn = {
	role: "system" | "user" | "assistant";
	content: string;
};

export type ReplyRequest = {
	conversation: string;
	/** The id of the reply to be written. */
	message: string;
	/**
	 * The owner's system prompt if there is one, then the turns, ending with the question.
	 * When `beginning` is set, an assistant turn with that text follows the question.
	 */
	turns: readonly Turn[];
	/** The text of the broken-off answer that this reply goes on from. */
	beginning?: string | undefined;
	/** What the page said about itself: `{url, title, …}`. Untrusted. */
	context?: Record<string, unknown> | undefined;
};

/** What a provider yields: text, or facts about the reply. The last fact of each kind counts. */
export type Chunk =
	| string
	| {
			text?: string;
			usage?: Usage;
			/** Why the text ended, if not because it was complete. */
			reason?: Exclude<EndReason, "stopped">;
			sources?: Source[];
	  };

export interface Provider {
	/** For the line the server prints at its start: kind and model, no secret. */
	readonly name: string;
	/**
	 * Writes one reply, chunk by chunk. When `signal` aborts it lets go of everything at once and
	 * ends or throws; either is fine. Time-outs between chunks are the caller's business.
	 * @throws {ChatError} `provider_failed` or `provider_timeout` with one sentence for the visitor
	 * and the vendor's words in `cause`; any other throw is treated as `provider_failed`.
	 */
	reply(request: ReplyRequest, signal: AbortSignal): AsyncIterable<Chunk>;
	/** Lets go of files, watchers and sockets. Twice is fine. */
	close?(): Promise<void> | void;
}
