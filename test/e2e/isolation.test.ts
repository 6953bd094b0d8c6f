/**
 * A conversation belongs to its visitor. For all others it does not exist, on every endpoint and with every
 * method that the server describes. A new endpoint or method fails here until it has a request.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Ready } from "../../protocol/frames.ts";
import { upFrames } from "../../server/api-docs/schemas.ts";
import { paths } from "../support/contract.ts";
import { doors, post } from "../support/doors.ts";
import { jwtSecret, signed, tokenFor } from "../support/jwt.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import type { Line } from "../support/wire.ts";

let program: Program;
beforeAll(async () => {
	program = await startProgram({ CHAT_JWT_SECRET: jwtSecret });
});
afterAll(endServers);

type Target = { conversation: string; question: string; reply: string };
type Call = { method: string; path: string; body?: object; accept?: string };

/** Every client frame, as an attacker with all ids sends it. */
const frames: Record<string, (target: Target, token?: string) => object[]> = {
	Hello: ({ conversation }, token) => [
		{ type: "hello", version: 1, conversation, ...(token && { token }) },
		{ type: "hello", version: 1, conversation, after: 1 },
		{ type: "hello", version: 1, conversation, epoch: "another" },
	],
	Send: ({ question }) => [
		{ type: "send", id: "x", content: "count 1" },
		{ type: "send", id: question, content: "count 5" },
	],
	Stop: ({ reply }) => [{ type: "stop" }, { type: "stop", message: reply }],
	Retry: ({ question }) => [
		{ type: "retry", message: question },
		{ type: "retry", message: question, continue: true },
	],
	SayFeedback: ({ reply }) => [
		{ type: "feedback", message: reply, value: "up" },
	],
	// A ping neither reads nor reveals the conversation.
	SayPing: () => [],
};

/** Every endpoint that takes a credential. */
const calls: Record<string, (target: Target, token?: string) => Call[]> = {
	"post /chat/frames": (target, token) =>
		Object.values(frames)
			.flatMap((say) => say(target, token))
			.map((body) => ({
				method: "POST",
				path: `/frames?conversation=${target.conversation}`,
				body,
			})),
	"get /chat/events": ({ conversation }) =>
		["&wait=0", "&wait=0&after=2", "&wait=0&epoch=another&after=999"].flatMap(
			(rest) =>
				["application/json", "text/event-stream"].map((accept) => ({
					method: "GET",
					path: `/events?conversation=${conversation}${rest}`,
					accept,
				})),
		),
	// They name no conversation; wire-me.test.ts tests them.
	"get /chat/me": () => [],
	"delete /chat/me": () => [],
	"post /chat/messages": ({ conversation, question }) =>
		["application/json", "text/event-stream"].flatMap((accept) =>
			[{}, { id: question }].map((more) => ({
				method: "POST",
				path: "/messages",
				body: { content: "count 5", conversation, ...more },
				accept,
			})),
		),
};

test("every endpoint and every method that the server describes is tested here", () => {
	const described = Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods)
			.filter(([, { security }]) => security.some((way) => "visitor" in way))
			.map(([method]) => `${method} ${path}`),
	);
	expect(Object.keys(calls).toSorted()).toEqual(described.toSorted());
	expect(Object.keys(frames).toSorted()).toEqual(
		Object.keys(upFrames).toSorted(),
	);
});

/** Everything in a response except the time. */
async function sayOf({ method, path, body, accept }: Call, token?: string) {
	const response = await fetch(`${program.url}/chat${path}`, {
		method,
		headers: {
			...(token && { Authorization: `Bearer ${token}` }),
			...(accept && { Accept: accept }),
		},
		...(body && { body: JSON.stringify(body) }),
	});
	const headers = [...response.headers].filter(([name]) => name !== "date");
	return { status: response.status, headers, text: await response.text() };
}

/** A conversation with a question, its answer, and its visitor. */
async function talk(token?: string): Promise<Target & { line: Line }> {
	const line = await doors.webSocket.enter(program.url, token ? { token } : {});
	const question = await line.question("count 5");
	const { id: reply } = await line.answer(question);
	return { conversation: line.ready.conversation, question, reply, line };
}

const nobody: Target = { conversation: "no-such", question: "q", reply: "r" };
const hourAgo = Date.now() / 1_000 - 3_600;

const strangers: [string, number, () => Promise<string | undefined>][] = [
	["nobody", 401, async () => undefined],
	["a forger", 401, async () => signed({ sub: "ada" }, "not the secret")],
	[
		"a known visitor of an hour ago",
		401,
		async () => signed({ sub: "ada", iat: hourAgo, exp: hourAgo + 60 }),
	],
	["another known visitor", 404, async () => tokenFor("bob")],
	[
		"another anonymous visitor",
		404,
		async () => {
			const hello = { type: "hello", version: 1 };
			const { body } = await post(program.url, "/frames", hello);
			return (body as Ready).token;
		},
	],
	// A JWT whose `sub` is an anonymous visitor's id is a different visitor.
	["a known visitor with an odd name", 404, async () => tokenFor("known:ada")],
];

for (const [owner, ownToken] of [
	["a known visitor", tokenFor("ada")],
	["an anonymous visitor", undefined],
] as const)
	describe(`the conversation of ${owner}`, () => {
		for (const [stranger, status, tokenOf] of strangers)
			test(`looks to ${stranger} like a missing one, byte for byte`, async () => {
				const target = await talk(ownToken);
				const token = await tokenOf();
				for (const [door, make] of Object.entries(calls)) {
					const theirs = make(target, token);
					const missing = make(nobody, token);
					for (const [index, call] of theirs.entries()) {
						const said = await sayOf(call, token);
						expect([door, call, said.status]).toEqual([door, call, status]);
						const blank = await sayOf(missing[index] as Call, token);
						expect(said).toEqual(blank);
					}
				}
				await sameByWebSocket(target, token);
				// None of the requests had an effect.
				const { picture, comeback } = target.line;
				const again = await doors.webSocket.enter(program.url, {
					...comeback,
					...(ownToken && { token: ownToken }),
					after: 0,
				});
				await again.answer(target.question);
				expect(again.picture).toEqual(picture);
				again.leave();
				target.line.leave();
			});
	});

/** The same on a connection, where the other frames are pipelined with the hello. */
async function sameByWebSocket(target: Target, token: string | undefined) {
	const greetings = frames.Hello?.(target, token) ?? [];
	for (const index of greetings.keys()) {
		const [theirs, missing] = await Promise.all(
			[target, nobody].map(async (named) => {
				const socket = new WebSocket(
					`${program.url.replace("http", "ws")}/chat`,
				);
				const said: unknown[] = [];
				const closed = new Promise<object>((resolve) => {
					socket.onclose = ({ code, reason }) => resolve({ code, reason });
				});
				socket.onmessage = ({ data }) => said.push(data);
				await new Promise((resolve) => {
					socket.onopen = resolve;
				});
				const hello = frames.Hello?.(named, token)[index];
				const rest = Object.values(frames).flatMap((say) => say(named, token));
				for (const frame of [{ ...hello, ...(token && { token }) }, ...rest])
					socket.send(JSON.stringify(frame));
				return { closed: await closed, said };
			}),
		);
		expect(theirs?.said).toHaveLength(1);
		expect(theirs).toEqual(missing as typeof theirs);
	}
}
