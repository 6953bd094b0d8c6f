import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import {
	bearerOf,
	createAuthentication,
} from "../../../../server/auth/visitor-tokens.ts";
import { manualClock } from "../../../support/clock.ts";

const secret = "a secret of at least thirty-two characters";
const days = 24 * 3_600_000;
const unauthorized = expect.objectContaining({ code: "unauthorized" });

describe("a visitor's credential", () => {
	test("is issued to a new visitor and names the same visitor afterwards", async () => {
		const authentication = createAuthentication(secret, manualClock());
		const { visitor, fresh } = await authentication.authenticate(
			undefined,
			false,
		);
		expect((await authentication.authenticate(fresh, true)).visitor).toEqual(
			visitor,
		);
		const afterRestart = createAuthentication(secret, manualClock());
		expect((await afterRestart.authenticate(fresh, true)).visitor).toEqual(
			visitor,
		);
	});

	test("is issued once while it is young, and again when it is old", async () => {
		const clock = manualClock();
		const authentication = createAuthentication(secret, clock);
		const { visitor, fresh } = await authentication.authenticate(
			undefined,
			false,
		);
		expect(
			(await authentication.authenticate(fresh, true)).fresh,
		).toBeUndefined();
		clock.sleep(100 * days);
		const again = await authentication.authenticate(fresh, true);
		expect(again.fresh).toBeString();
		expect(again.until).toBe(clock.now() + 180 * days);
		clock.sleep(100 * days);
		expect(
			(await authentication.authenticate(again.fresh, true)).visitor,
		).toEqual(visitor);
	});

	test("expires", async () => {
		const clock = manualClock();
		const authentication = createAuthentication(secret, clock);
		const { fresh } = await authentication.authenticate(undefined, false);
		clock.sleep(181 * days);
		await expect(authentication.authenticate(fresh, true)).rejects.toThrow(
			"expired",
		);
	});

	test("is required if the request names a conversation", async () => {
		const authentication = createAuthentication(secret, manualClock());
		await expect(authentication.authenticate(undefined, true)).rejects.toEqual(
			unauthorized,
		);
	});

	test("of another secret, changed, cut or invented is rejected", async () => {
		const authentication = createAuthentication(secret, manualClock());
		const { fresh = "" } = await authentication.authenticate(undefined, false);
		const other = createAuthentication(`${secret}!`, manualClock());
		const [kind, payload = "", signature] = fresh.split(".");
		const life = JSON.parse(Buffer.from(payload, "base64url").toString());
		const longer = Buffer.from(
			JSON.stringify({ ...life, until: life.until + 1 }),
		).toString("base64url");
		const forged = [
			(await other.authenticate(undefined, false)).fresh ?? "",
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
			await expect(authentication.authenticate(token, true)).rejects.toEqual(
				unauthorized,
			);
	});

	test("issued before CHAT_TOKENS_NOT_BEFORE is revoked, a later one is not", async () => {
		const clock = manualClock();
		const { fresh } = await createAuthentication(secret, clock).authenticate(
			undefined,
			false,
		);
		clock.sleep(1_000);
		const notBefore = clock.now();
		const authentication = createAuthentication(secret, clock, { notBefore });
		await expect(authentication.authenticate(fresh, true)).rejects.toThrow(
			"revoked",
		);
		const later = await authentication.authenticate(undefined, false);
		expect(
			(await authentication.authenticate(later.fresh, true)).visitor,
		).toEqual(later.visitor);
	});

	test("starts no conversation after its last one is deleted", async () => {
		let kept = true;
		const rules = { isKept: async () => kept };
		const authentication = createAuthentication(secret, manualClock(), rules);
		const { fresh, visitor } = await authentication.authenticate(
			undefined,
			false,
		);
		expect((await authentication.authenticate(fresh, false)).visitor).toEqual(
			visitor,
		);
		kept = false;
		await expect(authentication.authenticate(fresh, false)).rejects.toEqual(
			unauthorized,
		);
		expect((await authentication.authenticate(fresh, true)).visitor).toEqual(
			visitor,
		);
		expect(
			(await authentication.authenticate(undefined, false)).fresh,
		).toBeString();
	});

	test("is neither issued nor accepted if anonymous visitors are not allowed", async () => {
		const clock = manualClock();
		const { fresh } = await createAuthentication(secret, clock).authenticate(
			undefined,
			false,
		);
		const closed = createAuthentication(secret, clock, { anonymous: false });
		await expect(closed.authenticate(undefined, false)).rejects.toEqual(
			unauthorized,
		);
		await expect(closed.authenticate(fresh, true)).rejects.toEqual(
			unauthorized,
		);
	});
});

describe("a correctly signed payload", () => {
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
			const authentication = createAuthentication(secret, manualClock());
			await expect(
				authentication.authenticate(signed(text), true),
			).rejects.toMatchObject({
				code: "unauthorized",
			});
		});
	test("is accepted if it is complete", async () => {
		const authentication = createAuthentication(secret, manualClock());
		const token = signed(JSON.stringify({ visitor: "v", until }));
		const { visitor } = await authentication.authenticate(token, true);
		expect(visitor).toEqual({ id: "v" });
	});
});

describe("the Authorization header", () => {
	const headerOf = (value: string) =>
		bearerOf(new Request("http://a/", { headers: { authorization: value } }));
	test("is read in any case of its scheme", () => {
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
