import { afterEach, describe, expect, test } from "bun:test";
import { httpProvider } from "../../../../server/providers/http.ts";
import { ResponseReader } from "../../../../server/providers/response-reader.ts";
import { canary, providerConformance } from "../../../conformance/provider.ts";
import { ask, failureOf, request } from "../../../support/ask.ts";
import { manualClock } from "../../../support/clock.ts";
import {
	bytesOf,
	type Exchange,
	type FakeUpstream,
	fakeUpstream,
	fetchInParts,
} from "../../../support/fake-upstream.ts";
import { failures, families } from "../../../support/library-chunks.ts";

let upstream: FakeUpstream | undefined;
afterEach(async () => {
	await upstream?.stop();
	upstream = undefined;
});

async function against(answer: (exchange: Exchange) => void) {
	upstream = await fakeUpstream(answer);
	const url = `${upstream.url}/chat?key=k-1`;
	return { provider: httpProvider({ url }), exchanges: upstream.exchanges };
}

/** The answer to a body of one content type. */
async function answered(type: string | undefined, ...parts: string[]) {
	const { provider } = await against((exchange) => {
		exchange.open(type);
		for (const part of parts) exchange.send(part);
		exchange.end();
	});
	return ask(provider, "hi");
}

async function broken(type: string, ...parts: string[]) {
	const { provider } = await against((exchange) => {
		exchange.open(type);
		for (const part of parts) exchange.send(part);
		exchange.end();
	});
	return failureOf(provider, "hi");
}

/** The answer to a body that arrives in exactly these parts, without a network. */
const inParts = (type: string, parts: Iterable<Uint8Array>) =>
	httpProvider({ url: "http://a.example/", fetch: fetchInParts(type, parts) });

/** The bytes before and after each place where a body can be cut, and one by one. */
function* cutsOf(body: string, step = 1): Generator<Uint8Array[]> {
	const bytes = Buffer.from(body);
	yield bytesOf(body);
	for (let cut = 0; cut < bytes.length; cut += step)
		yield [bytes.subarray(0, cut), bytes.subarray(cut)];
}

const sse = "text/event-stream; charset=utf-8";
const lines = "application/x-ndjson";

providerConformance("http (hostile fake)", async () => {
	let last: Exchange | undefined;
	const fake = await fakeUpstream(async (exchange) => {
		last = exchange;
		const { content } = exchange.json.messages.at(-1);
		if (content === "fail") return exchange.answer(500, canary);
		const reason = /^finish: (.*)/.exec(content)?.[1];
		if (reason)
			return exchange
				.open(sse)
				.events({ text: "some words" }, { reason })
				.end();
		if (content === "empty") return exchange.open(sse).end();
		if (content === "think")
			return exchange
				.open(sse)
				.events(
					{ type: "reasoning-delta", delta: "THOUGHT" },
					{ message: { content: "", thinking: "THOUGHT" } },
					"<think>THOUGHT",
					"</think>Hel",
					"lo",
				)
				.end();
		exchange.open(sse).events(content, " is", " answered");
		if (content !== "endless") exchange.end();
	});
	return {
		provider: httpProvider({ url: `${fake.url}/?key=${canary}` }),
		one: { request: request("one"), text: "one is answered" },
		other: { request: request("two"), text: "two is answered" },
		endless: { request: request("endless"), freed: async () => last?.left },
		thinking: request("think"),
		empty: request("empty"),
		failing: request("fail"),
		received: () => last?.json.messages,
		finishing: (reason) => request(`finish: ${reason}`),
		close: fake.stop,
	};
});

test("the target of a redirect that is not followed is in the log, without its query", async () => {
	const { provider } = await against((exchange) =>
		exchange.open(undefined, 301, [`Location: /v2/chat?key=${canary}`]).end(),
	);
	const { cause } = await failureOf(provider, "hi");
	expect(cause).toContain("301 and redirects to http://127.0.0.1");
	expect(cause).toContain("/v2/chat;");
	expect(cause).not.toContain(canary);
});

