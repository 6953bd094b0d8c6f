/**
 * No frame, body or byte from outside ends the process, changes the next visitor's responses, or makes the
 * process grow: hostile input, seeded, on both kinds of endpoint, against the real program.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { seeded } from "../support/clock.ts";
import { doors, eventsPath, get, post } from "../support/doors.ts";
import { frameOf, RawSocket } from "../support/raw-socket.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";

let program: Program;
const chance = seeded(500);
const hello = JSON.stringify({ type: "hello", version: 1 });

beforeAll(async () => {
	program = await startProgram();
});
afterAll(endServers);

const below = (n: number) => Math.floor(chance() * n);
const oneOf = <Item>(items: readonly Item[]): Item =>
	items[below(items.length)] as Item;

/* ---------------------------------------------------------------- the input */

const values: readonly (() => unknown)[] = [
	() => null,
	() => true,
	() => -1,
	() => 1.5,
	() => 2 ** 53,
	() => "",
	() => " ",
	() => "\u0000",
	() => "\ud83d",
	() => "__proto__",
	() => "constructor",
	() => "x".repeat(below(20_000)),
	() => "😀".repeat(below(5_000)),
	() => [],
	() => ({}),
	() => [[[[]]]],
	() => ({ toString: 1, valueOf: null, length: -1 }),
	() => "../../etc/passwd",
	() => "'; DROP TABLE events; --",
	() => "count 1",
	() => "\u202e\u2028\r\n: x\ndata: y",
];
const types = ["hello", "send", "stop", "retry", "feedback", "ping", "ready"];
const fields = ["id", "content", "context", "message", "value", "continue"];
const others = ["version", "token", "conversation", "epoch", "after", "type"];

/** Texts that a generator of JSON values does not produce. */
const crafted: readonly (() => string)[] = [
	() => `{"type":"ping","x":${"[".repeat(30_000)}${"]".repeat(30_000)}}`,
	() => `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`,
	() => "[".repeat(60_000),
	() => `{"type":"ping",${'"type":"stop",'.repeat(3_000)}"type":"ping"}`,
	() =>
		`{"type":"ping",${Array.from({ length: 4_000 }, (_, i) => `"k${i}":1`).join()}}`,
	() => '{"type":"send","id":"a","content":"x","__proto__":{"isAdmin":true}}',
	() => '{"__proto__":{"type":"ping"}}',
	() =>
		'{"type":"send","id":"p","content":"context","context":{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}}',
	() => '{"type":"hello","version":1e999}',
	() => '{"type":"hello","version":1,"after":12345678901234567890}',
	() => '{"type":"hello","version":1,"token":"v1.e30.e30"}',
	() => `{"type":"hello","version":1,"token":"${".".repeat(8_000)}"}`,
	() => `{"type":"send","id":"a","content":"${"\\u0000".repeat(10_000)}"}`,
	() => "\ufeff{}",
	() => '"ping"',
	() => "NaN",
	() => "",
];

function hostileText(): string {
	if (chance() < 0.3) return oneOf(crafted)();
	const frame: Record<string, unknown> = { type: oneOf(types), version: 1 };
	const names = [...fields, ...others];
	for (let i = below(5); i > 0; i--) frame[oneOf(names)] = oneOf(values)();
	const text = JSON.stringify(frame);
	if (chance() < 0.8) return text;
	const at = below(text.length);
	return text.slice(0, at) + oneOf(["", "}", '"', "\\", "\u0000"]);
}

const ids = ["__proto__", "constructor", "toString", "a", "b", "-1", "x:y.z"];
const contents = [
	"throw",
	"error 429",
	"half only",
	"empty",
	"count 3",
	"constructor x",
	"__proto__",
	"\ud83d\u0000.",
	"\u202e\u2028 <img src=x onerror=alert(1)>",
	"😀".repeat(9_000),
];

/** Values that a schema accepts. */
function harmful(): object {
	const message = oneOf(ids);
	switch (below(5)) {
		case 0:
			return { type: "retry", message, continue: chance() < 0.5 };
		case 1:
			return { type: "feedback", message, value: "up" };
		case 2:
			return { type: "stop", ...(chance() < 0.5 && { message }) };
		default: {
			const context = JSON.parse('{"__proto__":{"isAdmin":true}}');
			return { type: "send", id: message, content: oneOf(contents), context };
		}
	}
}

/** Frames that break RFC 6455 or stretch it. */
const malformed: readonly (() => Buffer)[] = [
	() => frameOf("x".repeat(70_000)),
	() => frameOf("x".repeat(300_000)),
	() => frameOf(new Uint8Array([0xff, 0xfe, 0xc0]), "text"),
	() => frameOf(new Uint8Array(1_000), "binary"),
	() => frameOf("", "text"),
	() => frameOf("bye", "close"),
	() => frameOf("x".repeat(200), "ping"),
	() => frameOf("stray", "continuation"),
	() => Buffer.concat([frameOf("{", "text", false), frameOf("{", "text")]),
	// Claims a payload of 2^40 bytes.
	() => Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
	// Unmasked, a reserved bit, a reserved opcode.
	() => Buffer.from([0x81, 0x01, 0x78]),
	() => Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x78]),
	() => Buffer.from([0x85, 0x80, 0, 0, 0, 0]),
	() => Buffer.from(Array.from({ length: 500 }, () => below(256))),
	() => Buffer.from("GET / HTTP/1.1\r\n\r\n"),
];

