/** The WebSocket transport: the defects of its dialer must not be visible outside. */
import { afterEach, expect, test } from "bun:test";
import {
	type ClientFrame,
	encode,
	type Ready,
} from "../../../../protocol/frames.ts";
import { websocketTransport } from "../../../../widget/transport/websocket.ts";
import { manualClock } from "../../../support/clock.ts";
import { FakeSocket, hostileServer } from "../../../support/hostile-server.ts";
import { rig, seen } from "../../../support/transport-rig.ts";

const url = "https://chat.test/chat";
const nativeSocket = globalThis.WebSocket;
const ends: (() => unknown)[] = [];

afterEach(() => {
	for (const end of ends.splice(0)) end();
	globalThis.WebSocket = nativeSocket;
});

const ready: Ready = {
	type: "ready",
	version: 1,
	conversation: "c1",
	epoch: "e1",
	head: 0,
	heartbeat: 15_000,
	limits: { content: 100 },
};

/** A WebSocket transport whose sockets the test controls. */
function faked(chance = 0.5) {
	const sockets = FakeSocket.install();
	const clock = manualClock();
	const it = rig(websocketTransport, url, { clock });
	const setChance = (value: number) => {
		clock.random = () => value;
	};
	setChance(chance);
	ends.push(() => it.transport.stop());
	return {
		...it,
		sockets,
		setChance,
		/** Lets the wait pass and waits for the dialer, which moves by the machine's clock. */
		async dial(ms = 0) {
			const count = sockets.length;
			await it.clock.advance(ms);
			await seen(() => sockets.length > count, "another socket");
			return sockets.at(-1) as FakeSocket;
		},
		async becomeReady(ms = 0) {
			const socket = await this.dial(ms);
			socket.open();
			socket.say(ready);
			return socket;
		},
	};
}

test("the connection sends hello first, over the subprotocol and at the same path", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.dial();
	expect(socket.url).toBe("wss://chat.test/chat");
	expect(socket.protocol).toBe("chat-stream.v1");
	expect(it.transport.send({ type: "ping" })).toBe(false);
	socket.open();
	expect(it.transport.send({ type: "ping" })).toBe(false);
	expect(socket.heard).toEqual([{ type: "hello", version: 1, after: 0 }]);
	socket.say(ready);
	expect(it.transport.send({ type: "ping" })).toBe(true);
	expect(socket.heard.at(-1)).toEqual({ type: "ping" });
	expect(it.words()).toEqual(["ready"]);
});

test("a frame may be sent while `ready` is being passed on", async () => {
	const it = faked();
	const sockets = it.sockets;
	let carried: boolean | undefined;
	const other = rig(websocketTransport, url, {
		events: {
			greet: () => ({ type: "hello", version: 1 }),
			receive: () => {
				carried = other.transport.send({ type: "ping" });
			},
			dialing() {},
			waiting() {},
			refused() {},
		},
	});
	ends.push(() => other.transport.stop());
	other.transport.start();
	await other.clock.advance(0);
	await seen(() => sockets.length === 1);
	sockets[0]?.open();
	sockets[0]?.say(ready);
	expect(carried).toBe(true);
});

test("starting twice makes one attempt, and stopping twice is fine", async () => {
	const it = faked();
	it.transport.start();
	it.transport.start();
	const socket = await it.becomeReady();
	expect(it.sockets.length).toBe(1);
	it.transport.stop();
	it.transport.stop();
	expect(socket.closedWith).toBe(1000);
	expect(it.clock.pending).toBe(0);
	expect(it.transport.send({ type: "ping" })).toBe(false);
});

test("nothing is passed on after stop", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.becomeReady();
	it.transport.stop();
	const reported = it.reported.length;
	socket.say({ type: "pong" });
	socket.end(4403);
	await it.clock.advance(60_000);
	expect(it.words()).toEqual(["ready"]);
	expect(it.reported.length).toBe(reported);
});

test("stopping while a connect is pending leaves no socket behind (R1, R13)", async () => {
	const it = faked();
	it.transport.start();
	it.transport.stop();
	await it.clock.advance(0);
	await Bun.sleep(5);
	expect(it.sockets.length).toBe(0);
});

