/**
 * PROTOCOL.md sections 3 to 6 for the WebSocket endpoint only: the handshake, invalid frames, and silent,
 * unresponsive, slow and repeated hellos.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { emptyConversation } from "../../protocol/conversation.ts";
import type { Ping } from "../../protocol/frames.ts";
import { maxFrameBytes } from "../../protocol/sizes.ts";
import { doors, SocketLine } from "../support/doors.ts";
import { frameOf, RawSocket } from "../support/raw-socket.ts";
import {
	endServers,
	type Program,
	startInProcess,
	startProgram,
	tempFolder,
} from "../support/server.ts";
import { Recording } from "../support/wire.ts";

let program: Program;
const { webSocket } = doors;
const hello = { type: "hello", version: 1 } as const;

beforeAll(async () => {
	program = await startProgram({
		CHAT_HEARTBEAT_MS: "100",
		CHAT_HELLO_MS: "200",
		CHAT_IDLE_TIMEOUT_MS: "600",
	});
});
afterAll(endServers);

const enter = async (greeting = {}): Promise<SocketLine> =>
	(await webSocket.enter(program.url, greeting)) as SocketLine;

/** A connection without any frame. */
async function dial(url = program.url): Promise<SocketLine> {
	const line = new SocketLine(url);
	await line.opened();
	return line;
}

/* ---------------------------------------------------------------- handshake */

for (const [offered, chosen] of [
	["chat-stream.v1", "chat-stream.v1"],
	["another, chat-stream.v1", "chat-stream.v1"],
	["another", undefined],
	[undefined, undefined],
] as const)
	test(`offered the subprotocol ${offered ?? "of nothing"}, the server chooses ${chosen ?? "none"}`, async () => {
		const raw = new RawSocket(program.url, {
			Origin: "https://shop.example",
			"Sec-WebSocket-Extensions": "permessage-deflate",
			...(offered && { "Sec-WebSocket-Protocol": offered }),
		});
		await raw.when(() => raw.handshake !== "", "handshake");
		raw.destroy();
		expect(raw.handshake).toStartWith("HTTP/1.1 101 ");
		const said = raw.handshake.match(/^Sec-WebSocket-Protocol: (.*)$/im)?.[1];
		expect(said).toBe(chosen as string);
		expect(raw.handshake).not.toMatch(/permessage-deflate/i);
	});

test("a connection without hello in time is closed with 4408 and an error text", async () => {
	const line = await dial();
	expect(await line.gone()).toMatchObject({ code: 4408 });
	expect(line.refusal).toMatchObject({ code: "hello_timeout" });
});

test("a frame before hello is bad_frame, close code 4400", async () => {
	const line = await dial();
	line.say({ type: "ping" });
	expect(await line.gone()).toMatchObject({ code: 4400 });
	expect(line.refusal?.code).toBe("bad_frame");
});

/* ---------------------------------------------------------------- invalid frames */

const send = { type: "send", id: "a", content: "count 1" };
const misfits: [string, string | Uint8Array<ArrayBuffer>][] = [
	["no JSON", "hello"],
	["an empty text", ""],
	["no object", "[1,2]"],
	["null", "null"],
	["an unknown type", '{"type":"shout"}'],
	["no type", '{"content":"x"}'],
	["a field of another type", '{"type":"send","id":"a","content":1}'],
	["a missing field", '{"type":"send","content":"x"}'],
	[
		"content without a visible character",
		'{"type":"send","id":"a","content":" \\n"}',
	],
	["an id of odd characters", '{"type":"send","id":"a b","content":"x"}'],
	["a context that is no object", JSON.stringify({ ...send, context: "x" })],
	["a cursor below 0", '{"type":"hello","version":1,"after":-1}'],
	[
		"a cursor that is no whole number",
		'{"type":"hello","version":1,"after":1.5}',
	],
	["a cursor past any sequence", '{"type":"hello","version":1,"after":1e300}'],
	[
		"an unknown value of feedback",
		'{"type":"feedback","message":"a","value":"?"}',
	],
	["deep nesting", `{"type":"ping","x":${"[".repeat(99)}${"]".repeat(99)}}`],
	["binary", new TextEncoder().encode(JSON.stringify(send))],
];

