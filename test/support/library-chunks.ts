/**
 * Values as libraries and servers send them, each family with the text `Hello` and some thinking. Every provider that
 * takes foreign values reads all of them alike.
 */
type Family = {
	name: string;
	values: unknown[];
	usage?: { input: number; output: number };
	reason?: "length" | "filtered";
	sources?: { title: string; url: string }[];
};

const usage = { input: 3, output: 2 };
const choice = (delta: object, finish_reason: string | null = null) => ({
	choices: [{ index: 0, delta, finish_reason }],
});
const langChain = (content: unknown, more: object = {}) => ({
	lc: 1,
	type: "constructor",
	id: ["langchain_core", "messages", "AIMessageChunk"],
	kwargs: { content, tool_calls: [], ...more },
});

export const families: Family[] = [
	{
		name: "strings",
		values: ["Hel", "", "lo"],
	},
	{
		name: "this product's own",
		values: [
			{ text: "Hel" },
			{ text: "lo", usage },
			{ reason: "length", sources: [{ title: "A", url: "/a" }] },
		],
		usage,
		reason: "length",
		sources: [{ title: "A", url: "/a" }],
	},
	{
		name: "OpenAI's chat completions",
		values: [
			choice({ role: "assistant", content: null }),
			choice({ reasoning_content: "THOUGHT" }),
			choice({ content: "Hel" }),
			choice({ content: "lo" }),
			choice({}, "length"),
			{ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } },
		],
		usage,
		reason: "length",
	},
	{
		name: "OpenAI's completions without chat",
		values: [
			{ choices: [{ text: "Hel", finish_reason: null }] },
			{ choices: [{ text: "lo", finish_reason: "stop" }] },
		],
	},
	{
		name: "Mistral's lists with thinking",
		values: [
			choice({
				content: [
					{ type: "thinking", thinking: [{ type: "text", text: "THOUGHT" }] },
				],
			}),
			choice({ content: [{ type: "text", text: "Hello" }] }),
			choice({}, "stop"),
		],
	},
	{
		name: "OpenAI's responses",
		values: [
			{ type: "response.created", response: { id: "r", error: null } },
			{ type: "response.reasoning_summary_text.delta", delta: "THOUGHT" },
			{ type: "response.output_text.delta", delta: "Hel" },
			{ type: "response.output_text.delta", delta: "lo" },
			{ type: "response.output_text.done", text: "Hello" },
			{ type: "response.output_item.done", item: { content: [] } },
			{
				type: "response.incomplete",
				response: {
					status: "incomplete",
					incomplete_details: { reason: "max_output_tokens" },
					usage: { input_tokens: 3, output_tokens: 2 },
				},
			},
		],
		usage,
		reason: "length",
	},
	{
		name: "Anthropic's messages",
		values: [
			{
				type: "message_start",
				message: { content: [], usage: { input_tokens: 3, output_tokens: 1 } },
			},
			{
				type: "content_block_start",
				content_block: { type: "thinking", thinking: "" },
			},
			{
				type: "content_block_delta",
				delta: { type: "thinking_delta", thinking: "THOUGHT" },
			},
			{ type: "ping" },
			{
				type: "content_block_start",
				content_block: { type: "text", text: "" },
			},
			{
				type: "content_block_delta",
				delta: { type: "text_delta", text: "Hello" },
			},
			{ type: "content_block_stop", index: 1 },
			{
				type: "message_delta",
				delta: { stop_reason: "max_tokens" },
				usage: { output_tokens: 2 },
			},
			{ type: "message_stop" },
		],
		usage,
		reason: "length",
	},
	{
		name: "the AI SDK 4's full stream",
		values: [
			{ type: "step-start" },
			{ type: "reasoning", textDelta: "THOUGHT" },
			{ type: "text-delta", textDelta: "Hel" },
			{ type: "source", source: { url: "/a", title: "A" } },
			{ type: "text-delta", textDelta: "lo" },
			{ type: "source", source: { url: "/b" } },
			{
				type: "finish",
				finishReason: "content-filter",
				usage: { promptTokens: 3, completionTokens: 2 },
			},
		],
		usage,
		reason: "filtered",
		sources: [
			{ title: "A", url: "/a" },
			{ title: "/b", url: "/b" },
		],
	},
	{
		name: "the AI SDK 5's full stream",
		values: [
			{ type: "start" },
			{ type: "start-step", request: {} },
			{ type: "reasoning-start", id: "0" },
			{ type: "reasoning-delta", id: "0", text: "THOUGHT" },
			{ type: "tool-call", toolName: "find", input: { text: "INPUT" } },
			{ type: "tool-error", toolName: "find", error: { message: "no" } },
			{ type: "text-start", id: "1" },
			{ type: "text-delta", id: "1", text: "Hel" },
			{ type: "text-delta", id: "1", text: "lo" },
			{ type: "text-end", id: "1" },
			{ type: "finish-step", finishReason: "tool-calls" },
			{
				type: "finish",
				finishReason: "length",
				totalUsage: { inputTokens: 3, outputTokens: 2 },
			},
		],
		usage,
		reason: "length",
	},
	{
		name: "the AI SDK's stream for pages",
		values: [
			{ type: "start", messageId: "m" },
			{ type: "reasoning-delta", id: "0", delta: "THOUGHT" },
			{ type: "data-status", data: { text: "DATA" } },
			{ type: "text-delta", id: "1", delta: "Hel" },
			{ type: "source-url", sourceId: "s", url: "/a", title: "A" },
			{ type: "text-delta", id: "1", delta: "lo" },
			{ type: "finish" },
		],
		sources: [{ title: "A", url: "/a" }],
	},
	{
		name: "LangChain's messages",
		values: [
			langChain(""),
			langChain("", { additional_kwargs: { reasoning_content: "THOUGHT" } }),
			langChain("Hel"),
			langChain([
				{ type: "reasoning", reasoning: "THOUGHT" },
				{ type: "text", text: "lo" },
			]),
			{ ...langChain("HUMAN"), id: ["HumanMessage"] },
			langChain("", {
				response_metadata: { finish_reason: "length" },
				usage_metadata: { input_tokens: 3, output_tokens: 2 },
			}),
		],
		usage,
		reason: "length",
	},
	{
		name: "LangChain's plain messages and events",
		values: [
			{ type: "AIMessageChunk", content: "He", additional_kwargs: {} },
			[{ type: "ai", content: "l" }, { langgraph_node: "agent" }],
			{
				event: "on_chat_model_stream",
				data: { chunk: { type: "AIMessageChunk", content: "lo" } },
			},
			{ event: "on_chain_stream", data: { chunk: "AGAIN" } },
			{ type: "human", content: "HUMAN" },
		],
	},
	{
		name: "LlamaIndex",
		values: [
			{ delta: "Hel", raw: {}, message: { content: "Hel" } },
			{ delta: "lo", raw: {} },
		],
	},
	{
		name: "Ollama's chats",
		values: [
			{ message: { role: "assistant", content: "", thinking: "THOUGHT" } },
			{ message: { role: "assistant", content: "Hello" }, done: false },
			{
				message: { content: "" },
				done: true,
				done_reason: "length",
				prompt_eval_count: 3,
				eval_count: 2,
			},
		],
		usage,
		reason: "length",
	},
	{
		name: "Ollama's completions",
		values: [
			{ response: "Hel", done: false },
			{ response: "lo", done: false },
			{ response: "", done: true, done_reason: "stop", context: [1, 2] },
		],
	},
	{
		name: "Gemini",
		values: [
			{
				candidates: [
					{ content: { parts: [{ text: "THOUGHT", thought: true }] } },
				],
			},
			{
				candidates: [
					{ content: { parts: [{ text: "Hello" }] }, finishReason: "SAFETY" },
				],
				usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2 },
			},
		],
		usage,
		reason: "filtered",
	},
	{
		name: "Bedrock",
		values: [
			{ messageStart: { role: "assistant" } },
			{
				contentBlockDelta: {
					delta: { reasoningContent: { text: "THOUGHT" } },
				},
			},
			{ contentBlockDelta: { delta: { text: "Hello" } } },
			{ contentBlockStop: { contentBlockIndex: 0 } },
			{ messageStop: { stopReason: "max_tokens" } },
			{ metadata: { usage: { inputTokens: 3, outputTokens: 2 } } },
		],
		usage,
		reason: "length",
	},
	{
		name: "Cohere",
		values: [
			{ type: "message-start", delta: { message: { content: [] } } },
			{ type: "content-start", delta: { message: { content: { text: "" } } } },
			{
				type: "content-delta",
				delta: { message: { content: { text: "Hello" } } },
			},
			{
				type: "message-end",
				delta: {
					finish_reason: "MAX_TOKENS",
					usage: { tokens: { input_tokens: 3, output_tokens: 2 } },
				},
			},
		],
		usage,
		reason: "length",
	},
	{
		name: "Text Generation Inference",
		values: [
			{ token: { id: 1, text: "Hel", special: false }, generated_text: null },
			{ token: { id: 2, text: "lo", special: false }, generated_text: null },
			{
				token: { id: 3, text: "</s>", special: true },
				generated_text: "Hello",
			},
		],
	},
];

/** Values that report a failure after the text `Hel`. */
export const failures: { name: string; values: unknown[] }[] = [
	["an error", { error: { message: "canary" } }],
	["the AI SDK's error part", { type: "error", errorText: "canary" }],
	["Anthropic's error", { type: "error", error: { type: "overloaded_error" } }],
	[
		"a failed response",
		{ type: "response.failed", response: { error: { code: "canary" } } },
	],
	["a bad end", { type: "finish", finishReason: "error" }],
	["an abort", { type: "abort" }],
].map(([name, value]) => ({
	name: String(name),
	values: [{ text: "Hel" }, value],
}));