test("the waits grow from half a second to half a minute, each with its own jitter (R2, R15)", async () => {
	const it = faked(0);
	it.transport.start();
	let socket = await it.dial();
	const waits: number[] = [];
	for (let attempt = 1; attempt <= 9; attempt++) {
		it.setChance(attempt % 2 ? 0 : 1);
		socket.end(1006);
		const wait = Number(it.reported.at(-1)?.split(" ")[1]);
		waits.push(wait);
		socket = await it.dial(wait);
	}
	expect(waits).toEqual([
		250, 1_000, 1_000, 4_000, 4_000, 16_000, 15_000, 30_000, 15_000,
	]);
	expect(it.reported.at(-1)).toBe("dialing 10");
});

test("a lost stable connection is replaced within 800 ms, and the attempt count is reset", async () => {
	const it = faked(1);
	it.transport.start();
	(await it.dial()).end(1006);
	const socket = await it.becomeReady(500);
	await it.clock.advance(10_000);
	socket.end(1006);
	expect(it.reported.slice(-1)).toEqual(["waiting 800"]);
	await it.dial(800);
	expect(it.reported.at(-1)).toBe("dialing 1");
});

test("a connection that was ready only briefly does not reset the attempt count (R22)", async () => {
	const it = faked(1);
	it.transport.start();
	(await it.dial()).end(1006);
	const socket = await it.becomeReady(500);
	await it.clock.advance(9_999);
	socket.end(1006);
	expect(it.reported.at(-1)).toBe("waiting 1000");
});

test("an attempt that does not open in 5 s has failed, and its later events are ignored (R4, R17)", async () => {
	const it = faked();
	it.transport.start();
	const stuck = await it.dial();
	await it.clock.advance(5_000);
	expect(it.reported.at(-1)).toBe("waiting 375");
	expect(stuck.closedWith).toBe(1000);
	expect(it.failed).toEqual([]);
	const next = await it.dial(375);
	stuck.open();
	stuck.say(ready);
	expect(stuck.heard).toEqual([]);
	expect(it.frames).toEqual([]);
	next.open();
	next.say(ready);
	expect(it.words()).toEqual(["ready"]);
});

test("a connection that opens and swallows hello has failed after 5 s", async () => {
	const it = faked();
	it.transport.start();
	(await it.dial()).open();
	await it.clock.advance(4_999);
	expect(it.failed).toEqual([]);
	await it.clock.advance(1);
	expect(it.failed).toEqual(["swallowed"]);
	expect(it.reported.at(-1)).toBe("waiting 375");
	await it.becomeReady(375);
	await it.clock.advance(60_000);
	expect(it.reported.at(-1)).toBe("dialing 2");
});

test("opening and answering have 5 s each", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.dial();
	await it.clock.advance(4_900);
	socket.open();
	await it.clock.advance(4_900);
	socket.say(ready);
	expect(it.words()).toEqual(["ready"]);
	expect(it.reported).toEqual(["dialing 1"]);
});

test("a constructor that throws is a failed attempt like any other (R5)", async () => {
	const it = faked();
	const dialed: string[] = [];
	globalThis.WebSocket = class {
		constructor(address: string) {
			dialed.push(address);
			throw new DOMException("blocked by policy", "SecurityError");
		}
	} as unknown as typeof WebSocket;
	const rejected: unknown[] = [];
	const note = (reason: unknown) => rejected.push(reason);
	process.on("unhandledRejection", note);
	ends.push(() => process.off("unhandledRejection", note));
	it.transport.start();
	await it.clock.advance(0);
	await seen(() => it.reported.includes("waiting 375"));
	await it.clock.advance(375);
	await seen(() => it.reported.includes("waiting 750"));
	expect(dialed.length).toBe(2);
	expect(it.failed).toEqual(["unsupported", "unsupported"]);
	FakeSocket.install(it.sockets);
	await it.becomeReady(750);
	expect(it.words()).toEqual(["ready"]);
	expect(rejected).toEqual([]);
});

