/**
 * Visitors with a token of the site, on open connections: a token that expires or is renewed, another
 * person on the same page, and access without a token.
 */
import { afterEach, describe, expect, test } from "bun:test";
import { openSiteTokens } from "../../server/auth/site-jwt.ts";
import type { createAuthentication } from "../../server/auth/visitor-tokens.ts";
import { type ManualClock, manualClock } from "../support/clock.ts";
import {
	codeOf,
	doors,
	eventsPath,
	everyDoor,
	get,
	post,
	type SocketLine,
} from "../support/doors.ts";
import { jwtSecret, signed, tokenFor } from "../support/jwt.ts";
import { memoryStorage } from "../support/oracle.ts";
import { endRigs, steppedTime, visit, waitIn } from "../support/rig.ts";
import { startInProcess, startProgram } from "../support/server.ts";

afterEach(endRigs);

type Rules = NonNullable<Parameters<typeof createAuthentication>[2]>;

/** A server with the site's JWT secret. */
async function start(clock: ManualClock, rules: Rules = {}) {
	const site = await openSiteTokens({ jwtSecret, jwtMaxAgeS: 3_600 }, clock);
	// The model may be silent for longer than a token's lifetime.
	const settings = { nextChunkTimeoutMs: 600_000 };
	return startInProcess({ clock, settings, rules: { site, ...rules } });
}

const hello = { type: "hello", version: 1 } as const;
/** Includes the clock tolerance. */
const overMs = 6_000;

describe("when a token expires on an open connection,", () => {
	test("the server sends unauthorized, closes with 4401 and accepts no more frames", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now(), 60);
		const line = await doors.webSocket.enter(url, { token });
		const { comeback } = line;
		await clock.advance(60_000);
		expect(await line.ask({ type: "ping" })).toEqual({ type: "pong" });
		await clock.advance(overMs);
		expect((await line.gone()).code).toBe(4_401);
		expect(line.refusal?.code).toBe("unauthorized");
		const fresh = tokenFor("ada", clock.now());
		const again = await doors.webSocket.enter(url, {
			...comeback,
			token: fresh,
		});
		expect(again.ready.conversation).toBe(comeback.conversation);
	});

	test("and the machine was asleep, no message is accepted before the expiry is noticed", async () => {
		const clock = manualClock();
		const { url, provider } = await start(clock);
		const token = tokenFor("ada", clock.now(), 60);
		const line = await doors.webSocket.enter(url, { token });
		clock.sleep(60_000 + overMs);
		const send = { type: "send", id: "q", content: "count 1" } as const;
		expect(await line.ask(send)).toMatchObject({
			data: { code: "unauthorized" },
		});
		expect(provider.asked).toEqual([]);
	});

	test("an event stream ends with that error, and a new request is rejected", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now(), 60);
		const line = await doors.eventStream.enter(url, { token });
		await clock.advance(60_000 + overMs);
		await line.gone();
		expect(line.refusal?.code).toBe("unauthorized");
		const again = await get(url, eventsPath(line.comeback), token);
		expect([again.status, codeOf(again)]).toEqual([401, "unauthorized"]);
	});

	test("a waiting JSON request is answered, and the next one is rejected", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now(), 10);
		const { body } = await post(url, "/frames", { ...hello, token });
		const { conversation, epoch } = body as { [name: string]: string };
		const path = eventsPath({ conversation, epoch } as object);
		const waiting = get(url, `${path}&wait=25`, token);
		await waitIn(
			{ clock, pass: () => Bun.sleep(1) },
			() => clock.pending > 1,
			"waiting request",
			1e9,
		);
		await clock.advance(10_000 + overMs);
		expect((await waiting).body).toMatchObject({ events: [] });
		expect((await get(url, path, token)).status).toBe(401);
	});

	test("an answer streamed for one question also ends with the error", async () => {
		const clock = manualClock();
		const { url, provider } = await start(clock);
		const token = tokenFor("ada", clock.now(), 10);
		const response = await fetch(`${url}/chat/messages`, {
			method: "POST",
			headers: {
				Authorization: `Bearer ${token}`,
				Accept: "text/event-stream",
			},
			body: JSON.stringify({ content: "hold expiry" }),
		});
		const reading = response.text();
		const pass = () => Bun.sleep(1);
		const asked = () => provider.asked.length > 0;
		await waitIn({ clock, pass }, asked, "question", 1e9);
		await clock.advance(10_000 + overMs);
		const text = await reading;
		expect(text).toContain('"role":"assistant"');
		expect(text).toContain('"code":"unauthorized"');
		expect(text).not.toContain('"action":"end"');
	});
});

