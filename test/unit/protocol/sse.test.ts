import { describe, expect, test } from "bun:test";
import {
	EventStreamReader,
	encodeComment,
	encodeEvent,
} from "../../../protocol/sse.ts";
import { seeded } from "../../support/clock.ts";

const stream = [
	"\uFEFF: a comment\r\n",
	"id: e.1\r\ndata: one\r\n\r\n",
	"data: two\ndata: lines\n\n",
	"event: other\rdata:no blank\rid\r\r",
	"data\n\n",
	"retry: 10\nunknown: x\n\n",
	encodeEvent('{"content":"👩‍👩‍👧 é\\n"}', "e.2"),
	encodeComment("still here"),
	"data: never finished\n",
].join("");

const expected = [
	{ event: "message", data: "one", id: "e.1" },
	{ event: "message", data: "two\nlines", id: "e.1" },
	{ event: "other", data: "no blank", id: "" },
	{ event: "message", data: "", id: "" },
	{ event: "message", data: '{"content":"👩‍👩‍👧 é\\n"}', id: "e.2" },
];

const readAll = (pieces: string[]) => {
	const reader = new EventStreamReader();
	return pieces.flatMap((piece) => reader.read(piece));
};

describe("an event stream", () => {
	test("is read whole", () => {
		expect(readAll([stream])).toEqual(expected);
	});

	test("is read one character at a time", () => {
		expect(readAll([...stream].flatMap((char) => char.split("")))).toEqual(
			expected,
		);
	});

	for (const seed of Array.from({ length: 50 }, (_, n) => n))
		test(`is read in any chunks (seed ${seed})`, () => {
			const random = seeded(seed);
			const pieces: string[] = [];
			for (let from = 0; from < stream.length; ) {
				const to = from + Math.floor(random() * 9);
				pieces.push(stream.slice(from, to));
				from = to;
			}
			expect(readAll(pieces)).toEqual(expected);
		});

	test("gives back what was written, newlines included", () => {
		const [event] = readAll([encodeEvent("a\nb\n", "x.9")]);
		expect(event).toEqual({ event: "message", data: "a\nb\n", id: "x.9" });
	});
});
