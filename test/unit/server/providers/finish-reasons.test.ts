import { describe, expect, test } from "bun:test";
import { endingOf } from "../../../../server/providers/finish-reasons.ts";

describe("the meaning of a finish reason", () => {
	test.each([
		["stop", "complete"],
		["STOP", "complete"],
		["tool-calls", "complete"],
		["end_turn", "complete"],
		["eosFound", "complete"],
		["FINISH_REASON_STOP", "complete"],
		["length", "length"],
		["MAX_TOKENS", "length"],
		["model_length", "length"],
		["maxPredictedTokensReached", "length"],
		["content-filter", "filtered"],
		["Content_Filter", "filtered"],
		["content_filter: PROHIBITED_CONTENT", "filtered"],
		["FinishReason.SAFETY", "filtered"],
		["RECITATION", "filtered"],
		["SPII", "filtered"],
	] as const)("%s means %s", (word, ending) => {
		expect(endingOf(word)).toBe(ending);
	});

	test.each([
		"error",
		"abort",
		"cancelled",
		"insufficient_system_resource",
		"network_error",
		"unknown",
		"OTHER",
		"MALFORMED_FUNCTION_CALL",
		"FINISH_REASON_UNSPECIFIED",
		"a word of next year",
		"…",
	])("%s is not known to be good, so the answer broke off", (word) => {
		expect(endingOf(word)).toBe("brokenOff");
	});

	test.each([undefined, null, "", "null", "not_finished", 1, {}])(
		"%p reports no end",
		(word) => {
			expect(endingOf(word)).toBeUndefined();
		},
	);
});
