/** Which origins are ours. Numbers in names are rows of the security checklist. */
import { describe, expect, test } from "bun:test";
import {
	isOriginEntry,
	isOwnPage,
	originCheck,
} from "../../../../server/auth/origin-rules.ts";

const isAllowed = originCheck([
	"https://good.example",
	"http://plain.example:8080",
	"https://*.many.example",
	"https://*.port.example:8443",
]);

const nearMisses = [
	"https://good.example.evil.com",
	"https://evilgood.example",
	"https://good.exampl",
	"https://good.example.",
	"https://good.example:443",
	"https://good.example:444",
	"http://good.example",
	"https://GOOD.example",
	"HTTPS://good.example",
	"https://good.example/",
	"https://good.example ",
	" https://good.example",
	"https://user@good.example",
	"https://good.example@evil.com",
	"https://www.good.example",
	"https://good.example, https://evil.example",
	"https://evil.example, https://good.example",
	"good.example",
	"//good.example",
	"http://plain.example",
	"http://plain.example:80",
	"null",
	"",
	"*",
	"file://",
	"undefined",
];

describe("security 1, 2, 3, 4: an origin that is not listed is rejected", () => {
	test("a listed origin is allowed", () => {
		expect(isAllowed("https://good.example")).toBeTrue();
		expect(isAllowed("http://plain.example:8080")).toBeTrue();
	});
	for (const origin of nearMisses)
		test(`a near miss is not: "${origin}"`, () => {
			expect(isAllowed(origin)).toBeFalse();
		});
	test("without a list every origin is allowed", () => {
		expect(originCheck(undefined)("https://any.example")).toBeTrue();
	});
});

describe("security 6: a wildcard matches real subdomains only", () => {
	for (const origin of [
		"https://a.many.example",
		"https://a.b-c.many.example",
		"https://xn--bcher-kva.many.example",
		"https://a.port.example:8443",
	])
		test(`${origin} is one`, () => expect(isAllowed(origin)).toBeTrue());
	for (const origin of [
		"https://many.example",
		"https://.many.example",
		"https://a..many.example",
		"https://evilmany.example",
		"https://a.many.example.evil.com",
		"https://evil.com/.many.example",
		"https://evil.com#.many.example",
		"https://evil.com?.many.example",
		"https://user@a.many.example",
		"https://evil.com:1.many.example",
		"https://a.many.example:443",
		"https://a.many.example.",
		"https://A.many.example",
		"http://a.many.example",
		"https://a.port.example",
		"https://a.port.example:84430",
		"https://evil.com\n.many.example",
	])
		test(`${JSON.stringify(origin)} is none`, () => {
			expect(isAllowed(origin)).toBeFalse();
		});
});

test("an entry that is not an origin as browsers send it stops the start", () => {
	for (const entry of [
		"https://a.example",
		"http://localhost:3000",
		"http://127.0.0.1:8787",
		"http://[::1]:8787",
		"https://*.a.example",
	])
		expect([entry, isOriginEntry(entry)]).toEqual([entry, true]);
	for (const entry of [
		"*",
		"null",
		"",
		"a.example",
		"https://a.example/",
		"https://A.example",
		"https://a.example:443",
		"https://a.example/page",
		"https://*",
		"https://*.*.example",
		"https://a.*.example",
		"https://*a.example",
		"https://user@a.example",
		"ftp://a.example",
		"file:///a",
		"https://*.a.example/x",
	])
		expect([entry, isOriginEntry(entry)]).toEqual([entry, false]);
});

test("a page of this server is recognised by IP address or localhost, not by name", () => {
	for (const [origin, host, isTls] of [
		["http://localhost:8787", "localhost:8787", false],
		["http://127.0.0.1:8787", "127.0.0.1:8787", false],
		["http://[::1]:8787", "[::1]:8787", false],
		["https://192.0.2.7", "192.0.2.7", true],
	] as const)
		expect(isOwnPage(origin, host, isTls)).toBeTrue();
	for (const [origin, host, isTls] of [
		["http://rebound.example:8787", "rebound.example:8787", false],
		["http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false],
		["http://localhost.evil.example", "localhost.evil.example", false],
		["http://localhost:8787", "localhost:8788", false],
		["https://localhost:8787", "localhost:8787", false],
		["http://localhost:8787", "localhost:8787", true],
		["null", "localhost", false],
		["http://localhost", null, false],
	] as const)
		expect([origin, isOwnPage(origin, host, isTls)]).toEqual([origin, false]);
});