describe("a hello with a fresh token on the same connection", () => {
	test("keeps the connection, and an answer continues past the first token's expiry", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now(), 60);
		const line = await doors.webSocket.enter(url, { token });
		const question = await line.question("hold renewal");
		await line.growing(4);
		await clock.advance(20_000);
		const fresh = tokenFor("ada", clock.now(), 60);
		await line.ask({ ...hello, ...line.comeback, token: fresh });
		await clock.advance(30_000 + overMs);
		const other = await doors.webSocket.enter(url);
		await other.question("release renewal");
		// Batching uses that clock.
		const answer = line.answer(question);
		for (
			let i = 0;
			i < 50 && !line.picture.messages[1]?.text.includes("rel");
			i++
		) {
			await clock.advance(50);
			await Bun.sleep(1);
		}
		expect((await answer).text).toBe("held and released");
		expect([line.closed, line.faults]).toEqual([undefined, []]);
		await clock.advance(30_000);
		expect((await line.gone()).code).toBe(4_401);
	});

	test("that has itself expired closes the connection", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now());
		const line = (await doors.webSocket.enter(url, { token })) as SocketLine;
		const old = tokenFor("ada", clock.now() - 3_600_000, 60);
		line.say({ ...hello, ...line.comeback, token: old });
		expect((await line.gone()).code).toBe(4_401);
	});

	test("of another person is not_found for the open conversation", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now());
		const line = (await doors.webSocket.enter(url, { token })) as SocketLine;
		const { comeback } = line;
		const bob = tokenFor("bob", clock.now());
		line.say({ ...hello, ...comeback, token: bob });
		line.say({ type: "send", id: "x", content: "count 1" });
		expect((await line.gone()).code).toBe(4_404);
		const again = await doors.webSocket.enter(url, { ...comeback, token });
		expect(again.ready.head).toBe(0);
	});

	test("of another person without a conversation starts a new one, and no event of the old one follows", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now());
		const line = await doors.webSocket.enter(url, { token });
		const elsewhere = await doors.webSocket.enter(url, line.comeback);
		const bob = tokenFor("bob", clock.now());
		await line.ask({ ...hello, token: bob });
		expect(line.ready.conversation).not.toBe(
			elsewhere.ready.conversation as string,
		);
		const from = line.frames.length;
		await elsewhere.question("count 1");
		await elsewhere.until((frame) => "sequence" in frame, "event");
		await line.ask({ type: "ping" });
		expect(line.frames.slice(from)).toEqual([{ type: "pong" }]);
	});
});

