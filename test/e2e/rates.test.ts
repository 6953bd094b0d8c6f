/**
 * Limits per address, per visitor and for all, over the wire. Numbers in names are rows of the security
 * checklist.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { closeCodeOf } from "../../protocol/errors.ts";
import { systemClock } from "../../server/clock.ts";
import type { Config } from "../../server/config/config.ts";
import { memoryStore } from "../../server/store/memory.ts";
import {
	codeOf,
	doors,
	eventsPath,
	get,
	post,
	type SocketLine,
	visit,
} from "../support/doors.ts";
import { RawSocket } from "../support/raw-socket.ts";
import { endServers, startInProcess } from "../support/server.ts";

afterAll(endServers);

const { webSocket, plainJson } = doors;
const hello = { type: "hello", version: 1 } as const;
const behindProxy = { trustedProxies: ["127.0.0.0/8", "::1"] };
const from = (address: string) => ({ "X-Forwarded-For": address });
const start = (settings: Partial<Config>) => startInProcess({ settings });

/** Opens a connection from an address. @returns the status of the handshake. */
async function dial(url: string, address: string) {
	const raw = new RawSocket(url, from(address));
	await raw.when(() => raw.handshake !== "", "answer");
	return { raw, status: Number(raw.handshake.split(" ")[1]) };
}

async function say(raw: RawSocket, ...frames: object[]) {
	const before = raw.texts.length;
	raw.say(...frames);
	await raw.when(() => raw.ended || raw.texts.length > before, "answer");
	return raw.texts[before];
}

const limited = (id?: string) => ({
	type: "control",
	action: "error",
	data: {
		code: "rate_limited",
		retryAfter: expect.any(Number),
		...(id && { id }),
	},
});

describe("one address", () => {
	test("opens a limited number of connections per minute, then gets a retry time", async () => {
		const { url } = start({ ...behindProxy, maxConnectionsPerMinute: 3 });
		for (let i = 0; i < 3; i++) {
			const { raw, status } = await dial(url, "198.51.100.1");
			expect(status).toBe(101);
			raw.destroy();
		}
		const { raw, status } = await dial(url, "198.51.100.1");
		expect(status).toBe(429);
		const [, after] = raw.handshake.match(/retry-after: (\d+)/i) ?? [];
		expect(Number(after)).toBeGreaterThan(50);
		expect((await dial(url, "198.51.100.2")).status).toBe(101);
		// A new visitor over HTTP counts as a new connection; a returning one does not.
		const body = JSON.stringify(hello);
		const first = await post(
			url,
			"/frames",
			body,
			undefined,
			from("198.51.100.1"),
		);
		expect(first.status).toBe(429);
		expect(first.body).toMatchObject(limited());
		expect(Number(first.headers.get("retry-after"))).toBeGreaterThan(50);
		const known = await post(
			url,
			"/frames",
			body,
			undefined,
			from("198.51.100.9"),
		);
		const { token } = known.body as { token: string };
		const back = await post(url, "/frames", body, token, from("198.51.100.1"));
		expect(back.status).toBe(200);
	});

	test("has a limited number of open connections, and of connections before hello", async () => {
		const { url } = start({
			...{
				...behindProxy,
				maxPendingConnections: 2,
				maxConnectionsPerAddress: 3,
			},
			helloMs: 60_000,
		});
		const address = "2001:db8::1";
		const one = await dial(url, address);
		// Security 45: addresses of one /64 count as one.
		const two = await dial(url, "2001:db8::2");
		expect([one.status, two.status]).toEqual([101, 101]);
		expect((await dial(url, "2001:db8::3")).status).toBe(429);
		expect((await dial(url, "2001:db8:0:1::3")).status).toBe(101);
		expect(await say(one.raw, hello)).toMatchObject({ type: "ready" });
		const three = await dial(url, address);
		expect(three.status).toBe(101);
		expect(await say(two.raw, hello)).toMatchObject({ type: "ready" });
		expect((await dial(url, address)).status).toBe(429);
		// A closed connection frees its place.
		three.raw.destroy();
		const again = async (): Promise<number> => {
			const { status } = await dial(url, address);
			return status === 429 ? again() : status;
		};
		expect(await again()).toBe(101);
	});

	test("security 44: is not taken from a header of an untrusted peer", async () => {
		const { url } = start({
			trustedProxies: ["192.0.2.1"],
			maxConnectionsPerMinute: 1,
		});
		// All of these come from localhost, which has no per-address limits.
		for (let i = 0; i < 5; i++)
			expect((await dial(url, "198.51.100.1")).status).toBe(101);
	});

	test("localhost is exempt, a visitor on it is not", async () => {
		const { url } = start({
			maxConnectionsPerMinute: 1,
			maxPendingConnections: 1,
			maxConnectionsPerAddress: 1,
			maxConnectionsPerVisitor: 2,
		});
		const first = await webSocket.enter(url);
		const second = await webSocket.enter(url, first.comeback);
		expect(second.ready).toBeDefined();
		const third = await webSocket.enter(url, first.comeback);
		expect(third.refusal).toMatchObject(limited().data);
		expect(third.closed?.code).toBe(closeCodeOf("rate_limited"));
		const poll = await get(
			url,
			`/events?conversation=${first.comeback.conversation}&wait=0`,
			first.comeback.token,
		);
		expect(poll.status).toBe(429);
		first.leave();
		second.leave();
	});
});

