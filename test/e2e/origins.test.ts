/**
 * Which origins may use the real program, on every endpoint. Numbers in names are rows of the security
 * checklist.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RawSocket } from "../support/raw-socket.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";

let program: Program;
beforeAll(async () => {
	program = await startProgram({
		CHAT_ORIGINS: "https://good.example, https://*.many.example",
	});
});
afterAll(endServers);

const refused = [
	"https://evil.example",
	"https://good.example.evil.com",
	"https://evilgood.example",
	"https://good.example:444",
	"http://good.example",
	"https://GOOD.example",
	"https://good.example.",
	"https://user@good.example",
	"https://good.example, https://good.example",
	"https://many.example",
	"https://evilmany.example",
	"null",
];

/** The response to a handshake from a page of this origin. */
async function handshake(headers: Record<string, string>, url = program.url) {
	const raw = new RawSocket(url, headers);
	await raw.when(() => raw.handshake !== "", "answer");
	raw.destroy();
	return raw.handshake;
}

const hello = { type: "hello", version: 1 };
const asks: [string, string, RequestInit][] = [
	["frames", "/frames", { method: "POST", body: JSON.stringify(hello) }],
	["events", "/events?conversation=x&wait=0", {}],
	["messages", "/messages", { method: "POST", body: '{"content":"count 1"}' }],
	["no door", "/nothing", {}],
	["a preflight of frames", "/frames", { method: "OPTIONS" }],
	["a preflight of events", "/events", { method: "OPTIONS" }],
	["a preflight of messages", "/messages", { method: "OPTIONS" }],
	["a preflight of the line", "", { method: "OPTIONS" }],
	["the line without an upgrade", "", {}],
];
const ask = (path: string, init: RequestInit, origin?: string) =>
	fetch(`${program.url}/chat${path}`, {
		...init,
		headers: origin === undefined ? {} : { Origin: origin },
	});

describe("security 1, 2, 3, 4: a page that is not listed gets 403 before any effect", () => {
	for (const origin of refused)
		test(`on the WebSocket endpoint: ${origin}`, async () => {
			expect(await handshake({ Origin: origin })).toStartWith("HTTP/1.1 403");
		});
	for (const [what, path, init] of asks)
		test(`security 57: on ${what}, and cannot read the reason`, async () => {
			for (const origin of refused) {
				const answer = await ask(path, init, origin);
				expect([origin, answer.status]).toEqual([origin, 403]);
				expect(await answer.json()).toMatchObject({
					data: { code: "forbidden" },
				});
				const { headers } = answer;
				expect(headers.get("access-control-allow-origin")).toBeNull();
				expect(headers.get("access-control-allow-methods")).toBeNull();
				expect(headers.get("vary")).toContain("Origin");
			}
		});
	test("security 3: two Origin headers are rejected", async () => {
		const twice = "https://good.example\r\nOrigin: https://good.example";
		expect(await handshake({ Origin: twice })).not.toContain(" 101 ");
	});
	test("each rejected origin is logged once", async () => {
		await handshake({ Origin: "https://evil.example" });
		const named = program
			.output()
			.split("\n")
			.filter((line) => line.includes('"https://evil.example"'));
		expect(named).toHaveLength(1);
	});
});

describe("a listed page, and requests without a page", () => {
	test("may connect, ask on every endpoint, and read the answer", async () => {
		for (const origin of ["https://good.example", "https://a.many.example"]) {
			expect(await handshake({ Origin: origin })).toContain(" 101 ");
			for (const [, path, init] of asks) {
				const { status, headers } = await ask(path, init, origin);
				expect(status).not.toBe(403);
				expect(headers.get("access-control-allow-origin")).toBe(origin);
				expect(headers.get("vary")).toContain("Origin");
				expect(headers.get("access-control-allow-credentials")).toBeNull();
				expect(headers.get("set-cookie")).toBeNull();
			}
		}
	});
	test("security 5: without an Origin requests are read-only, and a WebSocket is rejected", async () => {
		expect(await handshake({})).toStartWith("HTTP/1.1 403");
		for (const [what, path, init] of asks) {
			const { status } = await ask(path, init);
			expect([what, status === 403]).toEqual([what, init.method === "POST"]);
		}
		const forget = await ask("/me", { method: "DELETE" });
		expect(forget.status).toBe(403);
	});
	test("security 5: without an Origin all requests are accepted with CHAT_WITHOUT_ORIGIN", async () => {
		const { url } = await startProgram({
			CHAT_ORIGINS: "https://good.example",
			CHAT_WITHOUT_ORIGIN: "true",
		});
		expect(await handshake({}, url)).toContain(" 101 ");
		const hello = '{"type":"hello","version":1}';
		const said = { method: "POST", body: hello };
		expect((await fetch(`${url}/chat/frames`, said)).status).toBe(200);
		const evil = { Origin: "https://evil.example" };
		expect(await handshake(evil, url)).toStartWith("HTTP/1.1 403");
	});
	test("the demo of this server works by IP address and as localhost", async () => {
		const { port } = new URL(program.url);
		for (const host of [`127.0.0.1:${port}`, `localhost:${port}`])
			expect(
				await handshake({ Host: host, Origin: `http://${host}` }),
			).toContain(" 101 ");
	});
	test("a foreign host name that points here is rejected", async () => {
		const { port } = new URL(program.url);
		const host = `rebound.example:${port}`;
		const headers = { Host: host, Origin: `http://${host}` };
		expect(await handshake(headers)).toStartWith("HTTP/1.1 403");
	});
	test("health is public", async () => {
		const origin = "https://evil.example";
		const { status, headers } = await ask("/health", {}, origin);
		expect(status).toBe(200);
		expect(headers.get("access-control-allow-origin")).toBe(origin);
	});
});

test("without a list any page may use it, with a warning at startup", async () => {
	const open = await startProgram();
	const headers = { Origin: "https://any.example" };
	expect(await handshake(headers, open.url)).toContain(" 101 ");
	expect(open.output()).toContain("set CHAT_ORIGINS");
	expect(program.output()).not.toContain("set CHAT_ORIGINS");
	expect(program.output()).toContain("https://*.many.example");
});

test("an invalid list of origins stops the start", async () => {
	for (const list of ["*", "good.example", "https://good.example/"])
		await expect(startProgram({ CHAT_ORIGINS: list })).rejects.toThrow(
			"Expected CHAT_ORIGINS to be origins such as",
		);
});
