/**
 * One reply's life: chunks of a provider → tokens in the log → exactly one close.
 *
 * `chat.ts` begins it and is told when it is over. It knows no visitor and no socket: whoever
 * wants to see the reply reads the log.
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
import { type Facts, readChunk } from "./provider-output.ts";

/** A reply says something at least this often, ms, if only an empty token. */
const sayMs = 10_000;
/** Longest token, in UTF-16 units: a longer chunk becomes several tokens of one append. */
const maxTokenChars = 16_384;
/** After so many chunks without a pause everybody else has a turn. */
const chunksPerTurn = 256;
/** How often time-outs are looked at, ms. */
const watchMs = 1_000;
/** How long a store that is out of reach is tried again, ms. */
const storePatienceMs = 20_000;

export type ReplyParts = {
	store: Store;
	provider: Provider;
	clock: Clock;
	logger: Logger;
	/** Without it nothing is counted. */
	counts?: Counts | undefined;
	/** How long chunks are batched; one for all replies of the process. */
	batching: Batching;
	limits: {
		firstChunkTimeoutMs: number;
		nextChunkTimeoutMs: number;
		replyMs: number;
		unreadMs: number;
		maxReplyChars: number;
	};
};

/** The reply is no longer ours: somebody else has closed it. */
class Lost extends Error {
	override readonly message = "The reply was closed by somebody else.";
}

/** What a reply's writer needs to know. */
export type ReplyJob = {
	conversation: string;
	/** The open reply's id. */
	message: string;
	/** What the provider is to be told; a failure of it is a failure of the reply. */
	request(): Promise<ReplyRequest>;
	/** Counts characters of the reply; true when that is all it may cost. */
	isSpent(chars: number): boolean;
	/** The provider has ended; what it says about the cost counts. */
	settle(usage: Usage | undefined): void;
	/** Whether anybody has read it since this was asked last. */
	wasRead(): boolean;
};

/** Lets the provider write the reply that is open in the log. */
export class ReplyWriter {
	readonly #parts: ReplyParts;
	readonly #job: ReplyJob;
	readonly #abort = new AbortController();

	/** Heard from the provider, not yet handed to the store. */
	#buffer = "";
	#length = 0;
	#appending: Promise<void> | undefined;
	#batchTimer: unknown;
	/** What the model was told. */
	#told: readonly string[] = [];
	/** A chunk that was heard and could not be stored. */
	#hole: { error: unknown } | undefined;
	#appendedAt = Number.NEGATIVE_INFINITY;
	#heard = false;
	/** When it said something last, or began; and whether it has said anything. */
	#saidAt = 0;
	#said = false;
	/* How long nothing was heard, said or read, and how long it lasts: counted in looks, because neither a clock that was set
	   nor a process that stood still is the fault of a model or of a reader. */
	#unheardMs = 0;
	#unsaidMs = 0;
	#unreadMs = 0;
	#lastedMs = 0;

	constructor(parts: ReplyParts, job: ReplyJob) {
		this.#parts = parts;
		this.#job = job;
	}

	/** Somebody else has closed the reply: lets the provider go at once. */
	abort() {
		this.#abort.abort(new Lost());
	}