test("a socket that the page's policy forbids has failed at once, without an event of its own", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.dial();
	const violate = (facts: Partial<SecurityPolicyViolationEvent>) =>
		globalThis.dispatchEvent(
			Object.assign(new Event("securitypolicyviolation"), facts),
		);
	violate({ blockedURI: "wss://elsewhere.test/chat", disposition: "enforce" });
	violate({ blockedURI: socket.url, disposition: "report" });
	expect(it.failed).toEqual([]);
	violate({ blockedURI: socket.url, disposition: "enforce" });
	expect(it.failed).toEqual(["unsupported"]);
	expect(it.reported.at(-1)).toBe("waiting 375");
	const next = await it.dial(375);
	it.transport.stop();
	violate({ blockedURI: next.url, disposition: "enforce" });
	expect(it.failed).toEqual(["unsupported"]);
});

test("where there is no WebSocket at all, the attempt fails as unsupported", async () => {
	const it = faked();
	globalThis.WebSocket = undefined as unknown as typeof WebSocket;
	it.transport.start();
	await it.clock.advance(0);
	await seen(() => it.failed.length > 0);
	expect(it.failed).toEqual(["unsupported"]);
});

test("redial takes a new socket within 300 ms, also in the midst of a long wait (R8)", async () => {
	const it = faked(1);
	it.transport.start();
	const socket = await it.becomeReady();
	for (const wait of [500, 1_000, 2_000, 4_000, 8_000]) {
		it.sockets.at(-1)?.end(1006);
		await it.dial(wait);
	}
	it.sockets.at(-1)?.end(1006);
	expect(it.reported.at(-1)).toBe("waiting 16000");
	it.transport.redial("wake");
	expect(it.reported.at(-1)).toBe("waiting 300");
	const next = await it.dial(300);
	expect(next).not.toBe(socket);
});

test("redial drops an open connection at once, and its late events are ignored (R16, R17, C6)", async () => {
	const it = faked();
	it.transport.start();
	const old = await it.becomeReady();
	it.transport.redial("silent");
	expect(it.transport.send({ type: "ping" })).toBe(false);
	old.say({ type: "token", content: "late", sequence: 1 });
	old.end(4403);
	expect(it.words()).toEqual(["ready"]);
	await it.becomeReady(150);
	old.say({ type: "token", content: "later", sequence: 1 });
	old.end(1006);
	expect(it.words()).toEqual(["ready", "ready"]);
	expect(it.transport.send({ type: "ping" })).toBe(true);
});

test("repeated redials leave one connection (R1, R7)", async () => {
	const it = faked();
	it.transport.start();
	await it.becomeReady();
	for (let time = 0; time < 5; time++) it.transport.redial("wake");
	await it.becomeReady(150);
	await Bun.sleep(5);
	expect(it.sockets.filter(({ readyState }) => readyState === 1).length).toBe(
		1,
	);
	expect(it.sockets.length).toBe(2);
});

test("a close code that is not worth a retry is final (R6)", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.becomeReady();
	socket.end(4403);
	expect(it.reported.at(-1)).toStartWith("refused forbidden");
	await it.clock.advance(120_000);
	await Bun.sleep(5);
	expect(it.sockets.length).toBe(1);
	expect(it.clock.pending).toBe(0);
});

test.each([1000, 1001, 1006, 1012, 4408, 4429, 4500, 4503])(
	"close code %i is worth another attempt",
	async (code) => {
		const it = faked();
		it.transport.start();
		(await it.becomeReady()).end(code);
		expect(it.reported.at(-1)).toBe("waiting 375");
	},
);

test("a close because of a frame that is too big refuses the largest message, and the transport reconnects", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.becomeReady();
	it.transport.send({ type: "send", id: "short", content: "x" });
	it.transport.send({ type: "send", id: "long", content: "x".repeat(9) });
	it.transport.send({ type: "send", id: "next", content: "xx" });
	socket.end(1009);
	expect(it.frames.at(-1)).toEqual({
		type: "control",
		action: "error",
		data: {
			code: "too_large",
			text: "Your message is too long.",
			id: "long",
		},
	});
	expect(it.reported.at(-1)).toBe("waiting 375");
	// This connection sent no message, so none is refused.
	(await it.becomeReady(375)).end(1009);
	expect(it.words()).toEqual(["ready", "error", "ready"]);
});

test("an unknown close code is final as internal", async () => {
	const it = faked();
	it.transport.start();
	(await it.becomeReady()).end(4499);
	expect(it.reported.at(-1)).toStartWith("refused internal");
});

