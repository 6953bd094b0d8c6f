/**
 * A whole chat for tests of faults: real sessions → chaos proxy → real server, and an oracle that knows every
 * answer in advance.
 *
 * Sockets are real; time may be simulated. Then the clock of both sides moves only while a test waits, in steps with
 * a pause for the sockets. Minutes pass in a second, and a slow machine slows the clock, too. Each change that a
 * visitor sees is checked.
 */
import { expect } from "bun:test";
import type { Clock } from "../../protocol/clock.ts";
import {
	type Conversation,
	emptyConversation,
	type Reply,
	reduce,
} from "../../protocol/conversation.ts";
import { decodePage, type LogEvent } from "../../protocol/frames.ts";
import { systemClock } from "../../server/clock.ts";
import type { Config } from "../../server/config/config.ts";
import type { Store } from "../../server/store/store.ts";
import {
	type ChatSession,
	createSession,
} from "../../widget/session/session.ts";
import type { SessionOptions } from "../../widget/session/types.ts";
import { chaosProxy } from "./chaos-proxy.ts";
import { manualClock } from "./clock.ts";
import { memoryStorage, oracle, storyteller } from "./oracle.ts";
import { endServers, startInProcess } from "./server.ts";

/**
 * The tolerance for time limits of the failure matrix, ms: a round trip through the proxy takes some steps of
 * the clock, and a session reads the wall clock once a second.
 */
export const slackMs = 500;

/** The length of a step, ms; it gives the sockets about 1 ms of real time. */
const stepMs = 50;

export type Time = { clock: Clock; pass(ms: number): Promise<void> };

export const realTime = (): Time => ({
	clock: systemClock,
	pass: (ms) => Bun.sleep(Math.min(ms, 5)),
});

export type SteppedTime = Time & {
	/** A second clock of the same time that can be set, as a person or NTP does; timers are not affected. */
	wrong: { clock: Clock; setBy(ms: number): void };
};

export function steppedTime(seed = 1): SteppedTime {
	const clock = manualClock(seed);
	let wrongBy = 0;
	return {
		clock,
		async pass(ms) {
			await clock.advance(ms);
			await Bun.sleep(1);
		},
		wrong: {
			clock: { ...clock, now: () => clock.now() + wrongBy },
			setBy(ms) {
				wrongBy += ms;
			},
		},
	};
}

/** Time limit for data on the sockets to arrive while simulated time stands still, in real time on a busy machine. */
const inFlightMs = 2_000;

/** Waits until `look` finds something, at most `ms` of that clock. @returns the elapsed ms. */
export async function waitIn(
	{ clock, pass }: Time,
	look: () => unknown,
	what: string,
	ms: number,
	step = stepMs,
): Promise<number> {
	const since = clock.now();
	const passedMs = () => clock.now() - since;
	while (!look() && passedMs() <= ms) await pass(step);
	const until = clock === systemClock ? 0 : Date.now() + inFlightMs;
	while (!look()) {
		if (Date.now() > until) throw new Error(`No ${what} within ${ms} ms.`);
		await Bun.sleep(5);
	}
	return passedMs();
}

/** A real session, and the faults that it has shown. */
export class Visitor {
	readonly session: ChatSession;
	/** Shown text that is in no answer, or that was removed again. */
	readonly faults: string[] = [];
	/** Every state of the connection, in order. */
	readonly states: string[] = [];
	readonly errors: string[] = [];
	readonly sent: string[] = [];
	readonly storage: ReturnType<typeof memoryStorage>;
	#last = 0;
	/** The newest question and its answer: an answer of 20,000 words is made once, not for each. */
	#expected = { question: "", answer: oracle("") };

	constructor(options: SessionOptions) {
		this.storage = memoryStorage();
		this.session = createSession({ storage: this.storage, ...options });
		this.session.subscribe((change) => {
			if (change.type === "connection") {
				this.states.push(this.session.connection.state);
			} else if (change.type === "integrity") {
				this.faults.push(`integrity alarm for ${change.message}`);
			} else if (change.type === "error") {
				this.errors.push(change.code);
			} else if (change.type === "conversation") {
				if (change.event) this.#look();
				this.#last = this.picture.last;
			}
		});
	}

	get picture(): Conversation {
		return this.session.conversation;
	}

	get isReady(): boolean {
		return this.session.connection.state === "ready";
	}

	get replies(): Reply[] {
		return this.picture.messages.filter(
			(message): message is Reply => message.role === "assistant",
		);
	}

	/** The text of the newest answer. */
	get text(): string {
		return this.replies.at(-1)?.text ?? "";
	}

	/** The visitor's shown messages, sent or pending. */
	ask(question: string): string {
		const id = this.session.send(question);
		this.sent.push(id);
		return id;
	}

	/** Whether this number of answers has arrived, and none is open. */
	hasAnswers = (count: number): boolean =>
		this.replies.filter(({ close }) => close).length >= count &&
		this.picture.open === undefined;

	/** The credentials that the server issued to this visitor. */
	get credential(): { token: string; conversation: string } {
		return this.storage.record("identity");
	}

