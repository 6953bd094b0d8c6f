/** The http provider against a real FastAPI, which many owners have. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { httpProvider } from "../../../../server/providers/http.ts";
import { canary } from "../../../conformance/provider.ts";
import { ask, failureOf, request } from "../../../support/ask.ts";
import { ensureDebian } from "../../../support/ensure-debian.ts";

const python = "/usr/bin/python3";
const installMs = 180_000;

let url = "";
let server: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;

beforeAll(async () => {
	ensureDebian(["python3-fastapi", "python3-uvicorn"], canImport);
	server = Bun.spawn(
		[python, "-m", "uvicorn", "fastapi_app:app", "--port", "0"],
		{
			cwd: join(import.meta.dir, "../../../support"),
			env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
			stdin: "ignore",
			stdout: "ignore",
			stderr: "pipe",
		},
	);
	url = await addressFrom(server.stderr);
}, installMs);

afterAll(async () => {
	server?.kill();
	await server?.exited;
});

function canImport(): boolean {
	try {
		return Bun.spawnSync([python, "-c", "import fastapi, uvicorn"]).success;
	} catch {
		// No Python at all.
		return false;
	}
}

/** uvicorn says where it listens, and goes on writing: what follows is read away. */
async function addressFrom(log: ReadableStream<Uint8Array>): Promise<string> {
	const reader = log.getReader();
	const decoder = new TextDecoder();
	let said = "";
	for (;;) {
		const { value, done } = await reader.read();
		said += decoder.decode(value, { stream: true });
		const found = /running on (http:\/\/[\d.:]+)/.exec(said)?.[1];
		if (found) {
			const drain = async () => {
				while (!(await reader.read()).done);
			};
			void drain();
			return found;
		}
		if (done) throw new Error(`uvicorn did not start: ${said}`);
	}
}

describe("FastAPI", () => {
	test.each(["text", "untyped", "events", "lines", "json", "slash"])(
		"answers whole from /%s",
		async (path) => {
			const provider = httpProvider({ url: `${url}/${path}` });
			const answer = await ask(provider, "Grüße, 世界");
			expect(answer.text).toBe("You said: Grüße, 世界 👋🏽 ");
			if (path === "lines")
				expect(answer.usage).toEqual({ input: 3, output: 4 });
			if (path === "json")
				expect(answer.sources).toEqual([{ title: "Hello", url: "/hello" }]);
		},
	);

	test("an abort reaches the endpoint's generator", async () => {
		const provider = httpProvider({ url: `${url}/endless` });
		const abort = new AbortController();
		const conversation = "c-left";
		const pieces = provider
			.reply(request("go", { conversation }), abort.signal)
			[Symbol.asyncIterator]();
		expect((await pieces.next()).done).toBe(false);
		abort.abort();
		let left: string[] = [];
		while (!left.includes(conversation))
			left = (await (await fetch(`${url}/left`)).json()) as string[];
		expect(left).toContain(conversation);
	});

	test("an exception in the middle of a stream is a broken answer", async () => {
		const provider = httpProvider({ url: `${url}/breaks` });
		const { error, text } = await failureOf(provider, "hi");
		expect(text).toBe("half an ");
		expect(error.message).toBe("The answer broke off. Please try again.");
	});

	test("an error keeps its words to itself", async () => {
		const provider = httpProvider({ url: `${url}/fails` });
		const { error, cause } = await failureOf(provider, "hi");
		expect(error.message).not.toContain(canary);
		expect(cause).toContain(canary);
	});

	test("a body that it refuses fails, too", async () => {
		const provider = httpProvider({ url: `${url}/nowhere` });
		const { cause } = await failureOf(provider, "hi");
		expect(cause).toContain("404");
	});
});
