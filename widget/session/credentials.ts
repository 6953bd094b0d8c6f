/**
 * What a hello says about the visitor: credential, conversation and epoch.
 *
 * They outlive a reload, except the page's own credential: the page is asked for it again.
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

/** The page's credential for its visitor; `undefined` for an anonymous one. */
type PageToken = () => Promise<string | undefined> | string | undefined;

const answerMs = 5_000;
const name = "identity";

export class Credentials {
	conversation: string | undefined;
	epoch: string | undefined;
	/** The page's own credential, for a known visitor. */
	pageToken: string | undefined;
	/** The credential that the server gave an anonymous visitor. */
	ownToken: string | undefined;
	/** Rejections that were followed by another hello: one for each code and kind of visitor. */
	readonly #retried = new Set<string>();
	readonly #storage: JsonStorage;
	/** The conversation belongs to a visitor with a credential from the page. */
	#isOfKnownVisitor: boolean;
	/** The visitor asked for a new conversation, so that of another tab is not adopted. */
	#isNewRequested = false;

	constructor(storage: JsonStorage) {
		this.#storage = storage;
		const stored = storage.read(name);
		this.#isOfKnownVisitor = stored.known === true;
		const { token, conversation, epoch } = readHello(stored);
		this.ownToken = token;
		this.conversation = conversation;
		this.epoch = epoch;
	}

	get token() {
		return this.pageToken ?? this.ownToken;
	}

	/** @throws what `getToken` throws, or an error if it does not answer within 5 s. */
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
			type: "hello",
			version,
			after,
			...(token && { token }),
			...(conversation && { conversation }),
			...(epoch && { epoch }),
			// A known visitor's newest conversation may be of another device.
			...(!conversation &&
				this.pageToken &&
				!this.#isNewRequested && { latest: true }),
		};
	}

	/** Whether `ready` is about the log that is known here. */
	isSameLog(ready: Ready): boolean {
		return (
			ready.conversation === this.conversation && ready.epoch === this.epoch
		);
	}

	/** Stores only changes: another tab may have started a conversation meanwhile. */
	readyReceived(ready: Ready) {
		const { conversation, epoch, token } = ready;
		if (this.isSameLog(ready) && (token ?? this.ownToken) === this.ownToken)
			return;
		this.conversation = conversation;
		this.epoch = epoch;
		this.ownToken = token ?? this.ownToken;
		this.#isOfKnownVisitor = this.pageToken !== undefined;
		this.#store();
	}

	/**
	 * Takes over the conversation that another tab or element started, if there is none here. One that
	 * `isBlank` is replaced, too, unless the visitor asked for it or is of another kind.
	 */
	adopt(isBlank = true): boolean {
		const stored = this.#storage.read(name);
		const { token, conversation, epoch } = readHello(stored);
		const isLike = isBlank && stored.known === this.#isOfKnownVisitor;
		const isFree = this.conversation === undefined || isLike;
		if (!isFree || this.#isNewRequested || !conversation) return false;
		if (conversation === this.conversation) return false;
		this.ownToken = token;
		this.conversation = conversation;
		this.epoch = epoch;
		return true;
	}

	/**
	 * The server rejected the conversation: adopts a newer one of another tab, or starts a new one.
	 * @returns whether the old one was a known visitor's. If so, another visitor may continue, and must
	 * not send what the known one typed.
	 */
	leaveConversation(): boolean {
		const wasOfKnownVisitor = this.#isOfKnownVisitor;
		const { conversation } = this;
		this.conversation = this.epoch = undefined;
		this.#isNewRequested = false;
		const isKept =
			readHello(this.#storage.read(name)).conversation === conversation;
		if (isKept || !this.adopt()) this.#store();
		return wasOfKnownVisitor;
	}

	/** The visitor asked for a new conversation: those of other tabs do not matter. */
	forgetConversation() {
		this.conversation = this.epoch = undefined;
		this.#isNewRequested = true;
		this.#store();
	}

	/** What to change before another hello, after the server answered `code`; `undefined`: give up. */
	recovery(
		code: ErrorCode,
		canAsk: boolean,
	): { refreshesToken: boolean; startsConversation: boolean } | undefined {
		const isKnown = this.pageToken !== undefined;
		const isUnauthorized = code === "unauthorized";
		const isInaccessible = code === "not_found" || code === "forbidden";
		// A conversation without a credential belongs to a visitor who has signed out.
		const canChange = isUnauthorized
			? canAsk || this.ownToken || this.conversation
			: isInaccessible && this.conversation;
		const key = `${code} ${isKnown}`;
		if (!canChange || this.#retried.has(key)) return undefined;
		this.#retried.add(key);
		if (isUnauthorized && !isKnown) this.ownToken = undefined;
		return {
			refreshesToken: isUnauthorized,
			startsConversation: !isUnauthorized || !isKnown,
		};
	}

	/** The connection was stable: each rejection may be followed by another hello again. */
	allowRetries() {
		this.#retried.clear();
	}

	#store() {
		const { ownToken: token, conversation, epoch } = this;
		const known = this.#isOfKnownVisitor;
		this.#storage.write(name, { token, conversation, epoch, known });
	}
}

/** The stored hello, or an empty one if another version or another script wrote it. */
function readHello(stored: Record<string, unknown>): Hello {
	const { token, conversation, epoch } = stored;
	const empty: Hello = { type: "hello", version };
	const fits =
		[token, epoch].every(isText) &&
		(conversation === undefined || isId(conversation));
	return fits ? ({ ...empty, token, conversation, epoch } as Hello) : empty;
}

/** The limit is for the credential, the longest of the texts. */
const isText = (value: unknown): boolean =>
	value === undefined || (typeof value === "string" && value.length <= 8_192);
