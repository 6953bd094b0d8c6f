/**
 * The chat service: checks who may read and write a conversation, and turns client frames into
 * appends.
 *
 * Readers receive everything through `open`, which reads the log. Knows no HTTP request, no socket,
 * no SQL and no vendor.
 */
import { ChatError } from "../../protocol/errors.ts";
import {
	type Feedback,
	type Hello,
	type LogEvent,
	type Rate,
	type Ready,
	type Retry,
	type Send,
	type Start,
	version,
} from "../../protocol/frames.ts";
import type { ReplyPermit } from "../limits/usage.ts";
import { type FollowOptions, follow, mergeTokens } from "../store/follow.ts";
import type { Draft, LogHead, LogPage, Store } from "../store/store.ts";
import type { Visitor } from "../visitor.ts";
import { answerIn } from "./await-answer.ts";
import { replyStart } from "./close-reply.ts";
import { type Health, HealthCheck } from "./health.ts";
import { unfinishedAnswer } from "./history.ts";
import { contentOf } from "./message-text.ts";
import type { Reading } from "./reading.ts";
import { Replies, type RepliesParts } from "./replies.ts";

export type ChatParts = RepliesParts & {
	settings: {
		maxContentChars: number;
		heartbeatMs: number;
		/** Age up to which a `hello` with `latest` finds the newest conversation, days. */
		resumeDays: number;
	};
};

/**
 * Events in one read of the store. With tokens merged into frames of up to 16 K characters, such a
 * batch stays far below the size at which Bun drops frames of a slow WebSocket.
 */
const pageEvents = 256;
const dayMs = 24 * 3_600_000;
/** How long a lost hint can go unnoticed, ms. */
const followTickMs = 5_000;

/**
 * Comes before every other check, because this server cannot judge the credential of another
 * version.
 * @throws {ChatError} `outdated`
 */
export function checkVersion(hello: Hello) {
	if (hello.version !== version)
		throw new ChatError(
			"outdated",
			`Expected protocol version ${version}; got ${hello.version}. Please reload the page.`,
		);
}

export class Chat {
	readonly #parts: ChatParts;
	readonly #replies: Replies;
	readonly #health: HealthCheck;
	#draining = false;
	/** The last send of each conversation that is not finished. */
	readonly #turns = new Map<string, Promise<void>>();

	constructor(parts: ChatParts) {
		this.#parts = parts;
		this.#replies = new Replies(parts);
		this.#health = new HealthCheck(parts);
	}

	get draining(): boolean {
		return this.#draining;
	}

	get openReplies(): number {
		return this.#replies.size;
	}

	/** Whether the server can store messages now. */
	async health(): Promise<Health> {
		return this.#draining ? { status: "draining" } : this.#health.now();
	}

	/**
	 * After a crash: closes the replies that were left open and answers the questions that waited.
	 */
	recover(): Promise<void> {
		return this.#replies.recover();
	}

	/** Accepts no new messages, and ends within `ms` ms. Readers continue to read. */
	drain(ms: number): Promise<void> {
		this.#draining = true;
		return this.#replies.drain(ms);
	}

	/**
	 * Finds the conversation of a `hello`, or creates one. With `latest`, an unnamed conversation is the
	 * visitor's newest.
	 */
	async enter(visitor: Visitor, hello: Hello): Promise<Ready> {
		this.#refuseWhileDraining();
		if (hello.conversation) {
			const log = await this.#headOf(visitor, hello.conversation);
			return this.#ready(hello.conversation, log);
		}
		const latest = hello.latest && (await this.#latestOf(visitor));
		if (latest) return latest;
		const { store, usageLimits } = this.#parts;
		usageLimits?.countConversation(visitor);
		const conversation = crypto.randomUUID();
		const log = await store.create(conversation, visitor.id);
		return this.#ready(conversation, log);
	}

	/** The newest conversation of a visitor, unless it is too old. */
	async #latestOf(visitor: Visitor): Promise<Ready | undefined> {
		const { store, clock, settings } = this.#parts;
		const newest = await store.newest(visitor.id);
		const oldestAt = clock.now() - settings.resumeDays * dayMs;
		if (!newest || newest.touched <= oldestAt) return undefined;
		const log = await store.head(newest.conversation);
		// It may have been deleted meanwhile.
		return log?.owner === visitor.id
			? this.#ready(newest.conversation, log)
			: undefined;
	}

