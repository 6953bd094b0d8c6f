import { expect, test } from "bun:test";
import { misleadingHost } from "../../../../../widget/answer/markdown/link-safety.ts";
import { directionOf } from "../../../../../widget/answer/markdown/text-direction.ts";

const misleading: [text: string, address: string, note: string][] = [
	["bank.example \u202e", "https://evil.co/", "evil.co"],
	["bank\u3002example", "https://evil.co/", "evil.co"],
	["bank\uff0eexample", "https://evil.co/", "evil.co"],
	["bank\u2024example", "https://evil.co/", "evil.co"],
	["bank\ufe0f.example", "https://evil.co/", "evil.co"],
	["bank.example .", "https://evil.co/", "evil.co"],
	["bank.example@evil.example", "https://evil.example/", "evil.example"],
	["192.168.1.1", "https://evil.co/", "evil.co"],
	[`${"x ".repeat(900)}bank.example`, "https://evil.co/", "evil.co"],
	["https://bank.example/login", "https://evil.co/", "evil.co"],
	["\u0430pple.com", "https://xn--pple-43d.com/", "xn--pple-43d.com"],
	["a@bank.example", "mailto:a@evil.co", "evil.co"],
	[
		"a@bank.example",
		"mailto:x@evil.co,a@bank.example",
		"x@evil.co,a@bank.example",
	],
	[
		"a@bank.example",
		"mailto:a@bank.example?cc=x@evil.co",
		"a@bank.example?cc=x@evil.co",
	],
];
for (const [text, address, note] of misleading)
	test(`a link to ${address} with the text ${JSON.stringify(text.slice(-30))} gets a note`, () => {
		expect(misleadingHost(text, new URL(address))).toBe(note);
	});

const honest: [text: string, address: string][] = [
	["bank.example", "https://www.bank.example/login"],
	["https://www.bank.example/a.b.co?c=d.co", "https://bank.example/"],
	["a@bank.example", "mailto:a@bank.example"],
	["Node.js", "https://nodejs.org/"],
	["src/index.ts and report.pdf", "https://files.example/"],
	["e.g. this", "https://a.example/"],
	["史蒂夫·乔布斯。第二句", "https://a.example/"],
];
for (const [text, address] of honest)
	test(`a link to ${address} with the text ${JSON.stringify(text)} gets no note`, () => {
		expect(misleadingHost(text, new URL(address))).toBeUndefined();
	});

test("a long text costs linear time", () => {
	const start = performance.now();
	for (const unit of ["a", "a-", "a.", "a@", ".", "https://a/"])
		misleadingHost(unit.repeat(100_000), new URL("https://a.example/"));
	expect(performance.now() - start).toBeLessThan(3_000);
});

test("the first letter gives a text its direction", () => {
	expect(directionOf("1. مرحبا abc")).toBe("rtl");
	expect(directionOf("(שלום)")).toBe("rtl");
	expect(directionOf("漢字 مرحبا")).toBe("ltr");
	expect(directionOf("1,000 — 5")).toBeUndefined();
});
