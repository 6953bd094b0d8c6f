/** The laws of a log under random writers, readers, stops and deaths. A failing seed prints itself. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type Conversation,
	emptyConversation,
	openReply,
} from "../../protocol/conversation.ts";
import type { LogEvent } from "../../protocol/frames.ts";
import { mergeTokens } from "../../server/store/follow.ts";
import { memoryStore } from "../../server/store/memory.ts";
import { sqliteStore } from "../../server/store/sqlite/sqlite-store.ts";
import type { Draft, Guard, LogHead, Store } from "../../server/store/store.ts";
import { manualClock, seeded } from "../support/clock.ts";
import {
	end,
	failure,
	feedback,
	fold,
	question,
	readOn,
	reply,
	token,
} from "../support/drafts.ts";
import { fuzzMs, seeds } from "../support/fuzz.ts";

const folder = mkdtempSync(join(tmpdir(), "chat-store-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Write = { drafts: Draft[]; guard: Guard };
const conversations = ["a", "b", "c"];

async function naming<T>(seed: number, run: () => Promise<T>): Promise<T> {
	try {
		return await run();
	} catch (cause) {
		throw new Error(`Seed ${seed} fails: ${(cause as Error).message}`, {
			cause,
		});
	}
}

test(
	"memory and sqlite keep one log, and every reader converges",
	async () => {
		for (const seed of seeds(16))
			await naming(seed, () => compareEngines(seed));
	},
	fuzzMs,
);

async function compareEngines(seed: number) {
	const clock = manualClock(seed);
	const { random } = clock;
	const pick = <T>(items: readonly T[]): T =>
		items[Math.floor(random() * items.length)] as T;
	const file = join(folder, `${seed}.db`);
	const memory = memoryStore(clock);
	let sqlite = sqliteStore(file, clock);
	const logs = new Map<string, LogEvent[]>();
	const readers = new Map<string, Conversation[]>();
	for (const conversation of conversations) {
		await Promise.all([memory, sqlite].map((s) => s.create(conversation, "v")));
		logs.set(conversation, []);
		readers.set(conversation, [emptyConversation]);
	}

	const writeOf = (picture: Conversation): Write => {
		const open = openReply(picture);
		const message = () => `m${Math.floor(random() * 12)}`;
		const drafts: Draft[] = [];
		let text = open?.text ?? "";
		const count = 1 + Math.floor(random() * 3);
		for (let i = 0; i < count; i++) {
			const dice = random();
			const closed = open?.id ?? message();
			if (dice < 0.55) {
				const piece = pick(["", "a", " word", "\0", "\ud83d", "\ude00", "\n"]);
				drafts.push(token(piece));
				text += piece;
			} else if (dice < 0.65)
				drafts.push(question(message(), pick(["?", "\0"])));
			else if (dice < 0.8) drafts.push(reply(message()));
			else if (dice < 0.9)
				drafts.push(feedback(message(), pick(["up", "down"])));
			else if (dice < 0.97) drafts.push(end(closed, text));
			else drafts.push(failure(closed, text));
		}
		const guard: Guard = {};
		if (random() < 0.1) guard.head = picture.last - Math.floor(random() * 2);
		if (random() < 0.3 && open) guard.open = open.id;
		if (random() < 0.1) guard.silentMs = 40;
		return { drafts, guard };
	};

	for (let round = 0; round < 30; round++) {
		// Memory goes ahead, one step after another; sqlite gets them all in one transaction.
		const steps: ((store: Store) => Promise<unknown>)[] = [];
		const expected: unknown[] = [];
		for (let i = Math.floor(random() * 12); i >= 0; i--) {
			const conversation = pick(conversations);
			if (random() < 0.03) {
				// Removed and created again with the same id: no event of the old log may appear.
				const begin = async (store: Store) => {
					const removal = store.remove(conversation);
					const { head } = await store.create(conversation, "v");
					return [await removal, head];
				};
				steps.push(begin);
				expected.push(await begin(memory));
				logs.set(conversation, []);
				readers.set(conversation, [emptyConversation]);
				continue;
			}
			const write = writeOf(await readOn(memory, conversation));
			const log = logs.get(conversation) as LogEvent[];
			if (!isHonest(log, write.drafts)) continue;
			const append = (store: Store) =>
				store.append(conversation, write.drafts, write.guard);
			const stored = await append(memory);
			if (stored) log.push(...stored);
			steps.push(append);
			expected.push(stored);
		}
		expect(await Promise.all(steps.map((step) => step(sqlite)))).toEqual(
			expected,
		);
		const restMs = Math.floor(random() * 50);
		if (random() < 0.5) clock.sleep(restMs);
		else await clock.advance(restMs * 10);
		if (random() < 0.1) {
			await sqlite.close();
			sqlite = sqliteStore(file, clock);
		}
		expect((await sqlite.unfinished()).toSorted()).toEqual(
			(await memory.unfinished()).toSorted(),
		);

		for (const conversation of conversations) {
			const log = logs.get(conversation) as LogEvent[];
			expect(log.map(({ sequence }) => sequence)).toEqual(
				log.map((_, i) => i + 1),
			);
			expect(opensAtOnce(log)).toBeLessThanOrEqual(1);
			const whole = fold(log);
			const group = readers.get(conversation) as Conversation[];
			group.push(whole);
			for (const store of [memory, sqlite]) {
				const page = await store.read(conversation, 0);
				expect(page).toMatchObject({ owner: "v", head: log.length });
				expect(mergeTokens(page?.events ?? [])).toEqual(mergeTokens(log));
				const limit = pick([undefined, 1, 2, 7]);
				const reader = pick(group);
				expect(await readOn(store, conversation, reader, limit)).toEqual(whole);
				// A reader may stand anywhere, also where no append has ended.
				const after = Math.floor(random() * (log.length + 1));
				const inside = fold(log.slice(0, after));
				expect(await readOn(store, conversation, inside, limit)).toEqual(whole);
			}
			const message = `m${Math.floor(random() * 12)}`;
			for (const known of [
				(store: Store) => store.head(conversation).then(withoutEpoch),
				(store: Store) => store.waiting(conversation),
				(store: Store) => store.message(conversation, message),
				(store: Store) => store.text(conversation, message),
			])
				expect(await known(sqlite)).toEqual(await known(memory));
			expect(await sqlite.text(conversation, message)).toBe(
				whole.messages.find(({ id }) => id === message)?.text as string,
			);
			const touched = await Promise.all(
				[memory, sqlite].map(
					async (s) => (await s.read(conversation, 0))?.touched,
				),
			);
			expect(touched[0]).toBe(touched[1] as number);
		}
	}
	await sqlite.close();
}

/** Two stores never share an epoch. */
const withoutEpoch = (head: LogHead | undefined) =>
	head && { ...head, epoch: "" };

