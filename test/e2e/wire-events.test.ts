/**
 * PROTOCOL.md section 4, the events endpoint: the log as a stream and as JSON, its numbering, its waiting
 * time, and what counts as a reader.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import {
	decodeServerFrame,
	type Ready,
	type ServerFrame,
} from "../../protocol/frames.ts";
import { EventStreamReader } from "../../protocol/sse.ts";
import {
	doors,
	eventsPath,
	get,
	post,
	StreamLine,
	visit,
} from "../support/doors.ts";
import {
	endServers,
	type Program,
	startInProcess,
	startProgram,
} from "../support/server.ts";
import { Recording } from "../support/wire.ts";

let program: Program;

beforeAll(async () => {
	program = await startProgram({ CHAT_HEARTBEAT_MS: "200" });
});
afterAll(endServers);

/** A visitor whose conversation has a question and its answer. */
async function talk(content = "count 5") {
	const line = await doors.webSocket.enter(program.url);
	const id = await line.question(content);
	await line.answer(id);
	line.leave();
	return { ...line.comeback, id, line };
}

async function openStream(
	greeting: Parameters<typeof eventsPath>[0],
	headers: Record<string, string> = {},
): Promise<StreamLine> {
	const line = new StreamLine(program.url, greeting.token);
	line.read(greeting, headers).catch(() => line.end(1006));
	await line.when(() => line.frames.length > 0, "ready");
	return line;
}

describe("GET /chat/events as a stream", () => {
	test("sends ready first, then events whose id is epoch.sequence; ready and ping have none", async () => {
		const { conversation, token, epoch } = await talk();
		const line = await openStream({ conversation, token });
		await line.when(
			() => line.frames.some(({ type }) => type === "ping"),
			"ping",
		);
		expect(line.headers?.get("content-type")).toStartWith("text/event-stream");
		expect(line.headers?.get("cache-control")).toMatch(/no-store/);
		expect(line.headers?.get("x-accel-buffering")).toBe("no");
		expect(line.frames[0]?.type).toBe("ready");
		expect(line.ids[0]).toBe("");
		line.frames.forEach((frame, i) => {
			// A stream reader keeps the last id; frames without one repeat it.
			const id =
				"sequence" in frame ? `${epoch}.${frame.sequence}` : line.ids[i - 1];
			expect(line.ids[i]).toBe(id ?? "");
		});
		line.leave();
	});

	test("Last-Event-ID takes precedence over the URL; an invalid one is ignored", async () => {
		const { conversation, token, epoch, line: before } = await talk();
		const { last } = before.picture;
		const from = async (id: string, after: number) => {
			const headers = { "Last-Event-ID": id };
			const line = await openStream({ conversation, token, after }, headers);
			await line.when(
				() => line.events.at(-1)?.sequence === last || last === after,
				"the end",
			);
			line.leave();
			const [first] = line.events;
			return first && (("from" in first && first.from) || first.sequence);
		};
		expect(await from(`${epoch}.3`, 0)).toBe(4);
		expect(await from(`${epoch}.${last - 1}`, 1)).toBe(last);
		expect(await from("another-epoch.3", 0)).toBe(1);
		expect(await from("garbage", 2)).toBe(3);
		expect(await from("", 2)).toBe(3);
	});

	test("an idle stream sends ping with the head at least every heartbeat", async () => {
		const { conversation, token, line: before } = await talk();
		const line = await openStream({ conversation, token });
		const pings = () => line.frames.filter(({ type }) => type === "ping");
		await line.when(() => pings().length >= 3, "three pings");
		for (const ping of pings())
			expect(ping).toEqual({ type: "ping", head: before.picture.last });
		line.leave();
	});

	test("is the response without an Accept, and to a browser's EventSource", async () => {
		const { conversation, token } = await talk();
		const path = `${program.url}/chat${eventsPath({ conversation })}`;
		for (const accept of ["*/*", "text/event-stream"]) {
			const leave = new AbortController();
			const response = await fetch(path, {
				headers: { Authorization: `Bearer ${token}`, Accept: accept },
				signal: leave.signal,
			});
			expect(response.headers.get("content-type")).toStartWith(
				"text/event-stream",
			);
			leave.abort();
		}
	});

	// A counted reader would keep an unread reply going.
	for (const [how, reading] of [
		["leave", { method: "GET", Accept: "text/event-stream" }],
		["poll", { method: "GET", Accept: "application/json" }],
		["ask for the head only", { method: "HEAD", Accept: "text/event-stream" }],
	] as const)
		test(`readers that ${how} are no longer counted`, async () => {
			const settings = { unreadMs: 200 };
			const { url, chat } = startInProcess({ settings });
			const line = await doors.webSocket.enter(url);
			const { conversation, token } = line.comeback;
			await line.question("endless 5");
			await line.growing();
			const { method, Accept } = reading;
			for (let i = 0; i < 20; i++) {
				const leave = new AbortController();
				await fetch(`${url}/chat${eventsPath({ conversation })}`, {
					method,
					headers: { Accept, Authorization: `Bearer ${token}` },
					signal: leave.signal,
				});
				leave.abort();
			}
			line.leave();
			const deadline = Date.now() + 4_000;
			while (chat.openReplies > 0 && Date.now() < deadline) await Bun.sleep(20);
			expect(chat.openReplies).toBe(0);
		});
});