	/**
	 * Reads a conversation until `signal` aborts: first the events that the reader lacks, then each
	 * new one. A slow reader costs no memory, because the log is its buffer.
	 * @param push See {@link FollowOptions}.
	 */
	async open(
		visitor: Visitor,
		hello: Omit<Hello, "type" | "version"> & { conversation: string },
		signal: AbortSignal,
		push?: FollowOptions["push"],
	): Promise<Reading> {
		const { store, clock } = this.#parts;
		const { conversation, epoch, after = 0 } = hello;
		await this.#headOf(visitor, conversation);
		let page = await this.#read(visitor, conversation, after);
		const anotherLog =
			(epoch !== undefined && epoch !== page.epoch) || page.head < after;
		if (anotherLog) page = await this.#read(visitor, conversation, 0);
		const ready = this.#ready(conversation, page);
		const first = { head: page.head, events: mergeTokens(page.events) };
		const last = page.events.at(-1)?.sequence ?? (anotherLog ? 0 : after);
		const release = this.#replies.addReader(conversation);
		signal.addEventListener("abort", release);
		if (signal.aborted) release();
		const onRead = this.#parts.usageLimits?.readCounter(visitor.id);
		const { epoch: pageEpoch } = page;
		const options = {
			signal,
			clock,
			tickMs: followTickMs,
			epoch: pageEpoch,
			onRead,
			push,
		};
		return { ready, first, rest: follow(store, conversation, last, options) };
	}