describe("the widget's session", () => {
	test("asks its page for a fresh token after an expiry, and continues", async () => {
		const time = steppedTime();
		const clock = time.clock as ManualClock;
		const { url } = await start(clock);
		let asked = 0;
		const getToken = () => {
			asked++;
			return tokenFor("ada", clock.now(), 60);
		};
		const me = visit(url, { clock, getToken });
		const when = (look: () => unknown, what: string) =>
			waitIn(time, look, what, 10_000);
		await when(() => me.isReady, "ready");
		const first = me.credential.conversation;
		me.session.send("count 3");
		await when(() => me.hasAnswers(1), "answer");
		for (let round = 2; round <= 4; round++) {
			for (let passed = 0; passed < 60_000 + overMs; passed += 500)
				await time.pass(500);
			await when(() => me.isReady && asked === round, "ready again");
		}
		me.session.send("count 4");
		await when(() => me.hasAnswers(2), "answer afterwards");
		expect(me.replies.map(({ text }) => text)).toEqual(["1 2 3 ", "1 2 3 4 "]);
		expect(me.credential.conversation).toBe(first);
		expect(me.states).not.toContain("refused");
	});

	test("shows another person no message of the previous one", async () => {
		const time = steppedTime();
		const clock = time.clock as ManualClock;
		const { url } = await start(clock);
		let who = "ada";
		const getToken = () => tokenFor(who, clock.now(), 60);
		const me = visit(url, { clock, getToken });
		const when = (look: () => unknown, what: string) =>
			waitIn(time, look, what, 10_000);
		await when(() => me.isReady, "ready");
		const adas = me.credential.conversation;
		me.session.send("count 3");
		await when(() => me.hasAnswers(1), "answer");
		who = "bob";
		for (let passed = 0; passed < 60_000 + overMs; passed += 500)
			await time.pass(500);
		await when(
			() => me.isReady && me.credential.conversation !== adas,
			"a conversation of his own",
		);
		expect(me.picture.messages).toEqual([]);
	});

	test.each(["websocket", "stream", "poll"] as const)(
		"on %s a visitor who has signed out starts a new anonymous conversation",
		async (transport) => {
			const time = steppedTime();
			const clock = time.clock as ManualClock;
			const { url } = await start(clock);
			const when = (look: () => unknown, what: string) =>
				waitIn(time, look, what, 10_000);
			const getToken = () => tokenFor("ada", clock.now(), 60);
			const me = visit(url, { clock, transport, getToken });
			me.ask("count 3");
			await when(() => me.hasAnswers(1), "answer");
			me.session.stop();
			// The next page has no credential.
			const { storage } = me;
			const nobody = visit(url, { clock, transport, storage });
			nobody.ask("count 4");
			await when(() => nobody.hasAnswers(1), "answer for nobody");
			expect(nobody.picture.messages.map(({ text }) => text)).toEqual([
				"count 4",
				"1 2 3 4 ",
			]);
		},
	);

	for (const [who, next] of [
		["somebody else", "bob"],
		["nobody", undefined],
	] as const)
		test(`sends no message for ${who} that another person typed before`, async () => {
			const time = steppedTime();
			const clock = time.clock as ManualClock;
			const { url } = await start(clock);
			const when = (look: () => unknown, what: string) =>
				waitIn(time, look, what, 10_000);
			const ada = () => tokenFor("ada", clock.now(), 600);
			const me = visit(url, { clock, getToken: ada });
			me.ask("count 3");
			await when(() => me.hasAnswers(1), "answer");
			me.session.sleep();
			me.session.send("my secret");
			me.session.stop();
			const { storage } = me;
			const getToken = () => next && tokenFor(next, clock.now(), 600);
			const other = visit(url, { clock, getToken, storage });
			other.session.send("count 4");
			await when(() => other.hasAnswers(1), "an answer of one's own");
			expect(other.picture.messages.map(({ text }) => text)).toEqual([
				"count 4",
				"1 2 3 4 ",
			]);
			expect(other.session.pending).toEqual([]);
		});

	test("starts an empty conversation after a sign-out", async () => {
		const time = steppedTime();
		const clock = time.clock as ManualClock;
		const { url } = await start(clock);
		let who: string | undefined = "ada";
		const getToken = () => who && tokenFor(who, clock.now(), 60);
		const me = visit(url, { clock, getToken });
		const when = (look: () => unknown, what: string) =>
			waitIn(time, look, what, 70_000, 500);
		await when(() => me.isReady, "ready");
		me.session.send("count 3");
		await when(() => me.hasAnswers(1), "answer");
		who = undefined;
		await when(() => me.picture.messages.length === 0, "an empty page");
		await when(() => me.isReady, "ready again");
		me.session.send("count 4");
		await when(() => me.hasAnswers(1), "answer for nobody");
		expect(me.picture.messages[0]?.text).toBe("count 4");
	});
});

