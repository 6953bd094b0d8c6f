/**
 * A server that can crash and visitors who can reload, around a lossy network, in one process with one manual
 * clock.
 *
 * It checks at every step: the messages that a visitor sees or loses, and the fields of each `hello`. The test
 * chooses the steps.
 */

import type { Conversation } from "../../protocol/conversation.ts";
import {
	emptyConversation,
	foldLog,
	reduce,
} from "../../protocol/conversation.ts";
import type { ClientFrame, LogEvent } from "../../protocol/frames.ts";
import { createAuthentication } from "../../server/auth/visitor-tokens.ts";
import { Chat } from "../../server/chat/chat.ts";
import { defaults } from "../../server/config/config.ts";
import { WebSocketConnection } from "../../server/endpoints/websocket.ts";
import { silentLogger } from "../../server/operations/logger.ts";
import type { Provider } from "../../server/providers/provider.ts";
import type { Draft, Store } from "../../server/store/store.ts";
import {
	type ChatSession,
	createSession,
} from "../../widget/session/session.ts";
import type { Change } from "../../widget/session/types.ts";
import { FallbackChain } from "../../widget/transport/fallback.ts";
import type { TransportFactory } from "../../widget/transport/transport.ts";
import { type ManualClock, settle } from "./clock.ts";
import { Network } from "./lossy-transport.ts";
import { memoryStorage } from "./oracle.ts";
import { type ProcessStore, processStore } from "./process-store.ts";

/** The session rejects longer texts. */
export const limitChars = 200;
const settings = { ...defaults, maxContentChars: limitChars };

export class World {
	readonly clock: ManualClock;
	readonly net: Network;
	readonly tabs: Tab[] = [];
	readonly faults: string[] = [];
	/** The model: called with text it sends it, with an error it fails, with nothing it ends. */
	readonly mouths: ((word: string | Error | undefined) => void)[] = [];
	/** The visitors' messages: id → text. */
	readonly sent = new Map<string, string>();
	/** Sent and dropped for a reason: a log restored without it, a new conversation. */
	readonly excused = new Set<string>();
	/** How often a log was replaced. Each visitor may reset once for each. */
	replaced = 0;
	process: ProcessStore | undefined;
	chat: Chat | undefined;
	#engine: Store;
	/** Everything that the logs have ever held, by conversation, the newest epoch last. */
	readonly #mirrors = new Map<string, Conversation[]>();
	readonly #usesLadder: boolean;
	readonly #provider: Provider;

	constructor(clock: ManualClock, engine: Store, usesLadder: boolean) {
		this.clock = clock;
		this.#engine = engine;
		this.#usesLadder = usesLadder;
		this.net = new Network(clock, () => this.#accept());
		const { mouths } = this;
		this.#provider = {
			name: "mouths",
			async *reply(_request, signal) {
				for (;;) {
					const word = await new Promise<string | Error | undefined>(
						(resolve) => {
							mouths.push(resolve);
							signal.addEventListener("abort", () => resolve(undefined));
						},
					);
					if (word instanceof Error) throw word;
					if (word === undefined) return;
					yield word;
				}
			},
		};
	}

	/* ------------------------------------------------------------ the server's side */

	async boot() {
		const process = processStore(this.#engine, (conversation, events) =>
			this.#reflect(conversation, events),
		);
		const chat = new Chat({
			store: process,
			provider: this.#provider,
			clock: this.clock,
			logger: silentLogger,
			limits: settings,
			settings,
			systemPrompt: undefined,
		});
		await chat.recover();
		this.process = process;
		this.chat = chat;
	}

	/** Like SIGKILL: some peers get a close, others do not. */
	async crash() {
		this.process?.die();
		this.process = this.chat = undefined;
		for (const cable of [...this.net.cables])
			cable.cut({ client: this.clock.random() < 0.7 });
		await settle();
	}