for (const [what, frame] of misfits)
	test(`${what} is bad_frame with a text, then close code 4400, and later frames have no effect`, async () => {
		const { url, provider } = startInProcess();
		const line = (await webSocket.enter(url)) as SocketLine;
		line.say(frame);
		line.say(JSON.stringify(send));
		const { code } = await line.gone();
		expect(line.refusal).toMatchObject({ code: "bad_frame" });
		expect(line.refusal?.text).toStartWith("Expected ");
		expect(line.refusal).not.toHaveProperty("id");
		expect(code).toBe(4400);
		const back = await webSocket.enter(url, line.comeback);
		expect(back.ready.head).toBe(0);
		expect(provider.asked).toEqual([]);
	});

test("a rejected hello discards the frames pipelined behind it", async () => {
	const { url, provider } = startInProcess();
	const raw = new RawSocket(url);
	raw.say({ ...hello, token: "forged" }, send, hello, send);
	await raw.when(() => raw.closeCode !== undefined, "close");
	expect(raw.closeCode).toBe(4401);
	expect(raw.texts).toMatchObject([{ data: { code: "unauthorized" } }]);
	expect(provider.asked).toEqual([]);
});

test("unknown fields are ignored, in a frame of up to 64 KiB", async () => {
	const line = await enter();
	const frame = JSON.stringify({ ...send, role: "system", filler: "" });
	const filler = "x".repeat(maxFrameBytes - frame.length);
	line.say(frame.replace('"filler":""', `"filler":"${filler}"`));
	expect((await line.answer("a")).text).toBe("1 ");
	expect(line.picture.messages[0]).toMatchObject({ role: "user" });
});

test("a frame over 64 KiB is too_large, close code 4413; a much larger one closes the connection", async () => {
	const line = await enter();
	line.say(JSON.stringify({ ...send, filler: "ä".repeat(33_000) }));
	expect(await line.gone()).toMatchObject({ code: 4413 });
	expect(line.refusal?.code).toBe("too_large");

	const other = await enter();
	other.say("x".repeat(1_000_000));
	expect((await other.gone()).code).not.toBe(1000);
	const back = await enter(other.comeback);
	expect(back.ready.head).toBe(0);
	back.leave();
});

test("too many frames at once are rate_limited with a retryAfter, close code 4429", async () => {
	const { url, kill } = await startProgram({
		CHAT_STORE: `sqlite:${tempFolder()}/chat.db`,
	});
	const raw = new RawSocket(url);
	const sends = Array.from({ length: 500 }, (_, i) => ({
		...send,
		id: `${i}`,
	}));
	raw.say(hello, ...sends);
	await raw.when(() => raw.closeCode !== undefined, "close");
	expect(raw.closeCode).toBe(4429);
	const refusal = raw.texts.at(-1);
	expect(refusal.data.code).toBe("rate_limited");
	expect(refusal.data.retryAfter).toBeGreaterThan(0);
	await kill();
});

test("frames are processed in order", async () => {
	const line = await enter();
	for (const id of ["one", "two", "three"])
		line.say({ type: "send", id, content: "count 1" });
	await line.answer("three");
	const asked = line.picture.messages.filter(({ role }) => role === "user");
	expect(asked.map(({ id }) => id)).toEqual(["one", "two", "three"]);
	line.leave();
});

/* ---------------------------------------------------------------- hello again */

test("a second hello on the same connection reads again from after, and continues live", async () => {
	const line = await enter();
	const id = await line.question("slow 5 60");
	await line.growing(30);
	const from = line.frames.length;
	line.picture = emptyConversation;
	line.say({ ...hello, ...line.comeback, after: 0 });
	const reply = await line.answer(id);
	expect(reply.text).toEndWith(" 60 ");
	expect(line.faults).toEqual([]);
	const again = line.frames.slice(from).findIndex((f) => f.type === "ready");
	expect(line.frames[from + again + 1]).toMatchObject({ sequence: 1 });
	const [after] = line.frames.slice(from + again + 2);
	expect(after).toMatchObject({ sequence: 2 });
	line.leave();
});

test("a second hello needs no credential on an authenticated connection", async () => {
	const line = await enter();
	await line.answer(await line.question("count 3"));
	const { conversation } = line.ready;
	const again = await line.ask({ ...hello, conversation, after: 0 });
	expect(again).toMatchObject({ type: "ready", conversation });
	expect(line.closed).toBeUndefined();
	line.leave();
});

test("a second hello without new events returns only ready", async () => {
	const line = await enter();
	await line.answer(await line.question("count 3"));
	const { length } = line.events;
	for (let i = 0; i < 3; i++) await line.ask({ ...hello, ...line.comeback });
	expect(line.events).toHaveLength(length);
	line.leave();
});

