import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { ClientFrame } from "../../../../protocol/frames.ts";
import { autoTransport } from "../../../../widget/transport/auto.ts";
import { FallbackChain } from "../../../../widget/transport/fallback.ts";
import type {
	Transport,
	TransportFactory,
	TransportName,
	TransportOptions,
} from "../../../../widget/transport/transport.ts";
import type { ManualClock } from "../../../support/clock.ts";
import { FakeDoors, token } from "../../../support/fake-doors.ts";
import { evenClock, lull, rig, seen } from "../../../support/transport-rig.ts";

let doors: FakeDoors;
let transports: FakeTransport[];
let clock: ManualClock;
const made: Transport[] = [];
beforeEach(() => {
	doors = new FakeDoors();
	transports = [];
	clock = evenClock();
});
afterEach(async () => {
	for (const transport of made.splice(0)) transport.stop();
	await doors.close();
});

/** A transport whose outcome the test decides. */
class FakeTransport implements Transport {
	readonly name: TransportName;
	readonly events: TransportOptions["events"];
	readonly sent: ClientFrame[] = [];
	readonly redialed: string[] = [];
	state: "new" | "on" | "over" = "new";

	constructor(name: TransportName, { events }: TransportOptions) {
		this.name = name;
		this.events = events;
		transports.push(this);
	}
	start() {
		this.state = "on";
		this.events.dialing(1);
	}
	stop() {
		this.state = "over";
	}
	send(frame: ClientFrame) {
		this.sent.push(frame);
		return true;
	}
	redial(why: string) {
		this.redialed.push(why);
		this.events.waiting(clock.now() + 150);
	}
	/** Opens, and sends hello. */
	greet() {
		return this.events.greet();
	}
	ready(epoch = doors.epoch) {
		this.events.receive({ ...doors.ready, epoch });
	}
	/** Breaks, or fails to open. */
	lose(why?: "unsupported" | "swallowed") {
		if (why) this.events.failed?.(why);
		this.events.waiting(clock.now() + 500);
		this.events.dialing(2);
	}
	up() {
		this.greet();
		this.ready();
	}
	pong() {
		this.events.receive({ type: "pong" });
	}
	/** As a probe: shows that it works, and takes over. */
	prove() {
		this.up();
		this.pong();
		this.ready();
	}
}

const fake =
	(name: TransportName): TransportFactory =>
	(options) =>
		new FakeTransport(name, options);
const factories = {
	websocket: fake("websocket"),
	stream: fake("stream"),
	poll: fake("poll"),
};
const fallbackChain: TransportFactory = (options) =>
	new FallbackChain(options, factories);

function dialChain(more: Parameters<typeof rig>[2] = {}, make = fallbackChain) {
	const reported = rig(make, doors.url, { clock, ...more });
	made.push(reported.transport);
	reported.transport.start();
	return reported;
}

const names = () => transports.map(({ name }) => name);
const last = () => transports.at(-1) as FakeTransport;
const healthy = () => doors.to("health").length;

/** The transport in use, once `count` of them were made. */
async function transportNumber(count: number): Promise<FakeTransport> {
	await seen(() => transports.length === count, `${count} transports`);
	return last();
}

async function down(why: "unsupported" | "swallowed" = "swallowed") {
	const { length } = transports;
	last().lose(why);
	return transportNumber(length + 1);
}

function memo(initial?: string) {
	let value: string | null = initial ?? null;
	return {
		get value() {
			return value;
		},
		getItem: () => value,
		setItem: (_key: string, next: string) => {
			value = next;
		},
		removeItem: () => {
			value = null;
		},
	};
}