test("the endpoint receives the conversation, the messages, the beginning, the context and the visitor", async () => {
	const { provider, exchanges } = await against((exchange) =>
		exchange.answer(200, '{"text":"ok"}'),
	);
	const turns = [
		{ role: "user" as const, content: "count" },
		{ role: "assistant" as const, content: "one" },
	];
	const context = { url: "https://example.org/" };
	const visitor = { id: "ann", claims: { plan: "pro" } };
	const more = { beginning: "one", context, visitor };
	await ask(provider, request("", { turns, ...more }));
	const [exchange] = exchanges;
	expect(exchange?.method).toBe("POST");
	expect(exchange?.path).toBe("/chat?key=k-1");
	expect(exchange?.headers.get("content-type")).toBe("application/json");
	expect(exchange?.json).toEqual({
		conversation: "c-1",
		message: "m-1",
		messages: turns,
		...more,
	});
	expect(provider.name).not.toContain("k-1");
});

test("headers of the owner's are sent", async () => {
	const { exchanges } = await against((exchange) =>
		exchange.answer(200, '{"text":"ok"}'),
	);
	const headers = { Authorization: "Bearer b-1" };
	await ask(httpProvider({ url: `${upstream?.url}/`, headers }), "hi");
	expect(exchanges[0]?.headers.get("authorization")).toBe("Bearer b-1");
});

describe("plain text", () => {
	test.each([["text/plain"], ["text/markdown; charset=utf-8"], [undefined]])(
		"of type %s comes in chunks as they are",
		async (type) => {
			const answer = await answered(type, "data: {", '"text"', "}\n\n");
			expect(answer.text).toBe('data: {"text"}\n\n');
		},
	);

	test("may be cut inside a character", async () => {
		const parts = bytesOf("Grüße 👋🏽");
		const fetch = fetchInParts("text/plain", parts);
		const provider = httpProvider({ url: "http://a.example/", fetch });
		expect((await ask(provider, "hi")).text).toBe("Grüße 👋🏽");
	});
});

describe("an event stream", () => {
	test("of plain text gives each event's data, a newline inside it kept", async () => {
		const answer = await answered(
			sse,
			"data: a\n\ndata:  b\ndata: c\n\n: x\n\n",
		);
		expect(answer.text).toBe("a b\nc");
	});

	test.each(["text", "content", "delta", "token"])(
		"of objects with %s gives that",
		async (field) => {
			const event = `data: ${JSON.stringify({ [field]: "a\n" })}\n\n`;
			expect((await answered(sse, event, event)).text).toBe("a\na\n");
		},
	);

	test("may contain usage, a reason and sources, in any event", async () => {
		const facts = {
			usage: { prompt_tokens: 1, completion_tokens: 2 },
			reason: "length",
			sources: [{ title: "A", url: "/a", more: 1 }, "/b", { title: "no url" }],
		};
		const event = `data: ${JSON.stringify({ text: "a", ...facts })}\n\n`;
		expect(await answered(sse, event, "data: [DONE]\n\n")).toMatchObject({
			text: "a",
			usage: { input: 1, output: 2 },
			reason: "length",
			sources: [
				{ title: "A", url: "/a" },
				{ title: "/b", url: "/b" },
			],
		});
	});

	test("in OpenAI's way is understood, with and without [DONE]", async () => {
		const chunk = (content: string, finish_reason: string | null) =>
			`data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason }] })}\n\n`;
		const whole = [chunk("a", null), chunk("b", "stop")];
		expect((await answered(sse, ...whole)).text).toBe("ab");
		await upstream?.stop();
		const done = [chunk("a", null), "data: [DONE]\n\n"];
		expect((await answered(sse, ...done)).text).toBe("a");
		await upstream?.stop();
		const { text, error } = await broken(sse, chunk("a", null));
		expect(text).toBe("a");
		expect(error.message).toContain("broke off");
	});

	test("ends at [DONE], whatever follows", async () => {
		const answer = await answered(
			sse,
			"data: a\n\ndata: [DONE]\n\ndata: b\n\n",
		);
		expect(answer.text).toBe("a");
	});

	test("may leave out the last blank line", async () => {
		expect((await answered(sse, "data: a\n\ndata: b")).text).toBe("ab");
	});

	test("of plain text may hold braces and objects of its own", async () => {
		const parts = ["{", '{"a": 1}', "}"];
		const events = parts.map((part) => `data: ${part}\n\n`);
		expect((await answered(sse, ...events)).text).toBe(parts.join(""));
	});

	test.each([
		["contains an error", `data: {"error":"${canary}"}\n\n`],
		["has an event of type error", `event: error\ndata: ${canary}\n\n`],
		["is cut inside an object", `data: {"text":"${canary}`],
	])("that %s is a broken answer", async (_, end) => {
		const { text, error } = await broken(sse, 'data: {"text":"a"}\n\n', end);
		expect(text).toBe("a");
		expect(error.message).toBe("The answer broke off. Please try again.");
	});
});

