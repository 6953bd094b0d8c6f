/**
 * The failure matrix, rows C4 to C7: repeated, late, unordered and unknown frames of a server must not be
 * visible.
 *
 * Real sessions and sockets on simulated time (test/support/rig.ts); the server is faulty on purpose.
 */
import { afterEach, describe, expect, test } from "bun:test";
import type { ServerWebSocket } from "bun";
import { type Event, encode, type ServerFrame } from "../../protocol/frames.ts";
import { asked, begun, ended, token } from "../support/events.ts";
import { readyFrame } from "../support/fake-transport.ts";
import { hostileServer } from "../support/hostile-server.ts";
import {
	endRigs,
	rig,
	steppedTime,
	type Visitor,
	visit,
	waitIn,
} from "../support/rig.ts";

const servers: { stop(): void }[] = [];
afterEach(async () => {
	await endRigs();
	for (const server of servers.splice(0)) server.stop();
});

const transports = ["websocket", "stream", "poll"] as const;

test.each(transports)(
	"C4 on %s: reconnecting twice without new events shows nothing and emits nothing",
	async (transport) => {
		const it = await rig({ transport });
		it.me.ask("story 10 20");
		await it.when(() => it.me.hasAnswers(1), "the answer", 5_000);
		let news = 0;
		it.me.session.subscribe(({ type }) => {
			if (type === "conversation") news++;
		});
		for (let time = 1; time <= 2; time++) {
			it.me.session.sleep();
			it.me.session.wake();
			const isBack = () => it.me.session.diagnostics().resumes === time;
			await it.when(isBack, "another line", 5_000);
			await it.pass(1_000);
		}
		expect(news).toBe(0);
		expect(it.me.session.diagnostics().repeatsDropped).toBe(0);
		await it.expectWhole();
	},
);

/** The faulty server's log: the answer is the oracle's answer to `Why?`. */
const log: Event[] = [
	asked(1, "q1"),
	begun(2, "r1"),
	token(3, "You "),
	token(4, "said"),
	token(5, ": "),
	token(6, "Wh"),
	token(7, "y?"),
	ended(8, "r1", "You said: Why?"),
];

type Socket = ServerWebSocket<undefined>;

/** A server with `log`, which it sends incorrectly after the first hello. */
function liar(
	tell: (socket: Socket, after: number, hellos: number) => unknown,
) {
	let hellos = 0;
	const server = hostileServer({
		async frame(frame, socket) {
			if (frame.type !== "hello") return;
			socket.send(encode(readyFrame({ head: log.length })));
			await tell(socket, frame.after ?? 0, ++hellos);
		},
	});
	servers.push(server);
	const time = steppedTime();
	const me = visit(server.url.replace("/chat", ""), { clock: time.clock });
	return {
		me,
		hasAll: (ms: number) =>
			waitIn(time, () => me.hasAnswers(1), "the answer", ms),
		time,
	};
}

function say(socket: Socket, frames: readonly ServerFrame[]) {
	for (const frame of frames) socket.send(encode(frame));
}

const honest = (socket: Socket, after: number) => say(socket, log.slice(after));

function expectTruth(me: Visitor) {
	expect(me.text).toBe("You said: Why?");
	expect(me.faults).toEqual([]);
	expect(me.picture.last).toBe(8);
	expect(me.picture.messages.map(({ id }) => id)).toEqual(["q1", "r1"]);
	expect(me.session.diagnostics().integrityAlarms).toBe(0);
}

const [one, two, three, four, five, six, seven, eight] = log as [
	...[Event, Event, Event, Event],
	...[Event, Event, Event, Event],
];

describe("C5 a server that", () => {
	test.each<[string, Event[]]>([
		["says everything twice", log.flatMap((event) => [event, event])],
		["begins again in the middle", [...log.slice(0, 5), ...log]],
		["says it backwards", log.toReversed()],
		["swaps two", [one, two, four, three, five, six, seven, eight]],
		["leaves one out", [one, two, three, five, six, seven, eight]],
		["leaves the last ones out", log.slice(0, 5)],
		["leaves all out", []],
		[
			"says a token merged over what it said before",
			[one, two, three, four, token(6, "said: Wh", 4), seven, eight],
		],
		[
			"says the whole text again, merged",
			[one, two, three, four, token(7, "You said: Why?", 3), eight],
		],
		[
			"merges over what is missing",
			[one, two, three, token(7, "Why?", 6), eight],
		],
	])("%s is corrected: no wrong text, no alarm", async (_, told) => {
		const { me, hasAll } = liar((socket, after, hellos) =>
			hellos === 1 ? say(socket, told) : honest(socket, after),
		);
		// The reader reacts to a higher head at the next ping at the latest.
		await hasAll(30_000);
		expectTruth(me);
	});

	test("is wrong five times in a row is asked again with growing delays", async () => {
		const { me, hasAll } = liar((socket, after, hellos) =>
			hellos <= 5 ? say(socket, log.toReversed()) : honest(socket, after),
		);
		await hasAll(60_000);
		expectTruth(me);
	});
});