describe("down", () => {
	test("one failed attempt is ignored, two before any ready mean that WebSockets are blocked", async () => {
		const { transport } = dialChain();
		last().lose();
		await lull();
		expect(healthy()).toBe(0);
		last().lose();
		await transportNumber(2);
		expect(names()).toEqual(["websocket", "stream"]);
		expect(transports.map(({ state }) => state)).toEqual(["over", "on"]);
		expect(transport.name).toBe("stream");
		expect(transport.fallbacks).toBe(1);
	});

	test("one swallowed handshake is enough, and so is a browser that has none", async () => {
		for (const why of ["swallowed", "unsupported"] as const) {
			transports = [];
			dialChain();
			expect((await down(why)).name).toBe("stream");
		}
	});

	test("three connections within 2 min that lasted less than 10 s are enough", async () => {
		dialChain();
		const [websocket] = transports as [FakeTransport];
		const die = async (afterMs: number) => {
			websocket.up();
			await clock.advance(afterMs);
			websocket.lose();
		};
		await die(9_999);
		await clock.advance(120_000);
		await die(9_999);
		await die(10_000);
		await die(9_999);
		await lull();
		expect(names()).toEqual(["websocket"]);
		await die(9_999);
		await transportNumber(2);
		expect(names()).toEqual(["websocket", "stream"]);
	});

	test("a transport that has worked needs four failures in a row", async () => {
		dialChain();
		const [websocket] = transports as [FakeTransport];
		websocket.up();
		await clock.advance(60_000);
		websocket.lose();
		for (let n = 0; n < 3; n++) websocket.lose();
		await lull();
		expect(healthy()).toBe(0);
		websocket.lose();
		await transportNumber(2);
	});

	test("a stream steps down to poll when it is swallowed, or lasts less than 5 s three times", async () => {
		dialChain();
		await down();
		expect((await down()).name).toBe("poll");
		expect(names()).toEqual(["websocket", "stream", "poll"]);

		transports = [];
		dialChain();
		const stream = await down();
		for (const lived of [5_000, 4_999, 4_999, 4_999]) {
			expect(transports).toHaveLength(2);
			stream.up();
			await clock.advance(lived);
			stream.lose();
			await lull();
		}
		await transportNumber(3);
		expect(last().name).toBe("poll");
	});

	test("poll is the end of the chain", async () => {
		dialChain();
		await down();
		await down();
		for (let n = 0; n < 5; n++) last().lose("swallowed");
		await lull();
		expect(names()).toEqual(["websocket", "stream", "poll"]);
		expect(healthy()).toBe(2);
	});

	test("no transport is given up while the network is dead, behind a portal or overloaded", async () => {
		for (const health of [
			() => new Response("", { status: 503 }),
			() => Response.json({ status: "draining" }, { status: 503 }),
			() => Response.json({ status: "log in" }),
			() =>
				new Response(`{"status":"ok"}`, {
					headers: { "Content-Type": "text/html" },
				}),
		]) {
			transports = [];
			doors.asked.length = 0;
			doors.instead.health = health;
			dialChain();
			for (let n = 0; n < 6; n++) {
				// Until the last answer is read, a loss asks nothing.
				await seen(() => {
					if (healthy() === n) last().lose("swallowed");
					return healthy() > n;
				});
			}
			await lull();
			expect(names()).toEqual(["websocket"]);
		}
	});

	test("a dead network does not count: afterwards two failures are needed again", async () => {
		let asked = 0;
		doors.instead.health = () => {
			asked++;
			return new Response("", { status: 502 });
		};
		dialChain();
		last().lose();
		last().lose();
		await seen(() => asked === 1);
		await lull();
		doors.instead.health = undefined;
		last().lose();
		await lull();
		expect(names()).toEqual(["websocket"]);
		last().lose();
		await transportNumber(2);
	});

	test("a health check that takes longer than 5 s has failed", async () => {
		doors.instead.health = () => new Promise(() => {});
		dialChain();
		last().lose("swallowed");
		await seen(() => healthy() === 1);
		await clock.advance(5_000);
		await seen(() => doors.to("health")[0]?.gone);
		await lull();
		expect(names()).toEqual(["websocket"]);
	});

	test("a connection that is ready again by the time the server has answered is kept", async () => {
		let answer = () => {};
		doors.instead.health = () =>
			new Promise((resolve) => {
				answer = () => resolve(Response.json({ status: "ok" }));
			});
		dialChain();
		last().lose("swallowed");
		await seen(() => healthy() === 1);
		last().up();
		answer();
		await lull();
		expect(names()).toEqual(["websocket"]);
	});

	test("a loss that the session asked for is no failure", async () => {
		const { transport } = dialChain();
		for (let n = 0; n < 5; n++) {
			last().up();
			transport.redial("silent");
			last().events.dialing(1);
		}
		await lull();
		expect(healthy()).toBe(0);
		expect(last().redialed).toHaveLength(5);
	});

	test("without a WebSocket in the browser the stream is first, and nothing is probed", async () => {
		const { WebSocket } = globalThis;
		try {
			Reflect.deleteProperty(globalThis, "WebSocket");
			dialChain();
			await clock.advance(3_600_000);
			expect(names()).toEqual(["stream"]);
		} finally {
			globalThis.WebSocket = WebSocket;
		}
	});

	test("the health of the server is asked without a credential", async () => {
		dialChain({ hello: { token: "secret" } });
		await down();
		const headers = doors.to("health").map(({ headers }) => headers);
		expect(headers.map((sent) => sent.get("authorization"))).toEqual([null]);
	});
});

