/** PROTOCOL.md sections 4 and 6: the frames endpoint, health, and the headers of every HTTP response. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Ready } from "../../protocol/frames.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import { systemClock } from "../../server/clock.ts";
import { version } from "../../server/operations/version.ts";
import { type Answer, codeOf, get, post, visit } from "../support/doors.ts";
import {
	endServers,
	type Program,
	startInProcess,
	startProgram,
} from "../support/server.ts";
import { isRefusal } from "../support/wire.ts";

let program: Program;

beforeAll(async () => {
	program = await startProgram({ CHAT_HEARTBEAT_MS: "200" });
});
afterAll(endServers);

describe("POST /chat/frames", () => {
	test("hello returns ready, with a credential for a new visitor only", async () => {
		const { ready, token, conversation } = await visit(program.url);
		expect(ready).toMatchObject({ type: "ready", version: 1, head: 0 });
		expect(token).not.toBe("");
		for (const credential of [{ token }, {}]) {
			const hello = { type: "hello", version: 1, conversation, ...credential };
			const bearer = "token" in credential ? undefined : token;
			const again = await post(program.url, "/frames", hello, bearer);
			expect(again.status).toBe(200);
			expect(again.body).toMatchObject({ type: "ready", conversation });
			expect(again.body).not.toHaveProperty("token");
		}
	});

	test("send and retry return a start, feedback its event, stop and ping a pong", async () => {
		const { token, frames } = await visit(program.url);
		const up = (frame: object) => post(program.url, frames, frame, token);
		const sent = await up({ type: "send", id: "q", content: "count 1" });
		expect(sent.body).toMatchObject({ action: "start", sequence: 1 });
		expect((await up({ type: "stop" })).body).toEqual({ type: "pong" });
		expect((await up({ type: "ping" })).body).toEqual({ type: "pong" });
		const retried = await up({ type: "retry", message: "q" });
		const { data } = retried.body as { data: { message: string } };
		expect(data).toMatchObject({ role: "assistant", replyTo: "q" });
		const rate = { type: "feedback", message: data.message, value: "up" };
		expect((await up(rate)).body).toMatchObject({ action: "feedback" });
	});

	test("an error has the status of its code and is the same object as on a WebSocket", async () => {
		const { token, conversation, frames } = await visit(program.url);
		const q = { type: "send", id: "q", content: "hold forever" };
		await post(program.url, frames, q, token);
		const ping = { type: "ping" };
		const hello = { type: "hello", version: 1 };
		const cases: [number, string, Promise<Answer>][] = [
			[400, "bad_frame", post(program.url, frames, "no json", token)],
			[400, "bad_frame", post(program.url, frames, "", token)],
			[400, "bad_frame", post(program.url, frames, { type: "?" }, token)],
			[400, "bad_frame", post(program.url, "/frames", ping, token)],
			[400, "bad_frame", get(program.url, "/frames")],
			[400, "bad_frame", post(program.url, "/events", ping, token)],
			[400, "bad_frame", get(program.url, "")],
			[401, "unauthorized", post(program.url, frames, ping)],
			[401, "unauthorized", post(program.url, frames, ping, `${token}x.y`)],
			[
				401,
				"unauthorized",
				post(program.url, "/frames", { ...hello, conversation }),
			],
			[
				404,
				"not_found",
				post(program.url, `${frames}x`, { type: "stop" }, token),
			],
			[404, "not_found", get(program.url, "/nothing")],
			[404, "not_found", get(program.url, "/constructor")],
			[
				409,
				"conflict",
				post(program.url, frames, { ...q, content: "x" }, token),
			],
			[
				409,
				"conflict",
				post(program.url, frames, { type: "retry", message: "q" }, token),
			],
			[
				413,
				"too_large",
				post(
					program.url,
					frames,
					{ ...q, id: "r", content: "x".repeat(9_000) },
					token,
				),
			],
			[
				413,
				"too_large",
				post(program.url, frames, "x".repeat(maxFrameBytes + 1), token),
			],
			[426, "outdated", post(program.url, "/frames", { ...hello, version: 2 })],
		];
		for (const [status, code, asked] of cases) {
			const answer = await asked;
			expect([answer.status, codeOf(answer)]).toEqual([status, code]);
			expect(answer.body).toMatchObject({ type: "control", action: "error" });
			expect(answer.headers.get("content-type")).toStartWith(
				"application/json",
			);
		}
		await post(program.url, frames, { type: "stop" }, token);
	});

	test("a credential past half its life is renewed, one past its life is unauthorized", async () => {
		let days = 0;
		const now = () => Date.now() + days * 24 * 3_600_000;
		const { url } = startInProcess({ clock: { ...systemClock, now } });
		const { token, conversation } = await visit(url);
		const come = (token: string) =>
			post(url, "/frames", { type: "hello", version: 1, token, conversation });
		days = 89;
		expect((await come(token)).body).not.toHaveProperty("token");
		days = 91;
		const { token: fresh = "" } = (await come(token)).body as Ready;
		expect(fresh).not.toBe("");
		days = 181;
		expect((await come(fresh)).status).toBe(200);
		const refused = await come(token);
		expect([refused.status, codeOf(refused)]).toEqual([401, "unauthorized"]);
	});

	test("a credential in the URL or in another scheme is ignored", async () => {
		const { token, frames } = await visit(program.url);
		const address = `${frames}&token=${token}&access_token=${token}`;
		const ping = { type: "ping" };
		expect((await post(program.url, address, ping)).status).toBe(401);
		for (const scheme of ["Basic", "Token", "bearerX", ""]) {
			const headers = { Authorization: `${scheme} ${token}` };
			const answer = await post(program.url, frames, ping, undefined, headers);
			expect(answer.status).toBe(401);
		}
		const lower = { Authorization: `bearer ${token}` };
		const answer = await post(program.url, frames, ping, undefined, lower);
		expect(answer.status).toBe(200);
	});

	test("a body without a length is also limited to 64 KiB", async () => {
		const { token, frames } = await visit(program.url);
		const send = { type: "send", id: "q", content: "count 1" };
		for (const [filler, status] of [
			[60, 200],
			[70, 413],
		] as const) {
			const body = new ReadableStream({
				start(controller) {
					const text = JSON.stringify(send);
					controller.enqueue(`${text.slice(0, -1)},"filler":"`);
					for (let i = 0; i < filler; i++)
						controller.enqueue("x".repeat(1_024));
					controller.enqueue('"}');
					controller.close();
				},
			});
			const response = await fetch(`${program.url}/chat${frames}`, {
				method: "POST",
				headers: { Authorization: `Bearer ${token}` },
				body: body.pipeThrough(new TextEncoderStream()),
			});
			expect([filler, response.status]).toEqual([filler, status]);
		}
	});

	test("a body that is not UTF-8 is bad_frame", async () => {
		const { token, frames } = await visit(program.url);
		const response = await fetch(`${program.url}/chat${frames}`, {
			method: "POST",
			headers: { Authorization: `Bearer ${token}` },
			body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
		});
		expect(response.status).toBe(400);
	});
});

describe("GET /chat/health and the headers of every response", () => {
	test("health is ok for any origin and without a credential, and is never cached", async () => {
		const headers = { Origin: "https://shop.example" };
		const answer = await get(program.url, "/health", undefined, headers);
		expect(answer.status).toBe(200);
		expect(answer.body).toEqual({ status: "ok", version });
		expect(answer.headers.get("cache-control")).toContain("no-store");
		expect(answer.headers.get("access-control-allow-origin")).toBe(
			"https://shop.example",
		);
	});

	test("HEAD of health has the status and no body", async () => {
		const response = await fetch(`${program.url}/chat/health`, {
			method: "HEAD",
		});
		expect(response.status).toBe(200);
		expect(await response.text()).toBe("");
	});

	test("a preflight allows the page's credential and cursor, and no cookie", async () => {
		for (const door of ["frames", "events", "messages", "health"]) {
			const response = await fetch(`${program.url}/chat/${door}`, {
				method: "OPTIONS",
				headers: {
					Origin: "https://shop.example",
					"Access-Control-Request-Method": "POST",
					"Access-Control-Request-Headers": "authorization,last-event-id",
				},
			});
			const header = (name: string) =>
				response.headers.get(`access-control-${name}`);
			expect(response.status).toBe(204);
			expect(header("allow-origin")).toBe("https://shop.example");
			expect(header("allow-headers")).toContain("authorization");
			expect(header("allow-headers")).toContain("last-event-id");
			expect(header("allow-methods")).toContain("POST");
			expect(header("allow-credentials")).toBeNull();
			expect(response.headers.get("vary")).toContain("Origin");
		}
	});

	test("a page can read an error, and it sets no cookie", async () => {
		const headers = { Origin: "https://shop.example" };
		const answer = await get(program.url, "/events", undefined, headers);
		expect(answer.status).toBe(400);
		expect(answer.headers.get("access-control-allow-origin")).toBe(
			"https://shop.example",
		);
		expect(answer.headers.get("set-cookie")).toBeNull();
		expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
		expect(isRefusal(answer.body as never)).toBeTrue();
	});
});