describe("the model's code receives", () => {
	const ask = async (url: string, token: string | undefined) => {
		const question = { content: "visitor" };
		const { body } = await post(url, "/messages", question, token);
		return JSON.parse((body as { content: string }).content);
	};
	const iat = Math.floor(Date.now() / 1_000);
	const claims = { sub: "known:ann", iat, exp: iat + 600, plan: ["pro"] };

	test("a known visitor's subject and the claims that the operator names", async () => {
		const program = await startProgram({
			CHAT_JWT_SECRET: jwtSecret,
			CHAT_JWT_CLAIMS: "plan, name, __proto__, exp",
		});
		const token = signed({ ...claims, name: "Ann", email: "a@site.test" });
		expect(await ask(program.url, token)).toEqual({
			id: "known:ann",
			claims: { plan: ["pro"], name: "Ann", exp: iat + 600 },
		});
		expect(await ask(program.url, undefined)).toBe(null);
		expect(program.output()).not.toContain("Ann");
	});

	test("the subject alone if no claim is named", async () => {
		const program = await startProgram({ CHAT_JWT_SECRET: jwtSecret });
		expect(await ask(program.url, signed(claims))).toEqual({
			id: "known:ann",
			claims: {},
		});
	});

	test("the same about a question that has waited, and about a retry", async () => {
		const program = await startProgram({
			CHAT_JWT_SECRET: jwtSecret,
			CHAT_JWT_CLAIMS: "plan",
		});
		const token = signed(claims);
		const line = await doors.webSocket.enter(program.url, { token });
		const send = (id: string, content: string) =>
			line.say({ type: "send", id, content });
		send("a", "hold claims");
		send("b", "visitor");
		await line.when(() => line.knows("b"), "waiting question");
		send("c", "visitor");
		await ask(program.url, token);
		const release = { content: "release claims" };
		await post(program.url, "/messages", release, token);
		await line.when(() => answers(line).length === 3, "three answers");
		line.say({ type: "retry", message: "b" });
		await line.when(() => answers(line).length === 4, "another answer");
		const known = JSON.stringify({
			id: "known:ann",
			claims: { plan: ["pro"] },
		});
		expect(answers(line).slice(1)).toEqual([known, known, known]);
	});

	const answers = (line: SocketLine) =>
		line.picture.messages
			.filter((message) => message.role === "assistant" && message.close)
			.map(({ text }) => text);
});