describe("what the session sees", () => {
	test("only the frames of the transport in use", async () => {
		const { transport, frames, reported } = dialChain();
		expect(transport.send({ type: "ping" })).toBe(true);
		const stream = await down();
		const [websocket] = transports as [FakeTransport];
		stream.up();
		websocket.events.receive(token(9));
		websocket.events.waiting(1);
		websocket.events.refused("internal", "late");
		stream.events.receive(token(1));
		expect(frames.map(({ type }) => type)).toEqual(["ready", "token"]);
		expect(reported).toEqual([
			"dialing 1",
			"waiting 500",
			"dialing 2",
			"dialing 1",
		]);
		transport.send({ type: "ping" });
		expect(stream.sent).toHaveLength(1);
		expect(websocket.sent).toHaveLength(1);
	});

	test("a rejection is final on every transport", async () => {
		const { reported } = dialChain();
		const stream = await down();
		stream.events.refused("forbidden", "Not here.");
		expect(reported.at(-1)).toBe("refused forbidden: Not here.");
		await clock.advance(3_600_000);
		expect(transports).toHaveLength(2);
		expect(clock.pending).toBe(0);
	});

	test("stop leaves nothing running, not even a probe or a health check", async () => {
		doors.instead.health = () => new Promise(() => {});
		const one = dialChain();
		last().lose("swallowed");
		await seen(() => healthy() === 1);
		one.transport.stop();
		one.transport.stop();
		await seen(() => doors.to("health")[0]?.gone);
		expect(last().state).toBe("over");

		doors.instead.health = undefined;
		transports = [];
		const two = dialChain();
		await down();
		await clock.advance(30_000);
		expect(names()).toEqual(["websocket", "stream", "websocket"]);
		two.transport.stop();
		expect(transports.map(({ state }) => state)).toEqual([
			"over",
			"over",
			"over",
		]);
		expect(clock.pending).toBe(0);
		two.transport.start();
		expect(transports).toHaveLength(3);
	});
});

