/**
 * nginx and Caddy with the examples in `deploy/`: every transport streams, resumes, waits and drains
 * through them. Also nginx without our lines, where the widget must fall back.
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

/** A program on SQLite that can restart on its port, and the proxy in front of it. */
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

/** The model holds back the end until the beginning has arrived: no buffering. */
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

/** The status of a new visitor's hello over HTTP, from this address of the machine. */
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

/** A server that records the headers of requests, and when the reader of `/silent` leaves. */
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
			test(`${door.name}: the first word arrives before the last is written`, () =>
				expectStreaming(url(), door));

			test(`${door.name}: a reader that reconnects continues from its cursor`, async () => {
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
			test(`${door.name}: a connection with only heartbeats stays open`, async () => {
				const line = await door.enter(url());
				const pings = () =>
					line.frames.filter(({ type }) => type === "ping").length;
				await line.when(() => pings() >= 4, "four heartbeats");
				expect(line.closed).toBeUndefined();
				line.leave();
			});

		test("JSON: a poll without new events is answered after its own wait", async () => {
			const { token, ready } = await visit(url());
			const path = `${eventsPath({ ...ready, after: 0 })}&wait=1`;
			const { status, body } = await get(url(), path, token);
			expect(status).toBe(200);
			expect(body).toMatchObject({ events: [] });
		});

		test("a question that is too long gets our error text, a larger body any 413", async () => {
			for (const length of [60_000, 200_000]) {
				const content = "x".repeat(length);
				const refused = await post(url(), "/messages", { content });
				expect([refused.status, codeOf(refused)]).toEqual([413, "too_large"]);
			}
			const flood = { method: "POST", body: "x".repeat(300_000) };
			const { status } = await fetch(`${url()}/chat/messages`, flood);
			// Caddy answers 502 if the server closes the connection before the end of the body.
			expect([413, 502]).toContain(status);
		});

		test("the script is compressed, and 304 to a client that has it", async () => {
			const script = `${url()}/chat-stream.js`;
			const packed = await fetch(script, {
				headers: { "Accept-Encoding": "br" },
			});
			expect(packed.headers.get("content-encoding")).toBe("br");
			const etag = packed.headers.get("etag") ?? "";
			const again = await fetch(script, { headers: { "If-None-Match": etag } });
			expect(again.status).toBe(304);
		});

		test("the server gets the visitor's address, whatever headers the visitor sends", async () => {
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

		test("limits count per visitor's address, and the visitor's headers do not change it", async () => {
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
			// Caddy does not know the host and sends an empty response; nginx serves its only host.
			for (const headers of [{}, { Host: "localhost" }])
				expect(await metricsAt(url(), headers)).not.toContain(
					"chat_connections",
				);
		});

		test("the server notices that a reader has left before it sends anything else", async () => {
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

		test("SIGTERM: replies end, readers are disconnected and reconnect to the new process", async () => {
			const lines = await Promise.all(
				everyDoor.map((door) => door.enter(url())),
			);
			const asked = await Promise.all(
				lines.map((line) => line.question("slow 10 80")),
			);
			await Promise.all(lines.map((line) => line.growing()));
			program().signal("SIGTERM");

			expect((await draining(url())).body).toMatchObject({
				status: "draining",
			});
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

	test("a WebSocket is rejected, so the widget falls back to HTTP", async () => {
		const upgrade = await fetch(`${url()}/chat`, {
			headers: { Connection: "Upgrade", Upgrade: "websocket" },
		});
		expect([upgrade.status, upgrade.headers.get("upgrade")]).toEqual([
			400,
			null,
		]);
	});

	for (const door of [doors.eventStream, doors.plainJson])
		test(`${door.name}: the first word arrives before the last is written`, () =>
			expectStreaming(url(), door));
});

test("nginx's time-outs are longer than the server's longest silence", () => {
	const example = join(import.meta.dir, "../../deploy/nginx.conf");
	const text = readFileSync(example, "utf8");
	const seconds = (name: string) =>
		Number(new RegExp(`${name} (\\d+)s;`).exec(text)?.[1]);
	// The longest configurable heartbeat, and the longest wait of a poll.
	const longestS = Math.max(30, 25);
	expect(seconds("proxy_read_timeout")).toBeGreaterThan(2 * longestS);
	expect(seconds("proxy_send_timeout")).toBeGreaterThan(2 * longestS);
});
