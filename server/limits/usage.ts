/**
 * Limits on what a visitor may cost: messages, ratings, stored bytes, log reads, open replies and model
 * tokens per day.
 *
 * Tokens are the provider's own count if it reports one; until then a quarter of the characters. A day
 * starts with the first use. Knows no prices, no request and no store.
 */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent, Usage } from "../../protocol/frames.ts";
import type { ClientAddress, Visitor } from "../visitor.ts";
import {
	AddressWindow,
	isOver,
	LiveCount,
	RateWindow,
	type Used,
	widerFactor,
} from "./counters.ts";

export type UsageLimitSettings = {
	maxMessagesPerMinute: number;
	maxMessagesPerDay: number;
	maxFeedbackPerMinute: number;
	maxStoredPerVisitorDay: number;
	maxOpenRepliesPerVisitor: number;
	maxOpenReplies: number;
	maxMessagesPerAddressMinute: number;
	maxConversationsPerAddressMinute: number;
	maxTokensPerVisitorDay: number;
	maxTokensPerAddressDay: number;
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
/** New conversations of one visitor per minute. */
const maxConversationsPerMinute = 60;
/** Changes of the rating of one reply, per day. */
const maxRatingsPerReply = 20;
/** Commands allowed per message allowed. A command that stores nothing counts, too. */
const commandsPerMessage = 10;
/** An address may store this many times what a visitor may. */
const storedPerAddress = 20;
/** Characters of logs that one visitor may read per minute. */
const maxReadChars = 100_000_000;
/** What the lookup of a log counts as, and each event beside its text, in characters. */
const lookupChars = 2_000;
const eventChars = 200;
/** A reader that keeps up is counted in steps of this many characters. */
const countedReadChars = 10_000;
/** Visitors whose address is remembered for replies that open later. */
const maxRememberedVisitors = 50_000;
/** The key of the whole site. No visitor has an empty id. */
const site = "";

/**
 * Upper bounds of what the SQLite file grows by, in bytes: rows, indexes and the unused part of their
 * pages. A test compares them with a real file.
 */
export const storedBytes = {
	conversation: 1_000,
	feedback: 600,
	/** A reply beside its text, with its sources. */
	reply: 3_000,
	/** Each character of a reply, which may be a token of its own. */
	replyChar: 4,
	/** A question beside its text. Long rows fill their last page only in part. */
	question: 6_000,
	/** The id of a message, each byte: it is in several rows and indexes. */
	idByte: 8,
} as const;

type Question = { content: string; context?: object | undefined };

/** What a question adds to the store. Its reply is counted on its own. */
const questionBytes = (
	id: string,
	{ content, context = {} }: Question,
): number =>
	storedBytes.question +
	storedBytes.idByte * Buffer.byteLength(id) +
	Buffer.byteLength(JSON.stringify(content)) +
	Buffer.byteLength(JSON.stringify(context));

/** A budget that a visitor shares with others, by its key. */
type Scope = { key: string; max: number; text: string };

export class UsageLimits {
	readonly #limits: UsageLimitSettings;
	readonly #minute: RateWindow;
	readonly #day: RateWindow;
	readonly #addressMinute: AddressWindow;
	readonly #commands: RateWindow;
	readonly #conversations: RateWindow;
	readonly #addressConversations: AddressWindow;
	readonly #feedback: RateWindow;
	readonly #ratings: RateWindow;
	readonly #reads: RateWindow;
	readonly #openReplies = new LiveCount();
	/** Bytes stored, by visitor and by network. */
	readonly #stored: RateWindow;
	/** Tokens spent, by visitor, by network and for the site. */
	readonly #spent: RateWindow;
	/** Tokens reserved for open replies. */
	readonly #reserved = new LiveCount();
	/** Where a visitor last sent a message from, the least recent first. */
	readonly #addresses = new Map<string, ClientAddress>();

	constructor(limits: UsageLimitSettings, { now }: Pick<Clock, "now">) {
		const window = (max: number, windowMs: number) =>
			new RateWindow(max, windowMs, now);
		this.#limits = limits;
		const { maxMessagesPerMinute, maxMessagesPerAddressMinute } = limits;
		this.#minute = window(maxMessagesPerMinute, minuteMs);
		this.#day = window(limits.maxMessagesPerDay, dayMs);
		this.#addressMinute = new AddressWindow(
			maxMessagesPerAddressMinute,
			minuteMs,
			now,
		);
		this.#commands = window(
			maxMessagesPerMinute * commandsPerMessage,
			minuteMs,
		);
		this.#conversations = window(maxConversationsPerMinute, minuteMs);
		this.#addressConversations = new AddressWindow(
			limits.maxConversationsPerAddressMinute,
			minuteMs,
			now,
		);
		this.#feedback = window(limits.maxFeedbackPerMinute, minuteMs);
		this.#ratings = window(maxRatingsPerReply, dayMs);
		this.#reads = window(maxReadChars, minuteMs);
		this.#stored = window(limits.maxStoredPerVisitorDay, dayMs);
		this.#spent = window(limits.maxTokensPerDay, dayMs);
	}

	/**
	 * Counts a new conversation.
	 * @throws {ChatError} `rate_limited`
	 */
	countConversation(visitor: Visitor): void {
		const againMs =
			this.#conversations.take(visitor.id) ??
			this.#addressConversations.take(visitor.address);
		if (againMs !== undefined)
			throw rateLimited("You start conversations very fast.", againMs);
		this.#store(visitor, storedBytes.conversation);
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

	/** Counts the lookup of a log, and the events that were read for a visitor. */
	countRead(visitor: string, events: readonly LogEvent[]): void {
		this.#reads.add(visitor, lookupChars + charsOf(events));
	}

	/**
	 * Returns a counter of the batches that one reader reads after its first page.
	 * It throws `rate_limited` while the visitor has read too much and `isBehind`: a reader that keeps up
	 * continues, because its events are in memory.
	 */
	readCounter(
		visitor: string,
	): (events: readonly LogEvent[], isBehind: boolean) => void {
		let uncounted = 0;
		return (events, isBehind) => {
			uncounted += charsOf(events);
			if (uncounted < countedReadChars) return;
			this.#reads.add(visitor, uncounted);
			uncounted = 0;
			if (isBehind) this.checkReads(visitor);
		};
	}

	/**
	 * Counts a command (send, retry, stop, feedback) before anything is read for it. One that is repeated
	 * or rejected counts, too.
	 * @throws {ChatError} `rate_limited`, for this one command.
	 */
	countCommand(visitor: Visitor, id?: string): void {
		const againMs = this.#commands.take(visitor.id);
		if (againMs !== undefined)
			throw rateLimited("You are sending very fast.", againMs, id);
	}

	/**
	 * Counts a message, or without a `question` a retry.
	 * @throws {ChatError} `rate_limited`, for this one message.
	 */
	countMessage(visitor: Visitor, id: string, question?: Question): void {
		const againMs = this.#minute.take(visitor.id);
		if (againMs !== undefined)
			throw rateLimited("You are sending messages very fast.", againMs, id);
		const addressMs = this.#addressMinute.take(visitor.address);
		if (addressMs !== undefined)
			throw rateLimited(
				"Your network is sending messages very fast.",
				addressMs,
				id,
			);
		const tomorrowMs = this.#day.take(visitor.id);
		if (tomorrowMs !== undefined)
			throw rateLimited(
				"You have sent as many messages as one day allows.",
				tomorrowMs,
				id,
			);
		this.#remember(visitor);
		const bytes = question ? questionBytes(id, question) : 0;
		this.#store(visitor, bytes + storedBytes.reply, id);
	}

	/**
	 * Counts a rating that is stored, of the reply `message`.
	 * @throws {ChatError} `rate_limited`, for this one rating.
	 */
	countFeedback(visitor: Visitor, message: string): void {
		const againMs =
			this.#feedback.take(visitor.id) ??
			this.#ratings.take(`${visitor.id} ${message}`);
		if (againMs !== undefined)
			throw rateLimited("You rate answers very often.", againMs, message);
		const bytes = Buffer.byteLength(message) * storedBytes.idByte;
		this.#store(visitor, storedBytes.feedback + bytes, message);
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
		const address = this.#addresses.get(visitor);
		const scopes = this.#tokenScopes(visitor, address);
		const releases = [
			...[site, visitor].map((key) => this.#openReplies.add(key)),
			...scopes.map(({ key }) => this.#reserved.add(key, reservedTokens)),
		];
		const author = { id: visitor, ...(address && { address }) };
		return new ReplyPermit({
			spend: (tokens) => this.#spend(scopes, tokens),
			store: (chars) => this.#hasStored(author, chars * storedBytes.replyChar),
			release() {
				for (const release of releases) release();
			},
		});
	}

	/**
	 * Whether the token budgets allow one more reply.
	 * @throws {ChatError} `rate_limited`
	 */
	checkBudget(visitor: string, id?: string): void {
		const address = this.#addresses.get(visitor);
		for (const { key, max, text } of this.#tokenScopes(visitor, address)) {
			const { used, againMs } = this.#spent.look(key);
			if (isOver(used + this.#reserved.of(key), max))
				throw rateLimited(text, againMs || retryMs, id);
		}
	}

	/** Tokens that the whole site has spent today. */
	spentToday(): Used {
		return this.#spent.look(site);
	}

	/** Continues the site's day that another process started. */
	resumeDay(spent: Used): void {
		this.#spent.resume(site, spent);
	}

	/** @returns whether a budget is used up. */
	#spend(scopes: readonly Scope[], tokens: number): boolean {
		let isUsedUp = false;
		for (const { key, max } of scopes)
			if (isOver(this.#spent.add(key, tokens).used, max)) isUsedUp = true;
		return isUsedUp;
	}

	#tokenScopes(visitor: string, address: ClientAddress | undefined): Scope[] {
		const { maxTokensPerVisitorDay, maxTokensPerDay, maxTokensPerAddressDay } =
			this.#limits;
		return [
			{
				key: site,
				max: maxTokensPerDay,
				text: "The assistant has answered all it can for today.",
			},
			{
				key: visitor,
				max: maxTokensPerVisitorDay,
				text: "You have used what one day allows.",
			},
			...networkScopes(
				address,
				maxTokensPerAddressDay,
				"Your network has used what one day allows.",
			),
		];
	}

	/** @throws {ChatError} `rate_limited` if the visitor has stored what one day allows. */
	#store(visitor: Visitor, bytes: number, id?: string): void {
		const scopes = this.#storageScopes(visitor);
		for (const { key, max, text } of scopes) {
			const { used, againMs } = this.#stored.look(key);
			if (max > 0 && used + bytes > max)
				throw rateLimited(text, againMs || retryMs, id);
		}
		for (const { key } of scopes) this.#stored.add(key, bytes);
	}

	/** Counts what a reply has stored. @returns whether a budget is used up. */
	#hasStored(visitor: Visitor, bytes: number): boolean {
		let isUsedUp = false;
		for (const { key, max } of this.#storageScopes(visitor))
			if (isOver(this.#stored.add(key, bytes).used, max)) isUsedUp = true;
		return isUsedUp;
	}

	#storageScopes({ id, address }: Visitor): Scope[] {
		const max = this.#limits.maxStoredPerVisitorDay;
		return [
			{ key: id, max, text: "You have written as much as one day allows." },
			...networkScopes(
				address,
				max * storedPerAddress,
				"Your network has written as much as one day allows.",
			),
		];
	}

	/** A reply that opens later counts for the address of its question. */
	#remember({ id, address }: Visitor): void {
		if (!address) return;
		this.#addresses.delete(id);
		this.#addresses.set(id, address);
		const [oldest] = this.#addresses.keys();
		if (this.#addresses.size > maxRememberedVisitors && oldest !== undefined)
			this.#addresses.delete(oldest);
	}
}

/** The address and the /48 network around it. Localhost has no limit. */
function networkScopes(
	address: ClientAddress | undefined,
	max: number,
	text: string,
): Scope[] {
	if (!address || address.isLocal) return [];
	const { group, wider } = address;
	// No id of a visitor begins like this, so no visitor can spend the budget of a network.
	const scopes = [{ key: `from ${group}`, max, text }];
	if (wider !== undefined)
		scopes.push({ key: `from ${wider}`, max: max * widerFactor, text });
	return scopes;
}

/** Characters of events as they count for reading. Every event counts, also without a text. */
function charsOf(events: readonly LogEvent[]): number {
	let chars = 0;
	for (const event of events) {
		chars += eventChars;
		if (event.type === "token") chars += event.content.length;
		else if (event.action === "start" && event.data.role === "user")
			chars += event.data.content.length;
	}
	return chars;
}

type PermitHooks = {
	/** Counts tokens. @returns whether a budget is used up. */
	spend(tokens: number): boolean;
	/** Counts characters that are stored. @returns whether a budget is used up. */
	store(chars: number): boolean;
	release(): void;
};

/** The cost of one reply. */
export class ReplyPermit {
	readonly #hooks: PermitHooks;
	#uncountedChars = 0;
	#unstoredChars = 0;
	#spent = 0;
	#isUsedUp = false;
	#isFull = false;

	constructor(hooks: PermitHooks) {
		this.#hooks = hooks;
	}

	/** Counts characters sent to the model. @returns whether a budget is used up. */
	count(chars: number): boolean {
		this.#uncountedChars += chars;
		if (this.#uncountedChars >= countedChars) this.#countChars();
		return this.#isUsedUp || this.#isFull;
	}

	/** Counts characters received from the model. @returns whether a budget is used up. */
	countReply(chars: number): boolean {
		this.#unstoredChars += chars;
		if (this.#unstoredChars >= countedChars) this.#countStored();
		return this.count(chars);
	}

	/** The reply is closed. `usage`: the provider's own count. Calling it again has no effect. */
	release(usage?: Usage): void {
		this.#countChars();
		this.#countStored();
		if (usage) this.#add(usage.input + usage.output - this.#spent);
		this.#hooks.release();
	}

	#countChars() {
		const tokens = Math.ceil(this.#uncountedChars / charsPerToken);
		this.#uncountedChars = 0;
		if (tokens > 0) this.#add(tokens);
	}

	#countStored() {
		if (this.#unstoredChars > 0)
			this.#isFull = this.#hooks.store(this.#unstoredChars);
		this.#unstoredChars = 0;
	}

	#add(tokens: number) {
		this.#spent += tokens;
		this.#isUsedUp = this.#hooks.spend(tokens);
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
