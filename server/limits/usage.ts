/**
 * Limits on what a visitor may cost: messages, open replies, model tokens per day, and log reads.
 *
 * Tokens are the provider's own count if it reports one; until then a quarter of the characters. A day
 * starts with the first use. Knows no prices, no addresses and no store.
 */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent, Usage } from "../../protocol/frames.ts";
import { isOver, LiveCount, RateWindow, type Used } from "./counters.ts";

export type UsageLimitSettings = {
	maxMessagesPerMinute: number;
	maxMessagesPerDay: number;
	maxOpenRepliesPerVisitor: number;
	maxOpenReplies: number;
	maxTokensPerVisitorDay: number;
	maxTokensPerDay: number;
};

const minuteMs = 60_000;
const dayMs = 86_400_000;
const charsPerToken = 4;
/** Tokens reserved for a reply that has started and whose length is not known. */
const reservedTokens = 1_000;
/** A reply is counted in steps of this many characters. */
const countedChars = 2_000;
/** `retryAfter` of a limit on open replies: when one closes is not known, ms. */
const retryMs = 5_000;
/** New conversations of one visitor per minute. More than people need, too few to fill a disk. */
const maxConversationsPerMinute = 60;
/** Characters of logs that one visitor may read per minute: four times what a day's tokens can write. */
const maxReadChars = 200_000_000;
/** Shorter pages are not counted: a reader that keeps up reads many of them. */
const longPageChars = 10_000;
/** The key of the whole site. No visitor has an empty id. */
const site = "";

type Spent = { visitor: Used; site: Used };

export class UsageLimits {
	readonly #limits: UsageLimitSettings;
	readonly #minute: RateWindow;
	readonly #day: RateWindow;
	readonly #conversations: RateWindow;
	readonly #reads: RateWindow;
	readonly #openReplies = new LiveCount();
	/** Tokens spent, by visitor and for the site. */
	readonly #spent: { visitor: RateWindow; site: RateWindow };
	/** Tokens reserved for open replies. */
	readonly #reserved = new LiveCount();