test("C6 frames of an old socket after the switch to a new one are ignored", async () => {
	const sockets: Socket[] = [];
	const { me, hasAll, time } = liar(async (socket, after, hellos) => {
		sockets.push(socket);
		if (hellos === 1) return say(socket, log.slice(0, 3));
		const [old] = sockets as [Socket];
		say(old, [token(4, "LIE"), token(5, "LIE"), token(6, "LIE")]);
		await Bun.sleep(5);
		say(socket, log.slice(after, 5));
		say(old, [token(6, "LIE"), ended(7, "r1", "You said: LIE")]);
		await Bun.sleep(5);
		say(socket, log.slice(5));
	});
	await waitIn(time, () => me.text === "You ", "text", 1_000);
	await hasAll(13_000);
	expect(sockets.length).toBe(2);
	expectTruth(me);
});

describe("C7 a server that sends", () => {
	test.each<[string, (string | Uint8Array<ArrayBuffer>)[]]>([
		["what is no JSON", ["", "{", "null", "42", '"token"', "[]", "undefined"]],
		[
			"types that nobody knows",
			[
				'{"type":"weather","data":{"sun":true}}',
				'{"type":"__proto__"}',
				'{"type":"constructor","sequence":4}',
				'{"type":"control","action":"weather"}',
				'{"type":"control","action":"hasOwnProperty","data":{}}',
			],
		],
		[
			"fields of the wrong type",
			[
				'{"type":"token","content":7,"sequence":4}',
				'{"type":"token","content":"LIE","sequence":"4"}',
				'{"type":"token","content":"LIE","sequence":4.5}',
				'{"type":"token","content":"LIE","sequence":-4}',
				'{"type":"token","content":"LIE","sequence":null}',
				'{"type":"token","content":"LIE"}',
				'{"type":"ping","head":"8"}',
				'{"type":"ready","version":1,"conversation":7,"epoch":"e","head":0}',
				'{"type":"control","action":"start","sequence":4,"data":{"message":"x"}}',
				'{"type":"control","action":"end","sequence":4,"data":null}',
				'{"type":"control","action":"error","sequence":4,"data":{"code":"x"}}',
			],
		],
		[
			"__proto__",
			[
				'{"__proto__":{"type":"token"},"content":"LIE","sequence":4}',
				'{"type":"control","action":"start","sequence":4,"data":{"__proto__":{"message":"x","role":"user","content":"LIE","at":1}}}',
			],
		],
		["bytes", [new Uint8Array([0, 255, 1, 254]), new Uint8Array(65_536)]],
		["10 MB of nothing", [`{"type":"token","content":"${" ".repeat(1e7)}`]],
		["a deep nest", [`${"[".repeat(100_000)}${"]".repeat(100_000)}`]],
	])("%s is not heard, and the line lives on", async (_, rubbish) => {
		let lines = 0;
		const { me, hasAll } = liar((socket, after) => {
			lines++;
			say(socket, log.slice(after, 3));
			for (const frame of rubbish) socket.send(frame);
			say(socket, log.slice(Math.max(after, 3)));
		});
		await hasAll(5_000);
		expectTruth(me);
		expect(lines).toBe(1);
		expect(Object.keys(Object.prototype)).toEqual([]);
	});

	test("an action of a later version advances the cursor and shows nothing", async () => {
		const later = { type: "control", action: "wave", data: { hand: "left" } };
		const { me, time } = liar((socket) => {
			say(socket, log.slice(0, 3));
			socket.send(JSON.stringify({ ...later, sequence: 4 }));
			say(socket, [token(5, "said: Why?"), ended(6, "r1", "You said: Why?")]);
		});
		await waitIn(time, () => me.hasAnswers(1), "the answer", 2_000);
		expect(me.text).toBe("You said: Why?");
		expect(me.faults).toEqual([]);
		expect(me.picture.last).toBe(6);
	});
});
