/**
 * The connection cannot be cut: real sessions over the real service and store, through weather that loses,
 * repeats, delays and reorders what is said, cuts connections, changes transports, kills the server and
 * reloads pages; and at the end everybody has the log.
 *
 * One seed is one history, without sockets and on the manual clock. A seed that fails is printed and
 * becomes a named test. FUZZ_FACTOR and FUZZ_SEED set how many seeds, and the first one.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogEvent } from "../../protocol/frames.ts";
import { Chat } from "../../server/chat/chat.ts";
import { defaults } from "../../server/config/config.ts";
import { silentLogger } from "../../server/operations/logger.ts";
import type { Provider } from "../../server/providers/provider.ts";
import { memoryStore } from "../../server/store/memory.ts";
import { sqliteStore } from "../../server/store/sqlite/sqlite-store.ts";
import type { Store } from "../../server/store/store.ts";
import {
	type ChatSession,
	createSession,
} from "../../widget/session/session.ts";
import { manualClock, seeded, settle } from "../support/clock.ts";
import { fuzzMs, seeds } from "../support/fuzz.ts";
import { mortal } from "../support/mortal-store.ts";
import { memoryStorage } from "../support/oracle.ts";
import { foldSoundly } from "../support/rig.ts";
import {
	calm,
	type Weather,
	type World,
	wildTransport,
} from "../support/wild-transport.ts";

const steps = 24;
/** After the weather has cleared up, all is well within this time, ms. */
const patienceMs = 240_000;

type Open = (now: () => number) => Store;
/** What the model has said for each reply: nothing else may ever be shown. */
type Said = Map<string, string>;
type Storage = ReturnType<typeof memoryStorage>;

/** A page with a session, which remembers the first thing that it must not show. */
class Tab {
	readonly session: ChatSession;
	readonly #said: Said;
	#last = 0;
	fault: string | undefined;

	constructor(world: World, storage: Storage, said: Said) {
		this.#said = said;
		const { clock } = world;
		const makeTransport = wildTransport(world);
		this.session = createSession({
			url: "wild",
			storage,
			clock,
			makeTransport,
		});
		this.session.subscribe((change) => {
			if (change.type === "integrity") this.fault ??= "integrity alarm";
			if (change.type !== "conversation") return;
			if (!change.event) this.fault ??= "the conversation was forgotten";
			this.#look();
			this.#last = this.picture.last;
		});
		this.session.start();
	}

	get picture() {
		return this.session.conversation;
	}

	#look() {
		const { last, messages } = this.picture;
		if (last <= this.#last) this.fault ??= `cursor ${this.#last} to ${last}`;
		const reply = messages.findLast(({ role }) => role === "assistant");
		if (!reply || this.#said.get(reply.id)?.startsWith(reply.text)) return;
		if (reply.text !== "") this.fault ??= `"${reply.text}" was never said`;
	}
}

const pieces = [
	"a",
	" word",
	"👩‍👧",
	"\r\n",
	"é",
	"日本",
	"",
	"0123456789 ".repeat(3),
];

/** Says some pieces now and then; fails, dawdles and stops listening by chance. */
function wildProvider({ random, clock }: World, said: Said): Provider {
	const pause = (ms: number) =>
		new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));
	return {
		name: "wild",
		async *reply({ message }, signal) {
			said.set(message, "");
			const count = Math.floor(random() * 12);
			for (let i = 0; i < count; i++) {
				if (signal.aborted && random() < 0.8) return;
				const piece = pieces[Math.floor(random() * pieces.length)] ?? "";
				said.set(message, said.get(message) + piece);
				yield piece;
				await pause(random() ** 3 * 2_000);
			}
			if (random() < 0.1) throw new Error("out of words");
		},
	};
}

/** Most kinds of trouble are absent at a time; what there is may be bad. */
function badWeather(random: () => number): Weather {
	const some = (most: number) => (random() < 0.5 ? 0 : random() * most);
	return {
		lateMs: 1 + some(400),
		lostDown: some(0.2),
		lostUp: some(0.3),
		repeated: some(0.5),
		overtaken: some(0.3),
		unresponsive: some(0.05),
		unreachable: some(0.7),
	};
}

