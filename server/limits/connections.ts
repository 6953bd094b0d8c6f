/**
 * Limits on connections: how many are opened and open, and how much is received on each.
 *
 * A connection is a WebSocket, an event stream, a poll or a request that waits for a whole answer.
 * Per-address limits do not apply to localhost, because a proxy on this machine stands for all its
 * clients. Per-visitor limits always apply. Knows no request and no socket.
 */

import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { ClientAddress } from "../visitor.ts";
import {
	AddressCount,
	AddressWindow,
	isOver,
	LiveCount,
	RateWindow,
} from "./counters.ts";

export type ConnectionLimitSettings = {
	maxConnectionsPerMinute: number;
	maxPendingConnections: number;
	maxConnectionsPerAddress: number;
	maxConnectionsPerVisitor: number;
	maxFramesPerSecond: number;
	maxRequestsPerAddress: number;
};

/** `retryAfter` of a limit on open connections: when one closes is not known, ms. */
const retryMs = 5_000;
/** Copies of all data of one visitor, per minute. Each keeps the server busy until it is read. */
const maxCopiesPerMinute = 10;
/** Reads allowed per frame allowed: each polling tab of a visitor reads once per token of a reply. */
const readsPerFrame = 10;

/** Bun closes an idle connection after this long. Longer than that, no request renews it, ms. */
const keepAliveMs = 10_000;

const minuteMs = 60_000;
const secondMs = 1_000;

export class ConnectionLimits {
	readonly #limits: ConnectionLimitSettings;
	/** New connections, by address. */
	readonly #begun: AddressWindow;
	/** HTTP requests that write, and those that read, by visitor. */
	readonly #requests: RateWindow;
	readonly #reads: RateWindow;
	/** Open connections without a visitor yet, by address. */
	readonly #pending = new AddressCount();
	readonly #byAddress = new AddressCount();
	readonly #byVisitor = new LiveCount();
	/** Copies that are being sent, by visitor. */
	readonly #copies = new LiveCount();
	readonly #copied: RateWindow;
	/** HTTP requests without a response yet, by address. */
	readonly #answering = new AddressCount();
	/** Responses after which the connection stays open, by address. */
	readonly #kept: AddressWindow;

