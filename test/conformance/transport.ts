/**
 * What every transport must do alike, over every store: one function, called once for each pair.
 *
 * Seen from a session, because that is what a transport is for. A conversation that one transport has
 * carried is compared with what the others read of it, event by event.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { type Event, isEvent } from "../../protocol/frames.ts";
import type { Store } from "../../server/store/store.ts";
import { selectTransport } from "../../widget/transport/select.ts";
import type {
	TransportFactory,
	TransportName,
} from "../../widget/transport/transport.ts";
import {
	endRigs,
	type Rig,
	readLog,
	rig,
	type Visitor,
} from "../support/rig.ts";

type MakeStore = (now: () => number) => Store;

const all: readonly TransportName[] = ["websocket", "stream", "poll"];

/** Every event that a visitor's session has emitted, tokens as they arrived. */
function eventsOf({ session }: Visitor): Event[] {
	const events: Event[] = [];
	session.subscribe((change) => {
		if (change.type === "conversation" && change.event)
			events.push(change.event);
	});
	return events;
}

/** The same events however tokens were merged on their way. */
function unmerged(events: readonly Event[]) {
	const runs: (Event | { text: string; last: number })[] = [];
	for (const event of events) {
		const run = runs.at(-1);
		if (event.type !== "token") runs.push(event);
		else if (run && "text" in run) {
			run.text += event.content;
			run.last = event.sequence;
		} else runs.push({ text: event.content, last: event.sequence });
	}
	return runs;
}

/** A store whose place another one can take, as after a restore from a backup. */
function replaceable(make: () => Store) {
	let store = make();
	const of = () => store;
	const outer: Store = {
		create: (...args) => of().create(...args),
		append: (...args) => of().append(...args),
		read: (...args) => of().read(...args),
		head: (...args) => of().head(...args),
		message: (...args) => of().message(...args),
		text: (...args) => of().text(...args),
		waiting: (...args) => of().waiting(...args),
		watch: (...args) => of().watch(...args),
		context: (...args) => of().context(...args),
		list: (...args) => of().list(...args),
		newest: (...args) => of().newest(...args),
		quiet: (...args) => of().quiet(...args),
		remove: (...args) => of().remove(...args),
		unfinished: () => of().unfinished(),
		setting: (...args) => of().setting(...args),
		keep: (...args) => of().keep(...args),
		close: () => of().close(),
	};
	return {
		store: outer,
		async replace(conversation: string) {
			const page = await store.read(conversation, 0);
			store = make();
			await store.create(conversation, page?.owner as string);
		},
	};
}

/** A transport that loses the events which `loses` names, once it is ready. */
const lossy =
	(
		transport: TransportName,
		loses: (event: Event) => boolean,
	): TransportFactory =>
	(options) =>
		selectTransport(transport)({
			...options,
			events: {
				...options.events,
				receive(frame) {
					if (!isEvent(frame) || !loses(frame)) options.events.receive(frame);
				},
			},
		});

