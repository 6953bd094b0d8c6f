/** The headless client: what a program without a page is handed. */
import { afterEach, expect, test } from "bun:test";
import { encode } from "../../../../protocol/frames.ts";
import { ChatWebSocket } from "../../../../widget/session/client.ts";
import { manualClock } from "../../../support/clock.ts";
import {
	asked,
	begun,
	broken,
	ended,
	refusal,
	token,
} from "../../../support/events.ts";
import {
	type FakeTransport,
	fakeTransports,
	readyFrame,
} from "../../../support/fake-transport.ts";
import { hostileServer } from "../../../support/hostile-server.ts";

const ends: (() => unknown)[] = [];
afterEach(() => {
	for (const end of ends.splice(0)) end();
});

function client(address = "ws://chat.test/chat") {
	const { transports, factory } = fakeTransports();
	const chat = new ChatWebSocket(address, {
		makeTransport: factory,
		clock: manualClock(),
	});
	const heard: string[] = [];
	const fired: string[] = [];
	chat.setMessageHandler((token, { message }) =>
		heard.push(`${message}:${token}`),
	);
	chat.addEventListener("token", ({ token }) => fired.push(`+${token}`));
	chat.addEventListener("reset", ({ text }) => fired.push(`=${text}`));
	chat.addEventListener("start", ({ message }) =>
		fired.push(`start ${message.role}`),
	);
	chat.addEventListener("end", ({ message }) =>
		fired.push(`end ${message.close?.by}`),
	);
	chat.addEventListener("error", ({ code }) => fired.push(`error ${code}`));
	return {
		chat,
		heard,
		fired,
		get transport() {
			return transports.at(-1) as FakeTransport;
		},
	};
}

test.each([
	["ws://chat.test/talk", "http://chat.test/talk"],
	["wss://chat.test/talk", "https://chat.test/talk"],
	["http://chat.test:81/talk", "http://chat.test:81/talk"],
	["https://chat.test/talk/", "https://chat.test/talk"],
	["wss://chat.test", "https://chat.test/chat"],
])("the address %s means the endpoints at %s", (address, url) => {
	const it = client(address);
	it.chat.connect();
	expect(it.transport.options.url).toBe(url);
});

test.each(["", "chat", "ftp://chat.test", "javascript:alert(1)"])(
	"the address %p is refused with what was expected",
	(address) => {
		expect(() => new ChatWebSocket(address)).toThrow(
			"Expected an address such as wss://chat.example.com/chat",
		);
	},
);

test("every token comes once and in order, through repeats, gaps and losses", () => {
	const it = client();
	it.chat.connect();
	it.transport.up();
	it.transport.say(asked(1, "q1"), begun(2, "r1"), token(3, "Open"));
	it.transport.say(token(3, "Open"), token(5, " door"));
	it.transport.say(
		readyFrame({ head: 5 }),
		token(4, " the"),
		token(5, " door"),
	);
	it.transport.lose();
	it.transport.up({ head: 8 });
	it.transport.say(token(7, ", please", 6), token(8, ""));
	it.transport.say(ended(9, "r1", "Open the door, please"));
	expect(it.heard).toEqual(["r1:Open", "r1: the", "r1: door", "r1:, please"]);
	expect(it.fired).toEqual([
		"start user",
		"start assistant",
		"+Open",
		"+ the",
		"+ door",
		"+, please",
		"end end",
	]);
});

test("a second read reports only the missing tokens", () => {
	const it = client();
	it.chat.connect();
	it.transport.up();
	const end = ended(5, "r1", "Open the door");
	it.transport.say(
		asked(1, "q1"),
		begun(2, "r1"),
		token(3, "Open"),
		token(4, ""),
	);
	it.transport.say(end, readyFrame({ head: 5 }), begun(2, "r1"));
	it.transport.say(token(3, "Open"), token(4, " the door"), end);
	expect(it.heard).toEqual(["r1:Open", "r1: the door"]);
	expect(it.fired.filter((word) => word.startsWith("start"))).toEqual([
		"start user",
		"start assistant",
	]);
	expect(it.fired.at(-1)).toBe("end end");
});

test("a second reading that differs is emitted as a reset with the whole text", () => {
	const it = client();
	it.chat.connect();
	it.transport.up();
	const end = ended(5, "r1", "Shut it");
	it.transport.say(asked(1, "q1"), begun(2, "r1"), token(4, "Open it", 3));
	it.transport.say(end, readyFrame({ head: 5 }), begun(2, "r1"));
	it.transport.say(token(3, "Shut"), token(4, " it"), end);
	expect(it.heard).toEqual(["r1:Open it", "r1: it"]);
	expect(it.fired.slice(2)).toEqual(["+Open it", "=Shut", "+ it", "end end"]);
});