describe("an event stream of JSON strings", () => {
	const events = (...values: unknown[]) =>
		values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join("");

	test("is decoded, as FastAPI encodes what is yielded, wherever it is cut", async () => {
		const texts = ["„Grüße", ' "👋🏽"\n\n', "5", "null"];
		const body = events("„Grüße", null, ' "👋🏽"\n\n', 5, "null");
		for (const parts of cutsOf(body))
			expect((await ask(inParts(sse, parts), "hi")).text).toBe(texts.join(""));
	});

	test("may hold objects, which are no text", async () => {
		const body = events({ text: "a" }, "b", { sources: ["/s"] }, { step: 1 });
		const answer = await answered(sse, body);
		expect(answer.text).toBe("ab");
		expect(answer.sources).toEqual([{ title: "/s", url: "/s" }]);
		expect(answer.unread).toBe("{step: number}");
	});

	test("differs from plain text by its first event: later quotation marks are text", async () => {
		const plain = 'data: He said \n\ndata: "yes"\n\ndata: null\n\n';
		expect((await answered(sse, plain)).text).toBe('He said "yes"null');
		await upstream?.stop();
		const mark = 'data: "\n\ndata: Yes\n\ndata: "\n\n';
		expect((await answered(sse, mark)).text).toBe('"Yes"');
	});
});

test("events about the stream are no text", async () => {
	const answer = await answered(
		sse,
		'event: metadata\ndata: {"run_id": "r"}\n\n',
		'event: data\ndata: "Hel"\n\n',
		'event: data\ndata: {"content": "lo", "type": "AIMessageChunk"}\n\n',
		'event: status\ndata: {"step": "PRIVATE"}\n\n',
		"event: thinking\ndata: THOUGHT\n\n",
		'event: done\ndata: {"text": "Hello", "usage": {"input": 1, "output": 2}}\n\n',
		"event: end\ndata: {}\n\n",
	);
	expect(answer).toMatchObject({
		text: "Hello",
		usage: { input: 1, output: 2 },
		unread: "{step: string}",
	});
});

describe.each([
	["an event stream", sse, (json: string) => `data: ${json}\n\n`],
	["lines of JSON", lines, (json: string) => `${json}\n`],
])("%s of a library's values", (_, type, frame) => {
	const bodyOf = (values: unknown[]) =>
		values.map((value) => frame(JSON.stringify(value))).join("");

	test.each(families)("reads $name, wherever it is cut", async (family) => {
		const { values, name: _name, ...facts } = family;
		for (const parts of cutsOf(bodyOf(values), 11)) {
			const answer = await ask(inParts(type, parts), "hi");
			expect(answer).toMatchObject({ text: "Hello", ...facts });
			expect(answer.unread).toBeUndefined();
		}
	});

	test.each(failures)("$name breaks the answer off", async ({ values }) => {
		const { text, error } = await broken(type, bodyOf(values));
		expect(text).toBe("Hel");
		expect(error.message).toBe("The answer broke off. Please try again.");
	});
});

test.each([
	[
		"OpenAI's",
		{ choices: [{ delta: { content: "a" }, finish_reason: "tool_calls" }] },
		{ choices: [{ delta: { content: "b" }, finish_reason: "stop" }] },
	],
	[
		"Anthropic's",
		{ text: "a" },
		{ type: "message_delta", delta: { stop_reason: "tool_use" } },
		{ type: "message_stop" },
		{ text: "b" },
	],
])(
	"%s turn that ends to use a tool is not the end of the answer",
	async (_, ...values) => {
		const deltas = await Array.fromAsync(
			new ResponseReader(
				new Response(values.map((value) => JSON.stringify(value)).join("\n"), {
					headers: { "content-type": lines },
				}),
			).read(new AbortController().signal),
		);
		expect(deltas.map(({ text = "" }) => text).join("")).toBe("ab");
		expect(deltas.slice(0, -1).some(({ finished }) => finished)).toBe(false);
	},
);

