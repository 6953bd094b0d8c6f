import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { bearerOf, createAdmission } from "../../../server/gates/admission.ts";
import { manualClock } from "../../support/clock.ts";

const secret = "a secret of at least thirty-two characters";
const days = 24 * 3_600_000;

describe("a visitor's credential", () => {
	test("is given to who has none, and names the same visitor ever after", () => {
		const admission = createAdmission(secret, manualClock());
		const { visitor, fresh } = admission.admit(undefined, false);
		expect(admission.admit(fresh, true).visitor).toEqual(visitor);
		const afterRestart = createAdmission(secret, manualClock());
		expect(afterRestart.admit(fresh, true).visitor).toEqual(visitor);
	});

	test("is not given twice while it is young, and anew when it is old", async () => {
		const clock = manualClock();
		const admission = createAdmission(secret, clock);
		const { visitor, fresh } = admission.admit(undefined, false);
		expect(admission.admit(fresh, true).fresh).toBeUndefined();
		clock.sleep(100 * days);
		const again = admission.admit(fresh, true);
		expect(again.fresh).toBeString();
		clock.sleep(100 * days);
		expect(admission.admit(again.fresh, true).visitor).toEqual(visitor);
	});

	test("expires", () => {
		const clock = manualClock();
		const admission = createAdmission(secret, clock);
		const { fresh } = admission.admit(undefined, false);
		clock.sleep(181 * days);
		expect(() => admission.admit(fresh, true)).toThrow("expired");
	});

	test("is asked for where a conversation is named", () => {
		const admission = createAdmission(secret, manualClock());
		expect(() => admission.admit(undefined, true)).toThrow(
			expect.objectContaining({ code: "unauthorized" }),
		);
	});

	test("of another secret, changed, cut or made up is refused", () => {
		const admission = createAdmission(secret, manualClock());
		const { fresh = "" } = admission.admit(undefined, false);
		const other = createAdmission(`${secret}!`, manualClock());
		const [kind, payload = "", signature] = fresh.split(".");
		const life = JSON.parse(Buffer.from(payload, "base64url").toString());
		const longer = Buffer.from(
			JSON.stringify({ ...life, until: life.until + 1 }),
		).toString("base64url");
		const forged = [
			other.admit(undefined, false).fresh ?? "",
			`${kind}.${longer}.${signature}`,
			`${kind}.${payload}.`,
			`${kind}.${payload}`,
			`v2.${payload}.${signature}`,
			`${fresh}.x`,
			"",
			"v1..",
			"garbage",
		];
		for (const token of forged)
			expect(() => admission.admit(token, true)).toThrow(
				expect.objectContaining({ code: "unauthorized" }),
			);
	});
});

describe("a payload that is correctly signed and odd", () => {
	const signed = (text: string) => {
		const payload = Buffer.from(text).toString("base64url");
		const signature = createHmac("sha256", secret)
			.update(`v1.${payload}`)
			.digest("base64url");
		return `v1.${payload}.${signature}`;
	};
	const until = manualClock().now() + days;
	for (const text of [
		"",
		"{",
		"null",
		"7",
		"[]",
		"{}",
		JSON.stringify({ until }),
		JSON.stringify({ visitor: "v" }),
		JSON.stringify({ visitor: "", until }),
		JSON.stringify({ visitor: null, until }),
		JSON.stringify({ visitor: { id: "v" }, until }),
		JSON.stringify({ visitor: "v", until: `${until}` }),
		'{"visitor":"v","until":1e999}',
		`{"__proto__":{"visitor":"v","until":${until}}}`,
	])
		test(`is refused: ${text || "nothing"}`, () => {
			const admission = createAdmission(secret, manualClock());
			expect(() => admission.admit(signed(text), true)).toThrow(
				expect.objectContaining({ code: "unauthorized" }),
			);
		});
	test("is let in when nothing is odd about it", () => {
		const admission = createAdmission(secret, manualClock());
		const token = signed(JSON.stringify({ visitor: "v", until }));
		expect(admission.admit(token, true).visitor).toEqual({ id: "v" });
	});
});

describe("the Authorization header", () => {
	const headerOf = (value: string) =>
		bearerOf(new Request("http://a/", { headers: { authorization: value } }));
	test("is read whatever the case of its scheme", () => {
		expect(headerOf("Bearer abc")).toBe("abc");
		expect(headerOf("bearer abc")).toBe("abc");
		expect(bearerOf(new Request("http://a/"))).toBeUndefined();
	});
	for (const value of [
		"Basic abc",
		"BearerX abc",
		"Bearer",
		"Token abc",
		"Bearer a b",
	])
		test(`is refused as "${value}"`, () => {
			expect(() => headerOf(value)).toThrow(
				expect.objectContaining({ code: "unauthorized" }),
			);
		});
});
