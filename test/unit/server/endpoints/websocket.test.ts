/** Memory of one WebSocket connection whose peer reads nothing. */
import { beforeEach, expect, test } from "bun:test";
import { createAuthentication } from "../../../../server/auth/visitor-tokens.ts";
import { Chat } from "../../../../server/chat/chat.ts";
import { defaults } from "../../../../server/config/config.ts";
import { WebSocketConnection } from "../../../../server/endpoints/websocket.ts";
import { silentLogger } from "../../../../server/operations/logger.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import {
	type ManualClock,
	manualClock,
	settle,
} from "../../../support/clock.ts";
import { scriptedProvider } from "../../../support/scripted-provider.ts";

type Socket = Parameters<WebSocketConnection["open"]>[0];

/** Bun queues what a peer does not take; this one takes nothing until `drain`. */
class StuckSocket {
	queued = 0;
	taken: string[] = [];
	closed: number | undefined;
	terminated = false;
	getBufferedAmount = () => this.queued;
	cork = (call: () => void) => call();
	ping = () => 0;
	send(text: string) {
		this.queued += Buffer.byteLength(text);
		this.taken.push(text);
		return -1;
	}
	close(code: number) {
		this.closed = code;
	}
	terminate() {
		this.terminated = true;
	}
}

let clock: ManualClock;
let chat: Chat;
let connection: WebSocketConnection;
let socket: StuckSocket;
let greeting: string;

beforeEach(async () => {
	clock = manualClock();
	chat = new Chat({
		store: memoryStore(clock),
		provider: scriptedProvider(),
		clock,
		logger: silentLogger,
		limits: defaults,
		settings: defaults,
		systemPrompt: undefined,
	});
	const authentication = createAuthentication(
		"a secret of the WebSocket test",
		clock,
	);
	const { visitor, fresh: token } = await authentication.authenticate(
		undefined,
		false,
	);
	const hello = { type: "hello", version: 1 } as const;
	const { conversation } = await chat.enter(visitor, hello);
	greeting = JSON.stringify({ ...hello, token, conversation });
	const send = { id: "q", content: "bulk 30 16000" };
	await chat.send(visitor, conversation, send);
	for (let i = 0; i < 60; i++) await clock.advance(100);
	connection = new WebSocketConnection({
		chat,
		authentication,
		clock,
		logger: silentLogger,
		settings: defaults,
		connections: new Set(),
	});
	socket = new StuckSocket();
	connection.open(socket as unknown as Socket);
});

/** Far below the megabytes of the log; one frame may go over the room that is looked for. */
const bound = 200_000;

test("a peer that reads nothing and repeats hello has at most one frame over the limit queued", async () => {
	for (let i = 0; i < 40; i++) {
		connection.receive(greeting);
		await clock.advance(20);
	}
	expect(socket.queued).toBeGreaterThan(60_000);
	expect(socket.queued).toBeLessThan(bound);
	// When it reads on it gets the log, whole and in order.
	for (let i = 0; i < 200; i++) {
		socket.queued = 0;
		connection.onDrain();
		await settle();
	}
	const frames = socket.taken.map((text) => JSON.parse(text));
	const lastReady = frames.findLastIndex(({ type }) => type === "ready");
	const text = frames
		.slice(lastReady)
		.filter(({ type }) => type === "token")
		.map(({ content }) => content)
		.join("");
	expect(text).toHaveLength(30 * 16_000);
	expect(frames.at(-1)).toMatchObject({ action: "end" });
});

test("a peer that reads nothing is not answered, and is disconnected when it sends too much", async () => {
	connection.receive(greeting);
	await clock.advance(20);
	const { queued } = socket;
	for (let i = 0; i < 60; i++) connection.receive('{"type":"ping"}');
	await clock.advance(2_000);
	expect(socket.queued).toBe(queued);
	for (let i = 0; i < 60; i++) connection.receive('{"type":"ping"}');
	expect(socket.queued).toBeLessThan(bound);
	// A close frame would wait behind all that is queued.
	expect(socket.terminated).toBeTrue();
});

test("waiting frames may have half a megabyte in total", async () => {
	const large = JSON.stringify({ type: "ping", x: "x".repeat(60_000) });
	for (let i = 0; i < 12; i++) connection.receive(large);
	expect(socket.closed).toBe(4429);
	expect(JSON.parse(socket.taken[0] ?? "")).toMatchObject({
		data: { code: "rate_limited", retryAfter: expect.any(Number) },
	});
});
