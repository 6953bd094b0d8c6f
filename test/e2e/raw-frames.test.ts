/**
 * Attacks on a WebSocket below the protocol's frames, by hand, against the real program. Numbers in names
 * are rows of the security checklist.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { doors } from "../support/doors.ts";
import { frameOf, RawSocket } from "../support/raw-socket.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";

const metricsToken = "a-token-of-the-operator";
let program: Program;
beforeAll(async () => {
	program = await startProgram({ CHAT_METRICS_TOKEN: metricsToken });
});
afterAll(endServers);

const hello = { type: "hello", version: 1 };
const isLinux = process.platform === "linux";

/** A connection after hello. */
async function dial(headers: Record<string, string> = {}, greet = true) {
	const raw = new RawSocket(program.url, headers);
	await raw.when(() => raw.handshake !== "", "handshake");
	if (!greet) return raw;
	raw.say(hello);
	await raw.when(() => raw.texts.length > 0, "ready");
	return raw;
}

/** Memory is checked only where it can be read. */
async function expectGrowthBelow(bytes: number, work: () => Promise<unknown>) {
	const before = isLinux ? await program.memory() : 0;
	await work();
	const grown = isLinux ? (await program.memory()) - before : 0;
	expect(grown).toBeLessThan(bytes);
}

async function expectServing() {
	const line = await doors.webSocket.enter(program.url);
	const { text } = await line.answer(await line.question("count 3"));
	expect(text).toBe("1 2 3 ");
	line.leave();
	expect(program.output()).not.toMatch(/unhandled_rejection|uncaught/);
}

const claims = (bytes: number) => {
	const head = Buffer.alloc(14);
	head.writeUInt16BE(0x81ff);
	head.writeBigUInt64BE(BigInt(bytes), 2);
	return head;
};
const fragments = (count: number, payload = "x") =>
	Buffer.concat([
		frameOf("{", "text", false),
		Buffer.concat(Array(count).fill(frameOf(payload, "continuation", false))),
	]);

const broken: [string, number, Buffer][] = [
	["31: a frame that claims 1 GB", 1009, claims(2 ** 30)],
	["31: a frame of 300 KB", 1009, frameOf("x".repeat(300_000))],
	["31: fragments of 300 KB together", 1009, fragments(300, "x".repeat(1_000))],
	["33: a compressed frame", 1002, Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x78])],
	["33: a frame that is not masked", 1002, Buffer.from([0x81, 0x01, 0x78])],
	["33: an opcode of nobody's", 1002, Buffer.from([0x85, 0x80, 0, 0, 0, 0])],
	[
		"33: a message within another one",
		1002,
		Buffer.concat([frameOf("{", "text", false), frameOf("{")]),
	],
	["33: a text that is no UTF-8", 1007, frameOf(Buffer.from([0xff, 0xfe]))],
	["35: binary, in words", 4400, frameOf(JSON.stringify(hello), "binary")],
	["34: an empty text, in words", 4400, frameOf("")],
];

for (const [what, code, bytes] of broken)
	test(`security ${what} closes the connection with ${code}, before and after hello`, async () => {
		await expectGrowthBelow(8_000_000, async () => {
			for (const greet of [true, false]) {
				const offered = { "Sec-WebSocket-Extensions": "permessage-deflate" };
				const raw = await dial(offered, greet);
				raw.write(bytes);
				await raw.when(() => raw.ended, "end of the line");
				expect(raw.closeCode).toBe(code);
			}
		});
		await expectServing();
	});

test("security 32: a message of sixty thousand fragments costs no more memory than its bytes", async () => {
	const pieces = fragments(60_000);
	const lines: RawSocket[] = [];
	await expectGrowthBelow(40_000_000, async () => {
		for (let i = 0; i < 40; i++) {
			const raw = await dial();
			raw.write(pieces);
			raw.ping();
			lines.push(raw);
		}
		const answered = ({ frames }: RawSocket) =>
			frames.some(({ kind }) => kind === "pong");
		for (const raw of lines)
			await raw.when(() => answered(raw), "pong", 20_000);
		await expectServing();
	});
	for (const raw of lines) raw.destroy();
}, 30_000);

for (const [what, greet] of [
	["greeted", true],
	["not greeted", false],
] as const)
	test(`security 32: fragments of an endless message do not keep a connection alive that is ${what}`, async () => {
		const patient = await startProgram({
			CHAT_IDLE_TIMEOUT_MS: "600",
			CHAT_HELLO_MS: "600",
		});
		const raw = new RawSocket(patient.url);
		if (greet) raw.say(hello);
		raw.write(frameOf("{", "text", false));
		const more = setInterval(
			() => raw.write(frameOf("", "continuation", false)),
			50,
		);
		await raw
			.when(() => raw.ended, "end of the line")
			.finally(() => {
				clearInterval(more);
			});
		expect(raw.texts.some(({ type }) => type === "ready")).toBe(greet);
	});

test("security 55: three thousand connections that open and close leak nothing", async () => {
	const thousand = async () => {
		for (let batch = 0; batch < 20; batch++)
			await Promise.all(
				Array.from({ length: 50 }, async (_, i) => {
					const raw = await dial({}, i % 2 === 0);
					raw.destroy();
				}),
			);
	};
	await thousand();
	await expectGrowthBelow(20_000_000, async () => {
		await thousand();
		await thousand();
	});
	const lines = async () => {
		const headers = { Authorization: `Bearer ${metricsToken}` };
		const text = await (
			await fetch(`${program.url}/metrics`, { headers })
		).text();
		return text.match(
			/^chat_connections\{transport="websocket"\} (\d+)$/m,
		)?.[1];
	};
	for (let i = 0; i < 200 && (await lines()) !== "0"; i++) await Bun.sleep(10);
	expect(await lines()).toBe("0");
}, 60_000);
