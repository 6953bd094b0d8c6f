/**
 * The contract of a provider, which writes replies. A provider knows no log, no socket and no
 * visitor. Vendor-specific errors stop inside it.
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
	 * The owner's system prompt if there is one, then the turns, ending with the question. A question
	 * whose answer failed or was stopped before its first word has no answer here, so the provider
	 * makes the turns alternate.
	 * When `beginning` is set, an assistant turn with that text follows the question.
	 */
	turns: readonly Turn[];
	/** The text of the broken-off answer that this reply continues. */
	beginning?: string | undefined;
	/** What the page reports about itself: `{url, title, …}`. Untrusted. */
	context?: Record<string, unknown> | undefined;
	/** A visitor with a site JWT. `undefined` for an anonymous visitor. */
	visitor?: KnownVisitor | undefined;
};

/** The verified subject of a site JWT, and the claims that the operator hands on. */
export type KnownVisitor = { id: string; claims: Record<string, unknown> };

/** What a provider yields: text, or facts about the reply. The last fact of each kind counts. */
export type Chunk =
	| string
	| {
			text?: string;
			usage?: Usage;
			/** Why the text ended, if not because it was complete. */
			reason?: Exclude<EndReason, "stopped">;
			sources?: Source[];
			/** The shape of a value that was not understood, without text. Logged once per reply. */
			unread?: string;
	  };

export interface Provider {
	/** Kind and model, for the output at start. Contains no secret. */
	readonly name: string;
	/**
	 * Yields one reply, chunk by chunk. When `signal` aborts, it releases everything at once and
	 * ends or throws. The caller measures time-outs between chunks.
	 * @throws {ChatError} `provider_failed` or `provider_timeout` with one sentence for the visitor
	 * and the vendor's words in `cause`. Any other error counts as `provider_failed`.
	 */
	reply(request: ReplyRequest, signal: AbortSignal): AsyncIterable<Chunk>;
	/** Releases files, watchers and sockets. It may be called twice. */
	close?(): Promise<void> | void;
}
