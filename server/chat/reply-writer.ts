/**
 * Writes one reply: reads the provider's chunks, appends them as tokens and closes the message
 * once. Knows no visitor and no socket.
 */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { Start, Usage } from "../../protocol/frames.ts";
import { pause } from "../clock.ts";
import type { Counts } from "../operations/counters.ts";
import type { Logger } from "../operations/logger.ts";
import type { Provider, ReplyRequest } from "../providers/provider.ts";
import type { Draft, Store } from "../store/store.ts";
import type { Batching } from "./batching.ts";
import { closeReply, type ReplyClose } from "./close-reply.ts";
import { ProviderOutput } from "./provider-output.ts";

/** An open reply appends at least this often, ms, if only an empty token. */
const maxAppendGapMs = 10_000;
/** Longest token, in UTF-16 units. A longer chunk becomes several tokens of one append. */
const maxTokenChars = 16_384;
/** After this many chunks without a pause, other work on the event loop runs. */
const chunksPerTurn = 256;
/** How often time-outs are checked, ms. */
const checkMs = 1_000;
/** How long a write is retried while the store is unavailable, ms. */
const storeRetryMs = 20_000;

export type ReplyParts = {
	store: Store;
	provider: Provider;
	clock: Clock;
	logger: Logger;
	/** Unset: nothing is counted. */
	counts?: Counts | undefined;
	/** When to append, shared by all replies of the process. */
	batching: Batching;
	limits: {
		firstChunkTimeoutMs: number;
		nextChunkTimeoutMs: number;
		replyMs: number;
		unreadMs: number;
		maxReplyChars: number;
	};
};

/** The reply was closed by a stop, a rescue or a removal. */
class ReplyLost extends Error {
	override readonly message = "The reply was closed elsewhere.";
}

export type ReplyJob = {
	conversation: string;
	/** The open reply's id. */
	message: string;
	/** Makes the request to the provider. If it fails, the reply fails. */
	request(): Promise<ReplyRequest>;
	/** Counts characters of the reply. @returns true when the budget is used up. */
	isSpent(chars: number): boolean;
	/** The provider has ended. Its own usage report, if any, replaces the estimate. */
	settle(usage: Usage | undefined): void;
	/** Whether a reader was there since the last call. */
	wasRead(): boolean;
};

/** Lets the provider write the reply that is open in the log. */
export class ReplyWriter {
	readonly #parts: ReplyParts;
	readonly #job: ReplyJob;
	readonly #abort = new AbortController();

	/** Received from the provider, not yet appended. */
	#buffer = "";
	#length = 0;
	#appending: Promise<void> | undefined;
	/** An append was asked for and has not begun. */
	#isWaiting = false;
	#ended = false;
	/** The request's texts: vendors quote them in their errors, so they are redacted from the log. */
	#requestTexts: readonly string[] = [];
	/** The error of an append that failed for good. */
	#appendFailure: { error: unknown } | undefined;
	#appendedAt = Number.NEGATIVE_INFINITY;
	#hasChunk = false;
	/** When the last token was appended, or the reply opened; and whether there was a token. */
	#tokenAt = 0;
	#hasToken = false;
	/* Counted in checks, not by the wall clock: a clock that was set, or a process that stood still,
	   must cause no time-out. */
	#noChunkMs = 0;
	#noAppendMs = 0;
	#noReaderMs = 0;
	#lastedMs = 0;

	constructor(parts: ReplyParts, job: ReplyJob) {
		this.#parts = parts;
		this.#job = job;
	}

	/** The reply was closed elsewhere: aborts the provider. */
	abort() {
		this.#abort.abort(new ReplyLost());
	}