test("a stream that is not read for a while has the same text when it is read", async () => {
	const { url } = await startProgram({
		CHAT_MAX_REPLY: "10000000",
		CHAT_MAX_TOKENS_PER_VISITOR_DAY: "0",
		CHAT_MAX_STORED_PER_VISITOR_DAY: "0",
	});
	const quick = await doors.webSocket.enter(url);
	const { conversation, token } = quick.comeback;
	const socket = connect(Number(new URL(url).port), "127.0.0.1");
	const came: Buffer[] = [];
	socket.on("data", (bytes: Buffer) => {
		came.push(bytes);
		quick.wake();
	});
	socket.write(
		`GET /chat${eventsPath({ conversation })} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
	);
	await quick.when(() => came.length > 0, "head of the answer");
	socket.pause();
	for (let i = 0; i < 2; i++)
		await quick.answer(await quick.question("bulk 600 16000"));
	expect(Buffer.concat(came).length).toBeLessThan(1_000_000);
	socket.resume();
	const last = `"sequence":${quick.picture.last}`;
	await quick.when(
		() => Buffer.concat(came.slice(-2)).includes(last),
		"the rest",
		20_000,
	);
	socket.destroy();

	const read = new Recording();
	for (const { data } of new EventStreamReader().read(
		unchunked(Buffer.concat(came)),
	))
		read.take(decodeServerFrame(data) as ServerFrame);
	expect(read.faults).toEqual([]);
	expect(read.picture).toEqual(quick.picture);
	quick.leave();
}, 60_000);

/** The body of a chunked response (RFC 9112, section 7.1). */
function unchunked(answer: Buffer): string {
	const parts: Buffer[] = [];
	for (let at = answer.indexOf("\r\n\r\n") + 4; at < answer.length; ) {
		const end = answer.indexOf("\r\n", at);
		const length = Number.parseInt(answer.toString("latin1", at, end), 16);
		parts.push(answer.subarray(end + 2, end + 2 + length));
		at = end + 4 + length;
	}
	return Buffer.concat(parts).toString();
}

describe("GET /chat/events as JSON", () => {
	test("answers at once if there are events, with ready and the events", async () => {
		const { conversation, token, line } = await talk();
		const { body } = await get(
			program.url,
			eventsPath({ conversation }),
			token,
		);
		const { ready, events } = body as { ready: Ready; events: object[] };
		expect(ready).toMatchObject({ conversation, head: line.picture.last });
		expect(events.length).toBeGreaterThan(2);
	});

	test("waits until there is an event", async () => {
		const { conversation, token, frames } = await visit(program.url);
		const path = `${eventsPath({ conversation })}&wait=25`;
		const waiting = get(program.url, path, token);
		const q = { type: "send", id: "q", content: "count 1" };
		await post(program.url, frames, q, token);
		const { events } = (await waiting).body as { events: object[] };
		expect(events[0]).toMatchObject({ sequence: 1, data: { message: "q" } });
	});

	test("answers with no events after the wait, and at once for a wait of 0", async () => {
		const { conversation, token } = await visit(program.url);
		for (const wait of ["0", "0.2"]) {
			const path = `${eventsPath({ conversation })}&wait=${wait}`;
			const { status, body } = await get(program.url, path, token);
			expect(status).toBe(200);
			expect(body).toMatchObject({ ready: { head: 0 }, events: [] });
		}
	});

	test("a cursor or a wait that is no number is bad_frame", async () => {
		const { conversation, token } = await visit(program.url);
		const path = eventsPath({ conversation });
		for (const wrong of [
			"after=x",
			"after=-1",
			"after=1.5",
			"wait=x",
			"wait=-1",
		]) {
			const answer = await get(program.url, `${path}&${wrong}`, token);
			expect([wrong, answer.status]).toEqual([wrong, 400]);
		}
		expect((await get(program.url, "/events", token)).status).toBe(400);
	});
});
