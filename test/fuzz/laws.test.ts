/**
 * The five laws, under everything that can happen to a conversation: sends and repeats, stops,
 * retries, feedback, readers that come and go on any cursor, makers that die.
 * One seed is one history; a seed that fails is printed and becomes a named test.
 */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type Conversation,
	emptyConversation,
	foldLog,
	type Message,
	reduce,
} from "../../protocol/conversation.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { Event, LogEvent } from "../../protocol/frames.ts";
import { Chat } from "../../server/chat/chat.ts";
import { defaults } from "../../server/config/config.ts";
import { silentLogger } from "../../server/operations/logger.ts";
import { openStore } from "../../server/store/open.ts";
import type { Store } from "../../server/store/store.ts";
import { manualClock, seeded, settle } from "../support/clock.ts";
import { seeds } from "../support/fuzz.ts";

const me = { id: "me" };
const steps = 120;

/** A store as one process sees it: when the process dies, nothing it does happens any more. */
function mortal(store: Store): Store & { die(): void } {
	let dead = false;
	const never = new Promise<never>(() => undefined);
	return {
		...store,
		create: (...args) => (dead ? never : store.create(...args)),
		append: (...args) => (dead ? never : store.append(...args)),
		read: (...args) => (dead ? never : store.read(...args)),
		head: (...args) => (dead ? never : store.head(...args)),
		message: (...args) => (dead ? never : store.message(...args)),
		text: (...args) => (dead ? never : store.text(...args)),
		waiting: (...args) => (dead ? never : store.waiting(...args)),
		context: (...args) => (dead ? never : store.context(...args)),
		unfinished: () => (dead ? never : store.unfinished()),
		setting: (...args) => store.setting(...args),
		watch: (conversation, hint) =>
			store.watch(conversation, () => {
				if (!dead) hint();
			}),
		close: () => store.close(),
		die() {
			dead = true;
		},
	};
}

/** A reader by the book, which checks at every event that nothing it shows has moved. */
class Reader {
	conversation: Conversation = emptyConversation;
	readonly #leave = new AbortController();
	readonly done: Promise<void>;

	constructor(chat: Chat, id: string, from: Conversation) {
		this.conversation = from;
		this.done = this.#read(chat, id).catch((error) => {
			if (!(error instanceof ChatError)) throw error;
		});
	}

	async #read(chat: Chat, id: string) {
		const { signal } = this.#leave;
		const hello = { conversation: id, after: this.conversation.last };
		const { first, rest } = await chat.open(me, hello, signal);
		for (const event of first.events) this.take(event);
		for await (const { events } of rest)
			for (const event of events) this.take(event);
	}

	take(event: Event) {
		const before = this.conversation;
		const { outcome, conversation } = reduce(before, event);
		if (outcome === "gap" || outcome === "mismatch")
			throw new Error(`${outcome} at ${event.sequence} after ${before.last}`);
		this.conversation = conversation;
		for (const [place, message] of before.messages.entries())
			holdStill(message, conversation.messages[place]);
	}

	async leave() {
		this.#leave.abort();
		await this.done;
	}
}

/** Stillness and first close wins, between two pictures of one place. */
function holdStill(before: Message, after: Message | undefined) {
	if (after?.id !== before.id || after.start !== before.start)
		throw new Error(`message ${before.id} has moved`);
	if (before.role === "user" || after.role === "user") {
		if (before.text !== after.text) throw new Error("a question has changed");
		return;
	}
	if (!after.text.startsWith(before.text))
		throw new Error(`shown text of ${before.id} was taken back`);
	if (before.close && (before.text !== after.text || after.close === undefined))
		throw new Error(`closed message ${before.id} has changed`);
}

