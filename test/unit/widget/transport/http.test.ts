import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Ready } from "../../../../protocol/frames.ts";
import { encodeComment, encodeEvent } from "../../../../protocol/sse.ts";
import {
	pollTransport,
	streamTransport,
} from "../../../../widget/transport/http.ts";
import type { TransportFactory } from "../../../../widget/transport/transport.ts";
import {
	type Asked,
	eventStream,
	FakeDoors,
	token,
} from "../../../support/fake-doors.ts";
import { lull, type Rig, rig, seen } from "../../../support/transport-rig.ts";

let doors: FakeDoors;
const rigs: Rig[] = [];
beforeEach(() => {
	doors = new FakeDoors();
});
afterEach(async () => {
	for (const { transport } of rigs.splice(0)) transport.stop();
	await doors.close();
});

const known = {
	conversation: "c1",
	token: "t1",
	epoch: "e1",
	after: 0,
} as const;
const text = JSON.stringify;

function dial(
	make: TransportFactory,
	more: Parameters<typeof rig>[2] = {},
): Rig {
	const made = rig(make, doors.url, more);
	rigs.push(made);
	made.transport.start();
	return made;
}

async function dialed(make: TransportFactory, more = {}): Promise<Rig> {
	const made = dial(make, { hello: known, ...more });
	await seen(() => made.frames.length > 0);
	return made;
}

const refusal =
	(status: number, data: object, headers = {}) =>
	() =>
		Response.json(
			{ type: "control", action: "error", data: { text: "No.", ...data } },
			{ status, headers },
		);

const isForStream = ({ headers }: Asked) =>
	headers.get("accept") === "text/event-stream";

const portal = () =>
	new Response("<!doctype html><h1>Please log in</h1>", {
		headers: { "Content-Type": "text/html; charset=utf-8" },
	});

