/**
 * Who the visitor is to the server and which conversation is his: credential, id and epoch.
 *
 * The session says hello with it. It outlives a reload; the page's own credential does not, because
 * the page is asked for it anew.
 */

import type { Clock } from "../../protocol/clock.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import {
	type Hello,
	isId,
	type Ready,
	version,
} from "../../protocol/frames.ts";
import type { JsonStorage } from "./json-storage.ts";

/** The page's answer to who its visitor is; `undefined`: nobody it knows. */
type PageToken = () => Promise<string | undefined> | string | undefined;

const answerMs = 5_000;
const name = "identity";

export class Credentials {
	conversation: string | undefined;
	epoch: string | undefined;
	/** The page's own credential, for a known visitor. */
	pageToken: string | undefined;
	/** What the server gave an anonymous visitor. */
	ownToken: string | undefined;
	/** The refusals that were answered by another hello: one hello for each, of each kind of visitor. */
	readonly retried = new Set<string>();
	readonly #storage: JsonStorage;
	/** The conversation is that of somebody whom the page named. */
	#isKnowns: boolean;
	/** The visitor has asked for this one, or that of another tab would do. */
	#isWanted = false;

	constructor(storage: JsonStorage) {
		this.#storage = storage;
		const stored = storage.read(name);
		this.#isKnowns = stored.known === true;
		const { token, conversation, epoch } = readHello(stored);
		this.ownToken = token;
		this.conversation = conversation;
		this.epoch = epoch;
	}

	get token() {
		return this.pageToken ?? this.ownToken;
	}

	/** @throws whatever the page throws, or that it did not answer. */
	async askPage(getToken: PageToken, clock: Clock) {
		this.pageToken = await new Promise<string | undefined>(
			(resolve, reject) => {
				const late = () => reject(new Error(`No answer in ${answerMs} ms.`));
				const timer = clock.setTimeout(late, answerMs);
				Promise.resolve()
					.then(getToken)
					.then(resolve, reject)
					.finally(() => clock.clearTimeout(timer));
			},
		);
	}

	hello(after: number): Hello {
		const { token, conversation, epoch } = this;
		return {
			...{ type: "hello", version, after },
			...(token && { token }),
			...(conversation && { conversation }),
			...(epoch && { epoch }),
		};
	}

	/** Whether `ready` speaks of the very log that we know. */
	isOf(ready: Ready): boolean {
		return (
			ready.conversation === this.conversation && ready.epoch === this.epoch
		);
	}

	/** Stores only what is new: another tab may have begun another conversation meanwhile. */
	welcome(ready: Ready) {
		const { conversation, epoch, token } = ready;
		if (this.isOf(ready) && (token ?? this.ownToken) === this.ownToken) return;
		this.conversation = conversation;
		this.epoch = epoch;
		this.ownToken = token ?? this.ownToken;
		this.#isKnowns = this.pageToken !== undefined;
		this.#store();
	}

	/**
	 * Takes over the conversation that another tab or element has begun, if we have none, or one that
	 * `isBlank`, of the same kind of visitor, and not asked for.
	 */
	adopt(isBlank = true): boolean {
		const stored = this.#storage.read(name);
		const { token, conversation, epoch } = readHello(stored);
		const isLike = isBlank && stored.known === this.#isKnowns;
		const isFree = this.conversation === undefined || isLike;
		if (!isFree || this.#isWanted || !conversation) return false;
		if (conversation === this.conversation) return false;
		this.ownToken = token;
		this.conversation = conversation;
		this.epoch = epoch;
		return true;
	}

	/**
	 * Ours is refused: goes on with what another tab has begun since, or begins anew.
	 * @returns whether it may be somebody else who does: what a known visitor has typed is nobody else's.
	 */
	leaveConversation(): boolean {
		const wasKnowns = this.#isKnowns;
		const { conversation } = this;
		this.conversation = this.epoch = undefined;
		this.#isWanted = false;
		const isKept =
			readHello(this.#storage.read(name)).conversation === conversation;
		if (isKept || !this.adopt()) this.#store();
		return wasKnowns;
	}

	/** The visitor wants another one, whatever other tabs have. */
	forgetConversation() {
		this.conversation = this.epoch = undefined;
		this.#isWanted = true;
		this.#store();
	}

	/** What may change the server's mind after `code`; `undefined` if nothing will. */
	recovery(
		code: ErrorCode,
		canAsk: boolean,
	): { refreshesToken: boolean; startsConversation: boolean } | undefined {
		const isKnown = this.pageToken !== undefined;
		const isStranger = code === "unauthorized";
		const isElsewhere = code === "not_found" || code === "forbidden";
		// A conversation without a credential is that of somebody who has signed out.
		const helps = isStranger
			? canAsk || this.ownToken || this.conversation
			: isElsewhere && this.conversation;
		const key = `${code} ${isKnown}`;
		if (!helps || this.retried.has(key)) return undefined;
		this.retried.add(key);
		if (isStranger && !isKnown) this.ownToken = undefined;
		return {
			refreshesToken: isStranger,
			startsConversation: !isStranger || !isKnown,
		};
	}

	#store() {
		const { ownToken: token, conversation, epoch } = this;
		const known = this.#isKnowns;
		this.#storage.write(name, { token, conversation, epoch, known });
	}
}

/** What was stored. If it is another version's, or somebody's mischief: a first visit. */
function readHello(stored: Record<string, unknown>): Hello {
	const { token, conversation, epoch } = stored;
	const empty: Hello = { type: "hello", version };
	const fits =
		[token, epoch].every(isText) &&
		(conversation === undefined || isId(conversation));
	return fits ? ({ ...empty, token, conversation, epoch } as Hello) : empty;
}

/** A credential is the longest text that is kept. */
const isText = (value: unknown): boolean =>
	value === undefined || (typeof value === "string" && value.length <= 8_192);
