import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { moduleProvider } from "../../../../server/providers/module.ts";
import type { Turn } from "../../../../server/providers/provider.ts";
import { canary, providerConformance } from "../../../conformance/provider.ts";
import { ask, failureOf, request } from "../../../support/ask.ts";
import { folderOf } from "../../../support/handbook.ts";
import { failures, families } from "../../../support/library-chunks.ts";

const files = {
	"generator.ts": `
		import { appendFileSync } from "node:fs";
		export default async function* (request: any, signal: AbortSignal) {
			const { content } = request.turns.at(-1);
			(globalThis as any).received = request.turns;
			if (content === "empty") return;
			if (content === "think") {
				yield { type: "reasoning-delta", text: "THOUGHT" };
				yield* ["<think>THOUGHT</th", "ink>Hel", "lo"];
				return;
			}
			if (content === "fail") throw new Error("${canary}");
			try {
				yield content;
				if (content === "endless")
					await new Promise((_, reject) =>
						signal.addEventListener("abort", () => reject(signal.reason)));
				yield " is";
				yield { text: " answered", usage: { input: 1, output: 2 } };
			} finally {
				if (content === "endless") appendFileSync(import.meta.dir + "/freed", "x");
			}
		}`,
	"object.ts": `
		export default {
			greeting: "Hello",
			closed: 0,
			async *reply() { yield this.greeting + this.closed; },
			close() { this.closed++; },
		};`,
	"string.js": `export default async () => "all at once";`,
	"deaf.js": `
		export default async function* () {
			yield "once";
			await new Promise(() => {});
		}`,
	"number.js": `export default async function* () { yield "a"; yield 7; }`,
	"nothing.js": `export default () => 7;`,
	"result.js": `
		export default () => ({
			[Symbol.asyncIterator]: () => ({ next: async () => undefined }),
		});`,
	"values.js": `
		export default async function* ({ turns }) {
			yield* JSON.parse(turns.at(-1).content);
		}`,
	"array.js": `export default () => ["a", "b"];`,
	"bytes.js": `
		export default async function* ({ turns }) {
			for (const byte of Buffer.from(turns.at(-1).content)) yield Uint8Array.of(byte);
		}`,
	"body.js": `
		export default ({ turns }) => new Response(turns.at(-1).content).body;`,
	"response.js": `
		export default async ({ turns }) => new Response(turns.at(-1).content, {
			headers: { "content-type": "text/event-stream" },
		});`,
	"refused.js": `export default () => new Response("${canary}", { status: 401 });`,
	"nested.js": `
		export default async function* () {
			yield (async function* () { yield "Hel"; yield undefined; yield null; })();
			yield new Response("lo");
		}`,
	"whole.js": `
		export default async () => ({ choices: [{ message: { content: "Hello" }, finish_reason: "stop" }] });`,
	"result.ai.js": `
		class Result {
			get fullStream() { return [{ type: "text-delta", text: "Hello" }].values(); }
			get textStream() { return [].values(); }
		}
		export default () => new Result();`,
	"getters.js": `
		class Message {
			constructor(text) { this.inner = text; }
			get content() { return this.inner; }
			get type() { return "ai"; }
		}
		export default function* () { yield new Message("Hel"); yield new Message("lo"); }`,
	"named.js": `export const reply = () => {};`,
	"wrong.js": `export default { answer() {} };`,
	"broken.js": `throw new Error("no luck");`,
};

let folder: ReturnType<typeof folderOf>;
beforeAll(() => {
	folder = folderOf(files);
});
afterAll(() => folder.delete());
const open = (name: string) => moduleProvider(`${folder.folder}/${name}`);

providerConformance("module", async () => ({
	provider: await open("generator.ts"),
	one: { request: request("one"), text: "one is answered" },
	other: { request: request("two"), text: "two is answered" },
	endless: {
		request: request("endless"),
		freed: async () => {
			const freed = Bun.file(`${folder.folder}/freed`);
			while (!(await freed.exists()));
		},
	},
	thinking: request("think"),
	empty: request("empty"),
	failing: request("fail"),
	received: () => (globalThis as { received?: Turn[] }).received ?? [],
}));