describe("up", () => {
	async function onStream() {
		const reported = dialChain({
			hello: { conversation: "c1", token: "t1", epoch: "e1" },
		});
		const stream = await down();
		stream.up();
		return { ...reported, stream };
	}

	test("probes after 30 s, 60 s, 2 min, 5 min and then every 10 min", async () => {
		await onStream();
		const from = clock.now();
		const at: number[] = [];
		for (let n = 3; n <= 8; n++) {
			while (transports.length < n) await clock.advance(1_000);
			at.push((clock.now() - from) / 1_000);
			last().lose();
			expect(last().state).toBe("over");
		}
		expect(at).toEqual([30, 90, 210, 510, 1_110, 1_710]);
		expect(transports[1]?.state).toBe("on");
	});

	test("a probe that fails is invisible", async () => {
		const { reported, frames } = await onStream();
		const before = reported.length;
		await clock.advance(30_000);
		last().greet();
		last().events.failed?.("swallowed");
		last().lose();
		await clock.advance(60_000);
		last().events.refused("rate_limited", "Later.");
		expect(reported).toHaveLength(before);
		expect(frames).toHaveLength(1);
		expect(transports[1]?.state).toBe("on");
	});

	test("takes over once a ping is answered, sends hello from the current cursor, and passes on that ready", async () => {
		const { transport, words, reported, stream } = await onStream();
		stream.events.receive(token(1));
		const before = reported.length;
		await clock.advance(30_000);
		const probe = last();
		expect(probe.greet().after).toBe(1);
		probe.ready();
		expect(probe.sent).toEqual([{ type: "ping" }]);
		stream.events.receive(token(2));
		probe.events.receive(token(2));
		expect(transport.name).toBe("stream");
		probe.pong();
		expect(transport.name).toBe("websocket");
		expect(stream.state).toBe("over");
		expect(reported.slice(before)).toEqual(["dialing 1"]);
		expect(probe.sent.slice(1)).toMatchObject([{ type: "hello", after: 2 }]);
		expect(transport.send({ type: "ping" })).toBe(false);
		// What was under way before that hello was heard would overlap.
		probe.events.receive({ ...token(3, "23"), from: 2 } as never);
		expect(words()).toEqual(["ready", "1", "2"]);
		probe.ready();
		probe.events.receive(token(3));
		expect(words()).toEqual(["ready", "1", "2", "ready", "3"]);
		expect(transport.send({ type: "ping" })).toBe(true);
		await clock.advance(3_600_000);
		expect(transports).toHaveLength(3);
		expect(transport.fallbacks).toBe(1);
	});

	test("a WebSocket that passes a hello and no more does not take over, and is dropped after 12 s", async () => {
		const { transport, stream } = await onStream();
		await clock.advance(30_000);
		last().greet();
		last().ready();
		await clock.advance(11_999);
		expect(last().state).toBe("on");
		await clock.advance(1);
		expect(last().state).toBe("over");
		last().pong();
		expect(transport.name).toBe("stream");
		expect(stream.state).toBe("on");
	});

	test("a probe that falls silent while it takes over is reconnected after 5 s", async () => {
		const { words } = await onStream();
		await clock.advance(30_000);
		const probe = last();
		probe.greet();
		probe.ready();
		probe.pong();
		await clock.advance(4_999);
		expect(probe.redialed).toEqual([]);
		await clock.advance(1);
		expect(probe.redialed).toEqual(["silent"]);
		probe.up();
		expect(words()).toEqual(["ready", "ready"]);
	});

	test("a probe with another conversation is dropped", async () => {
		const reported = dialChain();
		const stream = await down();
		await clock.advance(30_000);
		const probe = last();
		probe.greet();
		stream.up();
		probe.ready();
		probe.pong();
		expect(probe.state).toBe("over");
		expect(stream.state).toBe("on");
		expect(reported.words()).toEqual(["ready"]);
	});

	test("probes at once when woken up or online again, but not for a silent connection", async () => {
		for (const why of ["online", "wake"]) {
			transports = [];
			const { transport, stream } = await onStream();
			transport.redial("silent");
			expect(transports).toHaveLength(2);
			transport.redial(why);
			expect(names()).toEqual(["websocket", "stream", "websocket"]);
			expect(stream.redialed).toEqual(["silent", why]);
			transport.redial(why);
			expect(transports).toHaveLength(3);
		}
	});

	async function onPoll() {
		const it = await onStream();
		const poll = await down();
		poll.up();
		return { ...it, poll };
	}

	test("from poll it probes a stream where no WebSocket passes, and later a WebSocket", async () => {
		const { transport, words, poll } = await onPoll();
		await clock.advance(30_000);
		expect(names().slice(3)).toEqual(["websocket"]);
		last().lose();
		expect(names().slice(3)).toEqual(["websocket", "stream"]);
		expect(poll.state).toBe("on");
		const stream = last();
		stream.up();
		// A beginning is what a proxy lets through that keeps back the rest.
		expect(transport.name).toBe("poll");
		stream.events.receive({ type: "ping", head: 0 });
		expect(transport.name).toBe("stream");
		expect(poll.state).toBe("over");
		expect(stream.sent).toMatchObject([{ type: "hello", after: 0 }]);
		stream.events.receive(token(1));
		stream.ready();
		stream.events.receive(token(1));
		expect(words().slice(-2)).toEqual(["ready", "1"]);
		await clock.advance(60_000);
		expect(names().slice(5)).toEqual(["websocket"]);
		last().prove();
		expect(transport.name).toBe("websocket");
		await clock.advance(3_600_000);
		expect(transports).toHaveLength(6);
	});

	test("a stream that is probed and swallowed is invisible", async () => {
		const { reported, frames, poll } = await onPoll();
		const before = { reported: reported.length, frames: frames.length };
		await clock.advance(30_000);
		last().lose();
		last().up();
		last().lose("swallowed");
		expect(last().state).toBe("over");
		expect(reported).toHaveLength(before.reported);
		expect(frames).toHaveLength(before.frames);
		expect(poll.state).toBe("on");
		expect(names().slice(3)).toEqual(["websocket", "stream"]);
	});

	test("without a WebSocket in the browser poll probes a stream", async () => {
		const { WebSocket } = globalThis;
		try {
			Reflect.deleteProperty(globalThis, "WebSocket");
			dialChain();
			(await down()).up();
			await clock.advance(30_000);
			expect(names()).toEqual(["stream", "poll", "stream"]);
		} finally {
			globalThis.WebSocket = WebSocket;
		}
	});

	test("on another network a WebSocket that had worked must prove itself again", async () => {
		const { transport } = dialChain();
		last().up();
		await clock.advance(60_000);
		transport.redial("wake");
		last().events.dialing(1);
		last().lose();
		last().lose();
		await transportNumber(2);
		expect(names()).toEqual(["websocket", "stream"]);
	});

	test("falls back again if the WebSocket that took over does not last", async () => {
		const { transport } = await onStream();
		await clock.advance(30_000);
		const probe = last();
		probe.prove();
		for (let n = 0; n < 3; n++) {
			if (n > 0) probe.up();
			await clock.advance(6_000);
			probe.lose();
		}
		await transportNumber(4);
		expect(names()).toEqual(["websocket", "stream", "websocket", "stream"]);
		expect(transport.fallbacks).toBe(2);
		await clock.advance(59_999);
		expect(transports).toHaveLength(4);
		await clock.advance(1);
		expect(transports).toHaveLength(5);
	});
});

