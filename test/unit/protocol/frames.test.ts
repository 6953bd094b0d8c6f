import { describe, expect, test } from "bun:test";
import * as z from "zod/mini";
import {
	decodeClientFrame,
	decodeQuestion,
} from "../../../protocol/client-frames.ts";
import { ChatError } from "../../../protocol/errors.ts";
import {
	decodePage,
	decodeServerFrame,
	encode,
} from "../../../protocol/frames.ts";
import { schemas } from "../../../protocol/schemas.ts";
import { maxFrameBytes } from "../../../protocol/sizes.ts";
import { seeded } from "../../support/clock.ts";
import down_ from "../../vectors/down.json" with { type: "json" };
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
			expect(decodeClientFrame(JSON.stringify(frame))).toEqual(
				decoded as never,
			);
		});
	for (const { name, text, code } of up.refused)
		test(`${name} is rejected`, () => {
			expect(codeOf(() => decodeClientFrame(text))).toBe(code);
		});

	test("binary data is rejected", () => {
		expect(codeOf(() => decodeClientFrame(new Uint8Array([123, 125])))).toBe(
			"bad_frame",
		);
	});

	test("a frame of 64 KiB is read, one byte more is too large", () => {
		const frame = (chars: number) =>
			encode({ type: "send", id: "a", content: "x".repeat(chars) });
		const overhead = frame(0).length;
		expect(decodeClientFrame(frame(maxFrameBytes - overhead)).type).toBe(
			"send",
		);
		expect(
			codeOf(() => decodeClientFrame(frame(maxFrameBytes - overhead + 1))),
		).toBe("too_large");
	});

	test("the limit counts bytes, not characters", () => {
		const frame = encode({
			type: "send",
			id: "a",
			content: "é".repeat(40_000),
		});
		expect(codeOf(() => decodeClientFrame(frame))).toBe("too_large");
	});

	test("a context over 4 KiB is too large, and the error names the message", () => {
		const frame = encode({
			type: "send",
			id: "a",
			content: "x",
			context: { page: "y".repeat(4_100) },
		});
		expect(() => decodeClientFrame(frame)).toThrow(
			expect.objectContaining({ code: "too_large", id: "a" }),
		);
	});

	test("a frame nested a thousand deep is rejected", () => {
		const deep = `${"[".repeat(1_000)}${"]".repeat(1_000)}`;
		const text = `{"type":"send","id":"a","content":"x","context":{"a":${deep}}}`;
		expect(codeOf(() => decodeClientFrame(text))).toBe("bad_frame");
	});

	test("a prototype in a frame changes no prototype", () => {
		const text =
			'{"type":"send","id":"a","content":"x","__proto__":{"isAdmin":true},"context":{"__proto__":{"isAdmin":true}}}';
		decodeClientFrame(text);
		expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
	});

	test("an error names the field, and never the value", () => {
		const secret = "my-secret-token";
		const text = JSON.stringify({ type: "send", id: secret.repeat(20) });
		expect(() => decodeClientFrame(text)).toThrow(/The field \w+ does not fit/);
		try {
			decodeClientFrame(text);
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
	for (const { name, frame, ...rest } of down_.accepted)
		test(`${name} is read`, () => {
			const decoded = "decoded" in rest ? rest.decoded : frame;
			expect(decodeServerFrame(JSON.stringify(frame))).toEqual(
				decoded as never,
			);
		});
	for (const { name, frame } of down_.ignored)
		test(`${name} is ignored`, () => {
			expect(decodeServerFrame(JSON.stringify(frame))).toBeUndefined();
		});
	for (const { name, text } of down_.refused)
		test(`${name} is rejected`, () => {
			expect(codeOf(() => decodeServerFrame(text))).toBe("bad_frame");
		});

	test("an answer of the events door is read, unknown frames left out", () => {
		const ready = down_.accepted.find(({ name }) => name === "ready")?.frame;
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

describe("the widget's reader and the schemas", () => {
	const down: Record<string, z.core.$ZodType> = schemas.server;
	const events: Record<string, z.core.$ZodType> = schemas.events;

	/** What the schemas make of a frame down: the frame, nothing (ignored), or an error. */
	function bySchema(value: unknown): unknown {
		const { type, action, sequence } = Object(value);
		if (typeof type !== "string") return "refused";
		const take = (schema: z.core.$ZodType) => {
			const read = z.safeParse(schema, value);
			return read.success ? read.data : "refused";
		};
		if (type !== "control")
			return Object.hasOwn(down, type)
				? take(down[type] as z.core.$ZodType)
				: undefined;
		if (sequence === undefined)
			return action === "error" ? take(schemas.errorFrame) : undefined;
		if (typeof action === "string" && Object.hasOwn(events, action))
			return take(events[action] as z.core.$ZodType);
		return Number.isSafeInteger(sequence)
			? { type, action: "unknown", sequence }
			: undefined;
	}

	function byReader(value: unknown): unknown {
		try {
			return decodeServerFrame(JSON.stringify(value));
		} catch (error) {
			if (error instanceof ChatError) return "refused";
			throw error;
		}
	}

	const junk = [
		undefined,
		null,
		0,
		-1,
		1.5,
		1e16,
		"",
		"x",
		"a b",
		"up",
		"user",
		true,
		[],
		[1],
		{},
		{ input: 1, output: 2 },
		[{ title: "t", url: "u" }],
	];

	/** The same value with one place in it, chosen by chance, replaced by junk or taken out. */
	function damaged(value: unknown, random: () => number): unknown {
		const pick = <Item>(items: readonly Item[]) =>
			items[Math.floor(random() * items.length)] as Item;
		if (value === null || typeof value !== "object" || random() < 0.1)
			return pick(junk);
		const copy: Record<string, unknown> = { ...value };
		const key = pick([...Object.keys(copy), "from", "usage", "sources", "id"]);
		copy[key] = damaged(copy[key], random);
		return copy;
	}

	test("read every vector alike", () => {
		for (const { frame } of [...down_.accepted, ...down_.ignored])
			expect(byReader(frame)).toEqual(bySchema(frame));
	});

	test("accept and reject the same of twenty thousand damaged frames", () => {
		const random = seeded(7);
		let taken = 0;
		for (let round = 0; round < 20_000; round++) {
			const { frame } = down_.accepted[round % down_.accepted.length] as {
				frame: unknown;
			};
			let value = damaged(frame, random);
			if (random() < 0.3) value = damaged(value, random);
			const plain = JSON.parse(JSON.stringify(value) ?? "null");
			const read = byReader(plain);
			if (read !== "refused") taken++;
			expect([plain, read]).toEqual([plain, bySchema(plain)]);
		}
		// Neither all nor none of them, or the comparison says nothing.
		expect(taken).toBeGreaterThan(1_000);
		expect(taken).toBeLessThan(19_000);
	});
});