test("an object's reply is called as its method, and its close once", async () => {
	const provider = await open("object.ts");
	expect((await ask(provider, "hi")).text).toBe("Hello0");
	await provider.close?.();
	await provider.close?.();
	expect((await ask(provider, "hi")).text).toBe("Hello1");
});

test("a function may give a string", async () => {
	expect((await ask(await open("string.js"), "hi")).text).toBe("all at once");
});

test("a generator that is deaf to its abort is left behind", async () => {
	const provider = await open("deaf.js");
	const abort = new AbortController();
	const pieces = provider
		.reply(request("hi"), abort.signal)
		[Symbol.asyncIterator]();
	expect((await pieces.next()).value).toBe("once");
	const waiting = pieces.next();
	abort.abort();
	expect((await waiting).done).toBe(true);
});

test("a value that is no chunk fails, and the operator's log names its type", async () => {
	const { text, cause } = await failureOf(await open("number.js"), "hi");
	expect(text).toBe("a");
	expect(cause).toContain("got number");
	expect((await failureOf(await open("result.js"), "hi")).cause).toContain(
		"to give {value, done}; got undefined",
	);
	expect((await failureOf(await open("nothing.js"), "hi")).cause).toContain(
		"got number",
	);
});

describe("values of libraries", () => {
	test.each(families)("reads $name", async (family) => {
		const { values, name: _name, ...facts } = family;
		const question = JSON.stringify(values);
		const answer = await ask(await open("values.js"), question);
		expect(answer).toMatchObject({ text: "Hello", ...facts });
		expect(answer.unread).toBeUndefined();
	});

	test.each(failures)("$name breaks the answer off", async ({ values }) => {
		const question = JSON.stringify(values);
		const { text, error } = await failureOf(await open("values.js"), question);
		expect(text).toBe("Hel");
		expect(error.message).toBe("The answer broke off. Please try again.");
		expect(error.message).not.toContain("canary");
	});

	test("that are not understood are reported by their shape, without text", async () => {
		const values = ["a", { secret: "PRIVATE", list: [{ n: 1 }, 2] }, "b"];
		const question = JSON.stringify(values);
		const answer = await ask(await open("values.js"), question);
		expect(answer.text).toBe("ab");
		expect(answer.unread).toBe("{secret: string, list: [{n: number}, …]}");
	});

	test("may be objects with getters, a whole completion, or the AI SDK's result", async () => {
		for (const name of ["getters.js", "whole.js", "result.ai.js", "nested.js"])
			expect((await ask(await open(name), "hi")).text).toBe("Hello");
		expect((await ask(await open("array.js"), "hi")).text).toBe("ab");
	});
});

test("bytes are UTF-8, cut anywhere", async () => {
	const text = "Grüße 👋🏽";
	for (const name of ["bytes.js", "body.js"])
		expect((await ask(await open(name), text)).text).toBe(text);
});

test("a response is read by its content type, and fails by its status", async () => {
	const events = 'data: "Hel"\n\ndata: "lo"\n\n';
	expect((await ask(await open("response.js"), events)).text).toBe("Hello");
	const { cause } = await failureOf(await open("refused.js"), "hi");
	expect(cause).toContain("status 401");
	expect(cause).not.toContain(canary);
});

test.each([
	[
		"missing.ts",
		/^Expected CHAT_PROVIDER .* there is no file .*missing\.ts\.$/,
	],
	[
		"named.js",
		/to default-export an async function\* .* got no default export\.$/,
	],
	["wrong.js", /got object\.$/],
	["broken.js", /could not be loaded: no luck$/],
])("%s stops the start with a sentence", async (name, sentence) => {
	await expect(open(name)).rejects.toThrow(sentence);
});
