/**
 * What visitors may make the model do: messages, replies at once, tokens a day; and how much of their
 * logs they may make the server read. A stop against bills and against hogs.
 *
 * `chat.ts` asks before it stores a question, `replies.ts` before it begins a reply that has waited.
 * Tokens are the provider's own count where it gives one, and a quarter of the characters until then.
 * Days begin with the first use. Knows no model's price and no address.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { LogEvent, Usage } from "../../protocol/frames.ts";
import { LiveCount, RateWindow, type Used } from "./counters.ts";

export type UsageLimitSettings = {
	maxMessagesPerMinute: number;
	maxMessagesPerDay: number;
	maxOpenRepliesPerVisitor: number;
	maxOpenReplies: number;
	maxTokensPerVisitorDay: number;
	maxTokensPerDay: number;
};

const daySeconds = 86_400;
const charsPerToken = 4;
/** Held back for a reply that has begun and whose length nobody knows, tokens. */
const heldBack = 1_000;
/** So many characters of a reply are counted together. */
const bookedChars = 2_000;
/** A limit on what is open at once cannot say when it will be less, ms. */
const tryAgainMs = 5_000;
/** New conversations of one visitor: far more than anybody begins, and no way to fill a disk. */
const maxConversationsPerMinute = 60;
/** Characters of logs that one visitor may have read a minute: four times what a day's tokens can write. */
const maxReadChars = 200_000_000;
/** Pages shorter than this are not worth counting: who keeps up reads many of them. */
const longPageChars = 10_000;
/** Stands among visitors, none of whom is called nothing. */
const site = "";

type Spent = { own: Used; all: Used };

export class UsageLimits {
	readonly #limits: UsageLimitSettings;
	readonly #minute: RateWindow;
	readonly #day: RateWindow;
	readonly #conversations = new RateWindow(maxConversationsPerMinute, 60);
	readonly #reads = new RateWindow(maxReadChars, 60);
	readonly #open = new LiveCount();
	/** Tokens by visitor, and of all: spent, and held back for replies under way. */
	readonly #spent: { visitor: RateWindow; site: RateWindow };
	readonly #held = new LiveCount();

