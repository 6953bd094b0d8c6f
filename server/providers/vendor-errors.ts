/**
 * Reads the errors of model servers: the words for the operator, and what they mean for the visitor.
 * Knows no vendor's package and no network.
 */

/** Most of a web page that is quoted, in UTF-16 units. */
const maxPageChars = 200;
/** Errors that stand in a list: the first few are quoted. */
const maxListed = 3;
const maxDepth = 6;

export type VendorError = {
	/** In one line, for the operator. */
	words: string;
	/** Codes and types, such as `context_length_exceeded`. */
	codes: string[];
};

/** Reads the body of an error: JSON of any shape, a web page, or text. */
export function readVendorError(body: string): VendorError {
	const text = body.trim();
	if (text === "") return { words: "(an empty body)", codes: [] };
	if (text.startsWith("<"))
		return { words: `a web page: ${lineOfPage(text)}`, codes: [] };
	try {
		return vendorErrorOf(JSON.parse(text));
	} catch {
		// Not JSON, so it is text.
		return { words: oneLine(text), codes: [] };
	}
}

/** Reads a decoded error. If no field is known, the words are its JSON. */
export function vendorErrorOf(value: unknown): VendorError {
	const codes: string[] = [];
	collectCodes(value, codes, 0);
	const said = wordsIn(value, 0) ?? JSON.stringify(value) ?? String(value);
	const unsaid = codes.filter((code) => !said.includes(code));
	const words = unsaid.length > 0 ? `${said} (${unsaid.join(", ")})` : said;
	return { words: oneLine(words), codes };
}

/** The text of a web page in one line, its title first. */
export function lineOfPage(page: string): string {
	const text = page
		.replace(/<(script|style)\b[\s\S]*?(<\/\1\s*>|$)/gi, " ")
		.replace(/<!--[\s\S]*?(-->|$)|<[^>]*(>|$)/g, " ");
	return oneLine(text).slice(0, maxPageChars) || "(without text)";
}

/** What a failure means for the visitor. */
export type Meaning = "tooLong" | "filtered" | "busy" | "unavailable";

/** @param status Of the response. `undefined`: the error came inside a stream. */
export function meaningOf(
	status: number | undefined,
	{ words, codes }: VendorError,
): Meaning {
	const all = `${words} ${codes.join(" ")}`;
	if (status === 429 || status === 529) return "busy";
	if (status === 413) return "tooLong";
	const isRequest =
		status === undefined || [400, 403, 404, 422, 451, 500].includes(status);
	if (isRequest && overflow.test(all)) return "tooLong";
	if (isRequest && filter.test(all)) return "filtered";
	return /\boverloaded/i.test(all) ? "busy" : "unavailable";
}

/**
 * The context window is full, in the words of OpenAI, Azure, vLLM, SGLang, llama.cpp, LM Studio, Ollama,
 * TGI, TensorRT-LLM, OpenRouter, Anthropic, Bedrock, Gemini, Mistral, Cohere, Groq, DashScope and
 * Zhipu.
 */
const overflow = new RegExp(
	[
		"context[ _-]?(length|window|size|limit)[^.]{0,60}(exceed|overflow|full|reached|too (long|large|small))",
		"(exceed|overflow|too (long|large)|longer|larger|greater|more)[^.]{0,80}context",
		"exceed\\w*[^.]{0,40}(token|context|length)\\w*[^.]{0,10}(limit|length|window|size)",
		"exceed_context|context_overflow|context the overflows|\\bn_ctx\\b",
		"maximum context|max(imum)?[ _](model|sequence|input|prompt)[ _-]?(length|len|tokens)",
		"(prompt|input|request|conversation|message)s? (is |are |was )?too (long|large)",
		"(input|prompt|token)s?[^.]{0,80}exceed\\w* [^.]{0,40}(max|limit|allowed|length)",
		"too many (input |prompt )?tokens|tokens?_?limit (is |was )?(exceeded|reached)|tokens_limit_reached",
		"reduce the (length|size|number)|string_above_max_length|range of input length",
		"(tokens|inputs?)\\b[^.]{0,40} must (be|have) (<=|≤|less than)",
		"超长|超过.{0,20}(长度|上下文)",
	].join("|"),
	"i",
);

/** The prompt was rejected by a content filter, in the words of Azure, OpenAI, DeepSeek and others. */
const filter =
	/content[_ ]filter|content[_ ]policy|content management policy|ResponsibleAIPolicyViolation|data_inspection_failed|inappropriate content|content exists risk|moderation_blocked|requires moderation|\bflagged\b.{0,30}\b(for|by|as)\b|PROHIBITED_CONTENT|safety system/i;

/** Fields that hold words, the most telling first. Letter case does not matter. */
const wordFields = [
	"error",
	"errors",
	"message",
	"detail",
	"details",
	"error_description",
	"error_message",
	"errormessage",
	"msg",
	"description",
	"reason",
	"title",
];

function wordsIn(value: unknown, depth: number): string | undefined {
	if (depth > maxDepth) return undefined;
	if (typeof value === "string") return value.trim() || undefined;
	if (Array.isArray(value)) {
		const found = value.flatMap((item) => wordsIn(item, depth + 1) ?? []);
		return found.slice(0, maxListed).join("; ") || undefined;
	}
	if (value === null || typeof value !== "object") return undefined;
	const fields = lowered(value);
	for (const name of wordFields) {
		// `{"error": {…}}` of many vendors; `{"error": "Bad Request", "message": "…"}` of frameworks.
		if (name === "error" && typeof fields.error === "string" && fields.message)
			continue;
		const found = wordsIn(fields[name], depth + 1);
		if (found === undefined) continue;
		const place = Array.isArray(fields.loc) ? `${fields.loc.join(".")}: ` : "";
		// OpenRouter quotes the words of the vendor behind it.
		const raw = wordsIn(lowered(fields.metadata).raw, depth + 1);
		return `${place}${found}${raw ? ` (${raw})` : ""}`;
	}
	return undefined;
}

function collectCodes(value: unknown, codes: string[], depth: number) {
	if (depth > maxDepth || value === null || typeof value !== "object") return;
	if (Array.isArray(value)) {
		for (const item of value.slice(0, maxListed))
			collectCodes(item, codes, depth + 1);
		return;
	}
	const fields = lowered(value);
	for (const name of ["code", "type", "status"]) {
		const code = fields[name];
		const isCode = typeof code === "string" && /^[\w.-]{2,60}$/.test(code);
		if (isCode && code !== "error" && !codes.includes(code)) codes.push(code);
	}
	for (const name of ["error", "errors", "innererror", "inner_error"])
		collectCodes(fields[name], codes, depth + 1);
}

function lowered(value: unknown): Record<string, unknown> {
	if (value === null || typeof value !== "object") return {};
	return Object.fromEntries(
		Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]),
	);
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
