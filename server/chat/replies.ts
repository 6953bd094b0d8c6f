/**
 * The replies that this process writes: starts and ends their writers, and counts their readers.
 *
 * Invariant: every reply that was opened here and is open in the log has a writer. `recover` or
 * `rescue` closes the replies of a process that died.
 */
import type { LogEvent } from "../../protocol/frames.ts";
import { pause } from "../clock.ts";
import type { ReplyPermit, UsageLimits } from "../limits/usage.ts";
import type { ReplyRequest } from "../providers/provider.ts";
import { subjectOf, type Visitor } from "../visitor.ts";
import { Batching } from "./batching.ts";
import { closeReply, interrupted, type ReplyClose } from "./close-reply.ts";
import { newestTurns, wholeText } from "./history.ts";
import { type ReplyParts, ReplyWriter } from "./reply-writer.ts";

/** If nothing was appended for this long (store clock), the writer is presumed dead, ms. */
const goneMs = 30_000;

export type RepliesParts = Omit<ReplyParts, "batching" | "limits"> & {
	limits: ReplyParts["limits"] & {
		batchMs: number;
		maxHistoryChars?: number;
	};
	systemPrompt: string | undefined;
	/** Unset: replies are not limited. */
	usageLimits?: UsageLimits | undefined;
};

type Writing = { message: string; writer: ReplyWriter };
/** `seen`: a reader came since the last check. */
type Readers = { count: number; seen: boolean };

export class Replies {
	readonly #parts: RepliesParts & ReplyParts;
	/** By conversation: at most one reply is open in each. */
	readonly #writing = new Map<string, Writing>();
	readonly #readers = new Map<string, Readers>();
	/** Claims of known visitors, while a reply is written for them. They are never stored. */
	readonly #claims = new Map<string, Record<string, unknown>>();
	/** Called when the last writer has ended. */
	#onIdle: (() => void) | undefined;
	/** No more replies start here: the next process answers what is open in the log. */
	#ended = false;

	constructor(parts: RepliesParts) {
		const batching = new Batching(parts.limits.batchMs, parts.clock);
		this.#parts = { ...parts, batching };
	}

	/** The number of replies that are being written. */
	get size(): number {
		return this.#writing.size;
	}

