/** The metrics of the program while visitors chat, and that visitors cannot add time series. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { doors, get, post, visit } from "../support/doors.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";

const token = "a-token-of-the-operator";
const headers = { Authorization: `Bearer ${token}` };
let program: Program;
beforeAll(async () => {
	program = await startProgram({ CHAT_METRICS_TOKEN: token });
});
afterAll(endServers);

/** Every sample by name and labels. */
async function scrape(): Promise<Map<string, number>> {
	const response = await fetch(`${program.url}/metrics`, { headers });
	expect(response.status).toBe(200);
	const samples = (await response.text()).matchAll(/^([a-z]\S*) (\S+)$/gm);
	return new Map(
		[...samples].map(([, name = "", value]) => [name, Number(value)]),
	);
}

/** Waits until a sample has a value: a closed connection is counted a moment later. */
async function until(name: string, value: number) {
	for (let look = 0; look < 200; look++) {
		if ((await scrape()).get(name) === value) return;
		await Bun.sleep(10);
	}
	expect([name, (await scrape()).get(name)]).toEqual([name, value]);
}

const websocket = 'chat_connections{transport="websocket"}';
const stream = 'chat_connections{transport="stream"}';
const poll = 'chat_connections{transport="poll"}';

test("readers are counted by transport while connected", async () => {
	const one = await doors.webSocket.enter(program.url);
	const two = await doors.webSocket.enter(program.url);
	const three = await doors.eventStream.enter(program.url);
	const { token, conversation } = await visit(program.url);
	const path = `/events?conversation=${conversation}&wait=1`;
	const waiting = get(program.url, path, token);
	await until(websocket, 2);
	await until(stream, 1);
	await until(poll, 1);
	await waiting;
	for (const line of [one, two, three]) line.leave();
	for (const name of [websocket, stream, poll]) await until(name, 0);
});

test("replies, tokens, times, resumes and errors are counted as they happen", async () => {
	const before = await scrape();
	const line = await doors.webSocket.enter(program.url);
	await line.answer(await line.question("slow 30 5"));
	await line.answer(await line.question("throw"));
	const held = await line.question("hold metrics");
	await line.growing(4);
	await until("chat_open_replies", 1);
	await line.stop();
	await line.answer(held);
	const back = await doors.webSocket.enter(program.url, line.comeback);
	const again = await doors.eventStream.enter(program.url, line.comeback);
	await post(program.url, "/frames", "no json");
	await post(
		program.url,
		"/frames?conversation=none",
		{ type: "stop" },
		line.token,
	);
	await until("chat_open_replies", 0);
	const now = await scrape();
	const more = (name: string) => (now.get(name) ?? 0) - (before.get(name) ?? 0);
	// A late reader gets several tokens as one.
	const tokens = line.frames
		.filter((frame) => frame.type === "token")
		.reduce(
			(sum, { sequence, from = sequence }) => sum + sequence - from + 1,
			0,
		);
	expect(more("chat_tokens_total")).toBe(tokens);
	for (const [name, count] of [
		['chat_replies_total{outcome="complete"}', 1],
		['chat_replies_total{outcome="provider_failed"}', 1],
		['chat_replies_total{outcome="stopped"}', 1],
		["chat_first_token_seconds_count", 3],
		["chat_between_tokens_seconds_count", tokens - 3],
		["chat_append_seconds_count", tokens],
		['chat_resumes_total{transport="websocket"}', 1],
		['chat_resumes_total{transport="stream"}', 1],
		['chat_rejections_total{code="bad_frame"}', 1],
		['chat_rejections_total{code="not_found"}', 1],
	] as const)
		expect([name, more(name)]).toEqual([name, count]);
	expect(now.get("process_resident_memory_bytes")).toBeGreaterThan(1e7);
	for (const left of [line, back, again]) left.leave();
});

test("visitors' input adds no time series", async () => {
	const before = await scrape();
	for (let visitor = 0; visitor < 20; visitor++) {
		const { token, frames } = await visit(program.url);
		const id = `canary-${visitor}`;
		const send = { type: "send", id, content: `echo ${id}` };
		await post(program.url, frames, send, token);
		await post(program.url, `/frames?conversation=${id}`, send, token);
		await post(program.url, frames, { type: id }, token);
		await get(program.url, `/${id}`, id, { Origin: `https://${id}.example` });
	}
	const after = await scrape();
	expect([...after.keys()]).toEqual([...before.keys()]);
	expect([...after.keys()].join()).not.toContain("canary");
	expect(after.size).toBeLessThan(100);
});

test("without a token no request opens the metrics, whatever its headers", async () => {
	const { url } = await startProgram();
	const missing = await (await fetch(`${url}/no-such-thing`)).text();
	for (const at of [url, program.url])
		for (const given of [
			{},
			{ Host: "localhost" },
			{ Host: "127.0.0.1:8787" },
			{ "X-Forwarded-For": "127.0.0.1" },
			{ Authorization: "Bearer of-something-else" },
		]) {
			const response = await fetch(`${at}/metrics`, { headers: given });
			expect(response.status).toBe(404);
			expect(await response.text()).toBe(missing);
		}
});

test("a metrics port of its own needs no token and serves nothing else", async () => {
	const { output } = await startProgram({ CHAT_METRICS_PORT: "0" });
	const url = output().match(/Metrics\s+(\S+)/)?.[1] ?? "";
	const response = await fetch(url);
	expect(response.status).toBe(200);
	expect(await response.text()).toContain("chat_open_replies 0");
	expect((await fetch(new URL("/chat/health", url))).status).toBe(404);
});
