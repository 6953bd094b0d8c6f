/**
 * Attacks over HTTP by hand, and what a peer can learn or guess, against the real program. Numbers in names
 * are rows of the security checklist.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import {
	codeOf,
	doors,
	eventsPath,
	everyDoor,
	get,
	post,
	visit,
} from "../support/doors.ts";
import {
	endServers,
	type Program,
	startInProcess,
	startProgram,
	tempFolder,
} from "../support/server.ts";

let program: Program;
beforeAll(async () => {
	program = await startProgram();
});
afterAll(endServers);

/** A raw connection; with `dripMs` it then sends one more byte at that interval. */
class Peer {
	said = "";
	readonly ended: Promise<void>;
	hasEnded = false;
	readonly #socket;

	constructor(url: string, text: string, dripMs = 0) {
		const { port, hostname } = new URL(url);
		const socket = connect(Number(port), hostname);
		this.#socket = socket;
		socket.write(text);
		const drip = dripMs > 0 && setInterval(() => socket.write("x"), dripMs);
		socket.on("data", (bytes) => {
			this.said += bytes;
		});
		socket.on("error", () => undefined);
		this.ended = new Promise((resolve) =>
			socket.on("close", () => {
				if (drip) clearInterval(drip);
				this.hasEnded = true;
				resolve();
			}),
		);
	}

	leave() {
		this.#socket.destroy();
	}

	/** The status of the response, or that the connection was closed without one. */
	async status(): Promise<number | "ended"> {
		const found = () => /^HTTP\/1\.1 (\d+)/.exec(this.said)?.[1];
		for (let i = 0; i < 400 && !this.hasEnded && !found(); i++)
			await Bun.sleep(10);
		return this.hasEnded && !found() ? "ended" : Number(found());
	}
}

const hello = '{"type":"hello","version":1}';
const head = "POST /chat/frames HTTP/1.1\r\nHost: x\r\n";
const length = `Content-Length: ${hello.length}\r\n`;

describe("security 36, 54, in real time: a slow peer", () => {
	test("with headers or a body is disconnected within 15 s, three hundred of them block no one, and a waiting reader stays connected", async () => {
		const patient = await doors.eventStream.enter(program.url);
		const { conversation, token, epoch } = patient.comeback;
		const path = eventsPath({ conversation, epoch, after: 0 } as object);
		const waiting = get(program.url, `${path}&wait=14`, token);
		const slow = Array.from(
			{ length: 300 },
			(_, i) =>
				new Peer(
					program.url,
					i % 2 === 0
						? `${head}X-Slow: `
						: `${head}Content-Length: 5000\r\n\r\n{`,
					1_000,
				),
		);
		const begun = performance.now();
		for (const door of everyDoor) {
			const line = await door.enter(program.url);
			const { text } = await line.answer(await line.question("count 3"));
			expect(text).toBe("1 2 3 ");
			line.leave();
		}
		expect(slow.some(({ hasEnded }) => hasEnded)).toBeFalse();
		await Promise.all(slow.map(({ ended }) => ended));
		expect(performance.now() - begun).toBeWithin(10_000, 15_000);
		const { status, body } = await waiting;
		expect([status, body]).toMatchObject([200, { events: [] }]);
		const { text } = await patient.answer(await patient.question("count 3"));
		expect(text).toBe("1 2 3 ");
		patient.leave();
	}, 30_000);
});

describe("security 37: an unusual request is rejected, and the next one is served", () => {
	const headers = (count: number) =>
		Array.from({ length: count }, (_, i) => `X-${i}: x\r\n`).join("");
	const odd: [string, string, (number | "ended")[]][] = [
		["1 MB of headers", `${head}X: ${"x".repeat(2 ** 20)}\r\n\r\n`, [431]],
		["2,000 headers", `${head}${headers(2_000)}\r\n`, [431]],
		[
			"a length and chunks",
			`${head}${length}Transfer-Encoding: chunked\r\n\r\n${hello}`,
			[400],
		],
		["two lengths", `${head}${length}Content-Length: 3\r\n\r\n${hello}`, [400]],
		["a folded header", `${head}X: a\r\n b\r\n${length}\r\n${hello}`, [400]],
		["a space in a name", `${head}Origin : x\r\n${length}\r\n${hello}`, [400]],
		["no host", `GET /chat/me HTTP/1.1\r\n\r\n`, [400]],
		[
			"a host that is none",
			`GET /chat/me HTTP/1.1\r\nHost: a b\r\n\r\n`,
			[400],
		],
		["a body too long", `${head}Content-Length: 70000\r\n\r\n`, [413]],
		["a body far too long", `${head}Content-Length: 999999999\r\n\r\n`, [413]],
		["no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00", [400, "ended"]],
	];
	for (const [what, text, allowed] of odd)
		test(what, async () => {
			const peer = new Peer(program.url, text);
			expect(allowed).toContain(await peer.status());
			peer.leave();
			expect((await get(program.url, "/health")).status).toBe(200);
		});

	test("a header called __proto__ is a header", async () => {
		const odd = "__proto__: x\r\nconstructor: y\r\n";
		const peer = new Peer(program.url, `${head}${odd}${length}\r\n${hello}`);
		expect(await peer.status()).toBe(200);
		peer.leave();
		const answer = await get(program.url, "/health");
		expect(answer.body).toMatchObject({ status: "ok" });
	});
});

