/** Tokens of a site for tests: genuine ones, and any text in the form of one. */
import { createHmac } from "node:crypto";

export const jwtSecret = "the site's own secret, which nobody else has";

export const base64url = (value: unknown) =>
	Buffer.from(
		typeof value === "string" ? value : JSON.stringify(value),
	).toString("base64url");

/** A token with just these claims, signed by HMAC with `secret`. */
export function signed(
	claims: Record<string, unknown>,
	secret: string | Uint8Array = jwtSecret,
	header: Record<string, unknown> = { alg: "HS256" },
): string {
	const text = `${base64url(header)}.${base64url(claims)}`;
	const bits = String(header.alg).slice(2);
	const hash = ["256", "384", "512"].includes(bits) ? `sha${bits}` : "sha256";
	const signature = createHmac(hash, secret).update(text).digest("base64url");
	return `${text}.${signature}`;
}

/** A token for `sub` that is issued at `now`, ms, and is valid for the given seconds. */
export const tokenFor = (
	sub: string,
	now = Date.now(),
	lifeS = 600,
): string => {
	const iat = Math.floor(now / 1_000);
	return signed({ sub, iat, exp: iat + lifeS });
};