test("an error frame counts more than the close code, which a proxy may change", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.dial();
	socket.open();
	const data = { code: "unauthorized", text: "Sign in." } as const;
	socket.say({ type: "control", action: "error", data });
	socket.end(1006);
	expect(it.reported.at(-1)).toBe("refused unauthorized: Sign in.");
	expect(it.frames).toEqual([]);
});

test("a rejection with an id is passed on and the connection stays open", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.becomeReady();
	const data = { code: "too_large", text: "Too long.", id: "m1" } as const;
	socket.say({ type: "control", action: "error", data });
	expect(it.words()).toEqual(["ready", "error"]);
	expect(it.transport.send({ type: "ping" })).toBe(true);
});

test("the wait is at least what the server asks for, and redial does not shorten it", async () => {
	const it = faked(1);
	it.transport.start();
	const socket = await it.becomeReady();
	const data = {
		code: "unavailable",
		text: "Restarting.",
		retryAfter: 7_000,
	} as const;
	socket.say({ type: "control", action: "error", data });
	socket.end(4503);
	expect(it.reported.at(-1)).toBe("waiting 7500");
	it.transport.redial("wake");
	expect(it.reported.at(-1)).toBe("waiting 7000");
	await it.becomeReady(7_000);
	expect(it.sockets.length).toBe(2);
});

test("an invalid frame is skipped, and the connection stays open", async () => {
	const it = faked();
	it.transport.start();
	const socket = await it.becomeReady();
	for (const data of [
		"not json",
		"[]",
		'{"type":"later"}',
		'{"type":"token","sequence":"x"}',
		'{"__proto__":{"type":"pong"}}',
		new ArrayBuffer(4),
	])
		socket.sayRaw(data);
	socket.say({ type: "pong" });
	expect(it.words()).toEqual(["ready", "pong"]);
});

test("an exception in a listener of the session does not stop the connection (R11)", async () => {
	const sockets = FakeSocket.install();
	let waits = 0;
	const it = rig(websocketTransport, url, {
		events: {
			greet: () => ({ type: "hello", version: 1 }),
			receive() {},
			dialing() {},
			waiting() {
				waits++;
				throw new Error("from the session");
			},
			refused() {},
		},
	});
	ends.push(() => it.transport.stop());
	it.transport.start();
	await it.clock.advance(0);
	await seen(() => sockets.length === 1);
	expect(() => sockets[0]?.end(1006)).toThrow("from the session");
	await it.clock.advance(1_000);
	await seen(() => sockets.length === 2);
	expect(waits).toBe(1);
});

test("real sockets: hello, frames both ways, the server's own close code, and another connection after a loss", async () => {
	const heard: ClientFrame[] = [];
	let transport = 0;
	const server = hostileServer({
		open: () => void transport++,
		frame(frame, socket) {
			heard.push(frame);
			if (frame.type === "hello") socket.send(encode(ready));
			if (frame.type === "ping" && transport === 1) socket.terminate();
			if (frame.type === "ping" && transport === 2) socket.close(4403, "no");
		},
	});
	ends.push(() => server.stop());
	const it = rig(websocketTransport, server.url);
	ends.push(() => it.transport.stop());
	it.transport.start();
	await it.clock.advance(0);
	await seen(() => it.words().length === 1);
	expect(server.protocols).toEqual(["chat-stream.v1"]);
	it.transport.send({ type: "ping" });
	await seen(() => it.reported.some((word) => word.startsWith("waiting")));
	await it.clock.advance(800);
	await seen(() => it.words().length === 2);
	it.transport.send({ type: "ping" });
	await seen(() =>
		it.reported.some((word) => word.startsWith("refused forbidden")),
	);
	expect(heard.map(({ type }) => type)).toEqual([
		"hello",
		"ping",
		"hello",
		"ping",
	]);
});

test("real sockets: an answer that is no upgrade is a failed attempt", async () => {
	const server = hostileServer({ refuseUpgrade: 403 });
	ends.push(() => server.stop());
	const it = rig(websocketTransport, server.url);
	ends.push(() => it.transport.stop());
	it.transport.start();
	await it.clock.advance(0);
	await seen(() => it.reported.includes("waiting 375"));
	await it.clock.advance(375);
	await seen(() => it.reported.includes("waiting 750"));
	expect(it.reported).toEqual([
		"dialing 1",
		"waiting 375",
		"dialing 2",
		"waiting 750",
	]);
});