	/**
	 * Starts the writer of the reply that `start` opened. It does not depend on the request that
	 * opened it. `permit` is released when the reply ends; a reply that has waited gets its permit
	 * when it opens.
	 */
	begin(
		conversation: string,
		start: LogEvent | undefined,
		permit?: ReplyPermit,
	) {
		const isReply =
			start?.type === "control" &&
			start.action === "start" &&
			start.data.role === "assistant";
		if (this.#ended || !isReply) {
			this.forget(conversation);
			return permit?.release();
		}
		const { message } = start.data;
		const readers = this.#readersOf(conversation);
		const writer = new ReplyWriter(this.#parts, {
			conversation,
			message,
			request: async () => {
				const { owner, request } = await this.#request(conversation, message);
				permit ??= this.#parts.usageLimits?.openReply(owner, {
					waited: true,
				});
				for (const { content } of request.turns) permit?.count(content.length);
				return request;
			},
			isSpent: (chars) => permit?.countReply(chars) ?? false,
			settle: (usage) => permit?.release(usage),
			wasRead() {
				const wasRead = readers.count > 0 || readers.seen;
				readers.seen = false;
				return wasRead;
			},
		});
		this.#writing.set(conversation, { message, writer });
		writer.run().then((next) => {
			permit?.release();
			if (this.#writing.get(conversation)?.writer === writer)
				this.#writing.delete(conversation);
			this.begin(conversation, next);
			this.forget(conversation);
			this.#forgetReaders(conversation);
			if (this.#writing.size === 0) this.#onIdle?.();
		});
	}

	/** Remembers what the provider receives about a visitor, until the last reply has ended. */
	know(conversation: string, { claims }: Visitor) {
		if (claims) this.#claims.set(conversation, claims);
	}

	/** Forgets it unless a reply is being written. */
	forget(conversation: string) {
		if (!this.#writing.has(conversation)) this.#claims.delete(conversation);
	}

	/**
	 * Closes a reply, aborts its writer and starts the reply to the next question.
	 * @returns false if it was closed already.
	 */
	async close(
		conversation: string,
		message: string,
		how: ReplyClose,
		silentMs = 0,
	): Promise<boolean> {
		const { store, clock, counts } = this.#parts;
		const { closed, next } = await closeReply(
			store,
			clock,
			conversation,
			message,
			how,
			silentMs,
		);
		const writing = this.#writing.get(conversation);
		if (closed && writing?.message === message) writing.writer.abort();
		if (closed) counts?.closed(how);
		this.begin(conversation, next);
		return closed;
	}

	/** Closes a reply of another process whose writer is presumed dead. */
	async rescue(conversation: string, message: string): Promise<boolean> {
		if (this.#writing.get(conversation)?.message === message) return false;
		return this.close(conversation, message, interrupted, goneMs);
	}

	/** After a crash of a single node, no open reply has a writer. */
	async recover(): Promise<void> {
		const { store, logger } = this.#parts;
		for (const conversation of await store.unfinished()) {
			const message = (await store.head(conversation))?.open;
			if (!message) continue;
			logger("warn", "reply_interrupted", { conversation, message });
			await this.close(conversation, message, interrupted);
		}
	}

	/** Waits at most `ms` ms for the open replies, then closes the rest as `interrupted`. */
	async drain(ms: number): Promise<void> {
		const { clock, logger } = this.#parts;
		if (this.size > 0 && ms > 0) {
			const late = new AbortController();
			const idle = new Promise<void>((resolve) => {
				this.#onIdle = resolve;
			});
			await Promise.race([idle, pause(clock, ms, late.signal)]);
			late.abort();
		}
		this.#ended = true;
		for (const [conversation, { message, writer }] of [...this.#writing]) {
			logger("warn", "reply_cut_by_drain", { conversation, message });
			await this.close(conversation, message, interrupted);
			writer.abort();
			this.#writing.delete(conversation);
		}
	}

	/** Counts a reader of a conversation until the returned function is called. */
	addReader(conversation: string): () => void {
		const readers = this.#readersOf(conversation);
		readers.count++;
		readers.seen = true;
		let released = false;
		return () => {
			if (released) return;
			released = true;
			readers.count--;
			this.#forgetReaders(conversation);
		};
	}

	#readersOf(conversation: string): Readers {
		const found = this.#readers.get(conversation);
		if (found) return found;
		const readers = { count: 0, seen: false };
		this.#readers.set(conversation, readers);
		return readers;
	}

	#forgetReaders(conversation: string) {
		if (this.#writing.has(conversation)) return;
		if (this.#readers.get(conversation)?.count === 0)
			this.#readers.delete(conversation);
	}

	/** The request to the provider, from the store alone. */
	async #request(
		conversation: string,
		message: string,
	): Promise<{ owner: string; request: ReplyRequest }> {
		const { store, systemPrompt, limits } = this.#parts;
		const log = await store.head(conversation);
		const reply = (await store.message(conversation, message))?.start.data;
		const to = reply?.role === "assistant" ? reply.replyTo : undefined;
		const turns =
			to === undefined
				? []
				: await newestTurns(
						store,
						conversation,
						to,
						limits.maxHistoryChars ?? 0,
					);
		if (!log || to === undefined || turns.length === 0)
			throw new Error("The log has no question for an open reply.");
		if (systemPrompt) turns.unshift({ role: "system", content: systemPrompt });
		const beginning =
			(await wholeText(store, conversation, message)) || undefined;
		if (beginning) turns.push({ role: "assistant", content: beginning });
		const context = await store.context(conversation, to);
		const subject = subjectOf(log.owner);
		const claims = this.#claims.get(conversation) ?? {};
		const request = {
			conversation,
			message,
			turns,
			...(beginning && { beginning }),
			...(context && { context }),
			...(subject !== undefined && { visitor: { id: subject, claims } }),
		};
		return { owner: log.owner, request };
	}
}
