/**
 * Every HTTP response and WebSocket frame matches `openapi.json` and `asyncapi.json`:
 * statuses, bodies, headers, and no undescribed field.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Ready } from "../../protocol/frames.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import { asyncApi } from "../../server/api-docs/asyncapi.ts";
import { contract, faultsOf, misfit, paths } from "../support/contract.ts";
import { doors } from "../support/doors.ts";
import {
	endServers,
	type Program,
	startInProcess,
	startProgram,
} from "../support/server.ts";

let program: Program;
beforeAll(async () => {
	program = await startProgram({ CHAT_HEARTBEAT_MS: "200" });
});
afterAll(endServers);

type Asked = { token?: string; body?: unknown; accept?: string };

/** Sends a request and checks the response against its description. @returns the response. */
async function ask(
	method: string,
	path: string,
	{ token, body, accept }: Asked = {},
	url = program.url,
): Promise<{ status: number; text: string }> {
	const response = await fetch(`${url}/chat${path}`, {
		method,
		headers: {
			...(token && { Authorization: `Bearer ${token}` }),
			...(accept && { Accept: accept }),
		},
		...(body !== undefined && {
			body: typeof body === "string" ? body : JSON.stringify(body),
		}),
	});
	const { status } = response;
	const text = await response.clone().text();
	const faults = await faultsOf(method, path, response);
	expect([`${method} ${path}`, faults]).toEqual([`${method} ${path}`, []]);
	return { status, text };
}

const json = { accept: "application/json" };
const stream = { accept: "text/event-stream" };
const hello = { type: "hello", version: 1 };

test("the documents are served as generated", async () => {
	const openapi = await ask("GET", "/openapi.json");
	expect(JSON.parse(openapi.text)).toEqual(
		JSON.parse(JSON.stringify(contract)),
	);
	const asyncapi = await ask("GET", "/asyncapi.json");
	expect(JSON.parse(asyncapi.text)).toEqual(
		JSON.parse(JSON.stringify(asyncApi("/chat"))),
	);
});

test("every response of every endpoint is described, success or error", async () => {
	const seen = new Set<string>();
	const say = async (method: string, path: string, asked?: Asked) => {
		const answer = await ask(method, path, asked);
		const [door] = path.split("?");
		seen.add(`${method.toLowerCase()} /chat${door} ${answer.status}`);
		return answer;
	};
	const greeted = await say("POST", "/frames", { body: hello });
	const { token = "", conversation } = JSON.parse(greeted.text) as Ready;
	const frames = `/frames?conversation=${conversation}`;
	const up = (body: unknown, path = frames) =>
		say("POST", path, { token, body });

	await up({ type: "send", id: "q", content: "facts" });
	await up({ type: "send", id: "q", content: "other" });
	await up({ type: "send", id: "w", content: "hold contract" });
	await say("POST", "/messages", { body: { content: "release contract" } });
	await up({ type: "ping" });
	await up({ type: "stop" });
	const retried = await up({ type: "retry", message: "q" });
	const { message } = JSON.parse(retried.text).data;
	await up({ type: "feedback", message, value: "up" });
	await up({ type: "feedback", message: "nothing", value: "up" });
	await up({ ...hello, version: 9 }, "/frames");
	await up("no json");
	await up("x".repeat(maxFrameBytes + 1));
	await say("POST", frames, { body: { type: "ping" } });
	await say("POST", "/frames", { body: { ...hello, token: "v1.a.b" } });

	const log = `/events?conversation=${conversation}`;
	await say("GET", `${log}&wait=0`, { token, ...json });
	await say("GET", `${log}&after=1000&wait=0`, { token, ...json });
	await say("GET", `${log}&after=-1`, { token, ...json });
	await say("GET", log, json);
	await say("GET", `/events?conversation=none&wait=0`, { token, ...json });

	const put = (body: object, asked: Asked = {}) =>
		say("POST", "/messages", { body, ...asked });
	await put({ content: "facts" });
	await put({ content: "count 3", id: "mine" }, stream);
	await put({ content: "throw" });
	await put({ content: "throw" }, stream);
	await put({ content: "refuse provider_timeout" });
	await put({ content: "refuse interrupted" });
	await put({ content: "x".repeat(9_000) });
	await put({ content: "" });
	await put({ content: "x", conversation }, {});
	await put({ content: "x", conversation: "none" }, { token });
	await put({ content: "x", id: "q", conversation }, { token });

	await say("GET", "/me", { token });
	await say("GET", "/me");
	await say("DELETE", "/me", { token });
	await say("DELETE", "/me");

	await say("GET", "");
	await say("GET", "/health");
	await say("HEAD", "/health");
	await say("GET", "/openapi.json");
	await say("GET", "/asyncapi.json");

	// All statuses that need no second server; the rest is below, or an internal error.
	const elsewhere = /^(101|403|429|500 |503)/;
	const promised = Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).flatMap(([method, { responses }]) =>
			Object.keys(responses).map((status) => `${method} ${path} ${status}`),
		),
	);
	const unseen = promised
		.filter((answer) => !seen.has(answer))
		.filter((answer) => !elsewhere.test(answer.split(" ")[2] ?? ""))
		// Documents, health and /me accept any input; 500 is the only other status there.
		.filter((answer) => !/(json|health|me) 400| 500$/.test(answer));
	expect(unseen).toEqual([]);
	expect(seen).toContain("post /chat/messages 500");
});