	/**
	 * Writes to the close. Resolves with the next reply if this close opened one. Never rejects: what
	 * goes wrong is in the log for the visitor and in the logger for the operator.
	 */
	async run(): Promise<Start | undefined> {
		const { store, clock, logger, counts } = this.#parts;
		const { conversation, message } = this.#job;
		this.#saidAt = clock.now();
		const unwatch = store.watch(conversation, () => this.#look());
		const unguard = this.#guardTime();
		try {
			let how = await this.#read().catch((error) => this.#failure(error));
			unguard();
			await this.#appendAll().catch((error) => {
				how = this.#failure(error);
			});
			const last = how;
			if (!last) return undefined;
			const { closed, next } = await this.#patiently(() =>
				closeReply(store, clock, conversation, message, last),
			);
			if (closed) counts?.closed(last);
			return next;
		} catch (error) {
			if (!(error instanceof Lost))
				logger("error", "reply_not_stored", { conversation, message, error });
			return undefined;
		} finally {
			unguard();
			unwatch();
			clock.clearTimeout(this.#batchTimer);
			this.#abort.abort();
		}
	}

	/** Reads the provider to its end; rejects as soon as the reply is lost or out of time. */
	#read(): Promise<ReplyClose> {
		const { signal } = this.#abort;
		return new Promise((resolve, reject) => {
			signal.addEventListener("abort", () => reject(signal.reason));
			// A provider that does not listen to its signal is left behind, not waited for.
			this.#readProvider(signal).then(resolve, reject);
		});
	}

	async #readProvider(signal: AbortSignal): Promise<ReplyClose> {
		const { provider, limits, logger } = this.#parts;
		const facts: Facts = {};
		const refused = (fact: string) =>
			logger("warn", "provider_fact_refused", {
				provider: provider.name,
				fact,
			});
		const request = await this.#job.request();
		this.#told = request.turns.map(({ content }) => content);
		let chunks = 0;
		for await (const chunk of provider.reply(request, signal)) {
			if (signal.aborted) break;
			// The look that comes next sees only a part of its time.
			this.#unheardMs = -watchMs;
			this.#heard = true;
			const text = readChunk(chunk, facts, refused);
			this.#batch(text);
			const isSpent = this.#job.isSpent(text.length);
			if (isSpent || this.#length >= limits.maxReplyChars) {
				facts.reason = "length";
				break;
			}
			// A provider that never waits for anything must not keep everybody waiting.
			if (++chunks % chunksPerTurn === 0)
				await new Promise<void>((resolve) => setImmediate(resolve));
		}
		const { usage, sources, reason = "complete" } = facts;
		this.#job.settle(usage);
		return {
			by: "end",
			reason,
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
	 * The first chunk goes at once. Later ones wait until the batching interval since the last append is
	 * over, and for an append under way: a store under load makes larger tokens by itself.
	 */
	#appendSoon() {
		if (this.#appending || this.#batchTimer !== undefined) return;
		if (withoutHalf(this.#buffer) === "") return;
		const { clock, batching } = this.#parts;
		const { batchMs } = batching;
		const waitMs = this.#appendedAt + batchMs - clock.now();
		if (waitMs <= 0) return this.#appendBuffer();
		this.#batchTimer = clock.setTimeout(
			() => {
				this.#batchTimer = undefined;
				this.#appendBuffer();
				// Never longer: the clock may have been set back.
			},
			Math.min(waitMs, batchMs),
		);
	}

	#appendBuffer() {
		const text = withoutHalf(this.#buffer);
		this.#buffer = this.#buffer.slice(text.length);
		this.#append(tokensOf(text.toWellFormed()));
		const { counts } = this.#parts;
		const took = this.#said ? counts?.betweenTokens : counts?.firstToken;
		took?.record(this.#appendedAt - this.#saidAt);
		this.#saidAt = this.#appendedAt;
		this.#said = true;
	}

	/** One append at a time; a failure ends the reply. */
	#append(drafts: Draft[]) {
		const { store, clock, counts } = this.#parts;
		const { conversation, message } = this.#job;
		const append = () => store.append(conversation, drafts, { open: message });
		this.#appendedAt = clock.now();
		this.#appending = append()
			.catch((error) => this.#patiently(append, error))
			.then(
				(stored) => {
					this.#appending = undefined;
					if (!stored) return this.#abort.abort(new Lost());
					this.#unsaidMs = 0;
					const tookMs = clock.now() - this.#appendedAt;
					this.#parts.batching.record(tookMs);
					counts?.append.record(tookMs);
					if (counts) counts.tokens += stored.length;
					this.#appendSoon();
				},
				(error) => {
					this.#appending = undefined;
					this.#hole = { error };
					this.#abort.abort(error);
				},
			);
	}

	/**
	 * What was heard is stored before the close, after a failure of the provider, too. Nothing is
	 * stored behind a chunk that could not be.
	 * @throws {Lost} or why a chunk could not be stored.
	 */
	async #appendAll() {
		this.#buffer = this.#buffer.toWellFormed();
		for (;;) {
			await this.#appending;
			const { reason } = this.#abort.signal;
			if (reason instanceof Lost) throw reason;
			if (this.#hole) throw this.#hole.error;
			if (this.#buffer === "") return;
			if (!this.#appending) this.#appendBuffer();
		}
	}

	/** After a hint: has somebody else closed our reply? */
	#look() {
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

	/** Tries again while the store is out of reach, and gives up after a while. */
	async #patiently<Result>(
		attempt: () => Promise<Result>,
		failure?: unknown,
	): Promise<Result> {
		const { clock } = this.#parts;
		const until = clock.now() + storePatienceMs;
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

	/** One slow timer for the whole reply instead of one for each chunk. Returns what ends it. */
	#guardTime(): () => void {
		const { clock } = this.#parts;
		let timer: unknown;
		const look = () => {
			this.#unheardMs += watchMs;
			this.#unsaidMs += watchMs;
			this.#lastedMs += watchMs;
			this.#unreadMs = this.#job.wasRead() ? 0 : this.#unreadMs + watchMs;
			const late = this.#lateness();
			if (late) return this.#abort.abort(late);
			if (this.#unsaidMs >= sayMs && !this.#appending)
				this.#append([{ type: "token", content: "" }]);
			timer = clock.setTimeout(look, watchMs);
		};
		timer = clock.setTimeout(look, watchMs);
		return () => clock.clearTimeout(timer);
	}

	#lateness(): ChatError | undefined {
		const { limits } = this.#parts;
		const patienceMs = this.#heard
			? limits.nextChunkTimeoutMs
			: limits.firstChunkTimeoutMs;
		const isTrickle = this.#lastedMs >= limits.replyMs;
		if (this.#unheardMs >= patienceMs || isTrickle)
			return new ChatError(
				"provider_timeout",
				"The assistant has not answered in time. Please try again.",
				{
					cause: isTrickle
						? `no end after ${this.#lastedMs} ms`
						: `no chunk for ${this.#unheardMs} ms`,
				},
			);
		if (this.#unreadMs >= limits.unreadMs)
			return new ChatError(
				"interrupted",
				"The answer was broken off because nobody was reading it.",
			);
		return undefined;
	}

	/** How a failure closes the reply; undefined when it is closed already. */
	#failure(error: unknown): ReplyClose | undefined {
		if (error instanceof Lost) return undefined;
		const { logger, provider } = this.#parts;
		const { conversation, message } = this.#job;
		const facts = { conversation, message, provider: provider.name, error };
		// Vendors quote in their errors what they were told.
		logger("error", "reply_failed", facts, this.#told);
		if (error instanceof ChatError)
			return { by: "error", code: error.code, text: error.message };
		return {
			by: "error",
			code: "provider_failed",
			text: "The assistant could not answer. Please try again in a moment.",
		};
	}
}

/** Well-formed text as tokens, none of which ends in the middle of a character. */
function tokensOf(text: string): Draft[] {
	const drafts: Draft[] = [];
	for (let from = 0; from < text.length; ) {
		const content = withoutHalf(text.slice(from, from + maxTokenChars));
		drafts.push({ type: "token", content });
		from += content.length;
	}
	return drafts;
}

/** Leaves out a last UTF-16 unit that is only the first half of a character. */
function withoutHalf(text: string): string {
	const last = text.charCodeAt(text.length - 1);
	return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}
