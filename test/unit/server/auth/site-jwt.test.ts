/** Which tokens of a site count: the attacks on JSON Web Tokens, one after the other. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
	exportJWK,
	exportSPKI,
	generateKeyPair,
	type JWK,
	type JWTHeaderParameters,
	SignJWT,
} from "jose";
import {
	openSiteTokens,
	type SiteTokenSettings,
} from "../../../../server/auth/site-jwt.ts";
import { manualClock } from "../../../support/clock.ts";
import {
	base64url,
	jwtSecret,
	signed,
	tokenFor,
} from "../../../support/jwt.ts";

const clock = manualClock();
const nowS = clock.now() / 1_000;
const good = { sub: "ada", iat: nowS, exp: nowS + 600 };
const issuer = "https://site.example";
const audience = "chat";

const unauthorized = expect.objectContaining({ code: "unauthorized" });

async function open(settings: Partial<SiteTokenSettings>) {
	const tokens = await openSiteTokens(
		{ jwtMaxAgeS: 3_600, ...settings },
		clock,
	);
	if (!tokens) throw new Error("Nothing was opened.");
	return tokens;
}

describe("a token signed with the site's secret", () => {
	test("names a known visitor until it expires", async () => {
		const { verify } = await open({ jwtSecret });
		expect(await verify(signed(good))).toEqual({
			visitor: { id: "known:ada" },
			issued: nowS * 1_000,
			until: (nowS + 605) * 1_000,
		});
		expect(await verify(tokenFor("ada", clock.now()))).toMatchObject({
			visitor: { id: "known:ada" },
		});
	});

	test("expires after the maximum age, whatever it claims", async () => {
		const { verify } = await open({ jwtSecret });
		const { until } = await verify(signed({ ...good, exp: nowS + 1e6 }));
		expect(until).toBe((nowS + 3_605) * 1_000);
	});

	const { sub: _sub, ...noSub } = good;
	const { exp: _exp, ...noExp } = good;
	const { iat: _iat, ...noIat } = good;
	const [head, body, signature] = signed(good).split(".") as [
		string,
		string,
		string,
	];
	const refused: Record<string, string> = {
		"no sub": signed(noSub),
		"no exp": signed(noExp),
		"no iat": signed(noIat),
		"an empty sub": signed({ ...good, sub: " " }),
		"a sub that is a number": signed({ ...good, sub: 7 }),
		"a sub that is a list": signed({ ...good, sub: ["ada"] }),
		"a sub without end": signed({ ...good, sub: "a".repeat(257) }),
		"an exp in words": signed({ ...good, exp: "9999999999" }),
		"an exp beyond time": signed({ ...good, exp: 1e308 }),
		"an exp that is null": signed({ ...good, exp: null }),
		"an iat in words": signed({ ...good, iat: "now" }),
		"an iat beyond time": signed({ ...good, iat: -1e308 }),
		"an exp in the past": signed({ ...good, exp: nowS - 6 }),
		"an iat in the future": signed({ ...good, iat: nowS + 60 }),
		"an nbf in the future": signed({ ...good, nbf: nowS + 60 }),
		"an nbf in words": signed({ ...good, nbf: "now" }),
		"too old an iat": signed({ ...good, iat: nowS - 3_606 }),
		"an audience where none is expected": signed({ ...good, aud: "shop" }),
		"another secret": signed(good, `${jwtSecret}!`),
		"an empty secret": signed(good, ""),
		"alg none": `${base64url({ alg: "none" })}.${body}.`,
		"alg NONE and a signature": `${base64url({ alg: "NONE" })}.${body}.${signature}`,
		"no alg": signed(good, jwtSecret, {}),
		"an alg that is not allowed": signed(good, jwtSecret, { alg: "HS512" }),
		"an alg of published keys": signed(good, jwtSecret, { alg: "RS256" }),
		"a critical extension": signed(good, jwtSecret, {
			...{ alg: "HS256", crit: ["x"], x: 1 },
		}),
		"no signature": `${head}.${body}.`,
		"no signature at all": `${head}.${body}`,
		"a changed body": `${head}.${base64url({ ...good, sub: "bob" })}.${signature}`,
		"a fourth part": `${signed(good)}.x`,
		"a body that is no JSON": signed("{" as never),
		"a body that is a list": signed([1] as never),
		"no token": "",
		dots: "..",
		garbage: "garbage",
	};
	for (const [what, token] of Object.entries(refused))
		test(`with ${what} is unauthorized`, async () => {
			const { verify } = await open({ jwtSecret });
			await expect(verify(token)).rejects.toEqual(unauthorized);
		});

	test("of another issuer or for another audience is unauthorized", async () => {
		const settings = { jwtSecret, jwtIssuer: issuer, jwtAudience: audience };
		const { verify } = await open(settings);
		const ours = { ...good, iss: issuer, aud: ["shop", audience] };
		expect((await verify(signed(ours))).visitor.id).toBe("known:ada");
		for (const wrong of [
			{ iss: "https://evil.example" },
			{ iss: [issuer] },
			{ iss: undefined },
			{ aud: "shop" },
			{ aud: undefined },
			{ aud: `${audience}2` },
		])
			await expect(verify(signed({ ...ours, ...wrong }))).rejects.toEqual(
				unauthorized,
			);
	});
});

describe("a token signed with one of the site's published keys", () => {
	let folder: string;
	let rs: CryptoKeyPair;
	let es: CryptoKeyPair;
	let rsJwk: JWK;
	let esJwk: JWK;
	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "chat-stream-keys-"));
		[rs, es] = await Promise.all([
			generateKeyPair("RS256", { extractable: true }),
			generateKeyPair("ES256", { extractable: true }),
		]);
		rsJwk = { ...(await exportJWK(rs.publicKey)), kid: "r" };
		esJwk = { ...(await exportJWK(es.publicKey)), kid: "e" };
	});
	afterAll(() => rmSync(folder, { recursive: true }));

	const claims = { ...good, iss: issuer, aud: audience };
	const sign = (
		{ privateKey }: CryptoKeyPair,
		header: JWTHeaderParameters,
		said: Record<string, unknown> = claims,
	) => new SignJWT(said).setProtectedHeader(header).sign(privateKey);

	/** Keys in a file. */
	function openFile(keys: JWK[], more: Partial<SiteTokenSettings> = {}) {
		const file = join(folder, `${crypto.randomUUID()}.json`);
		writeFileSync(file, JSON.stringify({ keys }));
		return open({
			jwtJwksUrl: pathToFileURL(file).href,
			jwtIssuer: issuer,
			jwtAudience: audience,
			...more,
		});
	}

	/** Keys at an address that counts how often it is asked. */
	function serveKeys(answer: () => Response) {
		let asked = 0;
		const server = Bun.serve({
			port: 0,
			hostname: "127.0.0.1",
			fetch() {
				asked++;
				return answer();
			},
		});
		const settings = {
			jwtJwksUrl: `http://127.0.0.1:${server.port}/keys`,
			jwtIssuer: issuer,
			jwtAudience: audience,
		};
		return { settings, asked: () => asked, stop: () => server.stop(true) };
	}

	test("names its visitor with any of the keys", async () => {
		const { verify } = await openFile([rsJwk, esJwk]);
		for (const token of [
			await sign(rs, { alg: "RS256", kid: "r" }),
			await sign(es, { alg: "ES256", kid: "e" }),
			await sign(es, { alg: "ES256" }),
		])
			expect((await verify(token)).visitor.id).toBe("known:ada");
	});

	test("that uses a public key as a secret is unauthorized", async () => {
		const { verify } = await openFile([rsJwk]);
		const pem = await exportSPKI(rs.publicKey);
		const n = Buffer.from(rsJwk.n ?? "", "base64url");
		for (const secret of [pem, pem.trim(), JSON.stringify(rsJwk), n])
			for (const header of [{ alg: "HS256" }, { alg: "HS256", kid: "r" }])
				await expect(verify(signed(claims, secret, header))).rejects.toEqual(
					unauthorized,
				);
	});

	test("with an algorithm that is not allowed is unauthorized", async () => {
		const { verify } = await openFile([rsJwk], { jwtAlgorithms: ["ES256"] });
		const token = await sign(rs, { alg: "RS256", kid: "r" });
		await expect(verify(token)).rejects.toEqual(unauthorized);
	});

	test("that contains or points to its own key is unauthorized, and nothing is fetched", async () => {
		const evil = serveKeys(() => Response.json({ keys: [esJwk] }));
		const { verify } = await openFile([rsJwk]);
		const url = evil.settings.jwtJwksUrl;
		for (const header of [
			{ alg: "ES256", kid: "e", jku: url },
			{ alg: "ES256", kid: "e", x5u: url },
			{ alg: "ES256", kid: "e", jwk: esJwk },
			{ alg: "ES256", kid: url },
		])
			await expect(verify(await sign(es, header))).rejects.toEqual(
				unauthorized,
			);
		expect(evil.asked()).toBe(0);
		await evil.stop();
	});

	test("with an unknown key id is unauthorized, and a thousand of them fetch the keys once", async () => {
		const served = serveKeys(() => Response.json({ keys: [esJwk] }));
		const { verify } = await open(served.settings);
		const token = await sign(es, { alg: "ES256", kid: "e" });
		expect((await verify(token)).visitor.id).toBe("known:ada");
		const [, body, signature] = token.split(".");
		const results = await Promise.all(
			Array.from({ length: 1_000 }, (_, i) => {
				const head = base64url({ alg: "ES256", kid: `k${i}` });
				return verify(`${head}.${body}.${signature}`).catch(({ code }) => code);
			}),
		);
		expect(new Set(results)).toEqual(new Set(["unauthorized"]));
		expect(served.asked()).toBe(1);
		await served.stop();
	});

	const out: [string, () => Response][] = [
		["answer 500", () => new Response("no", { status: 500 })],
		["answer with no JSON", () => new Response("<html>")],
		["answer with another thing", () => Response.json({ keys: 7 })],
		["send elsewhere", () => Response.redirect("http://127.0.0.1:1/keys", 302)],
	];
	for (const [what, answer] of out)
		test(`is neither good nor bad while the keys ${what}: unavailable`, async () => {
			const served = serveKeys(answer);
			const { verify } = await open(served.settings);
			const token = await sign(es, { alg: "ES256", kid: "e" });
			await expect(verify(token)).rejects.toEqual(
				expect.objectContaining({ code: "unavailable", retryAfter: 5_000 }),
			);
			await served.stop();
		});

	test("is unavailable while the keys cannot be fetched, without a fetch per attempt, and valid afterwards", async () => {
		let isUp = false;
		const served = serveKeys(() =>
			isUp
				? Response.json({ keys: [esJwk] })
				: new Response("no", { status: 503 }),
		);
		const { verify } = await open(served.settings);
		const token = await sign(es, { alg: "ES256", kid: "e" });
		for (let i = 0; i < 20; i++)
			expect(await verify(token).catch(({ code }) => code)).toBe("unavailable");
		expect(served.asked()).toBe(1);
		isUp = true;
		await clock.advance(5_000);
		expect((await verify(token)).visitor.id).toBe("known:ada");
		await served.stop();
	});
});