	/** Puts an older copy in place of every log, or nothing, while the server is down. */
	async restore(engine: Store, keeps: () => number) {
		this.replaced++;
		for (const [id, epochs] of this.#mirrors) {
			const page = await this.#engine.read(id, 0);
			if (!page) continue;
			const kept = page.events.slice(0, page.events.length * keeps());
			if (kept.length > 0) await engine.create(id, page.owner);
			for (const { sequence: _, ...event } of kept) {
				const { from: __, ...draft } = event as Draft & { from?: number };
				await engine.append(id, [draft]);
			}
			const next = foldLog((await engine.read(id, 0))?.events ?? []);
			for (const message of epochs.at(-1)?.messages ?? [])
				if (!next.messages.some(({ id }) => id === message.id))
					this.excused.add(message.id);
			epochs.push(next);
		}
		await this.#engine.close();
		this.#engine = engine;
	}

	/** Whether the server answers plain requests. */
	get isHealthy(): boolean {
		return this.chat !== undefined && !this.net.weather.isDown;
	}

	#accept(): WebSocketConnection | undefined {
		const { chat, clock } = this;
		if (!chat) return undefined;
		const logger = silentLogger;
		const authentication = createAuthentication(
			"a secret of the line's world",
			clock,
		);
		const connections = new Set<WebSocketConnection>();
		return new WebSocketConnection({
			chat,
			authentication,
			clock,
			logger,
			settings,
			connections,
		});
	}

	#reflect(conversation: string, events: readonly LogEvent[]) {
		const epochs = this.#mirrors.get(conversation) ?? [emptyConversation];
		this.#mirrors.set(conversation, epochs);
		for (const event of events) {
			const { outcome, conversation } = reduce(this.#newest(epochs), event);
			if (outcome !== "applied") this.faults.push(`the log has a ${outcome}`);
			epochs[epochs.length - 1] = conversation;
		}
	}

	#newest = (epochs: Conversation[] | undefined): Conversation =>
		epochs?.at(-1) ?? emptyConversation;

	/** The fold of a conversation's log. */
	log = (conversation: string | undefined): Conversation =>
		this.#newest(this.#mirrors.get(conversation ?? ""));

	/** Whether the log of any epoch starts this message. */
	hasBegunWith(message: string, text: string): boolean {
		for (const epochs of this.#mirrors.values())
			for (const { messages } of epochs)
				if (messages.find(({ id }) => id === message)?.text.startsWith(text))
					return true;
		return false;
	}

	/** The conversations whose logs have a message, once per occurrence. */
	placesOf(message: string): string[] {
		return [...this.#mirrors].flatMap(([conversation, epochs]) =>
			this.#newest(epochs)
				.messages.filter(({ id }) => id === message)
				.map(() => conversation),
		);
	}

	/** The engine has exactly the events that were appended. */
	async holdMirrors() {
		for (const [id, epochs] of this.#mirrors) {
			const page = await this.#engine.read(id, 0);
			if (!Bun.deepEquals(foldLog(page?.events ?? []), this.#newest(epochs)))
				this.faults.push(`log ${id} is not what was appended`);
		}
	}

	async close() {
		for (const tab of this.tabs) tab.session.stop();
		for (const cable of [...this.net.cables]) cable.cut();
		this.process?.die();
		await this.#engine.close();
	}

	/* ------------------------------------------------------------ the visitors' side */

	/** @param storage That of another tab, for the same visitor. */
	open(storage = memoryStorage()): Tab {
		const tab = new Tab(this, storage);
		this.tabs.push(tab);
		return tab;
	}

	line(heard: (frame: ClientFrame) => void): TransportFactory {
		const rung = (name: "websocket" | "stream" | "poll") =>
			this.net.line(name, heard);
		if (!this.#usesLadder) return rung("websocket");
		const rungs = {
			websocket: rung("websocket"),
			stream: rung("stream"),
			poll: rung("poll"),
		};
		return (options) => new FallbackChain(options, rungs);
	}

	/**
	 * No message is stored twice. Tabs of one visitor that started different conversations at the same time may
	 * each store it once.
	 */
	lookForDoubles() {
		const visitors = new Set(this.tabs.map(({ storage }) => storage));
		const areStrangers = visitors.size === this.tabs.length;
		for (const id of this.sent.keys()) {
			const places = this.placesOf(id);
			const different = areStrangers ? 1 : new Set(places).size;
			if (places.length > different) this.faults.push(`${id} is there twice`);
		}
	}

	/** Every sent message is shown somewhere. */
	lookForLost() {
		for (const id of this.sent.keys()) {
			if (this.excused.has(id) || this.placesOf(id).length > 0) continue;
			const isSeen = this.tabs.some(({ session }) =>
				session.pending.some((pending) => pending.id === id),
			);
			if (!isSeen) this.faults.push(`message ${id} is lost`);
		}
	}
}

/** A real session, which can be recreated from its storage. */
export class Tab {
	session!: ChatSession;
	readonly storage: ReturnType<typeof memoryStorage>;
	/** Of the last `ready`. */
	conversation: string | undefined;
	alarms = 0;
	/** How often it may still reset, besides once per replaced log. */
	mayForget = 0;
	readonly #world: World;
	#forgot = 0;
	#last = 0;

	constructor(world: World, storage: ReturnType<typeof memoryStorage>) {
		this.#world = world;
		this.storage = storage;
		this.load();
	}

	/** A page load: a new session on the stored state. */
	load() {
		const before: ChatSession | undefined = this.session;
		before?.stop();
		this.#last = 0;
		const world = this.#world;
		const line = world.line((frame) => this.#heard(frame));
		const session = createSession({
			url: "https://chat.test/chat",
			clock: world.clock,
			storage: this.storage,
			makeTransport: (options) => {
				const { receive } = options.events;
				options.events.receive = (frame) => {
					if (frame.type === "ready") this.conversation = frame.conversation;
					receive(frame);
				};
				return line(options);
			},
		});
		this.session = session;
		session.subscribe((change) => {
			if (this.session === session) this.#see(change);
			else world.faults.push("a stopped session has news");
		});
		const isElsewhere =
			this.storage.record("identity").conversation !== this.conversation;
		for (const { id } of before?.pending ?? []) {
			if (session.pending.some((pending) => pending.id === id)) continue;
			// Another tab of the visitor has started another conversation.
			if (isElsewhere) world.excused.add(id);
		}
		session.start();
	}

	send(text: string) {
		this.#world.sent.set(this.session.send(text), text);
	}

	beginAnew() {
		for (const { id } of this.session.pending) this.#world.excused.add(id);
		this.mayForget++;
		this.session.newConversation();
	}

	get isUpToDate(): boolean {
		const { connection, pending, conversation } = this.session;
		return (
			connection.state === "ready" &&
			pending.every(({ state }) => state === "refused") &&
			Bun.deepEquals(conversation, this.#world.log(this.conversation))
		);
	}

	#heard(frame: ClientFrame) {
		const { last } = this.session.conversation;
		if (frame.type === "hello" && frame.after !== last)
			this.#world.faults.push(`hello after ${frame.after} instead of ${last}`);
	}

	#see(change: Change) {
		const world = this.#world;
		const { conversation } = this.session;
		if (change.type === "integrity") this.alarms++;
		if (change.type !== "conversation" && change.type !== "integrity") return;
		if (change.type === "conversation" && change.event) {
			if (conversation.last <= this.#last)
				world.faults.push(`cursor ${this.#last} → ${conversation.last}`);
			const { id, text } = conversation.messages.at(-1) ?? {};
			const isWrong = id && !world.hasBegunWith(id, text as string);
			if (isWrong && world.net.corrupted === 0)
				world.faults.push(`at ${conversation.last} shown: ${text}`);
		} else if (change.type === "conversation") {
			if (++this.#forgot > this.mayForget + 2 * world.replaced)
				world.faults.push("forgot a log that is still there");
		}
		this.#last = conversation.last;
	}
}
