import { describe, expect, test } from "bun:test";
import {
	lineOfPage,
	meaningOf,
	readVendorError,
} from "../../../../server/providers/vendor-errors.ts";

const wordsOf = (body: unknown) =>
	readVendorError(typeof body === "string" ? body : JSON.stringify(body)).words;

describe("the words of an error", () => {
	test.each([
		["error.message", { error: { message: "no such model" } }],
		["error as a string", { error: "no such model" }],
		["a list", [{ error: { code: 400, message: "no such model" } }]],
		["errors", { success: false, errors: [{ message: "no such model" }] }],
		["message", { object: "error", message: "no such model" }],
		["a message of an object", { message: { detail: "no such model" } }],
		["detail", { detail: "no such model" }],
		["detail as a list", { detail: [{ msg: "no such model" }] }],
		["capitals", { Message: "no such model" }],
		["error as a name", { error: "Not Found", message: "no such model" }],
		["a problem", { type: "about:blank", title: "x", detail: "no such model" }],
		["plain text", "  no\n such model\n"],
		["a page", "<html><style>a{}</style><h1>no such</h1> <p>model</p></html>"],
	])("are found in %s", (_, body) => {
		expect(wordsOf(body)).toMatch(/no such model/);
	});

	test("name the place of a field that is wrong", () => {
		const detail = [{ loc: ["body", "messages", 0], msg: "Field required" }];
		expect(wordsOf({ detail })).toBe("body.messages.0: Field required");
	});

	test("contain the words of the vendor behind a gateway, and the codes", () => {
		const error = {
			message: "Provider returned error",
			code: "upstream_error",
			metadata: { raw: '{"why":"gpu lost"}' },
		};
		expect(wordsOf({ error })).toBe(
			'Provider returned error ({"why":"gpu lost"}) (upstream_error)',
		);
	});

	test("are the JSON itself when no field is known", () => {
		expect(wordsOf({ ok: false, why: 7 })).toBe('{"ok":false,"why":7}');
	});

	test("are one line of bounded length of a page, without scripts", () => {
		const page = `<!doctype html><title>Sign in</title><script>let a = "<b>";</script><!-- c --><p>${"word ".repeat(200)}`;
		expect(lineOfPage(page)).toStartWith("Sign in word word");
		expect(lineOfPage(page).length).toBeLessThanOrEqual(200);
		expect(lineOfPage("<script>")).toBe("(without text)");
	});

	test("are found in linear time in a hostile page", () => {
		const started = performance.now();
		for (const part of ["<script ", "<!--", "<", "<style></style "])
			readVendorError(part.repeat(4_096 / part.length));
		expect(performance.now() - started).toBeLessThan(200);
	});

	test("are found in JSON of any depth", () => {
		expect(wordsOf(`${'{"error":'.repeat(900)}"x"${"}".repeat(900)}`)).not.toBe(
			"",
		);
	});
});

describe("the meaning of an error", () => {
	const meaning = (status: number | undefined, error: unknown) =>
		meaningOf(status, readVendorError(JSON.stringify({ error })));

	test.each([
		"This model's maximum context length is 8192 tokens. However, you requested 9001 tokens.",
		"Your input exceeds the context window of this model.",
		"the request exceeds the available context size, try increasing it",
		"Trying to keep the first 900 tokens when context the overflows.",
		"Cannot truncate prompt with n_keep (900) >= n_ctx (512)",
		"prompt is too long: 213462 tokens > 200000 maximum",
		"Input is too long for requested model.",
		"The input token count (9) exceeds the maximum number of tokens allowed (8).",
		"Prompt contains 9 tokens, too large for model with 8 maximum context length",
		"Your request exceeded model token limit: 8192",
		"`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
		"Please reduce the length of the messages or completion.",
		"The input (9 tokens) is longer than the model's context length (8 tokens).",
		"This model's maximum prompt length is 8 but the request contains 9 tokens.",
		"Range of input length should be [1, 30720]",
		"Prompt length (9) exceeds maximum input length (8)",
		"Prompt 超长",
	])("a full context is too long: %s", (message) => {
		expect(meaning(400, { message })).toBe("tooLong");
		expect(meaning(undefined, { message })).toBe("tooLong");
	});

	test("a code alone is enough", () => {
		expect(meaning(400, { code: "context_length_exceeded" })).toBe("tooLong");
		expect(meaning(400, { code: "content_filter" })).toBe("filtered");
		expect(meaning(413, {})).toBe("tooLong");
	});

	test.each([
		"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
		"Content Exists Risk",
		"Input data may contain inappropriate content.",
		"Your input was flagged for moderation",
	])("a filter on the prompt is no failure: %s", (message) => {
		expect(meaning(400, { message })).toBe("filtered");
	});

	test.each([
		[429, "Rate limit reached: too many tokens per minute", "busy"],
		[529, "Overloaded", "busy"],
		[503, "The model is overloaded", "busy"],
		[503, "Loading model", "unavailable"],
		[400, "Unknown parameter: stream_options", "unavailable"],
		[400, "max_tokens must be positive", "unavailable"],
		[401, "Invalid key", "unavailable"],
		[404, "The model `m` does not exist", "unavailable"],
		[500, "CUDA out of memory", "unavailable"],
	] as const)("%d %s is %s", (status, message, expected) => {
		expect(meaning(status, { message })).toBe(expected);
	});
});
