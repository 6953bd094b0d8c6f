import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
	AutoTransport,
	autoTransport,
	type HttpTransports,
	pinnedTransport,
} from "../../../../widget/transport/auto.ts";
import * as transports from "../../../../widget/transport/http-transports.ts";
import { selectTransport } from "../../../../widget/transport/select.ts";
import type { Transport } from "../../../../widget/transport/transport.ts";
import type { ManualClock } from "../../../support/clock.ts";
import { FakeDoors, token } from "../../../support/fake-doors.ts";
import { evenClock, lull, rig, seen } from "../../../support/transport-rig.ts";

let doors: FakeDoors;
let clock: ManualClock;
const made: Transport[] = [];
beforeEach(() => {
	doors = new FakeDoors();
	clock = evenClock();
});
afterEach(async () => {
	for (const transport of made.splice(0)) transport.stop();
	await doors.close();
});

/** How often the HTTP transports were fetched, and whether they can be. */
function source() {
	const it = {
		asked: 0,
		works: true,
		load: async (): Promise<HttpTransports> => {
			it.asked++;
			if (!it.works) throw new TypeError("Failed to fetch");
			return transports;
		},
	};
	return it;
}

function dial(from = source(), more: Parameters<typeof rig>[2] = {}) {
	const it = rig(
		(options) => new AutoTransport(options, from.load),
		doors.url,
		{
			clock,
			...more,
		},
	);
	made.push(it.transport);
	it.transport.start();
	return it;
}

describe("a WebSocket that works", () => {
	test("fetches nothing", async () => {
		doors.sockets = "pass";
		const from = source();
		const { words } = dial(from);
		await seen(async () => {
			await clock.advance(50);
			return words().includes("ready");
		});
		await clock.advance(60_000);
		expect(from.asked).toBe(0);
	});

	test("and breaks is taken over by the fallback chain, with its back-off and cursor", async () => {
		doors.sockets = "pass";
		doors.append(token(1));
		const from = source();
		const { words, reported, transport, hello } = dial(from);
		await seen(async () => {
			await clock.advance(50);
			return words().includes("ready");
		});
		await clock.advance(11_000);
		for (const socket of doors.greeted) socket.close(1011);
		await seen(() => reported.at(-1)?.startsWith("waiting"));
		await lull();
		expect(from.asked).toBe(1);
		// There was one wait, that of a stable connection, and no second attempt beside it.
		expect(reported.filter((word) => word.startsWith("waiting"))).toEqual([
			"waiting 400",
		]);
		const greeted = doors.greeted.length;
		await seen(async () => {
			await clock.advance(100);
			return words().filter((word) => word === "ready").length === 2;
		});
		expect(doors.greeted.length).toBe(greeted + 1);
		expect(transport.name).toBe("websocket");
		expect(transport.fallbacks).toBe(0);
		expect(hello.conversation).toBeString();
	});
});

describe("a WebSocket that seems unresponsive", () => {
	const send = { type: "send", id: "m1", content: "x" } as const;
	const posts = () => doors.to("frames").map(({ body }) => JSON.parse(body).id);

	async function begin(more: Parameters<typeof dial>[1] = {}) {
		doors.sockets = "pass";
		const it = dial(source(), more);
		const ready = async (count: number) => {
			await seen(async () => {
				await clock.advance(50);
				return it.words().filter((word) => word === "ready").length === count;
			});
		};
		await ready(1);
		return { ...it, ready };
	}

	test("has its messages POSTed in order, with its credential", async () => {
		const { transport } = await begin();
		transport.resendOverHttp?.([send, { ...send, id: "m2" }]);
		await seen(() => posts().length === 2);
		expect(posts()).toEqual(["m1", "m2"]);
		const [asked] = doors.to("frames");
		expect(asked?.query.get("conversation")).toBe("c1");
		expect(asked?.headers.get("authorization")).toBe("Bearer t1");
	});

	test("three times in 2 min while HTTP works is replaced by the stream, though it opens again", async () => {
		const { transport, ready } = await begin();
		for (let time = 1; time <= 3; time++) {
			transport.redial("silent");
			transport.resendOverHttp?.([{ ...send, id: `m${time}` }]);
			await seen(() => posts().length === time);
			await lull();
			if (time < 3) {
				await ready(time + 1);
				expect(transport.name).toBe("websocket");
			}
		}
		expect(transport.name).toBe("stream");
		expect(transport.fallbacks).toBe(1);
		// The connection itself uses HTTP.
		transport.resendOverHttp?.([send]);
		await lull();
		expect(posts().length).toBe(3);
	});

	test("does not count while HTTP does not work either", async () => {
		const { transport, ready } = await begin();
		doors.instead.frames = () => new Response("", { status: 502 });
		for (let time = 1; time <= 4; time++) {
			transport.redial("silent");
			transport.resendOverHttp?.([send, { ...send, id: "m2" }]);
			await seen(() => posts().length === time);
			await lull();
			await ready(time + 1);
		}
		expect(transport.name).toBe("websocket");
		expect(transport.fallbacks).toBe(0);
	});

	test("stop ends the requests under way", async () => {
		const { transport } = await begin();
		doors.instead.frames = () => new Promise(() => {});
		transport.resendOverHttp?.([send, { ...send, id: "m2" }]);
		await seen(() => posts().length === 1);
		transport.stop();
		await seen(() => doors.to("frames")[0]?.gone);
		await lull();
		expect(posts().length).toBe(1);
		expect(clock.pending).toBe(0);
	});
});