describe("memo", () => {
	test("remembers for 10 min what worked, and starts with it", async () => {
		const storage = memo();
		const { transport } = dialChain({ memo: storage });
		const stream = await down();
		expect(storage.value).toBe(null);
		stream.up();
		expect(storage.value).not.toBe(null);
		transport.stop();
		transports = [];
		await clock.advance(599_999);
		dialChain({ memo: storage }).transport.stop();
		expect(names()).toEqual(["stream"]);
		transports = [];
		await clock.advance(1);
		dialChain({ memo: storage });
		expect(names()).toEqual(["websocket"]);
	});

	test("a page that starts with an HTTP transport probes, too", async () => {
		dialChain({ memo: memo(`poll ${clock.now() + 1_000}`) });
		await clock.advance(30_000);
		expect(names()).toEqual(["poll", "websocket"]);
	});

	test("nothing is remembered once a WebSocket has worked in this page", async () => {
		const storage = memo();
		dialChain({ memo: storage });
		last().up();
		last().lose("swallowed");
		const stream = await transportNumber(2);
		stream.up();
		expect(storage.value).toBe(null);
	});

	test("a storage that throws, or holds another script's value, remembers nothing", () => {
		const refuse = () => {
			throw new DOMException("denied", "SecurityError");
		};
		const refusing = { getItem: refuse, setItem: refuse, removeItem: refuse };
		for (const storage of [
			refusing,
			memo("junk"),
			memo("stream"),
			memo("stream NaN"),
			memo(`pigeon ${clock.now() + 1_000}`),
			memo(`stream ${clock.now() + 1e12}`),
		]) {
			transports = [];
			dialChain({ memo: storage });
			last().up();
			expect(names()).toEqual(["websocket"]);
		}
	});
});

describe("with the real transports", () => {
	test("WebSockets refused: reads by stream, and by WebSocket as soon as they pass", async () => {
		doors.append(token(1));
		const { transport, words, hello } = dialChain({}, autoTransport);
		await seen(async () => {
			await clock.advance(50);
			return words().includes("1");
		});
		expect(transport.name).toBe("stream");
		expect(transport.fallbacks).toBe(1);
		doors.append(token(2));
		await seen(() => hello.after === 2);

		doors.sockets = "pass";
		transport.redial("online");
		await seen(async () => {
			await clock.advance(50);
			// It carries nothing while it takes over.
			return transport.name === "websocket" && transport.send({ type: "ping" });
		});
		doors.append(token(3));
		for (const socket of new Set(doors.greeted))
			socket.send(JSON.stringify(token(3)));
		await seen(() => hello.after === 3);
		await lull();
		const events = words().filter((word) => Number(word));
		expect(events).toEqual(["1", "2", "3"]);
		expect(transport.send({ type: "ping" })).toBe(true);
	});

	test("streams swallowed, too: reads page by page", async () => {
		doors.append(token(1));
		doors.instead.events = (asked) =>
			asked.headers.get("accept") === "text/event-stream"
				? new Promise(() => {})
				: doors.events(asked);
		const { transport, words } = dialChain({}, autoTransport);
		await seen(async () => {
			await clock.advance(100);
			return words().includes("1");
		});
		expect(transport.name).toBe("poll");
		expect(transport.fallbacks).toBe(2);
		transport.send({ type: "send", id: "m1", content: "x" });
		await seen(async () => {
			await clock.advance(50);
			return words().includes("2");
		});
	});
});