test("a second hello for another conversation switches the connection to it", async () => {
	const line = await enter();
	const id = await line.question("endless 2");
	await line.growing(8);
	const first = line.comeback;
	line.picture = emptyConversation;
	const ready = await line.ask({ ...hello, token: first.token });
	expect(ready).toMatchObject({ head: 0 });
	const other = await line.question("slow 5 30");
	await line.answer(other);
	expect(line.faults).toEqual([]);
	const back = await enter({ ...first, after: 0 });
	await back.stop();
	expect((await back.answer(id)).close).toMatchObject({ reason: "stopped" });
	expect(back.picture.messages).toHaveLength(2);
	line.leave();
	back.leave();
});

test("an invalid credential in a second hello closes the connection with 4401", async () => {
	const line = await enter();
	const { conversation } = line.ready;
	line.say({ ...hello, token: "v1.forged.x", conversation });
	expect(await line.gone()).toMatchObject({ code: 4401 });
});

/* ---------------------------------------------------------------- heartbeats */

test("ping is answered by pong", async () => {
	const line = await enter();
	expect(await line.ask({ type: "ping" })).toEqual({ type: "pong" });
	line.leave();
});

test("an idle connection gets pings with the head and stays open past the idle time-out", async () => {
	const line = await enter();
	await line.answer(await line.question("count 3"));
	const pings = () =>
		line.frames.filter((frame): frame is Ping => frame.type === "ping");
	// 600 ms without a client frame: only protocol pongs keep it open.
	await line.when(() => pings().length >= 12, "twelve pings");
	expect(pings().at(-1)?.head).toBe(line.picture.last);
	expect(line.closed).toBeUndefined();
	line.leave();
});

test("a connection that receives nothing is closed, even while tokens are sent", async () => {
	const raw = new RawSocket(program.url);
	raw.say(hello, { type: "send", id: "q", content: "endless 20" });
	await raw.when(() => raw.ended, "end of the line", 5_000);
	const [ready] = raw.texts;
	const tokens = raw.texts.filter(({ type }) => type === "token");
	expect(tokens.length).toBeGreaterThan(5);
	expect(raw.frames.some(({ kind }) => kind === "ping")).toBeTrue();
	const { conversation, token } = ready;
	const back = await enter({ conversation, token });
	await back.growing();
	await back.stop();
	back.leave();
});

test("protocol pongs alone keep a connection open", async () => {
	const raw = new RawSocket(program.url);
	raw.say(hello);
	const heard = () => raw.frames.filter(({ kind }) => kind === "ping").length;
	for (let i = 1; i <= 5; i++) {
		await raw.when(() => heard() >= i, "protocol ping");
		raw.write(frameOf("", "pong"));
	}
	expect(raw.ended).toBeFalse();
	raw.destroy();
});

test("a reader that stops reading costs little memory, and gets the same text when it continues", async () => {
	const slow = await startProgram({
		CHAT_MAX_REPLY: "10000000",
		CHAT_MAX_STORED_PER_VISITOR_DAY: "0",
		CHAT_MAX_TOKENS_PER_VISITOR_DAY: "0",
	});
	const raw = new RawSocket(slow.url);
	raw.say(hello);
	await raw.when(() => raw.texts.length === 1, "ready");
	const [{ conversation, token }] = raw.texts;
	const quick = await webSocket.enter(slow.url, { conversation, token });
	raw.pause();
	// 27 MB, more than a socket may buffer: they stay in the log.
	for (let i = 0; i < 2; i++) {
		const { text } = await quick.answer(await quick.question("bulk 600 16000"));
		expect(text).toHaveLength(9_600_000);
	}
	expect(raw.received).toBeLessThan(1_000_000);
	// Another reader stops while it reads the whole log again.
	const anew = new RawSocket(slow.url);
	await anew.when(() => anew.handshake !== "", "handshake");
	anew.pause();
	anew.say({ ...hello, conversation, token });
	for (let i = 0; i < 5; i++) await quick.ask({ type: "ping" });

	const last = `"sequence":${quick.picture.last}`;
	for (const slow of [raw, anew]) {
		slow.resume();
		await slow.when(
			() => slow.frames.at(-1)?.data.includes(last) === true,
			"the rest",
			20_000,
		);
		const read = new Recording();
		for (const frame of slow.texts) read.take(frame);
		expect(read.faults).toEqual([]);
		expect(read.picture).toEqual(quick.picture);
		slow.destroy();
	}
	quick.leave();
}, 60_000);
