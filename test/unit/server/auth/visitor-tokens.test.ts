import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import {
	bearerOf,
	createAdmission,
} from "../../../../server/auth/visitor-tokens.ts";
import { manualClock } from "../../../support/clock.ts";

const secret = "a secret of at least thirty-two characters";
const days = 24 * 3_600_000;
const unauthorized = expect.objectContaining({ code: "unauthorized" });

describe("a visitor's credential", () => {
	test("is given to who has none, and names the same visitor ever after", async () => {
		const admission = createAdmission(secret, manualClock());
		const { visitor, fresh } = await admission.admit(undefined, false);
		expect((await admission.admit(fresh, true)).visitor).toEqual(visitor);
		const afterRestart = createAdmission(secret, manualClock());
		expect((await afterRestart.admit(fresh, true)).visitor).toEqual(visitor);
	});

	test("is not given twice while it is young, and anew when it is old", async () => {
		const clock = manualClock();
		const admission = createAdmission(secret, clock);
		const { visitor, fresh } = await admission.admit(undefined, false);
		expect((await admission.admit(fresh, true)).fresh).toBeUndefined();
		clock.sleep(100 * days);
		const again = await admission.admit(fresh, true);
		expect(again.fresh).toBeString();
		expect(again.until).toBe(clock.now() + 180 * days);
		clock.sleep(100 * days);
		expect((await admission.admit(again.fresh, true)).visitor).toEqual(visitor);
	});

	test("expires", async () => {
		const clock = manualClock();
		const admission = createAdmission(secret, clock);
		const { fresh } = await admission.admit(undefined, false);
		clock.sleep(181 * days);
		await expect(admission.admit(fresh, true)).rejects.toThrow("expired");
	});

	test("is asked for where a conversation is named", async () => {
		const admission = createAdmission(secret, manualClock());
		await expect(admission.admit(undefined, true)).rejects.toEqual(
			unauthorized,
		);
	});

	test("of another secret, changed, cut or made up is refused", async () => {
		const admission = createAdmission(secret, manualClock());
		const { fresh = "" } = await admission.admit(undefined, false);
		const other = createAdmission(`${secret}!`, manualClock());
		const [kind, payload = "", signature] = fresh.split(".");
		const life = JSON.parse(Buffer.from(payload, "base64url").toString());
		const longer = Buffer.from(
			JSON.stringify({ ...life, until: life.until + 1 }),
		).toString("base64url");
		const forged = [
			(await other.admit(undefined, false)).fresh ?? "",
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
			await expect(admission.admit(token, true)).rejects.toEqual(unauthorized);
	});

	test("that was given before the cut-off is revoked, a later one is not", async () => {
		const clock = manualClock();
		const { fresh } = await createAdmission(secret, clock).admit(
			undefined,
			false,
		);
		clock.sleep(1_000);
		const notBefore = clock.now();
		const admission = createAdmission(secret, clock, { notBefore });
		await expect(admission.admit(fresh, true)).rejects.toThrow("revoked");
		const later = await admission.admit(undefined, false);
		expect((await admission.admit(later.fresh, true)).visitor).toEqual(
			later.visitor,
		);
	});

	test("begins nothing once all that was kept under it is deleted, and names what it names", async () => {
		let kept = true;
		const rules = { isKept: async () => kept };
		const admission = createAdmission(secret, manualClock(), rules);
		const { fresh, visitor } = await admission.admit(undefined, false);
		expect((await admission.admit(fresh, false)).visitor).toEqual(visitor);
		kept = false;
		await expect(admission.admit(fresh, false)).rejects.toEqual(unauthorized);
		expect((await admission.admit(fresh, true)).visitor).toEqual(visitor);
		expect((await admission.admit(undefined, false)).fresh).toBeString();
	});

	test("is neither given nor taken where only known visitors may come in", async () => {
		const clock = manualClock();
		const { fresh } = await createAdmission(secret, clock).admit(
			undefined,
			false,
		);
		const closed = createAdmission(secret, clock, { anonymous: false });
		await expect(closed.admit(undefined, false)).rejects.toEqual(unauthorized);
		await expect(closed.admit(fresh, true)).rejects.toEqual(unauthorized);
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
		test(`is refused: ${text || "nothing"}`, async () => {
			const admission = createAdmission(secret, manualClock());
			await expect(admission.admit(signed(text), true)).rejects.toMatchObject({
				code: "unauthorized",
			});
		});
	test("is let in when nothing is odd about it", async () => {
		const admission = createAdmission(secret, manualClock());
		const token = signed(JSON.stringify({ visitor: "v", until }));
		const { visitor } = await admission.admit(token, true);
		expect(visitor).toEqual({ id: "v" });
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
