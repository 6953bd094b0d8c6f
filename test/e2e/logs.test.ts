/**
 * What the log of the real program must not contain, after a run full of failures. Numbers in names are
 * rows of the security checklist.
 */
import { afterAll, expect, test } from "bun:test";
import { doors, get, post } from "../support/doors.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { endServers, startProgram, tempFolder } from "../support/server.ts";

afterAll(endServers);

const key = "canary-key-4711-of-the-model";
const secret = "canary-secret-of-the-server-0815-long";
const words = 'canary "words"\r\nof a visitor \u001b]52;c;x\u0007 \u202e';

test("security 10, 62, 63, 65, 69: no credential, message, key or address, even if the model quotes them", async () => {
	// A model that answers every question with an error that quotes its whole request.
	const model = Bun.serve({
		port: 0,
		async fetch(request) {
			const told = await request.text();
			const error = `${request.headers.get("authorization")} said ${told}`;
			return Response.json(
				{ error: { message: error, told } },
				{ status: 400 },
			);
		},
	});
	const file = `${tempFolder()}/chat.db`;
	const program = await startProgram({
		CHAT_STORE: `sqlite:${file}`,
		CHAT_PROVIDER: "http",
		CHAT_HTTP_URL: `${model.url}answer`,
		CHAT_HTTP_HEADERS: JSON.stringify({ Authorization: `Bearer ${key}` }),
		CHAT_SECRET: secret,
		CHAT_ORIGINS: "https://good.example",
		CHAT_WITHOUT_ORIGIN: "true",
		CHAT_TRUSTED_PROXIES: "127.0.0.1, ::1",
		CHAT_MAX_MESSAGES_PER_MINUTE: "5",
	});
	const { url } = program;
	const address = { "X-Forwarded-For": "203.0.113.77" };
	const line = await doors.webSocket.enter(url);
	const { conversation, token = "" } = line.comeback;
	for (let i = 0; i < 7; i++) {
		const id = `m-${i}`;
		await line.ask({ type: "send", id, content: `${words} ${i}` });
		if (i < 5) await line.answer(id);
	}
	line.leave();
	const ask = { content: words, context: { title: words } };
	const asked = await post(url, "/messages", ask, undefined, address);
	expect(asked.status).toBe(502);
	for (const secretOf of [key, secret, "canary"])
		expect(JSON.stringify(asked.body)).not.toContain(secretOf);
	const fresh = (asked.body as { token: string }).token;
	await get(
		url,
		`/events?conversation=${conversation}x&wait=0`,
		token,
		address,
	);
	await post(url, "/frames", words, token, address);
	await post(url, "/messages", `{"content":"${words}"`, `${token}x`, address);
	const raw = new RawSocket(url, {
		...address,
		Origin: "https://evil\u001b.example",
	});
	await raw.when(() => raw.handshake !== "", "answer");
	raw.destroy();
	await program.signal("SIGTERM");
	await program.exited;
	await model.stop(true);

	// Security 69: the store has none either.
	const kept = await Bun.file(file).text();
	expect(kept).toContain("canary");
	for (const [what, text] of Object.entries({
		...{ token, fresh, key, secret, address: "203.0.113.77" },
		payload: token.split(".")[1] ?? "",
	}))
		expect([what, kept.includes(text)]).toEqual([what, false]);

	const output = program.output();
	const log = output.split("\n").filter((line) => line.startsWith("{"));
	expect(log.filter((line) => line.includes("reply_failed")).length).toBe(6);
	for (const [what, text] of Object.entries({
		...{ token, fresh, key, secret, words: "canary", address: "203.0.113.77" },
		payload: token.split(".")[1] ?? "",
	}))
		expect([what, text !== "" && output.includes(text)]).toEqual([what, false]);
	// Security 64: one line of JSON for each event, without a control character.
	for (const line of log) {
		expect(JSON.parse(line).event).toBeString();
		expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u);
	}
}, 20_000);

test("CHAT_LOG_LEVEL=debug logs requests and connections, and no text and no credential", async () => {
	const { url, output } = await startProgram({ CHAT_LOG_LEVEL: "debug" });
	const line = await doors.webSocket.enter(url);
	await line.answer(await line.question("echo canary words"));
	const { conversation, token = "" } = line.comeback;
	line.leave();
	await get(url, `/events?conversation=${conversation}&wait=0`, token);
	const events = () =>
		[...output().matchAll(/^\{.*"level":"debug".*$/gm)].map(([text]) =>
			JSON.parse(text),
		);
	for (let look = 0; look < 200; look++) {
		if (events().some(({ event }) => event === "connection_closed")) break;
		await Bun.sleep(10);
	}
	const websocket = { connection: expect.any(String), transport: "websocket" };
	expect(events()).toContainEqual(
		expect.objectContaining({ event: "connection_opened", ...websocket }),
	);
	expect(events()).toContainEqual(
		expect.objectContaining({
			event: "connection_hello",
			...websocket,
			conversation,
		}),
	);
	expect(events()).toContainEqual(
		expect.objectContaining({
			event: "connection_closed",
			...websocket,
			code: expect.any(Number),
			ms: expect.any(Number),
		}),
	);
	expect(events()).toContainEqual(
		expect.objectContaining({
			event: "request",
			method: "GET",
			path: "/chat/events",
			status: 200,
			ms: expect.any(Number),
		}),
	);
	expect(output()).not.toContain("canary");
	expect(output()).not.toContain(token);
});