	#look() {
		const { last, messages } = this.picture;
		if (last < this.#last)
			this.faults.push(`cursor went from ${this.#last} to ${last}`);
		const reply = this.replies.at(-1);
		if (!reply) return;
		const asked = messages.find(({ id }) => id === reply.replyTo)?.text ?? "";
		if (this.#expected.question !== asked)
			this.#expected = { question: asked, answer: oracle(asked) };
		if (!this.#expected.answer.startsWith(reply.text))
			this.faults.push(`shown at ${last}: …${reply.text.slice(-40)}`);
	}
}

/** The whole log of a visitor's conversation, read from the server. */
export async function readLog(
	url: string,
	{ token, conversation }: Visitor["credential"],
): Promise<LogEvent[]> {
	const events: LogEvent[] = [];
	for (;;) {
		const after = events.at(-1)?.sequence ?? 0;
		const query = new URLSearchParams({ conversation, after: `${after}` });
		const response = await fetch(`${url}/chat/events?${query}&wait=0`, {
			headers: { Authorization: `Bearer ${token}`, Accept: "application/json" },
		});
		const page = decodePage(await response.text());
		events.push(...(page.events as LogEvent[]));
		if (page.ready.head <= (events.at(-1)?.sequence ?? 0)) return events;
	}
}

/** Checks the log: no gap, every hash correct. @returns its fold. */
export function foldSoundly(events: readonly LogEvent[]): Conversation {
	let picture = emptyConversation;
	for (const event of events) {
		const { outcome, conversation } = reduce(picture, event);
		expect({ outcome, at: event.sequence }).toEqual({
			outcome: "applied",
			at: event.sequence,
		});
		picture = conversation;
	}
	return picture;
}

/** Checks that the visitors of one conversation have all of it: the oracle's text, each message once, no alarm. */
export async function expectWhole(url: string, ...visitors: Visitor[]) {
	const [first] = visitors as [Visitor];
	const log = foldSoundly(await readLog(url, first.credential));
	const sent = visitors.flatMap((visitor) => visitor.sent);
	const users = log.messages.filter(({ role }) => role === "user");
	expect(users.map(({ id }) => id).toSorted()).toEqual(sent.toSorted());
	for (const visitor of visitors) {
		expect(visitor.faults).toEqual([]);
		expect(visitor.session.diagnostics().integrityAlarms).toBe(0);
		expect(visitor.session.pending).toEqual([]);
		expect(visitor.picture.messages).toEqual(log.messages);
	}
	for (const message of log.messages) {
		if (message.role === "user") continue;
		const asked = users.find(({ id }) => id === message.replyTo)?.text ?? "";
		const { close } = message;
		if (close?.by === "end" && close.reason === "complete")
			expect(message.text).toBe(oracle(asked));
		else expect(oracle(asked)).toStartWith(message.text);
	}
	return log;
}

const undo: (() => unknown)[] = [];

/** A test file calls `afterEach(endRigs)`. */
export async function endRigs() {
	for (const end of undo.splice(0).reverse()) await end();
	await endServers();
}

/** Starts a proxy for a server; it ends with the test. */
export async function proxyTo(url: string, seed = 1) {
	const proxy = await chaosProxy({ target: Number(new URL(url).port), seed });
	undo.push(() => proxy.close());
	return proxy;
}

/** A visitor who connects to `url` and disconnects at the end of the test. */
export function visit(url: string, options: Partial<SessionOptions> = {}) {
	const visitor = new Visitor({ url: `${url}/chat`, ...options });
	undo.push(() => visitor.session.stop());
	visitor.session.start();
	return visitor;
}

export type Rig = Awaited<ReturnType<typeof rig>>;

/** A server in this process, a proxy for it, and a visitor of the proxy. */
export async function rig(
	options: {
		transport?: SessionOptions["transport"];
		memo?: SessionOptions["memo"];
		time?: Time;
		/** The server's clock. @default the test's clock */
		serverClock?: Clock;
		settings?: Partial<Config>;
		store?: Store;
		makeStore?(now: () => number): Store;
	} = {},
) {
	const { time = steppedTime(), settings = {} } = options;
	const { clock } = time;
	const { serverClock = clock } = options;
	const store = options.store ?? options.makeStore?.(serverClock.now);
	const provider = storyteller(serverClock);
	const server = startInProcess({
		settings,
		clock: serverClock,
		provider,
		...(store && { store }),
	});
	const proxy = await proxyTo(server.url);
	const { transport, memo } = options;
	const come = (more: Partial<SessionOptions> = {}) =>
		visit(proxy.url, { clock, transport, memo, ...more });
	const me = come();
	return {
		time,
		provider,
		server,
		proxy,
		me,
		/** Another visitor; with the storage of an existing one, the same visitor in another tab. */
		come,
		when: (look: () => unknown, what: string, ms: number, step?: number) =>
			waitIn(time, look, what, ms, step),
		/** Moves time. */
		async pass(ms: number, step = stepMs) {
			for (let left = ms; left > 0; left -= step) await time.pass(step);
		},
		expectWhole: (...others: Visitor[]) =>
			expectWhole(server.url, me, ...others),
	};
}
