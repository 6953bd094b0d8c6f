/** PROTOCOL.md section 4, the messages endpoint: one plain request, one complete answer. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { codeOf, doors, post, visit } from "../support/doors.ts";
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

describe("POST /chat/messages", () => {
	const ask = (body: object, token?: string, headers = {}) =>
		post(program.url, "/messages", body, token, headers);

	test("is one request and one complete answer, with a credential for a new visitor", async () => {
		const { status, body } = await ask({ content: "count 4" });
		expect(status).toBe(200);
		expect(body).toEqual({
			conversation: expect.any(String),
			message: expect.any(String),
			content: "1 2 3 4 ",
			reason: "complete",
			token: expect.any(String),
		});
	});

	test("continues a conversation, visible on every other endpoint", async () => {
		const first = (await ask({ content: "count 1" })).body as Record<
			"conversation" | "token",
			string
		>;
		const { conversation, token } = first;
		const second = await ask({ conversation, content: "turns" }, token);
		expect(second.body).not.toHaveProperty("token");
		const { content } = second.body as { content: string };
		expect(JSON.parse(content)).toEqual([
			{ role: "user", content: "count 1" },
			{ role: "assistant", content: "1 " },
			{ role: "user", content: "turns" },
		]);
		const line = await doors.plainJson.enter(program.url, {
			conversation,
			token,
		});
		await line.when(() => line.picture.messages.length === 4, "all of it");
		line.leave();
	});

	test("repeated with the same id returns the same answer, during and after it", async () => {
		const { conversation, token } = await visit(program.url);
		const body = { conversation, id: randomUUID(), content: "slow 5 20" };
		const answers = await Promise.all([ask(body, token), ask(body, token)]);
		answers.push(await ask(body, token));
		const [first] = answers;
		expect(first?.body).toMatchObject({ reason: "complete" });
		for (const answer of answers) expect(answer.body).toEqual(first?.body);
		const other = await ask({ ...body, content: "x" }, token);
		expect([other.status, codeOf(other)]).toEqual([409, "conflict"]);
	});

	test("behind an open reply waits for its turn", async () => {
		const { conversation, token } = await visit(program.url);
		const name = randomUUID();
		const first = ask({ conversation, content: `hold ${name}` }, token);
		const line = await doors.webSocket.enter(program.url, {
			conversation,
			token,
		});
		await line.growing();
		const second = ask({ conversation, content: "count 2" }, token);
		await line.when(() => line.picture.messages.length === 3, "the second");
		await ask({ content: `release ${name}` });
		expect((await first).body).toMatchObject({ content: "held and released" });
		expect((await second).body).toMatchObject({ content: "1 2 " });
		line.leave();
	});

	test("returns why an answer ended", async () => {
		const { conversation, token } = await visit(program.url);
		const length = await ask({ content: "reason length" });
		expect(length.body).toMatchObject({ reason: "length" });
		const endless = ask({ conversation, content: "endless 5" }, token);
		const line = await doors.webSocket.enter(program.url, {
			conversation,
			token,
		});
		await line.growing();
		await line.stop();
		expect((await endless).body).toMatchObject({ reason: "stopped" });
		line.leave();
	});

	test("a failing model is provider_failed with status 502 and a text for the visitor", async () => {
		for (const content of ["throw", "throw first", "error 429"]) {
			const answer = await ask({ content });
			expect([answer.status, codeOf(answer)]).toEqual([502, "provider_failed"]);
			expect(JSON.stringify(answer.body)).not.toContain("canary");
		}
		const late = await ask({ content: "refuse provider_timeout" });
		expect([late.status, codeOf(late)]).toEqual([504, "provider_timeout"]);
	});

	test("a new visitor whose answer fails still gets the credential and the conversation", async () => {
		const { status, body } = await ask({ content: "throw" });
		expect(status).toBe(502);
		const { conversation, token } = body as Record<string, string>;
		expect(token).toBeString();
		const again = await ask({ conversation, content: "count 2" }, token);
		expect(again.body).toMatchObject({ conversation, content: "1 2 " });
		// A visitor with a credential gets none.
		const later = await ask({ conversation, content: "throw" }, token);
		expect(later.body).not.toHaveProperty("token");
	});

	test("with Accept: text/event-stream it returns its own events as they occur, and no others", async () => {
		const { conversation, token } = await visit(program.url);
		await ask({ conversation, content: "count 2" }, token);
		const response = await fetch(`${program.url}/chat/messages`, {
			method: "POST",
			headers: {
				Accept: "text/event-stream",
				Authorization: `Bearer ${token}`,
			},
			body: JSON.stringify({ conversation, id: "q", content: "count 3" }),
		});
		const text = await response.text();
		const frames = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) =>
			JSON.parse(data as string),
		);
		const [ready, question, start] = frames;
		expect(ready).toMatchObject({ type: "ready", conversation });
		expect(question).toMatchObject({ data: { message: "q", role: "user" } });
		expect(start).toMatchObject({ data: { replyTo: "q" } });
		expect(frames.at(-1)).toMatchObject({
			action: "end",
			data: { message: start.data.message },
		});
		const tokens = frames.filter(({ type }) => type === "token");
		expect(tokens.map(({ content }) => content).join("")).toBe("1 2 3 ");
	});

	test("an invalid question is rejected with the status of its code", async () => {
		for (const [status, body] of [
			[400, {}],
			[400, { content: " " }],
			[400, { content: 1 }],
			[413, { content: "x".repeat(9_000) }],
			[413, { content: "x", context: { text: "x".repeat(5_000) } }],
		] as const)
			expect((await ask(body)).status).toBe(status);
		const { conversation } = await visit(program.url);
		expect((await ask({ conversation, content: "x" })).status).toBe(401);
	});

	test("a model that is silent for too long is provider_timeout with status 504", async () => {
		const { url } = startInProcess({ settings: { firstChunkTimeoutMs: 100 } });
		const answer = await post(url, "/messages", { content: "silent" });
		expect([answer.status, codeOf(answer)]).toEqual([504, "provider_timeout"]);
	});

	test("an answer over the limit ends as length", async () => {
		const { url } = startInProcess({ settings: { maxReplyChars: 100 } });
		const answer = await post(url, "/messages", { content: "endless 0" });
		expect(answer.body).toMatchObject({ reason: "length" });
	});

	test("a visitor who leaves before the answer finds it later", async () => {
		const { conversation, token } = await visit(program.url);
		const leave = new AbortController();
		const asking = fetch(`${program.url}/chat/messages`, {
			method: "POST",
			headers: { Authorization: `Bearer ${token}` },
			body: JSON.stringify({ conversation, id: "q", content: "slow 5 30" }),
			signal: leave.signal,
		});
		const line = await doors.webSocket.enter(program.url, {
			conversation,
			token,
		});
		await line.growing();
		leave.abort();
		await asking.catch(() => undefined);
		expect((await line.answer("q")).text).toEndWith(" 30 ");
		line.leave();
	});
});