	/**
	 * Stores a question once, and opens its reply unless another one is open.
	 * @returns the `start` event of the question. A repeated send returns the stored one.
	 */
	send(
		visitor: Visitor,
		conversation: string,
		send: Omit<Send, "type">,
	): Promise<Start> {
		return this.#inTurn(conversation, () =>
			this.#send(visitor, conversation, send),
		).catch((error) => {
			const passing =
				error instanceof ChatError && error.code === "unavailable";
			if (!passing || error.id) throw error;
			// With an id the error concerns this message alone: the client keeps its connection and
			// sends again.
			throw new ChatError("unavailable", error.message, {
				cause: error.cause,
				retryAfter: 2_000,
				id: send.id,
			});
		});
	}

	async #send(
		visitor: Visitor,
		conversation: string,
		send: Omit<Send, "type">,
	): Promise<Start> {
		const { id } = send;
		const { store, clock, usageLimits } = this.#parts;
		usageLimits?.countCommand(visitor, id);
		const content = contentOf(send, this.#parts.settings.maxContentChars);
		let isCounted = false;
		for (;;) {
			const { open } = await this.#headOf(visitor, conversation);
			const known = (await store.message(conversation, id))?.start;
			if (known) {
				const { data } = known;
				if (data.role === "user" && data.content === content) return known;
				throw new ChatError(
					"conflict",
					"Another message with this id exists already.",
					{ id },
				);
			}
			this.#refuseWhileDraining(id);
			if (open && (await this.#replies.rescue(conversation, open))) continue;
			if (!isCounted) {
				const { context } = send;
				usageLimits?.countMessage(visitor, id, { content, context });
			}
			isCounted = true;
			// Behind an open reply this question waits. Its reply is counted when it opens.
			if (open) usageLimits?.checkBudget(visitor.id, id);
			const permit = open
				? undefined
				: usageLimits?.openReply(visitor.id, { id });
			const at = clock.now();
			const question: Draft = {
				type: "control",
				action: "start",
				data: { message: id, role: "user", content, at },
			};
			const drafts = open ? [question] : [question, replyStart(id, clock)];
			// Without a guard the append still fails if a reply is open, because it opens one.
			const guard = open ? { open } : {};
			const stored = await this.#append(
				conversation,
				drafts,
				{ ...guard, context: send.context },
				permit,
				visitor,
			);
			if (stored) return stored; // If not, the log has changed meanwhile: look again.
		}
	}

	/**
	 * Closes the open reply as `stopped`. Does nothing if no reply is open, or another one than
	 * `message`.
	 */
	async stop(
		visitor: Visitor,
		conversation: string,
		message?: string,
	): Promise<void> {
		this.#parts.usageLimits?.countCommand(visitor, message);
		const { open } = await this.#headOf(visitor, conversation);
		if (!open || (message !== undefined && message !== open)) return;
		await this.#replies.close(conversation, open, {
			by: "end",
			reason: "stopped",
		});
	}

	/** Opens another reply to a question. @returns the `start` event of the new reply. */
	async retry(
		visitor: Visitor,
		conversation: string,
		retry: Omit<Retry, "type">,
	): Promise<Start> {
		const id = retry.message;
		const { store, clock, usageLimits } = this.#parts;
		usageLimits?.countCommand(visitor, id);
		let isCounted = false;
		for (;;) {
			const log = await this.#headOf(visitor, conversation);
			this.#refuseWhileDraining(id);
			const question = await store.message(conversation, id);
			if (question?.start.data.role !== "user")
				throw new ChatError("not_found", "There is no such question.", { id });
			if (log.open)
				throw new ChatError(
					"conflict",
					"An answer is being written. Wait for its end or stop it first.",
					{ id },
				);
			const broken = retry.continue
				? await unfinishedAnswer(store, conversation, question)
				: undefined;
			if (!isCounted) usageLimits?.countMessage(visitor, id);
			isCounted = true;
			const permit = usageLimits?.openReply(visitor.id, { id });
			const drafts = [replyStart(id, clock, broken)];
			const guard = { head: log.head };
			const stored = await this.#append(
				conversation,
				drafts,
				guard,
				permit,
				visitor,
			);
			if (stored) return stored;
		}
	}

	/**
	 * Appends, and starts the writer of the reply that these drafts open. @returns the first event.
	 */
	async #append(
		conversation: string,
		drafts: readonly Draft[],
		guard: Parameters<Store["append"]>[2],
		permit: ReplyPermit | undefined,
		visitor: Visitor,
	): Promise<Start | undefined> {
		// Before the append: a question may be answered as soon as it is stored.
		this.#replies.know(conversation, visitor);
		let stored: LogEvent[] | undefined;
		try {
			stored = await this.#parts.store.append(conversation, drafts, guard);
		} finally {
			if (!stored) {
				permit?.release();
				this.#replies.forget(conversation);
			}
		}
		if (!stored) return undefined;
		this.#replies.begin(conversation, stored.at(-1), permit);
		return stored[0] as Start;
	}

	/**
	 * Stores the rating of an answer. @returns its event. A repeated rating returns the stored one.
	 */
	rate(
		visitor: Visitor,
		conversation: string,
		rating: Omit<Rate, "type">,
	): Promise<Feedback> {
		return this.#inTurn(conversation, () =>
			this.#rate(visitor, conversation, rating),
		);
	}

	async #rate(
		visitor: Visitor,
		conversation: string,
		{ message, value }: Omit<Rate, "type">,
	): Promise<Feedback> {
		const { store, usageLimits } = this.#parts;
		usageLimits?.countCommand(visitor, message);
		await this.#headOf(visitor, conversation);
		const known = await store.message(conversation, message);
		if (known?.feedback?.data.value === value) return known.feedback;
		if (known?.start.data.role === "assistant")
			usageLimits?.countFeedback(visitor, message);
		const stored = await store.append(conversation, [
			{ type: "control", action: "feedback", data: { message, value } },
		]);
		if (!stored)
			throw new ChatError("not_found", "There is no such answer.", {
				id: message,
			});
		return stored[0] as Feedback;
	}

	/**
	 * Yields the events of one question and its newest answer, up to the answer's close. Ends early
	 * when `signal` aborts.
	 */
	async *answer(
		visitor: Visitor,
		conversation: string,
		question: Start,
		signal: AbortSignal,
	): AsyncGenerator<LogEvent, void, undefined> {
		const { store } = this.#parts;
		await this.#headOf(visitor, conversation);
		const { message } = question.data;
		const known = (await store.message(conversation, message))?.reply;
		const begun =
			known === undefined
				? undefined
				: await store.message(conversation, known);
		// Begins at the answer's start if there is one: many events may lie between the question
		// and it.
		const after = begun ? begun.start.sequence - 1 : question.sequence;
		const reading = await this.open(visitor, { conversation, after }, signal);
		yield* answerIn(reading, question, known);
	}

	#ready(conversation: string, log: LogHead): Ready {
		const { heartbeatMs, maxContentChars } = this.#parts.settings;
		return {
			type: "ready",
			version,
			conversation,
			epoch: log.epoch,
			head: log.head,
			heartbeat: heartbeatMs,
			limits: { content: maxContentChars },
		};
	}

	/**
	 * Runs the sends of a conversation one after the other. Run at once, all but one would fail
	 * their guard and start again. The guard of the append keeps them correct, not this queue.
	 */
	async #inTurn<Result>(
		conversation: string,
		work: () => Promise<Result>,
	): Promise<Result> {
		const before = this.#turns.get(conversation);
		const turn = (before ?? Promise.resolve()).then(work);
		const ended = turn.then(
			() => undefined,
			() => undefined,
		);
		this.#turns.set(conversation, ended);
		try {
			return await turn;
		} finally {
			if (this.#turns.get(conversation) === ended)
				this.#turns.delete(conversation);
		}
	}

	/**
	 * Checks the owner before everything else. A conversation of another visitor costs the same,
	 * and gets the same answer, as one that does not exist.
	 */
	async #headOf(visitor: Visitor, conversation: string): Promise<LogHead> {
		const log = await this.#parts.store.head(conversation);
		if (log?.owner !== visitor.id) throw noConversation();
		return log;
	}

	async #read(
		visitor: Visitor,
		conversation: string,
		after: number,
	): Promise<LogPage> {
		const { store, usageLimits } = this.#parts;
		usageLimits?.checkReads(visitor.id);
		const page = await store.read(conversation, after, pageEvents);
		if (!page) throw noConversation();
		usageLimits?.countRead(visitor.id, page.events);
		return page;
	}

	#refuseWhileDraining(id?: string) {
		if (this.#draining)
			throw new ChatError(
				"unavailable",
				"The chat is being restarted. Please try again in a moment.",
				{ retryAfter: 2_000, ...(id && { id }) },
			);
	}
}

const noConversation = (): ChatError =>
	new ChatError("not_found", "There is no such conversation.");