async function history(seed: number, url: string) {
	const random = seeded(seed);
	const pick = <Item>(items: readonly Item[]): Item | undefined =>
		items[Math.floor(random() * items.length)];
	const clock = manualClock(seed);
	const store = await openStore(url, clock);

	/** What the model does next is the seed's choice, too. */
	const mouths: ((word: string | Error | undefined) => void)[] = [];
	const provider = {
		name: "fuzz",
		async *reply(_request: unknown, signal: AbortSignal) {
			for (;;) {
				const word = await new Promise<string | Error | undefined>(
					(resolve) => {
						mouths.push(resolve);
						// Some models do not listen to their signal.
						if (random() < 0.7)
							signal.addEventListener("abort", () => resolve(undefined));
					},
				);
				if (word instanceof Error) throw word;
				if (word === undefined) return;
				yield word;
			}
		},
	};
	let process = mortal(store);
	const boot = () =>
		new Chat({
			store: process,
			provider,
			clock,
			logger: silentLogger,
			limits: defaults,
			settings: defaults,
			systemPrompt: undefined,
		});
	let chat = boot();
	const { conversation } = await chat.enter(me, { type: "hello", version: 1 });
	let readers: Reader[] = [];
	const sent = new Map<string, string>();
	const refused = (error: unknown) => {
		if (!(error instanceof ChatError)) throw error;
	};
	const attempt = (promise: Promise<unknown>) => void promise.catch(refused);

	const log = async () =>
		(await store.read(conversation, 0))?.events ?? ([] as LogEvent[]);
	const idOf = async (role: string) =>
		pick(foldLog(await log()).messages.filter((m) => m.role === role))?.id;

	const moves: [number, () => unknown][] = [
		[
			6,
			() => {
				const id = `q${sent.size}`;
				sent.set(id, `text ${id} 👩‍👧`);
				attempt(
					chat.send(me, conversation, { id, content: `text ${id} 👩‍👧` }),
				);
			},
		],
		[
			4,
			() => {
				const repeat = pick([...sent]);
				if (!repeat) return;
				const [id, content] = repeat;
				attempt(chat.send(me, conversation, { id, content }));
			},
		],
		[
			30,
			() => {
				const text = pick([
					"a",
					" word",
					"👩",
					"\ud83d",
					"\udc69",
					"x".repeat(99),
				]);
				mouths.splice(Math.floor(random() * mouths.length), 1)[0]?.(text);
			},
		],
		[6, () => mouths.shift()?.(undefined)],
		[2, () => mouths.shift()?.(new Error("broken off"))],
		[3, () => attempt(chat.stop(me, conversation))],
		[
			3,
			async () => {
				const message = await idOf("user");
				const retry = { continue: random() < 0.5 };
				if (message)
					attempt(chat.retry(me, conversation, { message, ...retry }));
			},
		],
		[
			3,
			async () => {
				const message = await idOf("assistant");
				const value = pick(["up", "down", "none"] as const) ?? "up";
				if (message) attempt(chat.rate(me, conversation, { message, value }));
			},
		],
		[
			5,
			() => {
				const from = pick(readers)?.conversation ?? emptyConversation;
				readers.push(new Reader(chat, conversation, from));
			},
		],
		[
			3,
			async () => {
				const leaving = pick(readers);
				readers = readers.filter((reader) => reader !== leaving);
				await leaving?.leave();
			},
		],
		[20, () => clock.advance(random() * 60)],
		[2, () => clock.advance(random() * 15_000)],
		[10, () => settle(1)],
		[
			1,
			async () => {
				process.die();
				// What it had handed over is stored or lost before another process opens the store.
				await settle();
				process = mortal(store);
				const known = readers.map((reader) => reader.conversation);
				chat = boot();
				await chat.recover();
				readers = known.map((from) => new Reader(chat, conversation, from));
			},
		],
	];
	const total = moves.reduce((sum, [weight]) => sum + weight, 0);
	for (let step = 0; step < steps; step++) {
		let at = random() * total;
		for (const [weight, move] of moves) {
			at -= weight;
			if (at >= 0) continue;
			await move();
			break;
		}
	}

	// Let everything come to its end: every mouth says its last word.
	await settle();
	for (let round = 0; round < sent.size + 60 && chat.openReplies > 0; round++) {
		for (const mouth of mouths.splice(0)) mouth(undefined);
		await clock.advance(50);
	}
	await settle();
	return { chat, store, conversation, readers, sent, log, clock };
}

function holdTheLog(events: LogEvent[], sent: Map<string, string>) {
	// Numbered without a gap; at most one reply open; exactly one close each.
	let last = 0;
	let open: string | undefined;
	const closed = new Set<string>();
	const started = new Map<string, number>();
	const answered = new Set<string>();
	for (const event of events) {
		const from = (event.type === "token" && event.from) || event.sequence;
		expect(from).toBe(last + 1);
		last = event.sequence;
		if (event.type === "token") expect(open).toBeDefined();
		else if (event.action === "start") {
			const { data } = event;
			started.set(data.message, (started.get(data.message) ?? 0) + 1);
			if (data.role === "assistant") {
				expect(open).toBeUndefined();
				open = data.message;
				answered.add(data.replyTo);
			} else expect(data.content).toBe(sent.get(data.message) ?? "");
		} else if (event.action !== "feedback") {
			expect(event.data.message).toBe(open ?? "");
			expect(closed.has(event.data.message)).toBe(false);
			closed.add(event.data.message);
			open = undefined;
		}
	}
	expect(open).toBeUndefined();
	for (const times of started.values()) expect(times).toBe(1);
	// Every question has a reply.
	for (const id of sent.keys())
		if (started.has(id)) expect(answered.has(id)).toBe(true);
}

async function holdLaws(seed: number, url: string) {
	const { chat, store, conversation, readers, sent, log, clock } =
		await history(seed, url);
	try {
		const events = await log();
		holdTheLog(events, sent);
		const whole = foldLog(events);
		// The server's fast fold and the widget's reduction agree.
		const reduced = events.reduce<Conversation>(
			(conversation, event) => reduce(conversation, event).conversation,
			emptyConversation,
		);
		expect(reduced).toEqual(whole);
		for (const message of whole.messages)
			expect(await store.text(conversation, message.id)).toBe(message.text);
		// Convergence: readers at the end, and readers that continue from any cursor.
		await clock.advance(6_000);
		for (const reader of readers) {
			expect(reader.conversation).toEqual(whole);
			await reader.leave();
		}
		for (let after = 0; after < whole.last; after += 7) {
			const head = foldLog(events.filter(({ sequence }) => sequence <= after));
			const rest = await store.read(conversation, head.last);
			const reader = new Reader(chat, conversation, head);
			for (const event of rest?.events ?? []) reader.take(event);
			expect(reader.conversation).toEqual(whole);
			await reader.leave();
		}
	} finally {
		await chat.drain(0);
		await store.close();
	}
}

describe("the five laws hold", () => {
	for (const seed of seeds(60))
		test(`in memory, seed ${seed}`, () => holdLaws(seed, "memory:"));
	for (const seed of seeds(40).map((seed) => seed + 100))
		test(`on SQLite, seed ${seed}`, async () => {
			const folder = mkdtempSync(join(tmpdir(), "chat-stream-laws-"));
			try {
				await holdLaws(seed, `sqlite:${join(folder, "chat.db")}`);
			} finally {
				rmSync(folder, { recursive: true });
			}
		});
});
