/**
 * Authenticates visitors: by a site JWT, or by the credential of an anonymous visitor.
 *
 * An anonymous credential is `v1.<payload>.<signature>`. The payload names the visitor and the expiry;
 * the signature is HMAC-SHA-256 (RFC 2104) over both with the server's secret. It is not stored, so it
 * survives a restart with the same secret. It ends when the visitor's last conversation is deleted.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { Visitor } from "../visitor.ts";
import { expired } from "./expiry.ts";
import type { Identified, SiteTokens } from "./site-jwt.ts";

/** Lifetime of an anonymous credential, ms. It is renewed after half of it. */
const lifeMs = 180 * 24 * 3_600_000;

/** The visitor, the expiry in ms since 1970, and a new credential if the client needs one. */
export type Authenticated = { visitor: Visitor; until: number; fresh?: string };

export type Authentication = ReturnType<typeof createAuthentication>;

export function createAuthentication(
	secret: string,
	clock: Clock,
	rules: {
		/** Verifies site JWTs. */
		site?: SiteTokens | undefined;
		/** Allow anonymous visitors. */
		anonymous?: boolean;
		/** Reject credentials issued before this time, ms since 1970. */
		notBefore?: number | undefined;
		/** Whether any conversation of an anonymous visitor is stored. */
		isKept?: (visitor: string) => Promise<boolean>;
	} = {},
) {
	const { site, anonymous = true, notBefore = 0 } = rules;
	const { isKept = async () => true } = rules;
	const sign = (payload: string): Buffer =>
		createHmac("sha256", secret).update(`v1.${payload}`).digest();

	function mint(visitor: Visitor): string {
		const life = { visitor: visitor.id, until: clock.now() + lifeMs };
		const payload = Buffer.from(JSON.stringify(life)).toString("base64url");
		return `v1.${payload}.${sign(payload).toString("base64url")}`;
	}

	/** @throws {ChatError} `unauthorized` unless this server has signed it. */
	function verify(token: string): Identified {
		const [kind, payload = "", signature = "", ...rest] = token.split(".");
		const given = Buffer.from(signature, "base64url");
		const expected = sign(payload);
		const genuine =
			kind === "v1" &&
			rest.length === 0 &&
			given.length === expected.length &&
			timingSafeEqual(given, expected);
		if (!genuine || !anonymous)
			throw new ChatError(
				"unauthorized",
				"This credential was not issued by this server.",
			);
		const { visitor: id, until } = lifeOf(payload);
		return { visitor: { id }, issued: until - lifeMs, until };
	}

	const renewed = (visitor: Visitor): Authenticated => ({
		visitor,
		until: clock.now() + lifeMs,
		fresh: mint(visitor),
	});

	return {
		/**
		 * Finds the visitor of a credential. Without a credential a new visitor is created, unless the
		 * request names a conversation: that conversation belongs to a visitor already.
		 * @throws {ChatError} `unauthorized`; `unavailable` when the site's keys are out of reach.
		 */
		async authenticate(
			token: string | undefined,
			named: boolean,
		): Promise<Authenticated> {
			if (token === undefined) {
				if (!named && anonymous) return renewed({ id: crypto.randomUUID() });
				throw new ChatError(
					"unauthorized",
					anonymous
						? "Expected the credential of this conversation."
						: "Expected a credential of this site. Please sign in.",
				);
			}
			const isOwn = !site || token.startsWith("v1.");
			const { visitor, issued, until } = isOwn
				? verify(token)
				: await site.verify(token);
			if (until <= clock.now()) throw expired();
			if (issued < notBefore)
				throw new ChatError("unauthorized", "This credential was revoked.");
			// With a conversation, the chat service checks the owner. Without one, only this check remains.
			if (isOwn && !named && !(await isKept(visitor.id)))
				throw new ChatError(
					"unauthorized",
					"This credential ended when its conversations were deleted.",
				);
			const isOld = isOwn && until - clock.now() < lifeMs / 2;
			return isOld ? renewed(visitor) : { visitor, until };
		},
	};
}

/** The secret may have signed other things, in another program or an older version. */
const lifeSchema = z.object({
	visitor: z.string().min(1).max(256),
	until: z.number().positive(),
});

/** @throws {ChatError} `unauthorized` if a signed payload is not one of this server. */
function lifeOf(payload: string): z.output<typeof lifeSchema> {
	try {
		const text = Buffer.from(payload, "base64url").toString();
		return lifeSchema.parse(JSON.parse(text));
	} catch (cause) {
		throw new ChatError(
			"unauthorized",
			"This credential was not issued by this server.",
			{ cause },
		);
	}
}

/**
 * The credential of an HTTP request.
 * @throws {ChatError} `unauthorized` for a scheme other than Bearer.
 */
export function bearerOf(request: Request): string | undefined {
	const header = request.headers.get("authorization");
	if (header === null) return undefined;
	const [scheme, token, ...rest] = header.trim().split(/ +/);
	if (scheme?.toLowerCase() !== "bearer" || !token || rest.length > 0)
		throw new ChatError(
			"unauthorized",
			"Expected the header Authorization: Bearer <token>.",
		);
	return token;
}