/** A new visitor is served normally, and the process has not grown much. */
async function expectServing() {
	const line = await doors.webSocket.enter(program.url);
	const { text } = await line.answer(await line.question("count 3"));
	expect(text).toBe("1 2 3 ");
	line.leave();
	expect((await get(program.url, "/health")).status).toBe(200);
	expect(program.output()).not.toMatch(/unhandled_rejection|uncaught/);
	expect(program.output()).not.toContain('"internal"');
}

/** Sends it on a new connection and closes that once it was processed. */
async function throwAt(bytes: Buffer, greeted = true) {
	const raw = new RawSocket(program.url);
	raw.write(greeted ? Buffer.concat([frameOf(hello), bytes]) : bytes);
	raw.write(frameOf(JSON.stringify({ type: "ping" })));
	const answered = () => raw.texts.some(({ type }) => type === "pong");
	await raw
		.when(() => raw.ended || answered(), "answer or end", 1_000)
		// Half a frame makes the server wait for the rest, as it should.
		.catch(() => undefined);
	raw.destroy();
}

/* ---------------------------------------------------------------- the attacks */

test("500 hostile frames, each on its own connection", async () => {
	for (let batch = 0; batch < 20; batch++) {
		await Promise.all(
			Array.from({ length: 25 }, () =>
				throwAt(frameOf(hostileText()), chance() < 0.8),
			),
		);
		await expectServing();
	}
}, 60_000);

test("500 valid but hostile frames, pipelined", async () => {
	for (let batch = 0; batch < 20; batch++) {
		const raw = new RawSocket(program.url);
		const frames = Array.from({ length: 25 }, () => JSON.stringify(harmful()));
		raw.say(hello, ...frames, { type: "ping" });
		await raw.when(
			() => raw.texts.some(({ type }) => type === "pong"),
			"pong: the line has lived through it",
		);
		raw.destroy();
		await expectServing();
	}
}, 60_000);

test("500 hostile frames, pipelined behind each other", async () => {
	for (let batch = 0; batch < 20; batch++) {
		const lines = Array.from({ length: 5 }, () =>
			throwAt(
				Buffer.concat(Array.from({ length: 5 }, () => frameOf(hostileText()))),
			),
		);
		await Promise.all(lines);
		await expectServing();
	}
}, 60_000);

test("invalid WebSocket frames", async () => {
	for (const bytes of malformed) {
		await Promise.all([throwAt(bytes()), throwAt(bytes(), false)]);
		await expectServing();
	}
}, 60_000);

test("a fragmented message is rejected when it is too large, however small the fragments", async () => {
	const raw = new RawSocket(program.url);
	const fragment = frameOf("x".repeat(1_000), "continuation", false);
	raw.write(frameOf("{", "text", false));
	for (let i = 0; i < 400 && !raw.ended; i++) raw.write(fragment);
	await raw.when(() => raw.ended, "end of the line");
	await expectServing();
});

test("hundreds of handshakes and hellos, cut off anywhere", async () => {
	const bytes = Buffer.concat([
		frameOf(hello),
		frameOf(JSON.stringify({ type: "send", id: "a", content: "count 9" })),
	]);
	for (let batch = 0; batch < 6; batch++) {
		await Promise.all(
			Array.from({ length: 50 }, async () => {
				const raw = new RawSocket(program.url);
				await raw.when(() => raw.handshake !== "" || raw.ended, "handshake");
				raw.write(bytes.subarray(0, below(bytes.length + 1)));
				raw.destroy();
			}),
		);
		await expectServing();
	}
}, 30_000);

test("hostile bodies, cursors, credentials and paths over HTTP are answered with 4xx", async () => {
	const line = await doors.plainJson.enter(program.url);
	const { conversation, token } = line.comeback;
	const frames = `/frames?conversation=${conversation}`;
	const odd = ["..", "%00", "%ff", "a b", "x".repeat(5_000), "__proto__"];
	const asks = Array.from({ length: 200 }, (_, i) => () => {
		switch (i % 5) {
			case 0:
				return post(program.url, frames, hostileText(), token);
			case 1:
				return post(program.url, "/messages", hostileText(), token);
			case 2:
				return get(
					program.url,
					`${eventsPath({ conversation })}&wait=0&after=${encodeURIComponent(JSON.stringify(oneOf(values)()).slice(0, 500).toWellFormed())}`,
					token,
				);
			case 3:
				return get(
					program.url,
					`/events?wait=0&conversation=${oneOf(odd)}`,
					token,
				);
			default:
				return post(
					program.url,
					"/frames",
					hello,
					`v1.${oneOf(odd)}`.replace(/[^\w.%-]/g, ""),
				);
		}
	});
	for (let i = 0; i < asks.length; i += 20) {
		const answers = await Promise.all(
			asks.slice(i, i + 20).map((ask) => ask()),
		);
		for (const { status } of answers) expect(status).toBeLessThan(500);
		await expectServing();
	}
	line.leave();
}, 30_000);

test("after all that the process has a normal size", async () => {
	if (process.platform !== "linux") return;
	expect(await program.memory()).toBeLessThan(300_000_000);
});