for (const [name, make] of [
	["stream", streamTransport],
	["poll", pollTransport],
] as const)
	describe(`the transport ${name}`, () => {
		test("sends hello by POST on a first visit, then reads with the token it was given", async () => {
			const { frames, hello } = dial(make);
			await seen(() => doors.to("events").length === 1);
			doors.append(token(1));
			await seen(() => hello.after === 1);
			const [greeting, ...more] = doors.to("frames");
			expect(more).toEqual([]);
			expect(greeting?.headers.get("authorization")).toBe(null);
			const [reading] = doors.to("events");
			expect(reading?.headers.get("authorization")).toBe("Bearer t1");
			expect(reading?.query.get("conversation")).toBe("c1");
			expect(frames.filter(({ type }) => type === "ready")).toHaveLength(1);
		});

		test("goes straight to the events endpoint when it knows conversation and token", async () => {
			doors.append(token(1), token(2), token(3));
			const { words } = await dialed(make, { hello: { ...known, after: 1 } });
			await seen(() => words().length >= 3);
			expect(words()).toEqual(["ready", "2", "3"]);
			expect(doors.to("frames")).toEqual([]);
			const { query, headers } = doors.to("events")[0] ?? {};
			expect(query?.get("after")).toBe("1");
			expect(query?.get("epoch")).toBe("e1");
			expect(headers?.get("authorization")).toBe("Bearer t1");
			expect(`${query}`).not.toContain("t1");
		});

		test("keeps the token out of the body of a hello", async () => {
			dial(make, { hello: { token: "t1" } });
			await seen(() => doors.to("frames").length === 1);
			const [{ body, headers }] = doors.to("frames") as [never];
			expect(body).not.toContain("t1");
			expect(headers).toBeDefined();
		});

		test("posts in order, one at a time, and waits for each answer", async () => {
			const { transport } = await dialed(make);
			const answers: (() => void)[] = [];
			doors.instead.frames = () =>
				new Promise((resolve) =>
					answers.push(() => resolve(Response.json({ type: "pong" }))),
				);
			for (const message of ["a", "b", "c"])
				expect(transport.send({ type: "stop", message })).toBe(true);
			const sent = () =>
				doors.to("frames").map(({ body }) => JSON.parse(body).message);
			await seen(() => answers.length === 1);
			await lull();
			expect(sent()).toEqual(["a"]);
			answers[0]?.();
			await seen(() => answers.length === 2);
			answers[1]?.();
			await seen(() => answers.length === 3);
			expect(sent()).toEqual(["a", "b", "c"]);
		});

		test("takes no more than 32 frames that wait", async () => {
			const { transport } = await dialed(make);
			doors.instead.frames = () => new Promise(() => {});
			const taken = Array.from({ length: 40 }, () =>
				transport.send({ type: "stop" }),
			);
			expect(taken.filter(Boolean)).toHaveLength(32);
		});

		test("carries nothing before ready and nothing after stop", async () => {
			const made = dial(make, { hello: known });
			expect(made.transport.send({ type: "ping" })).toBe(false);
			await seen(() => made.frames.length > 0);
			expect(made.transport.send({ type: "ping" })).toBe(true);
			made.transport.stop();
			made.transport.stop();
			expect(made.transport.send({ type: "ping" })).toBe(false);
		});

		test("passes on a pong, and no event out of the answer to a POST", async () => {
			const { transport, words } = await dialed(make);
			doors.instead.frames = ({ body }) =>
				Response.json(
					JSON.parse(body).type === "ping" ? { type: "pong" } : token(99),
				);
			transport.send({ type: "retry", message: "a" });
			transport.send({ type: "ping" });
			await seen(() => words().includes("pong"));
			expect(words()).not.toContain("99");
		});

		test("passes on a rejection of one send under its id, and stays open", async () => {
			const { transport, frames, reported } = await dialed(make);
			doors.instead.frames = refusal(413, { code: "too_large" });
			transport.send({ type: "send", id: "m1", content: "x" });
			await seen(() => frames.some(({ type }) => type === "control"));
			expect(frames.find(({ type }) => type === "control")).toEqual({
				type: "control",
				action: "error",
				data: { code: "too_large", text: "No.", id: "m1" },
			});
			doors.instead.frames = undefined;
			expect(transport.send({ type: "ping" })).toBe(true);
			expect(reported).toEqual(["dialing 1"]);
		});

		test("a proxy's own limit for a request refuses that message, and no other", async () => {
			const { transport, frames, reported } = await dialed(make);
			doors.instead.frames = () =>
				new Response("<h1>413</h1>", {
					status: 413,
					headers: { "Content-Type": "text/html" },
				});
			transport.send({ type: "send", id: "m1", content: "x" });
			await seen(() => frames.some(({ type }) => type === "control"));
			expect(frames.find(({ type }) => type === "control")).toMatchObject({
				data: { code: "too_large", id: "m1" },
			});
			expect(reported).toEqual(["dialing 1"]);
		});

		test("a rate limit that names a send is the session's, one that names none is the connection's", async () => {
			const { transport, words, reported } = await dialed(make);
			doors.instead.frames = refusal(429, {
				code: "rate_limited",
				id: "m1",
				retryAfter: 9,
			});
			transport.send({ type: "send", id: "m1", content: "x" });
			await seen(() => words().includes("error"));
			doors.instead.frames = refusal(429, {
				code: "rate_limited",
				retryAfter: 60_000,
			});
			transport.send({ type: "send", id: "m2", content: "x" });
			await seen(() => reported.length === 2);
			expect(reported).toEqual(["dialing 1", "waiting 60375"]);
			expect(transport.send({ type: "ping" })).toBe(false);
		});

		test("a POST without an answer in 10 s ends the connection", async () => {
			const { transport, clock, reported } = await dialed(make);
			doors.instead.frames = () => new Promise(() => {});
			transport.send({ type: "stop" });
			await seen(() => doors.to("frames").length === 1);
			await clock.advance(9_999);
			await lull();
			expect(reported).toEqual(["dialing 1"]);
			await clock.advance(1);
			await seen(() => reported.length === 2);
		});

		test("an expired credential is final at each endpoint", async () => {
			doors.instead.events = refusal(401, { code: "unauthorized" });
			const { reported, clock } = dial(make, { hello: known });
			await seen(() => reported.length === 2);
			expect(reported).toEqual(["dialing 1", "refused unauthorized: No."]);
			await clock.advance(120_000);
			await lull();
			expect(doors.to("events")).toHaveLength(1);
			expect(clock.pending).toBe(0);

			doors.instead.events = undefined;
			const other = await dialed(make);
			doors.instead.frames = refusal(401, { code: "unauthorized" });
			other.transport.send({ type: "stop" });
			await seen(() => other.reported.length === 2);
			expect(other.reported[1]).toBe("refused unauthorized: No.");
		});

		test("an overload is waited out, for as long as the server says", async () => {
			for (const [answer, least] of [
				[refusal(503, { code: "unavailable", retryAfter: 5_000 }), 5_000],
				[refusal(429, { code: "rate_limited" }, { "Retry-After": "7" }), 7_000],
				[
					() =>
						new Response("", { status: 502, headers: { "Retry-After": "3" } }),
					3_000,
				],
				[() => Response.json({ error: "busy" }, { status: 503 }), 0],
			] as const) {
				doors.instead.events = answer;
				const { reported } = dial(make, { hello: known });
				await seen(() => reported.length === 2);
				expect(reported[1]).toBe(`waiting ${least + 375}`);
			}
		});

		test("a date in Retry-After is understood", async () => {
			const made = rig(make, doors.url, { hello: known });
			rigs.push(made);
			doors.instead.events = () =>
				new Response("", {
					status: 503,
					headers: {
						"Retry-After": new Date(made.clock.now() + 8_000).toUTCString(),
					},
				});
			made.transport.start();
			await seen(() => made.reported.length === 2);
			expect(made.reported[1]).toBe("waiting 8375");
		});

		test("a captive portal is a dead network, not an answer", async () => {
			doors.instead.events = portal;
			doors.instead.frames = portal;
			for (const hello of [known, {}]) {
				const { reported, frames, failed } = dial(make, { hello });
				await seen(() => reported.length === 2);
				expect(reported).toEqual(["dialing 1", "waiting 375"]);
				expect(frames).toEqual([]);
				expect(failed).toEqual([]);
			}
		});

		test("a portal that comes up later ends the connection", async () => {
			const { transport, reported, words } = await dialed(make);
			doors.instead.frames = portal;
			transport.send({ type: "send", id: "m1", content: "x" });
			await seen(() => reported.length === 2);
			expect(reported[1]).toStartWith("waiting");
			expect(words()).not.toContain("error");
		});

		test("a 403 or 404 of a proxy is not final", async () => {
			for (const status of [403, 404, 407]) {
				doors.instead.events = () =>
					new Response("<h1>Blocked</h1>", {
						status,
						headers: { "Content-Type": "text/html" },
					});
				const { reported } = dial(make, { hello: known });
				await seen(() => reported.length === 2);
				expect(reported[1]).toBe("waiting 375");
			}
		});

		test("reconnects after growing waits, and continues from the cursor", async () => {
			doors.append(token(1));
			doors.instead.events = () => new Response("", { status: 500 });
			const { reported, clock, words } = dial(make, { hello: known });
			await seen(() => reported.length === 2);
			await clock.advance(375);
			await seen(() => reported.length === 4);
			doors.instead.events = undefined;
			await clock.advance(750);
			await seen(() => words().length >= 2);
			expect(words()).toEqual(["ready", "1"]);
			expect(reported).toEqual([
				"dialing 1",
				"waiting 375",
				"dialing 2",
				"waiting 750",
				"dialing 3",
			]);
		});

		test("a second hello reads again from there, with a ready of its own", async () => {
			doors.append(token(1), token(2));
			const { transport, words, hello, clock } = await dialed(make);
			await seen(() => words().length === 3);
			hello.after = 1;
			expect(transport.send({ ...hello })).toBe(true);
			await seen(() => words().length >= 5);
			expect(words()).toEqual(["ready", "1", "2", "ready", "2"]);
			expect(doors.to("frames")).toEqual([]);
			await lull();
			await clock.advance(250);
			doors.append(token(3));
			await seen(() => words().length === 6);
			await lull();
			expect(words().slice(5)).toEqual(["3"]);
		});

		test("stop drops everything, late answers too", async () => {
			const { transport, clock, words } = await dialed(make);
			doors.instead.frames = () => new Promise(() => {});
			transport.send({ type: "stop" });
			await seen(() => doors.to("frames").length === 1);
			transport.stop();
			doors.append(token(1));
			await seen(() => doors.asked.at(-1)?.gone);
			expect(words().filter((word) => word === "1")).toEqual([]);
			expect(clock.pending).toBe(0);
		});

		test("stop inside a listener ends the passing on of frames", async () => {
			doors.append(token(1), token(2), token(3));
			const heard: string[] = [];
			const made: Rig = dial(make, {
				hello: known,
				events: {
					greet: () => ({ type: "hello", version: 1, ...known }),
					receive: (frame) => {
						heard.push(frame.type);
						if (heard.length === 2) made.transport.stop();
					},
					dialing: () => {},
					waiting: () => {},
					refused: () => {},
				},
			});
			await seen(() => heard.length === 2);
			await lull();
			expect(heard).toEqual(["ready", "token"]);
		});

		test("reconnect connects again within 300 ms; a second call does not delay it", async () => {
			const { transport, clock, reported } = await dialed(make);
			transport.redial("wake");
			expect(reported).toEqual(["dialing 1", "waiting 150"]);
			await clock.advance(100);
			transport.redial("online");
			await clock.advance(50);
			expect(reported).toEqual(["dialing 1", "waiting 150", "dialing 1"]);
		});

		test("redial cuts a long wait short", async () => {
			doors.instead.events = () => new Response("", { status: 500 });
			const { transport, clock, reported } = dial(make, { hello: known });
			for (const ms of [375, 750, 1_500, 3_000]) {
				await seen(() => reported.at(-1) === `waiting ${ms}`);
				if (ms < 3_000) await clock.advance(ms);
			}
			transport.redial("online");
			expect(reported.at(-1)).toBe("waiting 150");
		});

		test("another epoch is passed on and read from 1", async () => {
			doors.append(token(1), token(2));
			const { words, hello, transport, clock } = await dialed(make);
			await seen(() => hello.after === 2);
			doors.epoch = "e2";
			doors.log.length = 0;
			transport.redial("wake");
			await clock.advance(150);
			await seen(() => hello.epoch === "e2");
			doors.append(token(1, "new"));
			await lull();
			await clock.advance(250);
			await seen(() => hello.after === 1);
			expect(words().filter((word) => word !== "ping")).toEqual([
				...["ready", "1", "2"],
				...["ready", "1"],
			]);
		});

		test("a sent frame whose event never arrives counts as swallowed", async () => {
			const { transport, clock, failed, reported, words } = await dialed(make);
			if (make === pollTransport) await clock.advance(250);
			await seen(
				() => make === streamTransport || doors.to("events").length === 2,
			);
			doors.instead.frames = ({ body }) =>
				Response.json(
					JSON.parse(body).type === "ping" ? { type: "pong" } : token(1),
				);
			transport.send({ type: "send", id: "m1", content: "x" });
			transport.send({ type: "ping" });
			await seen(() => words().includes("pong"));
			await clock.advance(4_999);
			expect(failed).toEqual([]);
			await clock.advance(1);
			await seen(() => failed.length === 1);
			expect(failed).toEqual(["swallowed"]);
			expect(reported.at(-1)).toStartWith("waiting");
		});

		test("stop does not wait for sent frames", async () => {
			const { transport, clock, words } = await dialed(make);
			doors.instead.frames = ({ body }) =>
				JSON.parse(body).type === "send" && Response.json(token(1));
			transport.send({ type: "send", id: "m1", content: "x" });
			transport.send({ type: "ping" });
			await seen(() => words().includes("pong"));
			transport.stop();
			expect(clock.pending).toBe(0);
		});

		test("a sent frame whose event arrives counts for nothing", async () => {
			const { transport, clock, failed, hello } = await dialed(make);
			transport.send({ type: "send", id: "m1", content: "x" });
			await lull();
			await clock.advance(250);
			await seen(() => hello.after === 1);
			await clock.advance(5_000);
			await lull();
			expect(failed).toEqual([]);
		});
	});

