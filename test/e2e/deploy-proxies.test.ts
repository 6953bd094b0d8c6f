/**
 * nginx and Caddy by the examples in `deploy/`: every transport streams, resumes, waits and drains
 * through them; and nginx without a line of ours, where the widget must make do.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import {
	codeOf,
	doors,
	draining,
	eventsPath,
	everyDoor,
	get,
	post,
	visit,
} from "../support/doors.ts";
import {
	freePort,
	nginxByDefault,
	type ReverseProxy,
	reverseProxies,
	type StartProxy,
} from "../support/reverse-proxies.ts";
import {
	endServers,
	type Program,
	startProgram,
	tempFolder,
} from "../support/server.ts";

const heartbeatMs = 300;
/** A proxy may have to be installed first. */
const installMs = 120_000;

afterAll(endServers);

/** A program on SQLite that comes back where it was, and the proxy in front of it. */
function behind(startProxy: StartProxy) {
	let program: Program;
	let proxy: ReverseProxy;
	const settings = {
		PORT: `${freePort()}`,
		CHAT_HEARTBEAT_MS: `${heartbeatMs}`,
		CHAT_STORE: `sqlite:${tempFolder()}/chat.db`,
	};
	const startAgain = async () => {
		program = await startProgram(settings);
	};
	beforeAll(async () => {
		await startAgain();
		proxy = await startProxy(program.url);
	}, installMs);
	afterAll(() => proxy.stop());
	return { program: () => program, url: () => proxy.url, startAgain };
}

/** The model holds back its end until the beginning has been seen: nothing was kept in a buffer. */
async function expectStreaming(
	url: string,
	door: (typeof everyDoor)[number],
): Promise<void> {
	const line = await door.enter(url);
	const gate = crypto.randomUUID();
	const id = await line.question(`hold ${gate}`);
	expect((await line.growing()).text).toBe("held");
	await post(url, "/messages", { content: `release ${gate}` });
	expect((await line.answer(id)).text).toBe("held and released");
	expect(line.faults).toEqual([]);
	line.leave();
}

/** The status that a new visitor's hello gets, by HTTP from this address of the machine. */
function greetingFrom(
	localAddress: string,
	url: string,
	forged: string,
): Promise<number | undefined> {
	const headers = { "X-Forwarded-For": forged };
	const options = { method: "POST", localAddress, headers };
	return new Promise((resolve, reject) => {
		const asking = request(`${url}/chat/frames`, options, (answer) => {
			answer.resume();
			resolve(answer.statusCode);
		});
		asking.on("error", reject);
		asking.end(JSON.stringify({ type: "hello", version: 1 }));
	});
}

/** A server that only listens: what it is told about requests, and when the reader of `/silent` leaves. */
function eavesdropper() {
	let heard = new Headers();
	const left = Promise.withResolvers<void>();
	const server = Bun.serve({
		hostname: "127.0.0.1",
		port: 0,
		idleTimeout: 0,
		async fetch(request) {
			heard = request.headers;
			await request.arrayBuffer();
			if (!request.url.endsWith("/silent")) return Response.json({});
			request.signal.addEventListener("abort", () => left.resolve());
			const says = new ReadableStream({
				start: (body) => body.enqueue("data: only this\n\n"),
			});
			const headers = { "Content-Type": "text/event-stream" };
			return new Response(says, { headers });
		},
	});
	return {
		url: `http://127.0.0.1:${server.port}`,
		heard: () => heard,
		left: left.promise,
		stop: () => server.stop(true),
	};
}