test("the AI SDK 4's data stream is plain text with a header", async () => {
	const { provider } = await against((exchange) => {
		exchange.open("text/plain", 200, ["X-Vercel-AI-Data-Stream: v1"]);
		exchange.send(
			'f:{"messageId":"m"}\ng:"THOUGHT"\n0:"Hel"\n0:"lo"\nh:{"url":"/a"}\n',
		);
		exchange.send('d:{"finishReason":"length"}\n');
		exchange.end();
	});
	expect(await ask(provider, "hi")).toMatchObject({
		text: "Hello",
		reason: "length",
		sources: [{ title: "/a", url: "/a" }],
	});
});

test.each([
	["text/plain; charset=ISO-8859-1", [0x47, 0x72, 0xfc, 0xdf, 0x65], "Grüße"],
	['text/plain; charset="shift_jis"', [0x93, 0xfa, 0x96, 0x7b], "日本"],
	["text/plain; charset=nonsense", [0xc3, 0xbc], "ü"],
])("%s is decoded by its charset", async (type, bytes, text) => {
	const one = inParts(type, [Uint8Array.from(bytes)]);
	expect((await ask(one, "hi")).text).toBe(text);
	const each = bytes.map((byte) => Uint8Array.of(byte));
	expect((await ask(inParts(type, each), "hi")).text).toBe(text);
});

describe("a connection that was left from an earlier answer", () => {
	const network = (takesMs: number, failsAt: readonly number[]) => {
		const clock = manualClock();
		const inits: RequestInit[] = [];
		const provider = httpProvider({
			url: "http://a.example/",
			clock,
			async fetch(_, init = {}) {
				inits.push(init);
				if (!failsAt.includes(inits.length)) return new Response("ok");
				clock.sleep(takesMs);
				throw new Error("The socket was closed.");
			},
		});
		return { provider, inits };
	};

	test("and was closed meanwhile costs nothing: the request is repeated once, on a new one", async () => {
		const { provider, inits } = network(10, [2]);
		await ask(provider, "hi");
		expect((await ask(provider, "again")).text).toBe("ok");
		expect(inits.length).toBe(3);
		expect(inits[2]?.keepalive).toBe(false);
		expect(inits[2]?.body).toBe(inits[1]?.body);
	});

	test("is not blamed for the first request, a second failure or a late one", async () => {
		const first = network(10, [1]);
		await failureOf(first.provider, "hi");
		expect(first.inits.length).toBe(1);
		const twice = network(10, [2, 3]);
		await ask(twice.provider, "hi");
		await failureOf(twice.provider, "hi");
		expect(twice.inits.length).toBe(3);
		const late = network(5_000, [2]);
		await ask(late.provider, "hi");
		await failureOf(late.provider, "hi");
		expect(late.inits.length).toBe(2);
	});
});

describe("lines of JSON", () => {
	test("give their texts, cut anywhere", async () => {
		const body =
			'{"text":"a"}\r\n\n"b"\n{"message":{"content":"c"},"done":false}\n{"type":"ping"}\n{"usage":{"input":1,"output":2}}';
		for (const parts of [[body], [...body]]) {
			const answer = await answered(lines, ...parts);
			await upstream?.stop();
			expect(answer).toMatchObject({
				text: "abc",
				usage: { input: 1, output: 2 },
			});
		}
	});

	test("that are malformed are a broken answer", async () => {
		const { text, error } = await broken(lines, '{"text":"a"}\n', '{"text":');
		expect(text).toBe("a");
		expect(error.message).toContain("broke off");
	});
});

describe("one JSON object", () => {
	test("is the whole answer", async () => {
		const body = { content: "all", sources: [{ title: "A", url: "/a" }] };
		expect(
			await answered("application/json", JSON.stringify(body)),
		).toMatchObject({ text: "all", sources: body.sources });
	});

	test("may be a completion of OpenAI's", async () => {
		const body = { choices: [{ message: { content: "all" } }] };
		const answer = await answered("application/json", JSON.stringify(body));
		expect(answer.text).toBe("all");
	});

	test("that is malformed, empty or an error fails", async () => {
		for (const body of ["{", "{}", `{"error":"${canary}"}`]) {
			const { error } = await broken("application/json", body);
			await upstream?.stop();
			expect(error.message).not.toContain(canary);
		}
	});
});