describe("a stream", () => {
	/** Everything that makes bytes hard: CRLF, CR, comments, ids, several events, wide characters. */
	const words = "Grüße 👩‍👩‍👧 日本語 e\u0301 שלום";
	const tricky = (ready: Ready) =>
		[
			`: padding\r\n\r\n`,
			`id: e1.0\r\ndata: ${text(ready)}\r\n\r\n`,
			encodeEvent(text(token(1, words)), "e1.1"),
			`data:${text(token(2, words))}\r\r`,
			encodeComment("alive"),
			`event: message\ndata: ${text({ type: "ping", head: 2 })}\n\n`,
			encodeEvent(text({ type: "news", of: "a later version" })),
			encodeEvent(text(token(3, "."))),
		].join("");

	async function readIn(pieces: Uint8Array[]) {
		doors.instead.events = () =>
			eventStream(
				new ReadableStream({
					async pull(controller) {
						const piece = pieces.shift();
						if (!piece) return new Promise(() => {});
						controller.enqueue(piece);
						// Without a turn of its own each piece would be merged into one chunk.
						await Bun.sleep(0);
					},
				}),
			);
		const made = await dialed(streamTransport);
		await seen(() => made.hello.after === 3);
		made.transport.stop();
		return made.frames;
	}

	test("reads the same in one piece, byte by byte and cut at random", async () => {
		const bytes = new TextEncoder().encode(tricky({ ...doors.ready, head: 3 }));
		const whole = await readIn([bytes]);
		expect(whole.map(({ type }) => type)).toEqual([
			"ready",
			"token",
			"token",
			"ping",
			"token",
		]);
		expect(whole[1]).toEqual(token(1, words));
		const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
		expect(await readIn(single)).toEqual(whole);
		let seed = 7;
		const pieces: Uint8Array[] = [];
		for (let at = 0; at < bytes.length; ) {
			seed = (seed * 48_271) % 2_147_483_647;
			const length = 1 + (seed % 13);
			pieces.push(bytes.slice(at, at + length));
			at += length;
		}
		expect(await readIn(pieces)).toEqual(whole);
	});

	test("whose first frame does not come within 5 s is swallowed", async () => {
		let write: ((chunk: string) => void) | undefined;
		doors.instead.events = () =>
			eventStream(
				new ReadableStream({
					start: (controller) => {
						controller.enqueue(": padding\n\n");
						write = (chunk) => controller.enqueue(chunk);
					},
				}),
			);
		const { clock, failed, reported, frames } = dial(streamTransport, {
			hello: known,
		});
		await seen(() => write);
		await clock.advance(3_000);
		// A proxy may let a crumb through.
		write?.(": padding\n\n");
		await lull();
		await clock.advance(1_999);
		await lull();
		expect(failed).toEqual([]);
		await clock.advance(1);
		await seen(() => reported.length === 2);
		expect(failed).toEqual(["swallowed"]);
		await seen(() => doors.to("events")[0]?.gone);
		expect(frames).toEqual([]);
	});

	test("whose answer does not start is swallowed, despite a POSTed hello", async () => {
		doors.instead.events = () => new Promise(() => {});
		const { clock, failed, words } = dial(streamTransport);
		await seen(() => doors.to("events").length === 1);
		expect(words()).toEqual(["ready"]);
		await clock.advance(5_000);
		await seen(() => failed.length === 1);
		expect(failed).toEqual(["swallowed"]);
	});

	test("that receives nothing for a heartbeat and 10 s is dropped, despite pongs", async () => {
		let beat = () => {};
		doors.instead.events = (asked) =>
			isForStream(asked) &&
			eventStream(
				new ReadableStream({
					start: (controller) => {
						controller.enqueue(encodeEvent(text(doors.ready)));
						beat = () =>
							controller.enqueue(encodeEvent(text({ type: "ping", head: 0 })));
					},
				}),
			);
		const { transport, clock, reported, failed, words } =
			await dialed(streamTransport);
		for (const pings of [1, 2, 3]) {
			await clock.advance(24_999);
			beat();
			await seen(
				() => words().filter((word) => word === "ping").length === pings,
			);
		}
		await clock.advance(24_999);
		transport.send({ type: "ping" });
		await seen(() => words().includes("pong"));
		expect(reported).toEqual(["dialing 1"]);
		await clock.advance(1);
		await seen(() => reported.length === 2);
		expect(reported[1]).toBe("waiting 400");
		expect(failed).toEqual([]);
	});

	test("whose rest is held back is detected by a ping", async () => {
		doors.instead.events = (asked) =>
			isForStream(asked) &&
			eventStream(
				new ReadableStream({
					start: (controller) =>
						controller.enqueue(encodeEvent(text(doors.ready))),
				}),
			);
		const { transport, clock, failed, words } = await dialed(streamTransport);
		transport.send({ type: "ping" });
		await seen(() => words().includes("pong"));
		expect(doors.to("frames")).toEqual([]);
		await clock.advance(5_000);
		await lull();
		expect(failed).toEqual([]);

		doors.append(token(1));
		transport.send({ type: "ping" });
		await seen(() => words().filter((word) => word === "pong").length === 2);
		expect(words()).not.toContain("1");
		await clock.advance(5_000);
		await seen(() => failed.length === 1);
		expect(failed).toEqual(["swallowed"]);
	});

	test("that ends is replaced at once, as after any blip", async () => {
		doors.append(token(1));
		doors.instead.events = () =>
			eventStream(encodeEvent(text(doors.ready)) + encodeEvent(text(token(1))));
		const { reported, hello, clock } = await dialed(streamTransport);
		await seen(() => reported.length === 2);
		expect(reported).toEqual(["dialing 1", "waiting 375"]);
		doors.instead.events = undefined;
		await clock.advance(375);
		await seen(() => doors.to("events").length === 2);
		expect(doors.to("events")[1]?.query.get("after")).toBe(`${hello.after}`);
	});

	test("that does not begin with ready, or is not a stream, counts as a dead network", async () => {
		for (const answer of [
			() => eventStream(encodeEvent(text(token(1)))),
			() => eventStream("data: <html>\n\n"),
			() => Response.json({ ready: doors.ready, events: [] }),
		]) {
			doors.instead.events = answer;
			const { reported, frames } = dial(streamTransport, { hello: known });
			await seen(() => reported.length === 2);
			expect(reported[1]).toStartWith("waiting");
			expect(frames).toEqual([]);
		}
	});

	test("that is a portal's page fails at once, even if it never ends", async () => {
		doors.instead.events = () =>
			new Response(
				new ReadableStream({
					start: (controller) => controller.enqueue("<h1>Please log in"),
				}),
				{ headers: { "Content-Type": "text/html" } },
			);
		const { reported, failed } = dial(streamTransport, { hello: known });
		await seen(() => reported.length === 2);
		expect(failed).toEqual([]);
		await seen(() => doors.to("events")[0]?.gone);
	});

	test("that ends with an error frame follows it", async () => {
		const bye = (code: string) =>
			encodeEvent(
				text({
					type: "control",
					action: "error",
					data: { code, text: "Bye.", retryAfter: 2_000 },
				}),
			);
		doors.instead.events = () =>
			eventStream(encodeEvent(text(doors.ready)) + bye("unavailable"));
		const one = dial(streamTransport, { hello: known });
		await seen(() => one.reported.length === 2);
		expect(one.reported[1]).toBe("waiting 2375");
		doors.instead.events = () =>
			eventStream(encodeEvent(text(doors.ready)) + bye("unauthorized"));
		const two = dial(streamTransport, { hello: known });
		await seen(() => two.reported.length === 2);
		expect(two.reported[1]).toBe("refused unauthorized: Bye.");
		expect(two.words()).toEqual(["ready"]);
	});
});