describe("a known visitor on another device", () => {
	const day = 24 * 3_600_000;

	test.each(["websocket", "stream", "poll"] as const)(
		"continues by %s where the first one stopped, and after a second sign-in",
		async (transport) => {
			const time = steppedTime();
			const clock = time.clock as ManualClock;
			const { url } = await start(clock);
			const when = (look: () => unknown, what: string) =>
				waitIn(time, look, what, 10_000);
			const sign = (who: string) => () => tokenFor(who, clock.now(), 600);
			const come = (who: string, storage = memoryStorage()) =>
				visit(url, { clock, transport, getToken: sign(who), storage });
			const phone = come("ada");
			phone.ask("count 3");
			await when(() => phone.hasAnswers(1), "answer");
			const laptop = come("ada");
			await when(() => laptop.hasAnswers(1), "the same conversation");
			laptop.ask("count 4");
			const both = [phone, laptop];
			await when(
				() => both.every((visitor) => visitor.hasAnswers(2)),
				"answer on both",
			);
			expect(phone.picture).toEqual(laptop.picture);
			const { storage } = laptop;
			laptop.session.stop();
			const other = come("bob", storage);
			await when(() => other.isReady, "ready");
			expect(other.picture.messages).toEqual([]);
			other.session.stop();
			const again = come("ada", storage);
			await when(() => again.hasAnswers(2), "the conversation again");
			expect(again.credential.conversation).toBe(phone.credential.conversation);
		},
	);

	test("starts a new conversation if the visitor asks for one", async () => {
		const time = steppedTime();
		const clock = time.clock as ManualClock;
		const { url } = await start(clock);
		const when = (look: () => unknown, what: string) =>
			waitIn(time, look, what, 10_000);
		const getToken = () => tokenFor("ada", clock.now(), 600);
		const me = visit(url, { clock, getToken });
		me.ask("count 3");
		await when(() => me.hasAnswers(1), "answer");
		const { conversation } = me.credential;
		me.session.newConversation();
		await when(
			() => me.isReady && me.credential.conversation !== conversation,
			"a new conversation",
		);
		expect(me.picture.messages).toEqual([]);
	});

	const latest = async (url: string, token?: string, more: object = {}) => {
		const greeting = { ...hello, latest: true, ...more };
		const { body } = await post(url, "/frames", greeting, token);
		return body as { conversation: string; head: number; epoch: string };
	};

	test("finds the newest conversation by every endpoint, with all its events", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const token = tokenFor("ada", clock.now());
		await post(url, "/frames", hello, token);
		clock.sleep(1_000);
		const asked = await post(url, "/messages", { content: "count 3" }, token);
		const { conversation } = asked.body as { conversation: string };
		const found = await latest(url, token, { after: 2, epoch: "another" });
		expect(found.conversation).toBe(conversation);
		expect(found.head).toBeGreaterThan(3);
		for (const door of everyDoor) {
			const line = await door.enter(url, { token, latest: true, after: 99 });
			expect(line.ready.conversation).toBe(conversation);
			await line.when(() => line.picture.last === found.head, "all events");
			expect(line.faults).toEqual([]);
			line.leave();
		}
	});

	test("starts a new conversation if the newest is too old, deleted or another visitor's", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const first = await latest(url, tokenFor("ada", clock.now()));
		clock.sleep(30 * day - 1_000);
		expect(await latest(url, tokenFor("ada", clock.now()))).toEqual(first);
		const bobs = await latest(url, tokenFor("bob", clock.now()));
		expect(bobs.conversation).not.toBe(first.conversation);
		clock.sleep(2_000);
		const token = tokenFor("ada", clock.now());
		const second = await latest(url, token);
		expect(second.conversation).not.toBe(first.conversation);
		await fetch(`${url}/chat/me`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${token}` },
		});
		const third = await latest(url, token);
		expect(
			[first, second].map(({ conversation }) => conversation),
		).not.toContain(third.conversation);
	});

	test("a named conversation comes before the latest, and an anonymous visitor has one, too", async () => {
		const clock = manualClock();
		const { url } = await start(clock);
		const { body } = await post(url, "/frames", { ...hello, latest: true });
		const { conversation, token } = body as { [name: string]: string };
		expect((await latest(url, token)).conversation).toBe(
			conversation as string,
		);
		clock.sleep(1_000);
		await post(url, "/frames", hello, token);
		const named = await latest(url, token, { conversation });
		expect(named.conversation).toBe(conversation as string);
	});
});

describe("access", () => {
	test("an anonymous visitor is unauthorized where only known visitors are allowed", async () => {
		const clock = manualClock();
		const { url } = await start(clock, { anonymous: false });
		const refused = await post(url, "/frames", hello);
		expect([refused.status, codeOf(refused)]).toEqual([401, "unauthorized"]);
		const question = await post(url, "/messages", { content: "count 1" });
		expect(question.status).toBe(401);
		const line = await doors.webSocket.enter(url);
		expect(line.closed?.code).toBe(4_401);
		const token = tokenFor("ada", clock.now());
		expect((await post(url, "/frames", { ...hello, token })).status).toBe(200);
	});

	test("unreachable keys are unavailable on every endpoint, not unauthorized", async () => {
		const clock = manualClock();
		const site = await openSiteTokens(
			{
				jwtJwksUrl: "http://127.0.0.1:1/keys",
				jwtIssuer: "https://site.example",
				jwtAudience: "chat",
				jwtMaxAgeS: 3_600,
			},
			clock,
		);
		const { url } = startInProcess({ clock, rules: { site } });
		// The key is looked up by the token's header.
		const token = tokenFor("ada").replace(
			/^[^.]+/,
			Buffer.from('{"alg":"ES256","kid":"e"}').toString("base64url"),
		);
		const answers = await Promise.all([
			post(url, "/frames", { ...hello, token }),
			get(url, "/events?conversation=c&wait=0", token),
			post(url, "/messages", { content: "count 1" }, token),
		]);
		for (const answer of answers) {
			expect([answer.status, codeOf(answer)]).toEqual([503, "unavailable"]);
			expect(answer.headers.get("retry-after")).toBe("5");
		}
		const line = await doors.webSocket.enter(url, { token });
		expect(line.closed?.code).toBe(4_503);
	});

	test("the program never logs a token, valid or not", async () => {
		const program = await startProgram({ CHAT_JWT_SECRET: jwtSecret });
		const good = tokenFor("canary-of-the-site");
		const bad = [`${good}x`, tokenFor("canary-of-the-site", 0), "canary"];
		for (const token of [good, ...bad]) {
			await post(program.url, "/frames", { ...hello, token });
			await post(program.url, "/frames", { type: "ping" }, token);
			(await doors.webSocket.enter(program.url, { token })).leave();
		}
		const output = program.output();
		expect(output).toContain("listening");
		for (const secret of [...good.split("."), "canary", jwtSecret])
			expect(output).not.toContain(secret);
	});

	test("a configuration that allows no visitor stops the start", async () => {
		const started = startProgram({ CHAT_ANONYMOUS: "false" });
		await expect(started).rejects.toThrow("no visitor could use the chat");
	});
});