/** Lets one seed's history happen, up to the end of the bad weather. */
async function live(seed: number, open: Open) {
	const random = seeded(seed);
	const clock = manualClock(seed);
	const store = open(clock.now);
	const said: Said = new Map();
	const world: World = {
		clock,
		random,
		weather: badWeather(random),
		chat: undefined,
		visitor: { id: "me" },
		heartbeatMs: defaults.heartbeatMs,
		transports: new Set(),
	};
	let process = mortal(store);
	const boot = async () => {
		const chat = new Chat({
			store: process,
			provider: wildProvider(world, said),
			clock,
			logger: silentLogger,
			limits: defaults,
			settings: defaults,
			systemPrompt: undefined,
		});
		await chat.recover();
		world.chat = chat;
	};
	await boot();
	const storage = memoryStorage();
	const newTab = () => new Tab(world, storage, said);
	const tabs = [newTab()];
	const closed: Tab[] = [];
	const sent = new Set<string>();
	const pick = <Item>(items: Iterable<Item>): Item | undefined => {
		const all = [...items];
		return all[Math.floor(random() * all.length)];
	};
	const tab = () => pick(tabs) as Tab;

	const moves: [number, () => unknown][] = [
		[5, () => sent.add(tab().session.send(`question ${sent.size}`))],
		[6, () => clock.advance(random() * 200)],
		[3, () => clock.advance(random() * 3_000)],
		[1, () => clock.advance(random() * 30_000)],
		[3, () => pick(world.transports)?.lose()],
		[2, () => pick(world.transports)?.switchOver()],
		[1, () => tab().session.wake()],
		[1, () => tab().session.setOffline(random() < 0.5)],
		[1, () => tab().session.stopReply()],
		[
			1,
			() => {
				world.weather = badWeather(random);
			},
		],
		[
			1,
			() => {
				const { session, picture } = tab();
				const asked = picture.messages.find(({ role }) => role === "user");
				if (asked) session.retry(asked.id, { continue: random() < 0.5 });
			},
		],
		[
			1,
			() => {
				const { session } = tab();
				session.sleep();
				session.wake();
			},
		],
		// Another tab, or a page that is loaded again, once the visitor has a conversation.
		[
			2,
			() => {
				if (!storage.record("identity").conversation) return;
				if (random() < 0.5 && tabs.length < 3) tabs.push(newTab());
				else {
					const [old] = tabs.splice(Math.floor(random() * tabs.length), 1);
					old?.session.stop();
					if (old) closed.push(old);
					tabs.push(newTab());
				}
			},
		],
		[
			1,
			async () => {
				process.die();
				world.chat = undefined;
				for (const transport of [...world.transports]) transport.lose();
				await clock.advance(random() * 2_000);
				process = mortal(store);
				await boot();
			},
		],
	];
	const total = moves.reduce((sum, [weight]) => sum + weight, 0);
	for (let step = 0; step < steps; step++) {
		let at = random() * total;
		const move = moves.find(([weight]) => {
			at -= weight;
			return at < 0;
		});
		await move?.[1]();
	}
	world.weather = calm;
	for (const { session } of tabs) session.setOffline(false);
	return { world, store, storage, tabs, closed, sent, clock };
}

async function hold(seed: number, open: Open) {
	const past = await live(seed, open);
	const { world, store, storage, tabs, closed, sent, clock } = past;
	try {
		let events: LogEvent[] = [];
		const isDone = async () => {
			const { conversation } = storage.record("identity");
			const page = conversation && (await store.read(conversation, 0));
			events = page?.events ?? [];
			return tabs.every(
				({ picture, session }) =>
					page &&
					picture.last === page.head &&
					picture.open === undefined &&
					session.pending.length === 0,
			);
		};
		for (let waited = 0; !(await isDone()); waited += 2_000) {
			if (waited > patienceMs) {
				const states = tabs.map(({ picture: { last, open }, session }) => {
					const { pending, connection } = session;
					return { last, open, pending, connection };
				});
				throw new Error(`Not done: ${JSON.stringify(states)}`);
			}
			await clock.advance(2_000);
		}
		const log = foldSoundly(events);
		const users = log.messages.filter(({ role }) => role === "user");
		expect(new Set(users.map(({ id }) => id))).toEqual(sent);
		expect(users.length).toBe(sent.size);
		const answered = log.messages.map((message) =>
			message.role === "assistant" ? message.replyTo : undefined,
		);
		for (const { id } of users) expect(answered).toContain(id);
		for (const { fault } of [...tabs, ...closed]) expect(fault).toBeUndefined();
		for (const { picture } of tabs)
			expect(picture.messages).toEqual(log.messages);
	} finally {
		for (const { session } of tabs) session.stop();
		await world.chat?.drain(0);
		await store.close();
	}
}

/** Runs them one after the other; the first seed that fails is named. */
async function holdAll(seeds: number[], open: Open) {
	for (const seed of seeds)
		await hold(seed, open).catch((error) => {
			throw new Error(`Seed ${seed}: ${error.message}`, { cause: error });
		});
	await settle(1);
}

test(
	"histories in memory end with everybody having the log",
	() => holdAll(seeds(2_000), (now) => memoryStore({ now })),
	fuzzMs,
);

test(
	"histories on SQLite end with everybody having the log",
	async () => {
		const folder = mkdtempSync(join(tmpdir(), "chat-stream-weather-"));
		let files = 0;
		try {
			await holdAll(seeds(100), (now) =>
				sqliteStore(join(folder, `${++files}.db`), { now }),
			);
		} finally {
			rmSync(folder, { recursive: true });
		}
	},
	fuzzMs,
);