test("a second reading that is shorter is a reset when it closes", () => {
	const it = client();
	it.chat.connect();
	it.transport.up();
	const end = ended(5, "r1", "Open");
	it.transport.say(asked(1, "q1"), begun(2, "r1"), token(4, "Open it", 3));
	it.transport.say(end, readyFrame({ head: 5 }), begun(2, "r1"));
	it.transport.say(token(4, "Open", 3), end);
	expect(it.fired.slice(2)).toEqual(["+Open it", "=Open", "end end"]);
});

test("a log that starts again with the same answers emits nothing twice", () => {
	const it = client();
	it.chat.connect();
	it.transport.up();
	const log = [
		asked(1, "q1"),
		begun(2, "r1"),
		token(3, "Open"),
		ended(4, "r1", "Open"),
	];
	it.transport.say(...log);
	it.transport.lose();
	it.transport.up({ epoch: "e2", head: 4 });
	it.transport.say(...log);
	expect(it.heard).toEqual(["r1:Open"]);
	expect(it.fired.filter((word) => word === "end end").length).toBe(1);
});

test("errors are emitted: a failed reply and a rejected message, once each", () => {
	const it = client();
	it.chat.connect();
	it.transport.up();
	it.transport.say(asked(1, "q1"), begun(2, "r1"), broken(3, "r1", ""));
	expect(it.fired.slice(2)).toEqual(["end error", "error provider_failed"]);
	const id = it.chat.send("And?");
	it.transport.say(refusal("conflict", { id }));
	it.chat.send("Still?");
	expect(it.fired.slice(4)).toEqual(["error conflict"]);
});

test("connect resolves once ready and rejects with the server's final no", async () => {
	const it = client();
	const states: string[] = [];
	it.chat.addEventListener("connection", ({ connection }) =>
		states.push(connection.state),
	);
	const connected = it.chat.connect();
	it.transport.up();
	await connected;
	await it.chat.connect();
	it.transport.refuse("outdated", "Please update.");
	expect(states).toEqual(["connecting", "ready", "refused"]);
	const again = it.chat.connect();
	it.transport.refuse("outdated", "Please update.");
	expect(await again.catch(({ code }) => code)).toBe("outdated");
});

test("a URL without a server is emitted once as an error, and retried", () => {
	const it = client("ws://wrong.test/chat");
	const said: string[] = [];
	it.chat.addEventListener("error", ({ text }) => said.push(text));
	it.chat.connect();
	it.transport.lose();
	it.transport.lose(1_000);
	expect(it.fired).toEqual([]);
	for (const ms of [2_000, 4_000, 8_000]) it.transport.lose(ms);
	expect(it.fired).toEqual(["error unavailable"]);
	expect(said[0]).toContain("ws://wrong.test/chat");
	expect(it.transport.isStopped).toBe(false);
	it.transport.up();
	for (const ms of [500, 1_000, 2_000]) it.transport.lose(ms);
	expect(it.fired.length).toBe(2);
});

test("close before ready rejects connect, and the promise may be ignored", async () => {
	const it = client();
	it.chat.connect();
	const connected = it.chat.connect();
	it.chat.close();
	expect(await connected.catch(({ message }) => message)).toBe(
		"Closed before it was open.",
	);
	expect(it.transport.isStopped).toBe(true);
});

test("stop closes the open answer", () => {
	const it = client();
	it.chat.connect();
	it.transport.up();
	it.transport.say(asked(1, "q1"), begun(2, "r1"));
	it.chat.stop();
	expect(it.transport.sent("stop")).toEqual([{ type: "stop", message: "r1" }]);
});

test("without a page, a fake connection or a clock: a question and its answer over a real socket", async () => {
	const server = hostileServer({
		frame(frame, socket) {
			if (frame.type === "hello") socket.send(encode(readyFrame()));
			if (frame.type !== "send") return;
			for (const event of [
				asked(1, frame.id, frame.content),
				begun(2, "r1", frame.id),
				token(3, "You said: "),
				token(4, frame.content),
				ended(5, "r1", `You said: ${frame.content}`),
			])
				socket.send(encode(event));
		},
	});
	ends.push(() => server.stop());
	const chat = new ChatWebSocket(server.url.replace("http", "ws"));
	ends.push(() => chat.close());
	let text = "";
	chat.setMessageHandler((token) => {
		text += token;
	});
	await chat.connect();
	const answered = new Promise((resolve) =>
		chat.addEventListener("end", resolve),
	);
	chat.send("Grüß Gott 👋");
	await answered;
	expect(text).toBe("You said: Grüß Gott 👋");
	expect(chat.session.pending).toEqual([]);
});