describe("a WebSocket that is refused", () => {
	test("counts before and after the fallback chain is loaded: two attempts in all", async () => {
		doors.append(token(1));
		const from = source();
		const { transport, reported, words } = dial(from);
		await seen(async () => {
			await clock.advance(50);
			return words().includes("1");
		});
		expect(transport.name).toBe("stream");
		expect(from.asked).toBe(1);
		const dialed = reported.slice(0, reported.indexOf("waiting 750") + 1);
		expect(dialed).toEqual([
			"dialing 1",
			"waiting 375",
			"dialing 2",
			"waiting 750",
		]);
	});

	test("by a dead network, where the fallback chain cannot be loaded either, is kept", async () => {
		const from = source();
		from.works = false;
		const { transport, words } = dial(from);
		await seen(async () => {
			await clock.advance(100);
			return from.asked >= 4;
		});
		from.works = true;
		doors.sockets = "pass";
		transport.redial("wake");
		await seen(async () => {
			await clock.advance(50);
			return words().includes("ready");
		});
		expect(transport.name).toBe("websocket");
		expect(transport.fallbacks).toBe(0);
	});

	test("is retried while the fallback chain cannot be loaded, and steps down once it can", async () => {
		const from = source();
		from.works = false;
		const { transport, reported } = dial(from);
		for (let round = 0; round < 200; round++) {
			await clock.advance(100);
			await Bun.sleep(0);
		}
		await seen(() => from.asked >= 3);
		expect(transport.name).toBe("websocket");
		expect(reported.filter((word) => word.startsWith("dialing")).length).toBe(
			from.asked + (reported.at(-1)?.startsWith("dialing") ? 1 : 0),
		);
		from.works = true;
		await seen(async () => {
			await clock.advance(500);
			return transport.name === "stream";
		});
	});
});

test("the transport that worked in this tab is loaded at once, without a WebSocket first", async () => {
	doors.append(token(1));
	const until = clock.now() + 500_000;
	const memo = {
		getItem: () => `stream ${until}`,
		setItem() {},
		removeItem() {},
	};
	const { transport, words } = dial(source(), { memo });
	await seen(() => words().includes("1"));
	expect(transport.name).toBe("stream");
	expect(doors.to("").length).toBe(0);
});

test("a transport that is stopped while it loads stays silent", async () => {
	const from = source();
	let letGo: (value: HttpTransports) => void = () => {};
	const it = rig(
		(options) =>
			new AutoTransport(options, () => {
				from.asked++;
				return new Promise((resolve) => {
					letGo = resolve;
				});
			}),
		doors.url,
		{ clock },
	);
	it.transport.start();
	await seen(async () => {
		await clock.advance(50);
		return from.asked === 1;
	});
	it.transport.stop();
	const before = it.reported.length;
	letGo(transports);
	await lull();
	await clock.advance(60_000);
	expect(it.reported.length).toBe(before);
});

test("a transport that is selected by name is loaded and used alone", async () => {
	doors.append(token(1));
	const it = rig(pinnedTransport("poll"), doors.url, { clock });
	made.push(it.transport);
	it.transport.start();
	expect(it.transport.send({ type: "ping" })).toBe(false);
	await seen(async () => {
		await clock.advance(50);
		return it.words().includes("1");
	});
	expect(it.transport.name).toBe("poll");
	expect(doors.to("").length).toBe(0);
});

test.each(["web-socket", "", "constructor", "__proto__"])(
	"a transport that is called %p is the best that works",
	(name) => expect(selectTransport(name)).toBe(autoTransport),
);
