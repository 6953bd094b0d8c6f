import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { Net } from "../support/chaos-net.ts";
import { type ChaosProxy, chaosProxy } from "../support/chaos-proxy.ts";
import { lull, seen } from "../support/transport-rig.ts";

/** A server of the three kinds of answers a chat has: plain, endless, WebSocket. */
let server: Bun.Server<undefined>;
let proxy: ChaosProxy;
let streams: ReadableStreamDefaultController<string>[];
let ended: string[];
beforeEach(async () => {
	streams = [];
	ended = [];
	server = Bun.serve({
		port: 0,
		hostname: "127.0.0.1",
		idleTimeout: 0,
		async fetch(request, self) {
			const { pathname } = new URL(request.url);
			if (pathname === "/ws" && self.upgrade(request)) return undefined;
			if (pathname !== "/stream" && pathname !== "/download")
				return new Response(`${pathname} ${await request.text()}`);
			const type = pathname === "/stream" ? "event-stream" : "plain";
			return new Response(
				new ReadableStream<string>({
					start: (controller) => {
						streams.push(controller);
						controller.enqueue("data: 1\n\n");
					},
					cancel: () => {
						ended.push("stream");
					},
				}),
				{ headers: { "Content-Type": `text/${type}` } },
			);
		},
		websocket: {
			message: (socket, text) => void socket.send(`echo ${text}`),
			close: () => {
				ended.push("socket");
			},
		},
	});
	proxy = await chaosProxy({ target: server.port as number, seed: 7 });
});
afterEach(async () => {
	await proxy.close();
	await server.stop(true);
});

const get = async (path = "/a", init?: RequestInit) =>
	(await fetch(proxy.url + path, init)).text();

/** A stream's text as it comes. */
async function listen(path = "/stream") {
	const response = await fetch(proxy.url + path);
	const heard = { text: "", chunks: [] as number[], end: "" };
	void (async () => {
		const text = new TextDecoder();
		try {
			for await (const chunk of response.body as ReadableStream<Uint8Array>) {
				heard.text += text.decode(chunk, { stream: true });
				heard.chunks.push(chunk.length);
			}
			heard.end = "end";
		} catch {
			heard.end = "broken";
		}
	})();
	return heard;
}

