import { describe, expect, test } from "bun:test";
import { ChatError } from "../../../protocol/errors.ts";
import {
	decodeDown,
	decodePage,
	decodeQuestion,
	decodeUp,
	encode,
	maxFrameBytes,
} from "../../../protocol/frames.ts";
import down from "../../vectors/down.json" with { type: "json" };
import up from "../../vectors/up.json" with { type: "json" };

function codeOf(call: () => unknown): string {
	try {
		call();
	} catch (error) {
		if (error instanceof ChatError) return error.code;
		throw error;
	}
	return "accepted";
}

describe("frames up", () => {
	for (const { name, frame, ...rest } of up.accepted)
		test(`${name} is read`, () => {
			const decoded = "decoded" in rest ? rest.decoded : frame;
			expect(decodeUp(JSON.stringify(frame))).toEqual(decoded as never);
		});
	for (const { name, text, code } of up.refused)
		test(`${name} is refused`, () => {
			expect(codeOf(() => decodeUp(text))).toBe(code);
		});

	test("binary data is refused", () => {
		expect(codeOf(() => decodeUp(new Uint8Array([123, 125])))).toBe(
			"bad_frame",
		);
	});

	test("a frame of 64 KiB is read, one byte more is too large", () => {
		const frame = (chars: number) =>
			encode({ type: "send", id: "a", content: "x".repeat(chars) });
		const overhead = frame(0).length;
		expect(decodeUp(frame(maxFrameBytes - overhead)).type).toBe("send");
		expect(codeOf(() => decodeUp(frame(maxFrameBytes - overhead + 1)))).toBe(
			"too_large",
		);
	});

	test("the limit counts bytes, not characters", () => {
		const frame = encode({
			type: "send",
			id: "a",
			content: "é".repeat(40_000),
		});
		expect(codeOf(() => decodeUp(frame))).toBe("too_large");
	});

	test("a context over 4 KiB is too large, and the refusal names the message", () => {
		const frame = encode({
			type: "send",
			id: "a",
			content: "x",
			context: { page: "y".repeat(4_100) },
		});
		expect(() => decodeUp(frame)).toThrow(
			expect.objectContaining({ code: "too_large", id: "a" }),
		);
	});

	test("a frame nested a thousand deep is refused", () => {
		const deep = `${"[".repeat(1_000)}${"]".repeat(1_000)}`;
		const text = `{"type":"send","id":"a","content":"x","context":{"a":${deep}}}`;
		expect(codeOf(() => decodeUp(text))).toBe("bad_frame");
	});

	test("a prototype in a frame touches nobody's", () => {
		const text =
			'{"type":"send","id":"a","content":"x","__proto__":{"isAdmin":true},"context":{"__proto__":{"isAdmin":true}}}';
		decodeUp(text);
		expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
	});

	test("a refusal says where, and never what came", () => {
		const secret = "my-secret-token";
		const text = JSON.stringify({ type: "send", id: secret.repeat(20) });
		expect(() => decodeUp(text)).toThrow(/The field \w+ does not fit/);
		try {
			decodeUp(text);
		} catch (error) {
			expect((error as Error).message).not.toContain(secret);
		}
	});

	test("a plain question needs content alone", () => {
		expect(decodeQuestion('{"content":"x"}')).toEqual({ content: "x" });
		expect(codeOf(() => decodeQuestion("{}"))).toBe("bad_frame");
	});
});

describe("frames down", () => {
	for (const { name, frame, ...rest } of down.accepted)
		test(`${name} is read`, () => {
			const decoded = "decoded" in rest ? rest.decoded : frame;
			expect(decodeDown(JSON.stringify(frame))).toEqual(decoded as never);
		});
	for (const { name, frame } of down.ignored)
		test(`${name} is ignored`, () => {
			expect(decodeDown(JSON.stringify(frame))).toBeUndefined();
		});
	for (const { name, text } of down.refused)
		test(`${name} is refused`, () => {
			expect(codeOf(() => decodeDown(text))).toBe("bad_frame");
		});

	test("an answer of the events door is read, unknown frames left out", () => {
		const ready = down.accepted.find(({ name }) => name === "ready")?.frame;
		const text = JSON.stringify({
			ready,
			events: [
				{ type: "token", content: "a", sequence: 3 },
				{ type: "typing" },
				{ type: "control", action: "edit", sequence: 4 },
			],
		});
		expect(decodePage(text).events).toEqual([
			{ type: "token", content: "a", sequence: 3 },
			{ type: "control", action: "unknown", sequence: 4 },
		]);
	});
});