test("a server that shuts down sends the described errors", async () => {
	const { url, drain } = startInProcess({ settings: { drainMs: 2_000 } });
	const { text } = await ask("POST", "/frames", { body: hello }, url);
	const { token = "", conversation } = JSON.parse(text) as Ready;
	const frames = `/frames?conversation=${conversation}`;
	const send = { type: "send", id: "q", content: "hold drain" };
	await ask("POST", frames, { token, body: send }, url);
	const drained = drain();
	const again = { ...send, id: "r" };
	for (const [method, path, asked] of [
		["GET", "/health", {}],
		["HEAD", "/health", {}],
		["POST", "/frames", { body: hello }],
		["POST", frames, { token, body: again }],
		["POST", "/messages", { body: { content: "count 1" } }],
	] as const)
		expect((await ask(method, path, asked, url)).status).toBe(503);
	await ask("POST", frames, { token, body: { type: "stop" } }, url);
	await drained;
});

test("an event stream contains only described frames", async () => {
	const line = await doors.eventStream.enter(program.url);
	const id = await line.question("facts");
	await line.answer(id);
	await line.until(({ type }) => type === "ping", "ping");
	line.leave();
	for (const frame of line.frames)
		expect(
			misfit({ $ref: "#/components/schemas/Down" }, frame),
		).toBeUndefined();
});

test("a WebSocket sends only described frames", async () => {
	const said: unknown[] = [];
	const socket = new WebSocket(`${program.url.replace("http", "ws")}/chat`);
	const closed = new Promise<number>((resolve) => {
		socket.onclose = ({ code }) => resolve(code);
	});
	const types = new Set<string>();
	socket.onopen = () => socket.send(JSON.stringify(hello));
	socket.onmessage = ({ data }) => {
		const frame = JSON.parse(data);
		said.push(frame);
		types.add(`${frame.type} ${frame.action ?? ""}`.trim());
		const up = (frame: object) => socket.send(JSON.stringify(frame));
		if (frame.type === "ready") up({ type: "send", id: "q", content: "facts" });
		if (frame.action === "end") {
			const { message } = frame.data;
			up({ type: "feedback", message, value: "down" });
			up({ type: "ping" });
		}
		if (frame.type === "ping") socket.send("no json");
	};
	expect(await closed).toBe(4_400);
	expect([...types].toSorted()).toEqual([
		"control end",
		"control error",
		"control feedback",
		"control start",
		"ping",
		"pong",
		"ready",
		"token",
	]);
	for (const frame of said)
		expect(
			misfit({ $ref: "#/components/schemas/Down" }, frame),
		).toBeUndefined();
});
