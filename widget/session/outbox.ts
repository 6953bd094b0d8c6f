/**
 * The visitor's messages that the log does not have yet, kept until their own `start` comes back.
 *
 * Owned by the session. Sending twice is harmless (the server stores an id once), so everything
 * here errs towards sending again. Tabs share one stored map and change only their own ids in it.
 */
import {
	ChatError,
	type ErrorCode,
	isErrorCode,
} from "../../protocol/errors.ts";
import { checkSend, isId, type Send } from "../../protocol/frames.ts";
import { since } from "./heartbeat.ts";
import type { JsonStorage } from "./json-storage.ts";

/** A message of the visitor that the log does not have yet. */
export type Pending = {
	id: string;
	text: string;
	/** When it was typed, ms since 1970. */
	at: number;
	/** `refused`: the server said no; it is kept, and sent again only if the visitor asks. */
	state: "sending" | "refused";
	/** Why it was refused, in a sentence for the visitor. */
	refusal?: { code: ErrorCode; text: string; retryAfter?: number | undefined };
};

type Entry = Pending & {
	frame: Send;
	/** When it was carried on the line of now. */
	sentAt?: number | undefined;
	/** Whether it was ever carried: the log may have it. */
	carried?: boolean;
	/** Not before `ms` after `from`: the server's wish. */
	hold?: { from: number; ms: number } | undefined;
	holds: number;
};

/** What was carried and has not come back after this long shows that the line is deaf. */
const echoMs = 10_000;
const firstHoldMs = 1_000;
const longestHoldMs = 3_600_000;
/** A stored message this old belongs to nobody any more. */
const keptMs = 7 * 24 * 3_600_000;
const name = "outbox";

export class Outbox {
	readonly #storage: JsonStorage;
	readonly #entries = new Map<string, Entry>();
	/** Typed before a reload, perhaps by somebody else. */
	readonly #older: readonly string[];
	#conversation: string | undefined;

	/** Takes over what was stored for `conversation` before a reload. */
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
		this.#older = [...this.#entries.keys()];
	}

	get pending(): readonly Pending[] {
		return [...this.#entries.values()];
	}

	/**
	 * Takes in a message and returns its id.
	 * @throws {ChatError} for what no server would take: no text, or a context that does not fit.
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
			// A text that is too long stays, for the visitor to shorten; the rest is the page's fault.
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

	/** Gives back the text of a message of which the server cannot have heard. */
	discard(id: string): string | undefined {
		const entry = this.#entries.get(id);
		if (!entry || (entry.state === "sending" && entry.carried))
			return undefined;
		this.#remove(id);
		return entry.text;
	}

	forgetOlder() {
		for (const id of this.#older) this.#remove(id);
	}

	clear() {
		for (const id of this.#entries.keys()) this.#remove(id);
	}

	/** From now on, messages and those still waiting are meant for `conversation`. */
	bind(conversation: string | undefined) {
		if (conversation === this.#conversation) return;
		this.#conversation = conversation;
		for (const entry of this.#entries.values()) this.#store(entry);
	}

	/** A new line: nothing has been carried on it yet. */
	begin() {
		for (const entry of this.#entries.values()) entry.sentAt = undefined;
	}

	/** Takes the server's no. `false`: it concerns nothing in here. */
	refused(
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

	/** Puts a refused message back in its place in the row. */
	resend(id: string) {
		const entry = this.#entries.get(id);
		if (!entry) return;
		entry.state = "sending";
		entry.hold = undefined;
		delete entry.refusal;
		this.#store(entry);
	}

	/**
	 * Carries what is due, in order: a message that must wait holds up those behind it.
	 * `refused`: one of them is too long for this server. `unanswered`: what goes up does not arrive;
	 * these are all that went up and have not come back.
	 */
	flush(
		now: number,
		limit: number,
		carry: (frame: Send) => boolean,
	): { refused: boolean; unanswered: readonly Send[]; nextMs: number } {
		const result = { refused: false, nextMs: echoMs };
		const carried: Send[] = [];
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
				carried.push(entry.frame);
				next(echoLeftMs);
				continue;
			}
			if (!carry(entry.frame)) break;
			entry.sentAt = now;
			entry.carried = true;
		}
		return { ...result, unanswered: isUnresponsive ? carried : [] };
	}

	#remove(id: string): boolean {
		const isHere = this.#entries.delete(id);
		if (isHere) {
			const { [id]: _, ...others } = this.#storage.read(name);
			this.#storage.write(name, others);
		}
		return isHere;
	}

	/** Reads first, so that another tab's messages stay. */
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
	entry.carried = false;
	entry.refusal = { code, text, retryAfter };
}

/** A stored entry, if it is whole, ours and such as a server would take. */
function readEntry(
	id: string,
	value: unknown,
	conversation: string | undefined,
	now: number,
): Entry | undefined {
	const stored = { ...(value as Record<string, unknown>) };
	const { content, context, at, refusal } = stored;
	if ((stored.conversation ?? conversation) !== conversation) return undefined;
	if (typeof at !== "number" || now - at > keptMs) return undefined;
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
			...{ id, text: frame.content, at, frame },
			...{ state: "sending", carried: true, holds: 0 },
		};
		const { code, text } = { ...(refusal as Pending["refusal"]) };
		if (isErrorCode(code)) refuse(entry, code, String(text));
		return entry;
	} catch {
		// Another version's, or somebody's mischief.
		return undefined;
	}
}

/** Counts characters as the server does, and only where the length leaves a doubt. */
const isLonger = (text: string, limit: number): boolean =>
	text.length > limit && [...text].length > limit;

/** A page without https has no `randomUUID`. */
const makeId = (): string =>
	crypto.randomUUID?.() ??
	Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
		byte.toString(16).padStart(2, "0"),
	).join("");