test("an abort before the answer has begun ends at once", async () => {
	const abort = new AbortController();
	const { provider, exchanges } = await against(() => abort.abort());
	expect((await ask(provider, "hi", abort.signal)).text).toBe("");
	await exchanges[0]?.left;
});

describe("what fails", () => {
	test("a line without an end fails, whatever the type", async () => {
		for (const type of [sse, lines, "application/json"]) {
			const { provider, exchanges } = await against((exchange) => {
				exchange.open(type);
				for (let sent = 0; sent < 40; sent++) exchange.send("x".repeat(65_536));
			});
			const { cause } = await failureOf(provider, "hi");
			await exchanges[0]?.left;
			await upstream?.stop();
			expect(cause).toContain("at most 1048576 characters");
		}
	});

	test("a body cut in the middle is a broken answer, in every type", async () => {
		const beginnings = {
			"text/plain": "a",
			[sse]: "data: a\n\n",
			[lines]: '{"text":"a"}\n',
		};
		for (const [type, beginning] of Object.entries(beginnings)) {
			const { provider, exchanges } = await against((exchange) => {
				exchange.open(type).send(beginning);
			});
			const { signal } = new AbortController();
			const pieces = provider
				.reply(request("hi"), signal)
				[Symbol.asyncIterator]();
			expect((await pieces.next()).value).toBe("a");
			exchanges[0]?.cut();
			await expect(pieces.next()).rejects.toThrow("The answer broke off.");
			await upstream?.stop();
		}
	});

	test.each([400, 401, 404, 429, 500, 503])(
		"status %d fails, its words for the operator only",
		async (status) => {
			const { provider } = await against((exchange) =>
				exchange.answer(status, canary, ["Retry-After: 3"]),
			);
			const { error, cause } = await failureOf(provider, "hi");
			expect(error.message).not.toContain(canary);
			expect(cause).toContain(`${status}: ${canary}`);
			expect(error.retryAfter).toBe(status === 429 ? 3_000 : undefined);
		},
	);

	test("a web page or a picture is no answer", async () => {
		for (const type of ["text/html", "image/png"]) {
			const { error } = await broken(type, `<p>${canary}</p>`);
			await upstream?.stop();
			expect(error.message).not.toContain(canary);
		}
	});

	test("a host that is not there fails with a sentence", async () => {
		const { provider } = await against(() => undefined);
		await upstream?.stop();
		const { error } = await failureOf(provider, "hi");
		expect(error.message).toContain("not available right now");
	});
});

describe("a redirect", () => {
	test("is followed on the same origin, with the method and the body", async () => {
		const { provider, exchanges } = await against((exchange) =>
			exchange.path.startsWith("/chat")
				? exchange.open(undefined, 307, ["Location: /other/"]).end()
				: exchange.answer(200, '{"text":"ok"}'),
		);
		expect((await ask(provider, "hi")).text).toBe("ok");
		expect(exchanges[1]?.method).toBe("POST");
		expect(exchanges[1]?.body).toBe(exchanges[0]?.body ?? "");
	});

	test("is not followed to another origin, nor without limit", async () => {
		const other = await fakeUpstream((exchange) =>
			exchange.answer(200, '{"text":"stolen"}'),
		);
		for (const target of [other.url, "//127.0.0.2/", "/chat"]) {
			const { provider, exchanges } = await against((exchange) =>
				exchange.open(undefined, 308, [`Location: ${target}`]).end(),
			);
			const { cause } = await failureOf(provider, "hi");
			await upstream?.stop();
			expect(cause).toContain("redirects");
			expect(exchanges.length).toBe(target === "/chat" ? 4 : 1);
		}
		await other.stop();
		expect(other.exchanges).toEqual([]);
	});

	test("that changes the method is not followed", async () => {
		const { provider, exchanges } = await against((exchange) =>
			exchange.open(undefined, 302, ["Location: /other"]).end(),
		);
		await failureOf(provider, "hi");
		expect(exchanges.length).toBe(1);
	});
});

test("an address that is not http(s) is rejected by the setting's name", () => {
	expect(() => httpProvider({ url: "localhost:8000" })).toThrow(
		/^Expected CHAT_HTTP_URL to be an http or https address/,
	);
});