	constructor(limits: ConnectionLimitSettings, { now }: Pick<Clock, "now">) {
		const { maxConnectionsPerMinute, maxFramesPerSecond } = limits;
		const { maxRequestsPerAddress } = limits;
		this.#kept = new AddressWindow(maxRequestsPerAddress, keepAliveMs, now);
		this.#limits = limits;
		this.#begun = new AddressWindow(maxConnectionsPerMinute, minuteMs, now);
		this.#requests = new RateWindow(maxFramesPerSecond, secondMs, now);
		this.#reads = new RateWindow(
			maxFramesPerSecond * readsPerFrame,
			secondMs,
			now,
		);
		this.#copied = new RateWindow(maxCopiesPerMinute, minuteMs, now);
	}

	/** Keys with something open. 0 when no connection is counted any more. */
	get size(): number {
		return (
			this.#pending.size +
			this.#byAddress.size +
			this.#byVisitor.size +
			this.#copies.size +
			this.#answering.size
		);
	}

	/**
	 * Counts a new connection, or a new visitor over HTTP.
	 * @throws {ChatError} `rate_limited`
	 */
	countConnection(address: ClientAddress): void {
		const againMs = this.#begun.take(address);
		if (againMs !== undefined)
			throw tooMany("Too many new connections from your network.", againMs);
	}

	/**
	 * Counts an open connection until it is released.
	 * @throws {ChatError} `rate_limited`
	 */
	open(address: ClientAddress): CountedConnection {
		const { maxConnectionsPerAddress, maxPendingConnections } = this.#limits;
		const isFull =
			this.#byAddress.isFull(address, maxConnectionsPerAddress) ||
			this.#pending.isFull(address, maxPendingConnections);
		if (isFull)
			throw tooMany("Too many open connections from your network.", retryMs);
		return new CountedConnection(
			this.#limits,
			this.#byVisitor,
			this.#byAddress.add(address),
			this.#pending.add(address),
		);
	}

	/**
	 * Counts an HTTP request until the returned function is called, when its response begins.
	 * @throws {ChatError} `rate_limited`
	 */
	openRequest(address: ClientAddress): () => void {
		if (this.#answering.isFull(address, this.#limits.maxRequestsPerAddress))
			throw tooMany("Too many requests from your network.", retryMs);
		return this.#answering.add(address);
	}

	/**
	 * Whether the connection of a request may stay open after its response. An idle connection stays open
	 * only while requests renew it, so this limits how many an address can hold.
	 */
	keepsOpen(address: ClientAddress): boolean {
		return this.#kept.take(address) === undefined;
	}

	/**
	 * Counts a copy of a visitor's data until the returned function is called. One at a time, because
	 * each holds a whole conversation in memory until the client has read it.
	 * @throws {ChatError} `rate_limited`
	 */
	openCopy(visitor: string): () => void {
		const againMs = this.#copied.take(visitor);
		if (againMs !== undefined) throw tooMany("Too many copies.", againMs);
		if (this.#copies.of(visitor) > 0)
			throw tooMany("Another copy is still being sent.", retryMs);
		return this.#copies.add(visitor);
	}

	/**
	 * Counts an HTTP request of a visitor.
	 * @param isRead It only reads a log, so more of them are allowed.
	 * @throws {ChatError} `rate_limited`
	 */
	countRequest(visitor: string, isRead: boolean): void {
		const window = isRead ? this.#reads : this.#requests;
		const againMs = window.take(visitor);
		if (againMs !== undefined) throw tooMany("Too many requests.", againMs);
	}
}

/** One open connection. */
export class CountedConnection {
	readonly #limits: ConnectionLimitSettings;
	readonly #byVisitor: LiveCount;
	readonly #releaseAddress: () => void;
	readonly #releasePending: () => void;
	#visitor: string | undefined;
	#releaseVisitor: (() => void) | undefined;
	#isReleased = false;
	#second = 0;
	#framesInSecond = 0;

	constructor(
		limits: ConnectionLimitSettings,
		byVisitor: LiveCount,
		releaseAddress: () => void,
		releasePending: () => void,
	) {
		this.#limits = limits;
		this.#byVisitor = byVisitor;
		this.#releaseAddress = releaseAddress;
		this.#releasePending = releasePending;
	}

	/**
	 * Counts the connection for its visitor, once the visitor is known. Has no effect after `release`:
	 * authentication may end after the connection has closed.
	 * @throws {ChatError} `rate_limited` when the visitor has too many.
	 */
	identify(visitor: string): void {
		if (this.#isReleased || visitor === this.#visitor) return;
		const { maxConnectionsPerVisitor } = this.#limits;
		if (isOver(this.#byVisitor.of(visitor), maxConnectionsPerVisitor))
			throw tooMany("This chat is open in too many places at once.", retryMs);
		this.#releasePending();
		this.#releaseVisitor?.();
		this.#visitor = visitor;
		this.#releaseVisitor = this.#byVisitor.add(visitor);
	}

	/**
	 * Counts a frame or a protocol ping.
	 * @throws {ChatError} `rate_limited`
	 */
	countFrame(nowMs: number): void {
		const second = Math.floor(nowMs / secondMs);
		if (second !== this.#second) {
			this.#second = second;
			this.#framesInSecond = 0;
		}
		if (isOver(this.#framesInSecond++, this.#limits.maxFramesPerSecond))
			throw tooMany("Too many frames at once.", retryMs);
	}

	/** Stops counting the connection. Calling it again has no effect. */
	release(): void {
		this.#isReleased = true;
		this.#releasePending();
		this.#releaseAddress();
		this.#releaseVisitor?.();
	}
}

const tooMany = (text: string, retryAfter: number): ChatError =>
	new ChatError("rate_limited", `${text} Please try again in a moment.`, {
		retryAfter,
	});
