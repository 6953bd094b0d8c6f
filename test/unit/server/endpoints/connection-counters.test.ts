/** No connection stays counted after it has closed, in whatever order things happen. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { createOrigins } from "../../../../server/auth/origins.ts";
import type { Authentication } from "../../../../server/auth/visitor-tokens.ts";
import { Chat } from "../../../../server/chat/chat.ts";
import { VisitorData } from "../../../../server/chat/visitor-data.ts";
import { pause } from "../../../../server/clock.ts";
import { defaults } from "../../../../server/config/config.ts";
import { createHttpEndpoints } from "../../../../server/endpoints/http/router.ts";
import { WebSocketConnection } from "../../../../server/endpoints/websocket.ts";
import { ConnectionLimits } from "../../../../server/limits/connections.ts";
import { createCounts } from "../../../../server/operations/counters.ts";
import { silentLogger } from "../../../../server/operations/logger.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import { manualClock } from "../../../support/clock.ts";
import { scriptedProvider } from "../../../support/scripted-provider.ts";

/** How long a credential is checked, and how long it is valid, ms. */
const checkMs = 50;
const lifeMs = 2_000;
const visitors = ["ann", "bob"] as const;
const address = { group: "192.0.2.1", isLocal: false };
type Socket = Parameters<WebSocketConnection["open"]>[0];

/** A server with two visitors who have a conversation each. */
async function makeServer() {
	const clock = manualClock();
	const store = memoryStore(clock);
	const settings = { ...defaults, helloMs: 300, maxConnectionsPerVisitor: 2 };
	const chat = new Chat({
		store,
		provider: scriptedProvider(),
		clock,
		logger: silentLogger,
		limits: settings,
		settings,
		systemPrompt: undefined,
	});
	const authentication: Authentication = {
		async authenticate(token = "") {
			await pause(clock, checkMs);
			return { visitor: { id: token }, until: clock.now() + lifeMs };
		},
	};
	const hello = { type: "hello", version: 1 } as const;
	const conversations = new Map<string, string>();
	for (const id of visitors)
		conversations.set(id, (await chat.enter({ id }, hello)).conversation);
	const stopped = new AbortController();
	const counts = createCounts();
	const connectionLimits = new ConnectionLimits(settings, clock);
	const connections = new Set<WebSocketConnection>();
	const parts = {
		chat,
		authentication,
		clock,
		logger: silentLogger,
		counts,
		settings,
	};
	const http = createHttpEndpoints({
		...parts,
		connectionLimits,
		origins: createOrigins(undefined, silentLogger),
		visitorData: new VisitorData(store),
		stopped: stopped.signal,
	});

	function webSocket() {
		const counted = connectionLimits.open(address);
		const connection = new WebSocketConnection({
			...parts,
			connections,
			counted,
		});
		const close = () => connection.dispose();
		const socket = {
			getBufferedAmount: () => 0,
			cork: (call: () => void) => call(),
			ping: () => 0,
			send: () => 1,
			close,
			terminate: close,
		};
		connection.open(socket as unknown as Socket);
		return {
			hello(id: string) {
				const conversation = conversations.get(id);
				const frame = { ...hello, token: id, conversation };
				connection.receive(JSON.stringify(frame));
			},
			close,
		};
	}

	function eventStream(id: string, accept: string) {
		const client = new AbortController();
		const path = `/events?conversation=${conversations.get(id)}`;
		const request = new Request(`http://localhost/chat${path}`, {
			headers: { Authorization: `Bearer ${id}`, Accept: accept },
			signal: client.signal,
		});
		const timeout = () => undefined;
		http
			.handle(request, "/events", { timeout }, { address, isTls: false })
			.then((response) => response.text())
			.catch(() => undefined);
		return { hello: () => undefined, close: () => client.abort() };
	}

	const counted = () => ({
		limits: connectionLimits.size,
		open: connections.size,
		...counts.connections,
	});
	return { clock, webSocket, eventStream, counted };
}

const nothing = { limits: 0, open: 0, websocket: 0, stream: 0, poll: 0 };

test("a connection that closes while its credential is checked is not counted", async () => {
	const { clock, webSocket, counted } = await makeServer();
	for (let i = 0; i < 5; i++) {
		const connection = webSocket();
		connection.hello("ann");
		await clock.advance(checkMs / 2);
		connection.close();
		await clock.advance(checkMs);
	}
	expect(counted()).toEqual(nothing);
});

const which = fc.nat({ max: 5 });
const visitor = fc.constantFrom(...visitors);
const action = fc.oneof(
	fc.record({ type: fc.constant("open" as const) }),
	fc.record({
		type: fc.constant("read" as const),
		visitor,
		accept: fc.constantFrom("text/event-stream", "application/json"),
	}),
	fc.record({ type: fc.constant("hello" as const), which, visitor }),
	fc.record({ type: fc.constant("close" as const), which }),
	fc.record({
		type: fc.constant("wait" as const),
		ms: fc.constantFrom(1, checkMs / 2, checkMs, 400, lifeMs),
	}),
);

test("after any order of open, hello, close and expiry all counters are zero", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(action, { minLength: 5, maxLength: 30 }),
			async (actions) => {
				const { clock, webSocket, eventStream, counted } = await makeServer();
				const opened: ReturnType<typeof webSocket>[] = [];
				for (const step of actions) {
					if (step.type === "open") opened.push(webSocket());
					else if (step.type === "read")
						opened.push(eventStream(step.visitor, step.accept));
					else if (step.type === "hello")
						opened[step.which % opened.length]?.hello(step.visitor);
					else if (step.type === "close")
						opened[step.which % opened.length]?.close();
					else await clock.advance(step.ms);
				}
				for (const connection of opened) connection.close();
				await clock.advance(checkMs);
				await clock.advance(lifeMs);
				expect(counted()).toEqual(nothing);
			},
		),
		{ seed: 42, numRuns: 300 },
	);
});