describe("a poll", () => {
	test("asks for its first page at once and lets the server hold back the next", async () => {
		const { clock, words, frames } = await dialed(pollTransport);
		expect(words()).toEqual(["ready", "ping"]);
		expect(frames[1]).toEqual({ type: "ping", head: 0 });
		await clock.advance(249);
		await lull();
		expect(doors.to("events")).toHaveLength(1);
		await clock.advance(1);
		await seen(() => doors.to("events").length === 2);
		const waits = doors.to("events").map(({ query }) => query.get("wait"));
		expect(waits).toEqual(["0", "20"]);
		doors.append(token(1));
		await seen(() => words().includes("1"));
		expect(words()).toEqual(["ready", "ping", "1"]);
	});

	test("asks again at once when a page was held back longer than the gap", async () => {
		const { clock } = await dialed(pollTransport);
		await clock.advance(250);
		await seen(() => doors.to("events").length === 2);
		await clock.advance(1_000);
		doors.append(token(1));
		await seen(() => doors.to("events").length === 3);
		expect(doors.to("events")[2]?.query.get("after")).toBe("1");
	});

	test("drops a page after 30 s and backs off", async () => {
		const { clock, reported } = await dialed(pollTransport);
		await clock.advance(250);
		await seen(() => doors.to("events").length === 2);
		await clock.advance(29_999);
		await lull();
		expect(reported).toEqual(["dialing 1"]);
		await clock.advance(1);
		await seen(() => reported.length === 2);
		expect(reported[1]).toBe("waiting 400");
		await seen(() => doors.to("events")[1]?.gone);
	});

	test("passes on another ready when the log has become shorter between two pages", async () => {
		doors.append(token(1), token(2));
		const { clock, words } = await dialed(pollTransport);
		doors.log.pop();
		await clock.advance(250);
		await seen(() => words().length >= 5);
		expect(words()).toEqual(["ready", "1", "2", "ready", "1"]);
	});

	test("passes on another ready when the log was replaced between two pages", async () => {
		doors.append(token(1), token(2));
		const { clock, words, hello } = await dialed(pollTransport);
		doors.epoch = "e2";
		doors.log.splice(0, 2, token(1, "new"));
		await clock.advance(250);
		await seen(() => hello.epoch === "e2");
		await lull();
		expect(words()).toEqual(["ready", "1", "2", "ready", "1"]);
		await clock.advance(250);
		await seen(() => doors.to("events").length === 3);
		expect(doors.to("events")[2]?.query.get("after")).toBe("1");
	});
});