describe("one connection", () => {
	test("security 34: accepts a limited number of frames and protocol pings per second", async () => {
		const { url } = start({ maxFramesPerSecond: 10 });
		for (const kind of ["frames", "pings"] as const) {
			const raw = new RawSocket(url);
			await say(raw, hello);
			for (let i = 0; i < 25 && !raw.ended; i++)
				if (kind === "frames") raw.say({ type: "ping" });
				else raw.ping();
			await raw.when(() => raw.closeCode !== undefined, "close");
			expect(raw.closeCode).toBe(4429);
			expect(raw.texts.at(-1)).toMatchObject(limited());
		}
	});

	test("and a visitor without one makes a limited number of requests per second", async () => {
		const { url } = start({ maxFramesPerSecond: 5 });
		const { comeback } = await plainJson.enter(url);
		const path = `/frames?conversation=${comeback.conversation}`;
		const answers = await Promise.all(
			Array.from({ length: 20 }, () =>
				post(url, path, { type: "ping" }, comeback.token),
			),
		);
		const statuses = answers.map(({ status }) => status);
		expect(statuses.filter((status) => status === 200).length).toBeLessThan(6);
		expect(statuses).toContain(429);
	});
});

describe("one visitor", () => {
	test("security 47: sends a limited number of messages per minute; the next is rejected by its id, without asking the model, and the connection stays open", async () => {
		const { url, provider } = start({ maxMessagesPerMinute: 3 });
		const line = (await webSocket.enter(url)) as SocketLine;
		const ids = [];
		for (let i = 0; i < 3; i++) {
			const id = await line.question(`count ${i}`);
			await line.answer(id);
			ids.push(id);
		}
		const send = { type: "send", id: "one-too-many", content: "x" } as const;
		expect(await line.ask(send)).toMatchObject(limited("one-too-many"));
		const retry = { type: "retry", message: ids[0] ?? "" } as const;
		expect(await line.ask(retry)).toMatchObject(limited(ids[0]));
		expect(provider.asked).toHaveLength(3);
		// A repeat does not count.
		const repeat = {
			type: "send",
			id: ids[0] ?? "",
			content: "count 0",
		} as const;
		const again = await webSocket.enter(url, { ...line.comeback, after: 0 });
		expect(await again.ask(repeat)).not.toMatchObject(limited());
		expect(line.closed).toBeUndefined();
		// On every endpoint, and for this visitor only.
		const { conversation, token } = line.comeback;
		const plain = { conversation, content: "count 1" };
		const asked = await post(url, "/messages", plain, token);
		expect(asked.status).toBe(429);
		expect(Number(asked.headers.get("retry-after"))).toBeGreaterThan(0);
		const other = await post(url, "/messages", { content: "count 1" });
		expect(other.status).toBe(200);
		line.leave();
		again.leave();
	});

	test("sends a limited number of messages per day", async () => {
		const { url } = start({ maxMessagesPerDay: 1 });
		const line = await webSocket.enter(url);
		await line.answer(await line.question("count 1"));
		const refusal = await line.ask({ type: "send", id: "b", content: "x" });
		const { retryAfter } = (refusal as { data: { retryAfter: number } }).data;
		expect(refusal).toMatchObject(limited("b"));
		expect(retryAfter).toBeGreaterThan(80_000_000);
		line.leave();
	});

	test("cannot start conversations without limit", async () => {
		const { url } = start({});
		const { token } = (await webSocket.enter(url)).comeback;
		let status = 200;
		for (let i = 0; i < 70 && status === 200; i++)
			({ status } = await post(url, "/frames", hello, token));
		expect(status).toBe(429);
	});
});

/** A server on a store whose next read waits until `goOn` is called; `begun` resolves when it waits. */
async function withHeldRead() {
	const store = memoryStore(systemClock);
	const settings = { maxConnectionsPerVisitor: 1 };
	const { url } = startInProcess({ store, settings });
	const visitor = await visit(url);
	const { read } = store;
	const begun = Promise.withResolvers<void>();
	const held = Promise.withResolvers<void>();
	store.read = async (...args) => {
		store.read = read;
		begun.resolve();
		await held.promise;
		return read(...args);
	};
	return { ...visitor, url, begun: begun.promise, goOn: held.resolve };
}

test("a visitor can download one copy at a time", async () => {
	const { url, token, begun, goOn } = await withHeldRead();
	const copying = get(url, "/me", token);
	await begun;
	expect(codeOf(await get(url, "/me", token))).toBe("rate_limited");
	goOn();
	expect((await copying).status).toBe(200);
	expect((await get(url, "/me", token)).status).toBe(200);
	const codes: unknown[] = [];
	for (let more = 0; more < 10; more++)
		codes.push(codeOf(await get(url, "/me", token)));
	expect(codes).toContain("rate_limited");
});

test("a request that is aborted before authentication holds no connection of its visitor", async () => {
	const { url, token, conversation, ready, begun, goOn } = await withHeldRead();
	const headers = { Authorization: `Bearer ${token}` };
	const body = JSON.stringify({ content: "count 3", conversation });
	const leaving = new AbortController();
	const { signal } = leaving;
	const init = { method: "POST", headers, body, signal };
	const asking = fetch(`${url}/chat/messages`, init);
	await begun;
	leaving.abort();
	await expect(asking).rejects.toThrow();
	// The server has seen the abort before it answers the next request.
	await get(url, "/health");
	goOn();
	const log = `${eventsPath({ ...ready, after: 0 })}&wait=0`;
	const isStored = async () => {
		const page = await get(url, log, token);
		return codeOf(page) === undefined && page.status === 200;
	};
	const until = Date.now() + 3_000;
	while (!(await isStored()) && Date.now() < until) await Bun.sleep(5);
	expect(await isStored()).toBeTrue();
});