describe("an invalid configuration stops the start with a message:", () => {
	const wrong: [string, Partial<SiteTokenSettings>, string][] = [
		[
			"a secret and keys",
			{ jwtSecret, jwtJwksUrl: "https://a.example/keys" },
			"not both",
		],
		[
			"a secret and an algorithm of keys",
			{ jwtSecret, jwtAlgorithms: ["HS256", "RS256"] },
			'got "RS256"',
		],
		[
			"keys and an algorithm of secrets",
			{ jwtJwksUrl: "https://a.example/keys", jwtAlgorithms: ["HS256"] },
			'got "HS256"',
		],
		[
			"no algorithm at all",
			{ jwtSecret, jwtAlgorithms: ["none"] },
			'got "none"',
		],
		[
			"keys without issuer",
			{ jwtJwksUrl: "https://a.example/keys", jwtAudience: "chat" },
			"CHAT_JWT_ISSUER",
		],
		[
			"a file that is not there",
			{ jwtJwksUrl: "file:///no/such", jwtIssuer: "i", jwtAudience: "a" },
			"/no/such is not one",
		],
	];
	for (const [what, settings, sentence] of wrong)
		test(what, async () => {
			await expect(open(settings)).rejects.toThrow(sentence);
		});
	test("no JWT settings are valid", async () => {
		expect(await openSiteTokens({ jwtMaxAgeS: 60 }, clock)).toBeUndefined();
	});
});
