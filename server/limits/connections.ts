/**
 * How many lines, and how much on each: for one address, and for one visitor.
 *
 * The gates ask before they do anything for anybody. A line is a WebSocket, an event stream, a poll or
 * a whole answer that is waited for. This machine itself is exempt from limits per address (a proxy
 * beside us would stand for everybody, and so would a test), never from those per visitor.
 */
import { ChatError } from "../../protocol/errors.ts";
import type { ClientAddress } from "../auth/client-address.ts";
import { LiveCount, RateWindow } from "./counters.ts";

export type ConnectionLimitSettings = {
	maxConnectionsPerMinute: number;
	maxPendingConnections: number;
	maxConnectionsPerAddress: number;
	maxConnectionsPerVisitor: number;
	maxFramesPerSecond: number;
};

/** A limit on what is open at once cannot say when it will be less, ms. */
const tryAgainMs = 5_000;

/** More than anybody wants: each keeps the server busy for as long as it takes to read all. */
const maxCopiesPerMinute = 10;

/** Each of a visitor's tabs that polls asks again for every token of an answer. */
const readsPerFrame = 10;

export class ConnectionLimits {
	readonly #limits: ConnectionLimitSettings;
	readonly #begun: RateWindow;
	readonly #requests: RateWindow;
	readonly #reads: RateWindow;
	/** Not greeted yet, by address. */
	readonly #new = new LiveCount();
	readonly #byAddress = new LiveCount();
	readonly #byVisitor = new LiveCount();
	/** Copies of what is kept that are being handed out, by visitor. */
	readonly #copies = new LiveCount();
	readonly #copied = new RateWindow(maxCopiesPerMinute, 60);

	constructor(limits: ConnectionLimitSettings) {
		this.#limits = limits;
		this.#begun = new RateWindow(limits.maxConnectionsPerMinute, 60);
		this.#requests = new RateWindow(limits.maxFramesPerSecond, 1);
		this.#reads = new RateWindow(limits.maxFramesPerSecond * readsPerFrame, 1);
	}

	/**
	 * Somebody begins: opens a WebSocket, or becomes a visitor over HTTP.
	 * @throws {ChatError} `rate_limited`
	 */
	async countConnection({ group, isLocal }: ClientAddress): Promise<void> {
		if (isLocal) return;
		const againMs = await this.#begun.take(group);
		if (againMs !== undefined)
			throw tooMany("Too many new connections from your network.", againMs);
	}

	/**
	 * A line from this address, to be released when it is gone.
	 * @throws {ChatError} `rate_limited`
	 */
	open({ group, isLocal }: ClientAddress): CountedConnection {
		const { maxConnectionsPerAddress, maxPendingConnections } = this.#limits;
		const isFull =
			!isLocal &&
			(isOver(this.#byAddress.of(group), maxConnectionsPerAddress) ||
				isOver(this.#new.of(group), maxPendingConnections));
		if (isFull)
			throw tooMany("Too many open connections from your network.", tryAgainMs);
		return new CountedConnection(
			this.#limits,
			this.#byVisitor,
			this.#byAddress.add(group),
			this.#new.add(group),
		);
	}

	/**
	 * A copy of all that is kept about a visitor, until what is returned is called. Each holds a whole
	 * conversation in memory for as long as it is not read: one at a time.
	 * @throws {ChatError} `rate_limited`
	 */
	async openCopy(visitor: string): Promise<() => void> {
		const againMs = await this.#copied.take(visitor);
		if (againMs !== undefined) throw tooMany("Too many copies.", againMs);
		if (this.#copies.of(visitor) > 0)
			throw tooMany("Your copy is being handed out already.", tryAgainMs);
		return this.#copies.add(visitor);
	}

	/**
	 * One request of a visitor who has no line; `reads`: it only asks what is new.
	 * @throws {ChatError} `rate_limited`
	 */
	async countRequest(visitor: string, reads: boolean): Promise<void> {
		const window = reads ? this.#reads : this.#requests;
		const againMs = await window.take(visitor);
		if (againMs !== undefined) throw tooMany("Too many requests.", againMs);
	}
}

/** One line, as far as it is counted. */
export class CountedConnection {
	readonly #limits: ConnectionLimitSettings;
	readonly #byVisitor: LiveCount;
	readonly #releaseAddress: () => void;
	readonly #releaseNew: () => void;
	#visitor: string | undefined;
	#releaseVisitor: (() => void) | undefined;
	#second = 0;
	#framesInSecond = 0;

	constructor(
		limits: ConnectionLimitSettings,
		byVisitor: LiveCount,
		releaseAddress: () => void,
		releaseNew: () => void,
	) {
		this.#limits = limits;
		this.#byVisitor = byVisitor;
		this.#releaseAddress = releaseAddress;
		this.#releaseNew = releaseNew;
	}

	/**
	 * It is known by now whose line it is.
	 * @throws {ChatError} `rate_limited` when the visitor has too many.
	 */
	identify(visitor: string) {
		if (visitor === this.#visitor) return;
		if (
			isOver(this.#byVisitor.of(visitor), this.#limits.maxConnectionsPerVisitor)
		)
			throw tooMany(
				"This chat is open in too many places at once.",
				tryAgainMs,
			);
		this.#releaseNew();
		this.#releaseVisitor?.();
		this.#visitor = visitor;
		this.#releaseVisitor = this.#byVisitor.add(visitor);
	}

	/**
	 * Something came on the line, if only a ping.
	 * @throws {ChatError} `rate_limited`
	 */
	countFrame(nowMs: number) {
		const second = Math.floor(nowMs / 1_000);
		if (second !== this.#second) {
			this.#second = second;
			this.#framesInSecond = 0;
		}
		if (isOver(this.#framesInSecond++, this.#limits.maxFramesPerSecond))
			throw tooMany("Too many frames at once.", tryAgainMs);
	}

	/** Twice is fine. */
	release() {
		this.#releaseNew();
		this.#releaseAddress();
		this.#releaseVisitor?.();
	}
}

/** 0: without a limit. */
const isOver = (now: number, most: number): boolean => most > 0 && now >= most;

const tooMany = (text: string, retryAfter: number): ChatError =>
	new ChatError("rate_limited", `${text} Please try again in a moment.`, {
		retryAfter,
	});