/** No writer closes a text with the hash of another one. */
function isHonest(log: readonly LogEvent[], drafts: readonly Draft[]): boolean {
	const events = drafts.map(
		(draft, i) => ({ ...draft, sequence: log.length + i + 1 }) as LogEvent,
	);
	try {
		fold([...log, ...events]);
		return true;
	} catch {
		return false;
	}
}

function opensAtOnce(log: readonly LogEvent[]): number {
	let open = 0;
	let most = 0;
	for (const event of log) {
		if (event.type === "token") continue;
		if (event.action === "start" && event.data.role === "assistant") open++;
		if (event.action === "end" || event.action === "error") open--;
		most = Math.max(most, open);
	}
	return most;
}

test("whatever was acknowledged before a kill -9 is in the log after it", async () => {
	const file = join(folder, "killed.db");
	const script = join(import.meta.dir, "../support/store-writer.ts");
	const random = seeded(1);
	let pictures = new Map<string, Conversation>();
	for (let round = 1; round <= 20; round++) {
		const writer = Bun.spawn([process.execPath, script, file, `${round}`], {
			stdout: "pipe",
			stderr: "inherit",
		});
		let output = "";
		for await (const text of writer.stdout.pipeThrough(
			new TextDecoderStream(),
		)) {
			if (output === "")
				setTimeout(() => writer.kill("SIGKILL"), random() * 30);
			output += text;
		}
		await writer.exited;
		expect(writer.signalCode).toBe("SIGKILL");
		const shown = new Map(pictures);
		// What follows the last newline was cut by the death itself.
		for (const line of output.split("\n").slice(0, -1)) {
			const { conversation, events } = JSON.parse(line);
			shown.set(conversation, fold(events, shown.get(conversation)));
		}
		const store = sqliteStore(file, { now: () => Date.now() });
		pictures = new Map();
		for (const [conversation, seen] of shown) {
			// More may be stored than was shown: the writer died before it could tell.
			const stored = await readOn(store, conversation);
			expect(await readOn(store, conversation, seen)).toEqual(stored);
			pictures.set(conversation, stored);
		}
		await store.close();
	}
	expect(pictures.size).toBe(20);
}, 20_000);