/** The chunks of a response as they arrive, all or the first `most`. */
function raw(path: string, most = Number.POSITIVE_INFINITY): Promise<Buffer[]> {
	const pieces: Buffer[] = [];
	return new Promise((resolve) => {
		const line = connect(proxy.port, "127.0.0.1", () =>
			line.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`),
		);
		line.on("data", (piece: Buffer) => {
			pieces.push(piece);
			if (pieces.length >= most) line.destroy();
		});
		line.on("close", () => resolve(pieces));
	});
}

async function socket() {
	const ws = new WebSocket(`${proxy.url.replace("http", "ws")}/ws`);
	const heard = { ws, messages: [] as string[], closed: 0, opened: false };
	ws.onmessage = ({ data }) => heard.messages.push(data);
	ws.onclose = ({ code }) => {
		heard.closed = code;
	};
	ws.onopen = () => {
		heard.opened = true;
	};
	await seen(() => heard.opened || heard.closed);
	return heard;
}

describe("without toxics", () => {
	test("everything passes: requests with bodies, streams, WebSockets", async () => {
		expect(await get("/a", { method: "POST", body: "hello" })).toBe("/a hello");
		const stream = await listen();
		streams[0]?.enqueue("data: ü\n\n");
		await seen(() => stream.text === "data: 1\n\ndata: ü\n\n");
		const { ws, messages } = await socket();
		ws.send("x");
		await seen(() => messages[0] === "echo x");
		expect(proxy.stats.requests).toEqual(["POST /a", "GET /stream", "GET /ws"]);
		expect(proxy.stats.bytesDown).toBeGreaterThan(100);
		expect(proxy.stats.open).toBeGreaterThanOrEqual(2);
	});

	test("a client that leaves is gone for the server, too", async () => {
		const abort = new AbortController();
		await fetch(`${proxy.url}/stream`, { signal: abort.signal });
		abort.abort();
		await seen(() => ended.includes("stream"));
		const { ws } = await socket();
		ws.close();
		await seen(() => ended.includes("socket"));
		await seen(() => proxy.stats.open === 0);
	});

	test("a server that is away looks away", async () => {
		await server.stop(true);
		await expect(get()).rejects.toThrow();
	});
});

describe("bytes", () => {
	test("come late, and in order all the same", async () => {
		proxy.set({ latencyMs: 40, jitterMs: 20 });
		const from = performance.now();
		const { ws, messages } = await socket();
		for (const word of ["a", "b", "c", "d"]) ws.send(word);
		await seen(() => messages.length === 4);
		expect(messages).toEqual(["echo a", "echo b", "echo c", "echo d"]);
		// Two ways there and back, each of at least 20 ms.
		expect(performance.now() - from).toBeGreaterThanOrEqual(79);
	});

	test("come slowly", async () => {
		const body = "x".repeat(2_000);
		proxy.set({ bytesPerSecond: 10_000 });
		const from = performance.now();
		expect(await get("/a", { method: "POST", body })).toBe(`/a ${body}`);
		expect(performance.now() - from).toBeGreaterThanOrEqual(400);
	});

	test("come in slices of 1 … 7, whatever they cut in two", async () => {
		proxy.set({ slice: true });
		const stream = await listen();
		const text = `data: ${"日本 👩‍👩‍👧".repeat(20)}\n\n`;
		streams[0]?.enqueue(text);
		await seen(() => stream.text.endsWith(text));
		const sizes = (await raw("/raw")).map(({ length }) => length);
		expect(sizes.length).toBeGreaterThan(10);
		const { ws, messages } = await socket();
		ws.send("ü".repeat(100));
		await seen(() => messages[0] === `echo ${"ü".repeat(100)}`);
	});

	test("a black hole swallows one way or both, until it heals", async () => {
		for (const hold of ["up", "down", "both"] as const) {
			const { ws, messages } = await socket();
			proxy.set({ hold });
			ws.send("x");
			await lull();
			expect(messages).toEqual([]);
			proxy.heal();
			await seen(() => messages[0] === "echo x");
		}
	});

	test("out of a black hole not even the end of a connection comes", async () => {
		const { ws } = await socket();
		proxy.set({ hold: "both" });
		(ws as WebSocket & { terminate(): void }).terminate();
		await lull();
		expect(ended).toEqual([]);
		const late = get().catch(() => "cut");
		await lull();
		expect(proxy.stats.requests).toEqual(["GET /ws"]);
		proxy.heal();
		await seen(() => ended.includes("socket"));
		expect(await late).toBe("/a ");
	});

	test("a reader that is slow is felt by the writer", async () => {
		let pulled = 0;
		const source = Bun.serve({
			port: 0,
			hostname: "127.0.0.1",
			fetch: () =>
				new Response(
					new ReadableStream({
						pull: (controller) => {
							pulled += 65_536;
							controller.enqueue(new Uint8Array(65_536));
						},
					}),
				),
		});
		const slow = await chaosProxy({ target: source.port as number });
		slow.set({ hold: "down" });
		const abort = new AbortController();
		const answer = fetch(slow.url, { signal: abort.signal }).catch(() => {});
		let before = -1;
		await seen(async () => {
			if (pulled > 0 && pulled === before) return true;
			before = pulled;
			await Bun.sleep(50);
			return false;
		});
		expect(pulled).toBeLessThan(64 * 1_048_576);
		abort.abort();
		await answer;
		await slow.close();
		await source.stop(true);
	});
});

describe("cuts", () => {
	test("by RST and by FIN, everything that is open", async () => {
		for (const how of ["reset", "end"] as const) {
			const { length } = ended;
			const line = await socket();
			const stream = await listen();
			await seen(() => stream.text);
			proxy.cut(how);
			await seen(() => line.closed === 1006);
			await seen(() => stream.end !== "");
			await seen(() => ended.length === length + 2);
		}
		expect(proxy.stats.cuts).toBe(4);
		expect(await get()).toBe("/a ");
	});

	test("an RST is an RST, and a FIN is none", async () => {
		for (const how of ["reset", "end"] as const) {
			const line = connect(proxy.port, "127.0.0.1");
			const heard: string[] = [];
			line.on("error", (error: NodeJS.ErrnoException) =>
				heard.push(String(error.code)),
			);
			line.on("end", () => heard.push("end"));
			line.write("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
			await new Promise((resolve) => line.once("data", resolve));
			proxy.cut(how);
			await seen(() => heard.length > 0);
			expect(heard).toEqual([how === "reset" ? "ECONNRESET" : "end"]);
			line.destroy();
		}
	});

	test("after the given number of bytes, exactly", async () => {
		const read = async (cutAfterBytes?: number) => {
			proxy.set(cutAfterBytes ? { cutAfterBytes, cutHow: "end" } : {});
			return Buffer.concat(await raw("/abcdefgh")).length;
		};
		const whole = await read();
		expect(await read(50)).toBe(50);
		expect(await read(whole + 1)).toBe(whole);
	});

	test("streams and WebSockets of a certain age, and no plain answers", async () => {
		proxy.set({ cutStreamAfterMs: 30, cutHow: "end" });
		const download = await listen("/download");
		await seen(() => download.text);
		const stream = await listen();
		const line = await socket();
		await seen(() => stream.end !== "" && line.closed);
		streams[0]?.enqueue("data: 2\n\n");
		await seen(() => download.text.endsWith("2\n\n"));
		expect(proxy.stats.cuts).toBe(2);
	});
});

describe("middleboxes", () => {
	test("refuse upgrades with any status, and let the rest pass", async () => {
		for (const status of [200, 400, 403, 426, 502]) {
			proxy.set({ upgrade: status });
			const { opened, closed } = await socket();
			expect(opened).toBe(false);
			expect(closed).toBeGreaterThan(0);
		}
		expect(await get()).toBe("/a ");
		expect(ended).toEqual([]);
	});

	test("accept an upgrade and say nothing more", async () => {
		proxy.set({ upgrade: "swallow" });
		const { ws, opened, messages, closed } = await socket();
		expect(opened).toBe(true);
		ws.send("x");
		await lull();
		expect(messages).toEqual([]);
		expect(closed).toBe(0);
	});

	test("hold an event stream until it ends", async () => {
		proxy.set({ stream: "hold" });
		let stream: Awaited<ReturnType<typeof listen>> | undefined;
		void listen().then((heard) => {
			stream = heard;
		});
		await seen(() => streams[0]);
		await lull();
		expect(stream).toBe(undefined);
		streams[0]?.close();
		await seen(() => stream?.end === "end");
		expect(stream?.text).toBe("data: 1\n\n");
		expect(await get()).toBe("/a ");
	});

	test("hand an event stream out in blocks", async () => {
		proxy.set({ stream: { blockBytes: 4_096 } });
		const stream = await listen();
		await lull();
		expect(stream.text).toBe("");
		streams[0]?.enqueue("x".repeat(4_086));
		await lull();
		expect(stream.text).toBe("");
		streams[0]?.enqueue("yz");
		await seen(() => stream.text.length === 4_096);
		streams[0]?.close();
		await seen(() => stream.end === "end");
		expect(stream.text).toBe(`data: 1\n\n${"x".repeat(4_086)}yz`);
	});

	test("compress an event stream, event by event", async () => {
		proxy.set({ stream: "gzip", slice: true });
		const stream = await listen();
		await seen(() => stream.text === "data: 1\n\n");
		streams[0]?.enqueue("data: ü\n\n");
		await seen(() => stream.text === "data: 1\n\ndata: ü\n\n");
		streams[0]?.close();
		await seen(() => stream.end === "end");
		proxy.set({ stream: "gzip" });
		expect(`${await raw("/stream", 1)}`).toContain("Content-Encoding: gzip");
	});

	test("answer in place of the server, path by path", async () => {
		proxy.set({
			answers: { "/a": { status: 429, headers: { "Retry-After": "3" } } },
		});
		const answer = await fetch(`${proxy.url}/a?x=1`);
		expect(answer.status).toBe(429);
		expect(answer.headers.get("retry-after")).toBe("3");
		expect(await get("/b")).toBe("/b ");
	});

	test("want a login, whatever one asks", async () => {
		proxy.set({ portal: true });
		const answer = await fetch(`${proxy.url}/a`);
		expect(answer.status).toBe(200);
		expect(answer.headers.get("content-type")).toStartWith("text/html");
		expect((await socket()).opened).toBe(false);
		proxy.heal();
		expect(await get()).toBe("/a ");
	});
});

test("chance is the seed's: one seed, one course of things", () => {
	const course = (seed: number) => {
		const net = new Net(1, seed);
		return Array.from({ length: 5 }, () => net.random());
	};
	expect(course(3)).toEqual(course(3));
	expect(course(3)).not.toEqual(course(4));
	expect(course(3).every((x) => x >= 0 && x < 1)).toBe(true);
});
