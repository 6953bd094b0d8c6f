import { describe, expect, test } from "bun:test";
import { ChatError } from "../../../../protocol/errors.ts";
import { ProviderOutput } from "../../../../server/chat/provider-output.ts";

const silent = { refused() {}, unread() {} };

/** Reads chunks to the end, and what was reported meanwhile. */
function read(chunks: readonly unknown[]) {
	const refused: string[] = [];
	const unread: string[] = [];
	const output = new ProviderOutput({
		refused: (fact) => refused.push(fact),
		unread: (shape) => unread.push(shape),
	});
	const texts = chunks.map((chunk) => output.read(chunk).text);
	texts.push(output.end());
	return { output, text: texts.join(""), refused, unread };
}

describe("thinking at the beginning of the text", () => {
	test.each([
		["<think>\nHmm.\n</think>\n\nHello <b>", "Hello <b>"],
		[" \n<think></think><think>again</think> Hi", "Hi"],
		["<thinking>a < b</thinking>\n    code", "    code"],
		["[THINK]x[/THINK]y", "y"],
		["<reasoning>👋🏽</reasoning>👋🏽", "👋🏽"],
		["<think>never closed", ""],
		["Say <think>this</think>", "Say <think>this</think>"],
		["<thin ice>", "<thin ice>"],
		["<thi", "<thi"],
		["  Hello", "  Hello"],
		["\n", "\n"],
		["`<think>`", "`<think>`"],
	])("is taken out of %j, wherever the text is cut", (whole, answer) => {
		expect(read([whole]).text).toBe(answer);
		expect(read(whole.split("")).text).toBe(answer);
		for (let cut = 0; cut <= whole.length; cut++) {
			const halves = [whole.slice(0, cut), whole.slice(cut)];
			expect(read(halves).text).toBe(answer);
		}
	});

	test("counts as written, so that budgets notice it", () => {
		const output = new ProviderOutput(silent);
		expect(output.read("<think>abc")).toEqual({ text: "", chars: 10 });
	});

	test("is not held in memory, nor is endless white space", () => {
		const output = new ProviderOutput(silent);
		for (let chunk = 0; chunk < 1_000; chunk++) output.read(" ".repeat(100));
		expect(output.end()).toBe("");
		expect(() => output.checkNotEmpty()).toThrow(ChatError);
	});
});

describe("an answer without text", () => {
	test.each([
		[[]],
		[["", " ", "\n"]],
		[["<think>only this</think>"]],
		[[{ usage: { input: 1, output: 1 } }]],
		[[{ reason: "length" }]],
		[[{ unread: "{a: string}" }]],
	])("is a failure: %j", (chunks) => {
		expect(() => read(chunks).output.checkNotEmpty()).toThrow(ChatError);
	});

	test("names the values that were not understood, for the operator", () => {
		try {
			read([{ unread: "{a: string}" }]).output.checkNotEmpty();
		} catch (error) {
			expect(String((error as ChatError).cause)).toContain("{a: string}");
			expect((error as ChatError).message).not.toContain("string");
		}
		expect.assertions(2);
	});

	test("is none if it was filtered, or if there is a word", () => {
		read([{ reason: "filtered" }]).output.checkNotEmpty();
		read(["<think>a</think>", "b"]).output.checkNotEmpty();
		expect.assertions(0);
	});
});

test("values that were not understood are reported once", () => {
	const { unread, text } = read(["a", { unread: "{b}" }, { unread: "{c}" }]);
	expect(unread).toEqual(["{b}"]);
	expect(text).toBe("a");
});