export function transportConformance(
	storeName: string,
	transport: TransportName,
	makeStore: MakeStore,
) {
	describe(`${transport} over ${storeName}`, () => {
		afterEach(endRigs);

		const begin = (more: Parameters<typeof rig>[0] = {}): Promise<Rig> =>
			rig({ transport, makeStore, ...more });

		const answers = (count: number, ...who: Visitor[]) => {
			const have = () => who.every((visitor) => visitor.hasAnswers(count));
			return [have, `${count} closed answers`, 30_000] as const;
		};
		const text = ({ me }: Rig) =>
			[() => me.text.length > 20, "text", 5_000] as const;

		test("carries a conversation whose events are the log's, live and read again, by any transport", async () => {
			const it = await begin();
			const live = eventsOf(it.me);
			it.me.ask("story 30 50");
			it.me.ask("Why?");
			await it.when(...answers(2, it.me));
			const log = await readLog(it.server.url, it.me.credential);
			expect(unmerged(live)).toEqual(unmerged(log));
			const { storage } = it.me;
			const late = all.map((transport) => it.come({ transport, storage }));
			const read = late.map(eventsOf);
			await it.when(...answers(2, ...late));
			// What is over reads the same to the letter.
			for (const events of read) expect(events).toEqual(log);
			await it.expectWhole(...late);
		});

		test("lets a late joiner read on in the midst of an answer", async () => {
			const it = await begin({ transport: "websocket" });
			it.me.ask("story 60 50");
			await it.when(...text(it));
			const { storage } = it.me;
			const soFar = it.me.text;
			const late = it.come({ transport, storage });
			const hasThat = () => late.text.startsWith(soFar);
			await it.when(hasThat, "the text so far", 2_000);
			expect(late.picture.open).toBeDefined();
			await it.when(...answers(1, it.me, late));
			await it.expectWhole(late);
		});

		test("shows two readers what either of them does", async () => {
			const it = await begin();
			await it.when(() => it.me.isReady, "ready", 2_000);
			const { storage } = it.me;
			const other = it.come({ storage });
			await it.when(() => other.isReady, "ready", 2_000);
			it.me.ask("one");
			await it.when(...answers(1, it.me, other));
			other.ask("two");
			await it.when(...answers(2, it.me, other));
			await it.expectWhole(other);
			expect(it.provider.asked).toEqual(["one", "two"]);
		});

		test("sends what was asked before it was ready, in order and once", async () => {
			const it = await begin();
			for (const question of ["one", "two", "three"]) it.me.ask(question);
			await it.when(...answers(3, it.me));
			await it.expectWhole();
			const users = it.me.picture.messages.filter(
				({ role }) => role === "user",
			);
			expect(users.map(({ text }) => text)).toEqual(["one", "two", "three"]);
			expect(it.provider.asked).toEqual(["one", "two", "three"]);
		});

		test("stops an answer, answers again, and stores a rating", async () => {
			const it = await begin();
			const asked = it.me.ask("story 600 50");
			await it.when(...text(it));
			it.me.session.stopReply();
			await it.when(...answers(1, it.me));
			expect(it.me.replies[0]?.close).toMatchObject({ reason: "stopped" });
			it.me.session.retry(asked);
			await it.when(() => it.me.replies.length === 2, "a reply", 2_000);
			await it.when(...text(it));
			it.me.session.stopReply();
			await it.when(...answers(2, it.me));
			const [first] = it.me.replies;
			it.me.session.rate(first?.id as string, "up");
			const isRated = () => it.me.replies[0]?.feedback === "up";
			await it.when(isRated, "the rating", 2_000);
			await it.expectWhole();
		});

		test("reports what the server rejects, in its words and under its id, and stays open", async () => {
			const it = await begin({ settings: { maxContentChars: 50 } });
			const { session } = it.me;
			session.send("x".repeat(51));
			const asked = it.me.ask("story 600 50");
			await it.when(...text(it));
			expect(session.pending).toMatchObject([
				{ state: "refused", refusal: { code: "too_large" } },
			]);
			session.retry(asked);
			await it.when(() => it.me.errors.length === 1, "a refusal", 2_000);
			session.retry("nobody");
			await it.when(() => it.me.errors.length === 2, "a refusal", 2_000);
			expect(it.me.errors).toEqual(["conflict", "not_found"]);
			session.stopReply();
			await it.when(...answers(1, it.me));
			expect(session.diagnostics().resumes).toBe(0);
			session.discard(session.pending[0]?.id as string);
			await it.expectWhole();
		});

		test("starts a new conversation when the server does not know the visitor", async () => {
			const it = await begin();
			it.me.ask("one");
			await it.when(...answers(1, it.me));
			const { storage } = it.me;
			const key = storage.keys().find((name) => name.endsWith(" identity"));
			const { conversation, epoch } = storage.record("identity");
			const forged = { conversation, epoch, token: "v1.e30.AAAA" };
			storage.setItem(key as string, JSON.stringify(forged));
			const tab = it.come({ storage });
			tab.ask("two");
			await it.when(...answers(1, tab));
			expect(tab.credential.conversation).not.toBe(conversation);
			expect(tab.picture.messages.length).toBe(2);
			expect(tab.faults).toEqual([]);
		});

		test("starts as a new visitor when all data of its visitor is deleted", async () => {
			const it = await begin();
			it.me.ask("one");
			await it.when(...answers(1, it.me));
			const { token, conversation } = it.me.credential;
			const headers = { Authorization: `Bearer ${token}` };
			const init = { method: "DELETE", headers };
			await fetch(`${it.server.url}/chat/me`, init);
			const isAnew = () =>
				it.me.isReady && it.me.credential.conversation !== conversation;
			await it.when(isAnew, "another conversation", 30_000);
			expect(it.me.credential.token).not.toBe(token);
			expect(it.me.picture.messages).toEqual([]);
			it.me.ask("two");
			await it.when(...answers(1, it.me));
			expect(it.me.errors).toEqual([]);
		});

		test.each<[string, (event: Event) => boolean]>([
			["a token", ({ sequence, type }) => type === "token" && sequence > 12],
			["a start", (event) => "action" in event && event.action === "start"],
			["an end", (event) => "action" in event && event.action === "end"],
		])("repairs a log of which %s was lost on the way", async (_, isIt) => {
			const it = await begin();
			await it.when(() => it.me.isReady, "ready", 2_000);
			let lost = 0;
			const line = lossy(transport, (event) => isIt(event) && ++lost === 1);
			const me = it.come({ makeTransport: line, storage: it.me.storage });
			me.ask("story 30 50");
			me.ask("Why?");
			// Sooner than a ping could tell.
			const [whole, what] = answers(2, it.me, me);
			await it.when(whole, what, 8_000);
			await it.expectWhole(me);
			expect(lost).toBeGreaterThan(0);
			expect(me.session.diagnostics().gapsRepaired).toBe(1);
		});

		test("forgets a log that was replaced by another one, and reads that from its beginning", async () => {
			let outer: ReturnType<typeof replaceable> | undefined;
			const it = await begin({
				makeStore(now) {
					outer = replaceable(() => makeStore(now));
					return outer.store;
				},
			});
			it.me.ask("one");
			await it.when(...answers(1, it.me));
			await outer?.replace(it.me.credential.conversation);
			it.proxy.cut();
			const isForgotten = () => it.me.picture.last === 0;
			await it.when(isForgotten, "an empty conversation", 40_000);
			it.me.sent.length = 0;
			it.me.ask("two");
			await it.when(...answers(1, it.me));
			const log = await it.expectWhole();
			expect(log.messages.map(({ text }) => text)).toEqual([
				"two",
				"You said: two",
			]);
		});
	});
}