for (const [name, startProxy] of Object.entries(reverseProxies))
	describe(`behind ${name}`, () => {
		const { program, url, startAgain } = behind(startProxy);

		for (const door of everyDoor) {
			test(`${door.name}: the first word is there before the last is written`, () =>
				expectStreaming(url(), door));

			test(`${door.name}: who comes back reads on after the cursor`, async () => {
				const line = await door.enter(url());
				const id = await line.question("slow 2 120");
				await line.growing(20);
				line.leave();
				const back = await door.enter(url(), line.comeback, line.picture);
				expect((await back.answer(id)).text).toEndWith(" 120 ");
				expect(back.faults).toEqual([]);
				const [first] = back.events;
				expect(first?.sequence).toBeGreaterThan(line.comeback.after);
				back.leave();
			});
		}

		for (const door of [doors.webSocket, doors.eventStream])
			test(`${door.name}: a line on which only heartbeats come is kept`, async () => {
				const line = await door.enter(url());
				const pings = () =>
					line.frames.filter(({ type }) => type === "ping").length;
				await line.when(() => pings() >= 4, "four heartbeats");
				expect(line.closed).toBeUndefined();
				line.leave();
			});

		test("JSON: a request that waits in vain is answered in its own time", async () => {
			const { token, ready } = await visit(url());
			const path = `${eventsPath({ ...ready, after: 0 })}&wait=1`;
			const { status, body } = await get(url(), path, token);
			expect(status).toBe(200);
			expect(body).toMatchObject({ events: [] });
		});

		test("a question that is too long is refused in our words, a flood without any", async () => {
			for (const length of [60_000, 200_000]) {
				const content = "x".repeat(length);
				const refused = await post(url(), "/messages", { content });
				expect([refused.status, codeOf(refused)]).toEqual([413, "too_large"]);
			}
			const flood = { method: "POST", body: "x".repeat(300_000) };
			const { status } = await fetch(`${url()}/chat/messages`, flood);
			// Caddy says 502 if the server hung up before the body was through.
			expect([413, 502]).toContain(status);
		});

		test("the script comes packed, and not again to who has it", async () => {
			const script = `${url()}/chat-stream.js`;
			const packed = await fetch(script, {
				headers: { "Accept-Encoding": "br" },
			});
			expect(packed.headers.get("content-encoding")).toBe("br");
			const etag = packed.headers.get("etag") ?? "";
			const again = await fetch(script, { headers: { "If-None-Match": etag } });
			expect(again.status).toBe(304);
		});

		test("the server learns who asks, whatever the visitor says", async () => {
			const upstream = eavesdropper();
			const proxy = await startProxy(upstream.url);
			await fetch(proxy.url, {
				headers: {
					"X-Forwarded-For": "203.0.113.7",
					"X-Forwarded-Proto": "https",
				},
			});
			const told = upstream.heard().get("x-forwarded-for")?.split(/, */);
			expect(told?.at(-1)).toBe("127.0.0.1");
			expect(upstream.heard().get("x-forwarded-proto")).toBe("http");
			expect(upstream.heard().get("host")).toBe(new URL(proxy.url).host);
			await proxy.stop();
			await upstream.stop();
		});

		test("limits count per visitor's address, and no header of the visitor's own changes it", async () => {
			const limited = await startProgram({
				CHAT_TRUSTED_PROXIES: "127.0.0.1",
				CHAT_MAX_CONNECTIONS_PER_MINUTE: "2",
			});
			const proxy = await startProxy(limited.url);
			const greet = (from: string, forged: string) =>
				greetingFrom(from, proxy.url, forged);
			expect(await greet("127.0.0.2", "203.0.113.1")).toBe(200);
			expect(await greet("127.0.0.2", "203.0.113.2")).toBe(200);
			expect(await greet("127.0.0.2", "203.0.113.3")).toBe(429);
			expect(await greet("127.0.0.3", "203.0.113.3")).toBe(200);
			await proxy.stop();
			await limited.kill();
		});

		test("without a token the metrics are closed, with and without the proxy", async () => {
			const metricsAt = async (at: string, headers = {}) =>
				(await fetch(`${at}/metrics`, { headers })).text();
			const here = await metricsAt(program().url, { Host: "localhost" });
			expect(here).not.toContain("chat_connections");
			// Caddy knows no such host and says nothing at all; nginx takes any for its only one.
			for (const headers of [{}, { Host: "localhost" }])
				expect(await metricsAt(url(), headers)).not.toContain(
					"chat_connections",
				);
		});

		test("the server learns that a reader has left before it says anything more", async () => {
			const upstream = eavesdropper();
			const proxy = await startProxy(upstream.url);
			const reader = new AbortController();
			const { signal } = reader;
			await fetch(`${proxy.url}/silent`, { signal });
			reader.abort();
			await upstream.left;
			await proxy.stop();
			await upstream.stop();
		});

		test("SIGTERM: answers end, readers are sent away, the new process finds them all", async () => {
			const lines = await Promise.all(
				everyDoor.map((door) => door.enter(url())),
			);
			const asked = await Promise.all(
				lines.map((line) => line.question("slow 10 80")),
			);
			await Promise.all(lines.map((line) => line.growing()));
			program().signal("SIGTERM");

			expect((await draining(url())).body).toEqual({ status: "draining" });
			const late = await post(url(), "/messages", { content: "count 1" });
			expect([late.status, codeOf(late)]).toEqual([503, "unavailable"]);
			expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(0);
			const upgrade = await fetch(`${url()}/chat`, {
				headers: { Connection: "Upgrade", Upgrade: "websocket" },
			});
			expect(upgrade.status).toBe(503);

			for (const [at, line] of lines.entries()) {
				const { text, close } = await line.answer(asked[at] as string);
				expect(text).toEndWith(" 80 ");
				expect(close).toEqual({ by: "end", reason: "complete" });
			}
			const [socket, stream] = lines;
			expect((await socket?.gone())?.code).toBe(1012);
			expect((await stream?.gone())?.code).toBe(1000);
			expect(await program().exited).toBe(0);
			for (const line of lines) line.leave();

			await startAgain();
			for (const [at, door] of everyDoor.entries()) {
				const line = lines[at];
				if (!line) throw new Error("A line is missing.");
				const back = await door.enter(url(), line.comeback, line.picture);
				const id = await back.question("count 3");
				expect((await back.answer(id)).text).toBe("1 2 3 ");
				expect([...line.faults, ...back.faults]).toEqual([]);
				back.leave();
			}
		}, 20_000);
	});

describe("behind nginx without our lines", () => {
	const { url } = behind(nginxByDefault);

	test("a WebSocket is refused, so that the widget turns to HTTP", async () => {
		const upgrade = await fetch(`${url()}/chat`, {
			headers: { Connection: "Upgrade", Upgrade: "websocket" },
		});
		expect([upgrade.status, upgrade.headers.get("upgrade")]).toEqual([
			400,
			null,
		]);
	});

	for (const door of [doors.eventStream, doors.plainJson])
		test(`${door.name}: the first word is there before the last is written`, () =>
			expectStreaming(url(), door));
});

test("nginx waits longer than anything that the server keeps it waiting for", () => {
	const example = join(import.meta.dir, "../../deploy/nginx.conf");
	const text = readFileSync(example, "utf8");
	const seconds = (name: string) =>
		Number(new RegExp(`${name} (\\d+)s;`).exec(text)?.[1]);
	// The longest heartbeat that may be set, and the longest wait of the JSON door.
	const longestS = Math.max(30, 25);
	expect(seconds("proxy_read_timeout")).toBeGreaterThan(2 * longestS);
	expect(seconds("proxy_send_timeout")).toBeGreaterThan(2 * longestS);
});
