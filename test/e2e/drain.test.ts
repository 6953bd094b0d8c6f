/**
 * SIGTERM, as a process manager sends it: open replies are finished or closed as interrupted, every reader
 * is disconnected with a retryable code, and the process exits with 0.
 */
import { afterAll, expect, test } from "bun:test";
import { doors, get, post, SocketLine } from "../support/doors.ts";
import {
	endServers,
	type Program,
	startProgram,
	tempFolder,
} from "../support/server.ts";
import type { Line } from "../support/wire.ts";

afterAll(endServers);

/** Waits until the health endpoint reports draining. */
async function draining(program: Program): Promise<void> {
	const deadline = Date.now() + 4_000;
	while (Date.now() < deadline) {
		const { status, body } = await get(program.url, "/health");
		if (status === 503)
			return expect(body).toMatchObject({ status: "draining" });
		await Bun.sleep(5);
	}
	throw new Error(`It does not drain:\n${program.output()}`);
}

/** The same visitor on the two other transports. */
function enterBy(program: Program, line: Line) {
	const whole = { ...line.comeback, after: 0 };
	return Promise.all([
		doors.eventStream.enter(program.url, whole),
		doors.plainJson.enter(program.url, whole),
	]);
}

test("an idle program exits at once with 0", async () => {
	const program = await startProgram();
	const started = Date.now();
	program.signal("SIGTERM");
	expect(await program.exited).toBe(0);
	expect(Date.now() - started).toBeLessThan(4_000);
});

test("idle connections are closed with 1012, streams end, waiting requests are answered", async () => {
	const program = await startProgram();
	const line = await doors.webSocket.enter(program.url);
	const [stream, json] = await enterBy(program, line);
	const silent = new SocketLine(program.url);
	await silent.opened();
	program.signal("SIGTERM");
	expect((await line.gone()).code).toBe(1012);
	expect((await silent.gone()).code).toBe(1012);
	expect((await stream.gone()).code).toBe(1000);
	await json.gone();
	expect(await program.exited).toBe(0);
});

test("an open reply is finished for every reader; new messages are rejected meanwhile", async () => {
	const program = await startProgram();
	const line = await doors.webSocket.enter(program.url);
	const { conversation, token } = line.comeback;
	const asking = post(
		program.url,
		"/messages",
		{ conversation, id: "q", content: "slow 10 60" },
		token,
	);
	const { id } = await line.growing();
	const [stream] = await enterBy(program, line);
	program.signal("SIGTERM");
	await draining(program);

	const hello = { type: "hello", version: 1 };
	const refused = await post(program.url, "/frames", hello);
	expect(refused.status).toBe(503);
	expect(refused.body).toMatchObject({ data: { code: "unavailable" } });
	expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
	const upgrade = await fetch(`${program.url}/chat`, {
		headers: { Connection: "Upgrade", Upgrade: "websocket" },
	});
	expect(upgrade.status).toBe(503);
	expect(await upgrade.json()).toMatchObject({ data: { code: "unavailable" } });
	const late = { type: "send", id: "late", content: "count 1" } as const;
	expect(await line.ask(late)).toMatchObject({
		data: { code: "unavailable", id: "late" },
	});
	expect(line.closed).toBeUndefined();

	for (const reader of [line, stream]) {
		const reply = await reader.answer("q");
		expect(reply.id).toBe(id);
		expect(reply.close).toEqual({ by: "end", reason: "complete" });
		expect(reply.text).toEndWith(" 60 ");
	}
	expect((await asking).body).toMatchObject({ reason: "complete" });
	expect((await line.gone()).code).toBe(1012);
	expect((await stream.gone()).code).toBe(1000);
	expect(await program.exited).toBe(0);
});

test("a reply that does not end is closed as interrupted after CHAT_DRAIN_MS, before the connection", async () => {
	const program = await startProgram({ CHAT_DRAIN_MS: "300" });
	const line = await doors.webSocket.enter(program.url);
	const id = await line.question("endless 5");
	await line.growing();
	const [stream] = await enterBy(program, line);
	program.signal("SIGTERM");
	for (const reader of [line, stream]) {
		const reply = await reader.answer(id);
		expect(reply.close).toMatchObject({ by: "error", code: "interrupted" });
		expect(reader.faults).toEqual([]);
	}
	expect((await line.gone()).code).toBe(1012);
	expect(await program.exited).toBe(0);
});

test("a second SIGTERM and a SIGINT change nothing", async () => {
	const program = await startProgram();
	const line = await doors.webSocket.enter(program.url);
	const id = await line.question("slow 10 40");
	await line.growing();
	program.signal("SIGTERM");
	await draining(program);
	program.signal("SIGTERM");
	program.signal("SIGINT");
	expect((await line.answer(id)).close).toMatchObject({ reason: "complete" });
	expect(await program.exited).toBe(0);
});

test("questions waiting behind an interrupted reply are answered after the restart", async () => {
	const settings = {
		CHAT_STORE: `sqlite:${tempFolder()}/chat.db`,
		CHAT_DRAIN_MS: "100",
	};
	const program = await startProgram(settings);
	const line = await doors.webSocket.enter(program.url);
	const asked = [await line.question("endless 5")];
	await line.growing();
	for (let i = 0; i < 3; i++)
		asked.push(await line.question(`slow 5 ${i * 10 + 20}`));
	program.signal("SIGTERM");
	expect(await program.exited).toBe(0);

	const next = await startProgram(settings);
	const back = await doors.webSocket.enter(next.url, {
		...line.comeback,
		after: 0,
	});
	for (const id of asked) await back.answer(id);
	expect(back.faults).toEqual([]);
	// The turn of the second came during the shutdown: its reply was not started.
	const [, second = ""] = asked;
	expect(await back.answer(second)).toMatchObject({
		text: "",
		close: { code: "interrupted" },
	});
	const last = await back.answer(asked.at(-1) as string);
	expect(last.close).toEqual({ by: "end", reason: "complete" });
	next.signal("SIGTERM");
	expect(await next.exited).toBe(0);
});
