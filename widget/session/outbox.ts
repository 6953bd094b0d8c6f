/**
 * The visitor's messages that the log does not contain yet, until their own `start` comes back.
 *
 * Sending twice is harmless (the server stores an id once), so the outbox sends again when in doubt.
 * Tabs share one stored map, and each changes only its own ids in it.
 */
import {
	ChatError,
	type ErrorCode,
	isErrorCode,
} from "../../protocol/errors.ts";
import { checkSend, isId, type Send } from "../../protocol/frames.ts";
import { since } from "./heartbeat.ts";
import type { JsonStorage } from "./json-storage.ts";
import type { Pending } from "./types.ts";

type Entry = Pending & {
	frame: Send;
	/** When the current connection carried it. */
	sentAt?: number | undefined;
	/** A connection carried it once: the log may contain it. */
	wasSent?: boolean;
	/** The server asked to send it `ms` after `from` at the earliest. */
	hold?: { from: number; ms: number } | undefined;
	holds: number;
};

/** If a message has not come back this long after it was sent, the connection is unresponsive. */
const echoMs = 10_000;
const firstHoldMs = 1_000;
const longestHoldMs = 3_600_000;
/** An older stored message is ignored. */
const maxAgeMs = 7 * 24 * 3_600_000;
const name = "outbox";

export class Outbox {
	readonly #storage: JsonStorage;
	readonly #entries = new Map<string, Entry>();
	/** Ids from before a reload, perhaps of another visitor. */
	readonly #restored: readonly string[];
	#conversation: string | undefined;

	/** Restores the messages that were stored for `conversation` before a reload. */
	constructor(
		storage: JsonStorage,
		conversation: string | undefined,
		now: number,
	) {
		this.#storage = storage;
		this.#conversation = conversation;
		for (const [id, value] of Object.entries(storage.read(name))) {
			const entry = readEntry(id, value, conversation, now);
			if (entry) this.#entries.set(id, entry);
		}
		this.#restored = [...this.#entries.keys()];
	}

