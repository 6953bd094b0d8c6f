/**
 * What the words for the end of an answer mean: one table for all providers. Knows no framing.
 *
 * A word that is not in the table means that the answer broke off. A new word for a failure would
 * otherwise pass for the end of a complete answer.
 */

/** How an answer ended, read from the word that the model's server sent. */
export type Ending = "complete" | "length" | "filtered" | "brokenOff";

/**
 * Words as the servers document them. Letter case, `_` and `-` do not matter.
 *
 * Sources, as of 2026: the API references of OpenAI (chat completions, responses), Azure OpenAI,
 * Anthropic, Google Gemini, Mistral, Cohere, Amazon Bedrock, DeepSeek, Zhipu, Baidu, IBM watsonx;
 * the source of vLLM, SGLang, llama.cpp, Ollama, LM Studio, Hugging Face TGI and the AI SDK.
 */
const words = {
	complete: [
		// OpenAI, Azure, Mistral, DeepSeek, vLLM, SGLang, llama.cpp, Ollama; Gemini in capitals
		"stop",
		"tool_calls",
		"function_call",
		// Anthropic, Bedrock
		"end_turn",
		"stop_sequence",
		"tool_use",
		// Hugging Face TGI, watsonx, Together, llama.cpp
		"eos_token",
		"eos",
		// Cohere, OpenAI responses, Bedrock Titan and Jurassic, Baidu
		"complete",
		"completed",
		"tool_call",
		"finish",
		"finished",
		"stop_criteria_met",
		"end_of_text",
		"normal",
		// LM Studio
		"eos_found",
		"stop_string_found",
	],
	length: [
		// OpenAI, Mistral, DeepSeek, vLLM, TGI, Ollama
		"length",
		"model_length",
		// Anthropic, Bedrock, Cohere; Gemini in capitals
		"max_tokens",
		"model_context_window_exceeded",
		"error_limit",
		// OpenAI responses, watsonx, llama.cpp
		"max_output_tokens",
		"max_completion_tokens",
		"token_limit",
		"limit",
		// LM Studio
		"max_predicted_tokens_reached",
		"context_length_reached",
	],
	filtered: [
		// OpenAI, Azure; OpenRouter adds ": PROHIBITED_CONTENT" and the like
		"content_filter",
		"content_filtered",
		// The contract of this product
		"filtered",
		// Anthropic, Bedrock
		"refusal",
		"guardrail_intervened",
		// Gemini
		"safety",
		"recitation",
		"blocklist",
		"prohibited_content",
		"spii",
		"model_armor",
		"image_safety",
		"image_recitation",
		"image_prohibited_content",
		// Cohere, Zhipu
		"error_toxic",
		"sensitive",
	],
} as const satisfies Partial<Record<Ending, readonly string[]>>;

const plain = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, "");

const endings = new Map<string, Ending>(
	(["complete", "length", "filtered"] as const).flatMap((ending) =>
		words[ending].map((word) => [plain(word), ending] as const),
	),
);

/** Sent by some servers with each chunk while the answer goes on. */
const unfinished = new Set(["null", "none", "notfinished"]);

/** @returns `undefined` if `word` reports no end: not a string, empty, or "not finished". */
export function endingOf(word: unknown): Ending | undefined {
	if (typeof word !== "string" || word.trim() === "") return undefined;
	const whole = plain(word);
	if (unfinished.has(whole)) return undefined;
	// "content_filter: PROHIBITED_CONTENT", "FinishReason.SAFETY", "FINISH_REASON_STOP"
	const first = plain(word.split(":")[0] ?? "");
	const bare = whole.replace(/^finishreason/, "");
	return (
		endings.get(whole) ?? endings.get(first) ?? endings.get(bare) ?? "brokenOff"
	);
}