	/**
	 * Writes the reply up to its close. Resolves with the start of the next reply if this close
	 * opened one. Never rejects: errors go into the log for the visitor, and to the logger for the
	 * operator.
	 */
	async run(): Promise<Start | undefined> {
		const { store, clock, logger, counts } = this.#parts;
		const { conversation, message } = this.#job;
		this.#tokenAt = clock.now();
		const unwatch = store.watch(conversation, (stored) => {
			if (stored?.open !== message) this.#checkOpen();
		});
		const stopTimer = this.#watchTime();
		try {
			let how = await this.#read().catch((error) => this.#failure(error));
			stopTimer();
			await this.#appendAll().catch((error) => {
				how = this.#failure(error);
			});
			const last = how;
			if (!last) return undefined;
			const { closed, next } = await this.#retried(() =>
				closeReply(store, clock, conversation, message, last),
			);
			if (closed) counts?.closed(last);
			return next;
		} catch (error) {
			if (!(error instanceof ReplyLost))
				logger("error", "reply_not_stored", { conversation, message, error });
			return undefined;
		} finally {
			stopTimer();
			unwatch();
			this.#ended = true;
			this.#abort.abort();
		}
	}

	/** Reads the provider to its end. Rejects as soon as the reply is lost or out of time. */
	#read(): Promise<ReplyClose> {
		const { signal } = this.#abort;
		return new Promise((resolve, reject) => {
			signal.addEventListener("abort", () => reject(signal.reason));
			// A provider that ignores its signal is abandoned.
			this.#readProvider(signal).then(resolve, reject);
		});
	}

	async #readProvider(signal: AbortSignal): Promise<ReplyClose> {
		const { provider, limits, logger } = this.#parts;
		const output = new ProviderOutput({
			refused: (fact) =>
				logger("warn", "provider_fact_refused", {
					provider: provider.name,
					fact,
				}),
			unread: (shape) =>
				logger("warn", "provider_chunk_unread", {
					conversation: this.#job.conversation,
					message: this.#job.message,
					provider: provider.name,
					shape,
				}),
		});
		const request = await this.#job.request();
		this.#requestTexts = [
			...request.turns.map(({ content }) => content),
			...textsIn(request.visitor?.claims),
			...textsIn(request.context),
		];
		let chunks = 0;
		let isCut = false;
		try {
			for await (const chunk of provider.reply(request, signal)) {
				if (signal.aborted) break;
				// The next check would otherwise count the time before this chunk.
				this.#noChunkMs = -checkMs;
				this.#hasChunk = true;
				const { text, chars } = output.read(chunk);
				this.#batch(text);
				const isSpent = this.#job.isSpent(chars);
				isCut = isSpent || this.#length >= limits.maxReplyChars;
				if (isCut) break;
				// A provider that never waits would block the event loop.
				if (++chunks % chunksPerTurn === 0)
					await new Promise<void>((resolve) => setImmediate(resolve));
			}
		} finally {
			this.#batch(output.end());
		}
		const { usage, sources, reason = "complete" } = output.facts;
		this.#job.settle(usage);
		// A continued answer may have nothing to add.
		if (!isCut && !signal.aborted && !request.beginning) output.checkNotEmpty();
		return {
			by: "end",
			reason: isCut ? "length" : reason,
			...(usage && { usage }),
			...(sources && { sources }),
		};
	}

	#batch(chunk: string) {
		const room = this.#parts.limits.maxReplyChars - this.#length;
		const text = chunk.length > room ? chunk.slice(0, room) : chunk;
		this.#buffer += text;
		this.#length += text.length;
		this.#appendSoon();
	}

	/**
	 * A chunk is appended in the turn in which it came. What comes during an append waits for its
	 * end, and under load for the batching interval: tokens then grow by themselves.
	 */
	#appendSoon() {
		if (this.#appending || this.#isWaiting || this.#appendFailure) return;
		if (withoutHalf(this.#buffer) === "") return;
		// The first text of an answer never waits.
		if (!this.#hasToken) return this.#appendBuffer();
		this.#isWaiting = true;
		this.#parts.batching.run(this.#appendWaiting);
	}

	/** The close of the reply may have appended the text before. */
	#appendWaiting = () => {
		this.#isWaiting = false;
		if (this.#ended || this.#appending || this.#appendFailure) return;
		if (withoutHalf(this.#buffer) !== "") this.#appendBuffer();
	};

	#appendBuffer() {
		const text = withoutHalf(this.#buffer);
		this.#buffer = this.#buffer.slice(text.length);
		this.#append(tokensOf(text.toWellFormed()));
		const { counts } = this.#parts;
		const took = this.#hasToken ? counts?.betweenTokens : counts?.firstToken;
		took?.record(this.#appendedAt - this.#tokenAt);
		this.#tokenAt = this.#appendedAt;
		this.#hasToken = true;
	}

	/** Runs one append at a time. A failure ends the reply. */
	#append(drafts: Draft[]) {
		const { store, clock, counts } = this.#parts;
		const { conversation, message } = this.#job;
		const append = () => store.append(conversation, drafts, { open: message });
		this.#appendedAt = clock.now();
		this.#appending = append()
			.catch((error) => this.#retried(append, error))
			.then(
				(stored) => {
					this.#appending = undefined;
					if (!stored) return this.#abort.abort(new ReplyLost());
					this.#noAppendMs = 0;
					const tookMs = clock.now() - this.#appendedAt;
					this.#parts.batching.record(tookMs);
					counts?.append.record(tookMs);
					if (counts) counts.tokens += stored.length;
					this.#appendSoon();
				},
				(error) => {
					this.#appending = undefined;
					this.#appendFailure = { error };
					this.#abort.abort(error);
				},
			);
	}

	/**
	 * Appends what was received before the close, also after the provider failed. Nothing is
	 * appended behind a chunk that could not be stored.
	 * @throws {ReplyLost} or the error of the failed append.
	 */
	async #appendAll() {
		this.#buffer = this.#buffer.toWellFormed();
		for (;;) {
			await this.#appending;
			const { reason } = this.#abort.signal;
			if (reason instanceof ReplyLost) throw reason;
			if (this.#appendFailure) throw this.#appendFailure.error;
			if (this.#buffer === "") return;
			if (!this.#appending) this.#appendBuffer();
		}
	}

	/** After a hint: checks whether the reply was closed elsewhere. */
	#checkOpen() {
		if (this.#appending || this.#abort.signal.aborted) return;
		const { store, logger } = this.#parts;
		const { conversation, message } = this.#job;
		store
			.head(conversation)
			.then((log) => {
				if (log?.open !== message) this.abort();
			})
			.catch((error) =>
				logger("warn", "reply_watch_failed", { conversation, error }),
			);
	}

	/** Retries while the store is unavailable, for a limited time. */
	async #retried<Result>(
		attempt: () => Promise<Result>,
		failure?: unknown,
	): Promise<Result> {
		const { clock } = this.#parts;
		const until = clock.now() + storeRetryMs;
		for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 2_000)) {
			try {
				if (failure !== undefined) throw failure;
				return await attempt();
			} catch (error) {
				failure = undefined;
				const passing =
					error instanceof ChatError && error.code === "unavailable";
				if (!passing || clock.now() + waitMs > until) throw error;
				await pause(clock, waitMs);
			}
		}
	}

	/**
	 * One timer for the whole reply instead of one for each chunk. Returns the function that stops
	 * it.
	 */
	#watchTime(): () => void {
		const { clock } = this.#parts;
		let timer: unknown;
		const check = () => {
			this.#noChunkMs += checkMs;
			this.#noAppendMs += checkMs;
			this.#lastedMs += checkMs;
			this.#noReaderMs = this.#job.wasRead() ? 0 : this.#noReaderMs + checkMs;
			const late = this.#lateness();
			if (late) return this.#abort.abort(late);
			if (this.#noAppendMs >= maxAppendGapMs && !this.#appending)
				this.#append([{ type: "token", content: "" }]);
			timer = clock.setTimeout(check, checkMs);
		};
		timer = clock.setTimeout(check, checkMs);
		return () => clock.clearTimeout(timer);
	}

	#lateness(): ChatError | undefined {
		const { limits } = this.#parts;
		const timeoutMs = this.#hasChunk
			? limits.nextChunkTimeoutMs
			: limits.firstChunkTimeoutMs;
		const isEndless = this.#lastedMs >= limits.replyMs;
		if (this.#noChunkMs >= timeoutMs || isEndless)
			return new ChatError(
				"provider_timeout",
				"The assistant has not answered in time. Please try again.",
				{
					cause: isEndless
						? `no end after ${this.#lastedMs} ms`
						: `no chunk for ${this.#noChunkMs} ms`,
				},
			);
		if (this.#noReaderMs >= limits.unreadMs)
			return new ChatError(
				"interrupted",
				"The answer was stopped because no reader was connected.",
			);
		return undefined;
	}

	/** How a failure closes the reply. `undefined` if it is closed already. */
	#failure(error: unknown): ReplyClose | undefined {
		if (error instanceof ReplyLost) return undefined;
		const { logger, provider } = this.#parts;
		const { conversation, message } = this.#job;
		const facts = { conversation, message, provider: provider.name, error };
		// Vendors quote the request in their errors.
		logger("error", "reply_failed", facts, this.#requestTexts);
		if (error instanceof ChatError)
			return { by: "error", code: error.code, text: error.message };
		return {
			by: "error",
			code: "provider_failed",
			text: "The assistant could not answer. Please try again in a moment.",
		};
	}
}

const textsIn = (values: Record<string, unknown> = {}): string[] =>
	Object.values(values).filter((value) => typeof value === "string");

/** Splits well-formed text into tokens, never inside a character. */
function tokensOf(text: string): Draft[] {
	const drafts: Draft[] = [];
	for (let from = 0; from < text.length; ) {
		const content = withoutHalf(text.slice(from, from + maxTokenChars));
		drafts.push({ type: "token", content });
		from += content.length;
	}
	return drafts;
}

/** Drops a trailing high surrogate: its other half is in the next chunk. */
function withoutHalf(text: string): string {
	const last = text.charCodeAt(text.length - 1);
	return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