	get pending(): readonly Pending[] {
		return [...this.#entries.values()];
	}

	/**
	 * Adds a message and returns its id.
	 * @throws {ChatError} for a message that every server rejects: no text, or an invalid context.
	 */
	add(
		text: string,
		context: Record<string, unknown> | undefined,
		at: number,
	): string {
		const id = makeId();
		const more = context && { context };
		const frame: Send = { type: "send", id, content: text, ...more };
		const entry: Entry = {
			id,
			text,
			at,
			state: "sending",
			frame,
			holds: 0,
		};
		try {
			checkSend(frame);
		} catch (error) {
			// A text that is too long stays, for the visitor to shorten. Other errors are the page's.
			if (!(error instanceof ChatError) || error.code !== "too_large")
				throw error;
			refuse(entry, error.code, error.message);
		}
		this.#entries.set(id, entry);
		this.#store(entry);
		return id;
	}

	/** Its own `start` came back. */
	acknowledge(id: string): boolean {
		return this.#remove(id);
	}

	/** Removes a message that the server cannot have received, and returns its text. */
	discard(id: string): string | undefined {
		const entry = this.#entries.get(id);
		if (!entry || (entry.state === "sending" && entry.wasSent))
			return undefined;
		this.#remove(id);
		return entry.text;
	}

	discardRestored() {
		for (const id of this.#restored) this.#remove(id);
	}

	clear() {
		for (const id of this.#entries.keys()) this.#remove(id);
	}

	/** Pending and future messages belong to `conversation`. */
	bind(conversation: string | undefined) {
		if (conversation === this.#conversation) return;
		this.#conversation = conversation;
		for (const entry of this.#entries.values()) this.#store(entry);
	}

	/** A new connection is ready: it has carried no message yet. */
	connected() {
		for (const entry of this.#entries.values()) entry.sentAt = undefined;
	}

	/** The server rejected a message. `false`: no message in the outbox has that id. */
	reject(
		{
			id,
			code,
			text,
			retryAfter,
		}: NonNullable<Pending["refusal"]> & {
			id?: string | undefined;
		},
		now: number,
	): boolean {
		const entry = this.#entries.get(id ?? "");
		if (!entry) return false;
		refuse(entry, code, text, retryAfter);
		if (code === "rate_limited" || code === "unavailable") {
			const backoffMs = firstHoldMs * 2 ** Math.min(entry.holds++, 5);
			const ms = Math.min(Math.max(retryAfter ?? 0, backoffMs), longestHoldMs);
			entry.state = "sending";
			entry.hold = { from: now, ms };
		}
		this.#store(entry);
		return true;
	}

	/** A refused message is sent again, in its old position. */
	resend(id: string) {
		const entry = this.#entries.get(id);
		if (!entry) return;
		entry.state = "sending";
		entry.hold = undefined;
		delete entry.refusal;
		this.#store(entry);
	}

	/**
	 * Sends the messages that are due, in order: a message that must wait delays those behind it.
	 * `refused`: one of them is too long for this server. `unanswered`: the connection is unresponsive,
	 * and these messages were sent without coming back.
	 */
	flush(
		now: number,
		limit: number,
		send: (frame: Send) => boolean,
	): { refused: boolean; unanswered: readonly Send[]; nextMs: number } {
		const result = { refused: false, nextMs: echoMs };
		const sent: Send[] = [];
		let isUnresponsive = false;
		const next = (ms: number) => {
			result.nextMs = Math.min(result.nextMs, ms);
		};
		for (const entry of this.#entries.values()) {
			if (entry.state === "refused") continue;
			if (isLonger(entry.text, limit)) {
				refuse(entry, "too_large", `Expected at most ${limit} characters.`);
				this.#store(entry);
				result.refused = true;
				continue;
			}
			const { hold, sentAt } = entry;
			const holdMs = hold ? hold.ms - since(hold.from, now) : 0;
			if (holdMs > 0) {
				next(holdMs);
				break;
			}
			if (sentAt !== undefined) {
				const echoLeftMs = echoMs - since(sentAt, now);
				if (echoLeftMs <= 0) isUnresponsive = true;
				sent.push(entry.frame);
				next(echoLeftMs);
				continue;
			}
			if (!send(entry.frame)) break;
			entry.sentAt = now;
			entry.wasSent = true;
		}
		return { ...result, unanswered: isUnresponsive ? sent : [] };
	}

	#remove(id: string): boolean {
		const isHere = this.#entries.delete(id);
		if (isHere) {
			const { [id]: _, ...others } = this.#storage.read(name);
			this.#storage.write(name, others);
		}
		return isHere;
	}

	/** Reads first, so that the messages of other tabs stay. */
	#store({ id, frame, at, refusal, state }: Entry) {
		this.#storage.write(name, {
			...this.#storage.read(name),
			[id]: {
				content: frame.content,
				context: frame.context,
				at,
				conversation: this.#conversation,
				refusal: state === "refused" ? refusal : undefined,
			},
		});
	}
}

function refuse(
	entry: Entry,
	code: ErrorCode,
	text: string,
	retryAfter?: number,
) {
	entry.state = "refused";
	entry.sentAt = undefined;
	entry.wasSent = false;
	entry.refusal = { code, text, retryAfter };
}

/** A stored entry, if it is valid and belongs to `conversation`. */
function readEntry(
	id: string,
	value: unknown,
	conversation: string | undefined,
	now: number,
): Entry | undefined {
	const stored = { ...(value as Record<string, unknown>) };
	const { content, context, at, refusal } = stored;
	if ((stored.conversation ?? conversation) !== conversation) return undefined;
	if (typeof at !== "number" || now - at > maxAgeMs) return undefined;
	try {
		if (!isId(id)) return undefined;
		const frame = {
			type: "send",
			id,
			content,
			...Object(context && { context }),
		} as Send;
		checkSend(frame);
		const entry: Entry = {
			id,
			text: frame.content,
			at,
			frame,
			state: "sending",
			wasSent: true,
			holds: 0,
		};
		const { code, text } = { ...(refusal as Pending["refusal"]) };
		if (isErrorCode(code)) refuse(entry, code, String(text));
		return entry;
	} catch {
		// Another version or another script wrote it.
		return undefined;
	}
}

/** Counts code points as the server does, but only if the number of UTF-16 units is too large. */
const isLonger = (text: string, limit: number): boolean =>
	text.length > limit && [...text].length > limit;

/** Only pages over https have `randomUUID`. */
const makeId = (): string =>
	crypto.randomUUID?.() ??
	Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
		byte.toString(16).padStart(2, "0"),
	).join("");