	constructor(limits: UsageLimitSettings, { now }: Pick<Clock, "now">) {
		const window = (max: number, windowMs: number) =>
			new RateWindow(max, windowMs, now);
		this.#limits = limits;
		this.#minute = window(limits.maxMessagesPerMinute, minuteMs);
		this.#day = window(limits.maxMessagesPerDay, dayMs);
		this.#conversations = window(maxConversationsPerMinute, minuteMs);
		this.#reads = window(maxReadChars, minuteMs);
		this.#spent = {
			visitor: window(limits.maxTokensPerVisitorDay, dayMs),
			site: window(limits.maxTokensPerDay, dayMs),
		};
	}

	/**
	 * Counts a new conversation.
	 * @throws {ChatError} `rate_limited`
	 */
	countConversation(visitor: string): void {
		const againMs = this.#conversations.take(visitor);
		if (againMs !== undefined)
			throw rateLimited("You start conversations very fast.", againMs);
	}

	/**
	 * Call before reading a log; its length is not known yet.
	 * @throws {ChatError} `rate_limited` if the visitor has read too much.
	 */
	checkReads(visitor: string): void {
		const { used, againMs } = this.#reads.look(visitor);
		if (used >= maxReadChars)
			throw rateLimited("You are reading very much at once.", againMs);
	}

	/** Counts events that were read for a visitor. */
	countRead(visitor: string, events: readonly LogEvent[]): void {
		let chars = 0;
		for (const event of events)
			if (event.type === "token") chars += event.content.length;
		if (chars >= longPageChars) this.#reads.add(visitor, chars);
	}

	/**
	 * Counts a message or a retry.
	 * @throws {ChatError} `rate_limited`, for this one message.
	 */
	countMessage(visitor: string, id: string): void {
		const againMs = this.#minute.take(visitor);
		if (againMs !== undefined)
			throw rateLimited("You are sending messages very fast.", againMs, id);
		const tomorrowMs = this.#day.take(visitor);
		if (tomorrowMs !== undefined)
			throw rateLimited(
				"You have sent as many messages as one day allows.",
				tomorrowMs,
				id,
			);
	}

	/**
	 * Permits one reply; release the permit when the reply is closed.
	 * @param options.waited The question is stored already and the reply before it has just closed, so
	 * only the token budget can reject it.
	 * @throws {ChatError} `rate_limited`
	 */
	openReply(
		visitor: string,
		{ id, waited = false }: { id?: string; waited?: boolean } = {},
	): ReplyPermit {
		const { maxOpenReplies, maxOpenRepliesPerVisitor } = this.#limits;
		this.checkBudget(visitor, id);
		const isFull =
			!waited &&
			(isOver(this.#openReplies.of(site), maxOpenReplies) ||
				isOver(this.#openReplies.of(visitor), maxOpenRepliesPerVisitor));
		if (isFull)
			throw rateLimited("Too many answers are being written.", retryMs, id);
		const releases = [site, visitor].flatMap((key) => [
			this.#openReplies.add(key),
			this.#reserved.add(key, reservedTokens),
		]);
		return new ReplyPermit(
			(tokens) => this.#spend(visitor, tokens),
			() => {
				for (const release of releases) release();
			},
		);
	}

	/**
	 * Whether the token budgets allow one more reply.
	 * @throws {ChatError} `rate_limited`
	 */
	checkBudget(visitor: string, id?: string): void {
		const { maxTokensPerDay, maxTokensPerVisitorDay } = this.#limits;
		const spent: Spent = {
			visitor: this.#spent.visitor.look(visitor),
			site: this.spentToday(),
		};
		if (isOver(spent.site.used + this.#reserved.of(site), maxTokensPerDay))
			throw rateLimited(
				"The assistant has answered all it can for today.",
				spent.site.againMs || retryMs,
				id,
			);
		const ownTokens = spent.visitor.used + this.#reserved.of(visitor);
		if (isOver(ownTokens, maxTokensPerVisitorDay))
			throw rateLimited(
				"You have used what one day allows.",
				spent.visitor.againMs || retryMs,
				id,
			);
	}

	/** Tokens that the whole site has spent today. */
	spentToday(): Used {
		return this.#spent.site.look(site);
	}

	/** Continues the site's day that another process started. */
	resumeDay(spent: Used): void {
		this.#spent.site.resume(site, spent);
	}

	/** @returns whether a budget is used up. */
	#spend(visitor: string, tokens: number): boolean {
		const { maxTokensPerDay, maxTokensPerVisitorDay } = this.#limits;
		const own = this.#spent.visitor.add(visitor, tokens);
		const all = this.#spent.site.add(site, tokens);
		return (
			isOver(own.used, maxTokensPerVisitorDay) ||
			isOver(all.used, maxTokensPerDay)
		);
	}
}

/** The cost of one reply. */
export class ReplyPermit {
	readonly #spend: (tokens: number) => boolean;
	readonly #release: () => void;
	#uncountedChars = 0;
	#spent = 0;
	#isUsedUp = false;

	constructor(spend: (tokens: number) => boolean, release: () => void) {
		this.#spend = spend;
		this.#release = release;
	}

	/** Counts characters sent to or received from the model. @returns whether a budget is used up. */
	count(chars: number): boolean {
		this.#uncountedChars += chars;
		if (this.#uncountedChars >= countedChars) this.#countChars();
		return this.#isUsedUp;
	}

	/** The reply is closed. `usage`: the provider's own count. Calling it again has no effect. */
	release(usage?: Usage): void {
		this.#countChars();
		if (usage) this.#add(usage.input + usage.output - this.#spent);
		this.#release();
	}

	#countChars() {
		const tokens = Math.ceil(this.#uncountedChars / charsPerToken);
		this.#uncountedChars = 0;
		if (tokens > 0) this.#add(tokens);
	}

	#add(tokens: number) {
		this.#spent += tokens;
		this.#isUsedUp = this.#spend(tokens);
	}
}

const rateLimited = (
	text: string,
	retryAfter: number,
	id?: string,
): ChatError =>
	new ChatError("rate_limited", `${text} Please try again later.`, {
		retryAfter,
		...(id !== undefined && { id }),
	});