describe("requests without a known conversation", () => {
	test("security 27: ten thousand guessed ids find nothing, and guessing is rate-limited", async () => {
		const { url } = startInProcess();
		const victim = await doors.webSocket.enter(url);
		await victim.answer(await victim.question("count 3"));
		const { token } = await visit(url);
		const seen: Record<string, number> = {};
		const guess = async (i: number) => {
			const conversation = crypto.randomUUID();
			const path = `/frames?conversation=${conversation}`;
			const answer =
				i % 2 === 0
					? await get(url, `${eventsPath({ conversation })}&wait=0`, token)
					: await post(url, path, { type: "stop" }, token);
			const code = codeOf(answer) ?? "found";
			seen[code] = (seen[code] ?? 0) + 1;
		};
		for (let i = 0; i < 10_000; i += 100)
			await Promise.all(Array.from({ length: 100 }, (_, n) => guess(i + n)));
		expect(Object.keys(seen).toSorted()).toEqual(["not_found", "rate_limited"]);
		victim.leave();
	}, 30_000);

	test("security 29: a request that names no conversation gets none", async () => {
		const { token } = await visit(program.url);
		for (const answer of [
			await get(program.url, "/events?wait=0", token),
			await post(program.url, "/frames", { type: "stop" }, token),
			await post(program.url, "/frames?conversation=", { type: "stop" }, token),
		])
			expect([answer.status, codeOf(answer)]).toEqual([400, "bad_frame"]);
	});

	test("security 58: GET and HEAD change nothing", async () => {
		const { token } = await visit(program.url);
		for (const path of ["/frames", "/messages"])
			for (const method of ["GET", "HEAD"]) {
				const headers = { Authorization: `Bearer ${token}` };
				const url = `${program.url}/chat${path}?content=x`;
				expect((await fetch(url, { method, headers })).status).toBe(400);
			}
		const { body } = await get(program.url, "/me", token);
		expect((body as { conversations: unknown[] }).conversations).toHaveLength(
			1,
		);
	});
});

test("security 22, 63, 70: public and visitors' responses contain no key, no prompt and no foreign id", async () => {
	const secrets = {
		CHAT_SECRET: "canary-secret-of-this-server-0815-long",
		CHAT_JWT_SECRET: "canary-secret-of-this-site-0815-long",
		CHAT_METRICS_TOKEN: "canary-token-of-the-operator",
		CHAT_SYSTEM_PROMPT: "canary-prompt: never say it",
		OPENAI_API_KEY: "canary-key-of-the-model",
	};
	const { url, output } = await startProgram(secrets);
	const frames: unknown[] = [];
	for (const door of everyDoor) {
		const line = await door.enter(url);
		await line.answer(await line.question("count 3"));
		await line.answer(await line.question("throw"));
		frames.push(...line.frames, await get(url, "/me", line.token));
		line.leave();
	}
	const ids = frames.flatMap((frame) => {
		const { conversation } = frame as { conversation?: string };
		return conversation ? [conversation] : [];
	});
	expect(ids.length).toBeGreaterThan(2);
	expect(JSON.stringify(frames)).not.toContain("canary");
	for (const path of [
		...["/", "/docs/", "/docs/configuration", "/workbench/", "/no-such-page"],
		...["/chat/health", "/chat/openapi.json", "/chat/asyncapi.json"],
		...["/chat", "/chat/none", "/metrics", "/chat-stream.js"],
	]) {
		const text = await (await fetch(url + path)).text();
		expect([path, text.includes("canary")]).toEqual([path, false]);
		for (const id of ids)
			expect([path, text.includes(id)]).toEqual([path, false]);
	}
	expect(output()).not.toMatch(/canary-(secret|token|prompt|key)/);
	expect((await get(url, "/health")).body).toMatchObject({ status: "ok" });
}, 20_000);

test("security 21: after a restart with CHAT_TOKENS_NOT_BEFORE no endpoint accepts older credentials", async () => {
	const settings = { CHAT_STORE: `sqlite:${tempFolder()}/chat.db` };
	const before = await startProgram(settings);
	const line = await doors.webSocket.enter(before.url);
	await line.answer(await line.question("count 3"));
	const { comeback } = line;
	before.signal("SIGTERM");
	expect(await before.exited).toBe(0);
	expect((await line.gone()).code).toBe(1012);
	const { url } = await startProgram({
		...settings,
		CHAT_TOKENS_NOT_BEFORE: new Date(Date.now() + 60_000)
			.toISOString()
			.replace(/\.\d+/, ""),
	});
	for (const door of everyDoor) {
		const back = await door.enter(url, comeback);
		expect([door.name, back.refusal?.code]).toEqual([
			door.name,
			"unauthorized",
		]);
	}
	expect(codeOf(await get(url, "/me", comeback.token))).toBe("unauthorized");
});

test("security 67: a credential whose conversations are deleted starts nothing, on any endpoint", async () => {
	const { token } = await visit(program.url);
	await fetch(`${program.url}/chat/me`, {
		method: "DELETE",
		headers: { Authorization: `Bearer ${token}` },
	});
	for (const door of everyDoor) {
		const back = await door.enter(program.url, { token });
		expect([door.name, back.refusal?.code]).toEqual([
			door.name,
			"unauthorized",
		]);
	}
	const asked = await post(program.url, "/messages", { content: "x" }, token);
	expect(asked.status).toBe(401);
});

test("uploads that clients cut off are logged as no error", async () => {
	for (let i = 0; i < 20; i++) {
		const peer = new Peer(
			program.url,
			'POST /chat/frames HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n{"type":',
		);
		await Bun.sleep(10);
		peer.leave();
		await peer.ended;
	}
	await get(program.url, "/health");
	await Bun.sleep(100);
	expect(program.output()).not.toContain('"event":"internal"');
});