	constructor(limits: UsageLimitSettings) {
		this.#limits = limits;
		this.#minute = new RateWindow(limits.maxMessagesPerMinute, 60);
		this.#day = new RateWindow(limits.maxMessagesPerDay, daySeconds);
		this.#spent = {
			visitor: new RateWindow(limits.maxTokensPerVisitorDay, daySeconds),
			site: new RateWindow(limits.maxTokensPerDay, daySeconds),
		};
	}

	/** @throws {ChatError} `rate_limited` for a visitor who begins one conversation after the other. */
	async countConversation(visitor: string): Promise<void> {
		const againMs = await this.#conversations.take(visitor);
		if (againMs !== undefined)
			throw refused("You begin conversations very fast.", againMs);
	}

	/**
	 * Before a log is read, whose length nobody knows yet.
	 * @throws {ChatError} `rate_limited` for a visitor who has had very much read.
	 */
	async checkReads(visitor: string): Promise<void> {
		const { used, againMs } = await this.#reads.look(visitor);
		if (used >= maxReadChars)
			throw refused("You are reading very much at once.", againMs);
	}

	async countRead(visitor: string, events: readonly LogEvent[]): Promise<void> {
		let chars = 0;
		for (const event of events)
			if (event.type === "token") chars += event.content.length;
		if (chars >= longPageChars) await this.#reads.add(visitor, chars);
	}

	/**
	 * A question that is asked, for the first time or anew.
	 * @throws {ChatError} `rate_limited`, for this one message.
	 */
	async countMessage(visitor: string, id: string): Promise<void> {
		const againMs = await this.#minute.take(visitor);
		if (againMs !== undefined)
			throw refused("You are sending messages very fast.", againMs, id);
		const tomorrowMs = await this.#day.take(visitor);
		if (tomorrowMs !== undefined)
			throw refused(
				"You have sent as many messages as one day allows.",
				tomorrowMs,
				id,
			);
	}

	/**
	 * Room for one reply, to be released when it is over. `waited`: its question is stored already, in
	 * a conversation whose last reply has just ended, so that only the budget can refuse it.
	 * @throws {ChatError} `rate_limited`
	 */
	async openReply(
		visitor: string,
		{ id, waited = false }: { id?: string; waited?: boolean } = {},
	): Promise<ReplyPermit> {
		const { maxOpenReplies, maxOpenRepliesPerVisitor } = this.#limits;
		const spent = await this.#spentBy(visitor);
		// From here to the end nothing is waited for: who comes at the same time is seen.
		this.#refuseOverspent(visitor, spent, id);
		const isFull =
			!waited &&
			(isOver(this.#open.of(site), maxOpenReplies) ||
				isOver(this.#open.of(visitor), maxOpenRepliesPerVisitor));
		if (isFull)
			throw refused("Too many answers are being written.", tryAgainMs, id);
		const releases = [site, visitor].flatMap((key) => [
			this.#open.add(key),
			this.#held.add(key, heldBack),
		]);
		return new ReplyPermit(
			(tokens) => this.#book(visitor, tokens),
			() => {
				for (const release of releases) release();
			},
		);
	}

	/**
	 * Whether the budgets allow one more reply.
	 * @throws {ChatError} `rate_limited`
	 */
	async checkBudget(visitor: string, id?: string): Promise<void> {
		this.#refuseOverspent(visitor, await this.#spentBy(visitor), id);
	}

	/** What the whole site has spent today. */
	spentToday(): Promise<Used> {
		return this.#spent.site.look(site);
	}

	/** The day that another process has begun goes on. */
	resumeDay(spent: Used): Promise<void> {
		return this.#spent.site.resume(site, spent);
	}

	async #spentBy(visitor: string): Promise<Spent> {
		const [own, all] = await Promise.all([
			this.#spent.visitor.look(visitor),
			this.#spent.site.look(site),
		]);
		return { own, all };
	}

	#refuseOverspent(visitor: string, { own, all }: Spent, id?: string) {
		const { maxTokensPerDay, maxTokensPerVisitorDay } = this.#limits;
		if (isOver(all.used + this.#held.of(site), maxTokensPerDay))
			throw refused(
				"The assistant has answered all it can for today.",
				all.againMs || tryAgainMs,
				id,
			);
		if (isOver(own.used + this.#held.of(visitor), maxTokensPerVisitorDay))
			throw refused(
				"You have used what one day allows.",
				own.againMs || tryAgainMs,
				id,
			);
	}

	/** @returns whether a budget is used up. */
	async #book(visitor: string, tokens: number): Promise<boolean> {
		const { maxTokensPerDay, maxTokensPerVisitorDay } = this.#limits;
		const [own, all] = await Promise.all([
			this.#spent.visitor.add(visitor, tokens),
			this.#spent.site.add(site, tokens),
		]);
		return (
			isOver(own.used, maxTokensPerVisitorDay) ||
			isOver(all.used, maxTokensPerDay)
		);
	}
}

/** One reply, as far as it costs something. */
export class ReplyPermit {
	readonly #book: (tokens: number) => Promise<boolean>;
	readonly #release: () => void;
	#unbookedChars = 0;
	#booked = 0;
	#isUsedUp = false;

	constructor(book: (tokens: number) => Promise<boolean>, release: () => void) {
		this.#book = book;
		this.#release = release;
	}

	/** Counts what the model is told or what it says. @returns whether a budget is used up. */
	count(chars: number): boolean {
		this.#unbookedChars += chars;
		if (this.#unbookedChars >= bookedChars) this.#bookChars();
		return this.#isUsedUp;
	}

	/** The reply is over; `usage` is what it has really cost. Twice is fine. */
	release(usage?: Usage) {
		this.#bookChars();
		if (usage) this.#add(usage.input + usage.output - this.#booked);
		this.#release();
	}

	#bookChars() {
		const tokens = Math.ceil(this.#unbookedChars / charsPerToken);
		this.#unbookedChars = 0;
		if (tokens > 0) this.#add(tokens);
	}

	#add(tokens: number) {
		this.#booked += tokens;
		// In memory: the answer is there a turn later, and never fails.
		this.#book(tokens).then((isUsedUp) => {
			this.#isUsedUp = isUsedUp;
		});
	}
}

/** 0: without a limit. */
const isOver = (now: number, most: number): boolean => most > 0 && now >= most;

const refused = (text: string, retryAfter: number, id?: string): ChatError =>
	new ChatError("rate_limited", `${text} Please try again later.`, {
		retryAfter,
		...(id !== undefined && { id }),
	});
