/** The http provider against a real FastAPI, which many owners have. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { httpProvider } from "../../../../server/providers/http.ts";
import { canary } from "../../../conformance/provider.ts";
import { ask, failureOf, request } from "../../../support/ask.ts";
import {
	installMs,
	startUvicorn,
	type Uvicorn,
} from "../../../support/uvicorn.ts";

let url = "";
let server: Uvicorn | undefined;

beforeAll(async () => {
	const folder = join(import.meta.dir, "../../../support");
	server = await startUvicorn(folder, "fastapi_app:app");
	url = server.url;
}, installMs);
afterAll(() => server?.stop());

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

	test("a body that it rejects fails, too", async () => {
		const provider = httpProvider({ url: `${url}/nowhere` });
		const { cause } = await failureOf(provider, "hi");
		expect(cause).toContain("404");
	});
});
