/**
 * Who somebody is: by a token of the site, or by the credential of an anonymous visitor.
 *
 * Both gates ask here and nowhere else. An anonymous visitor's credential is `v1.<payload>.<signature>`: the payload
 * names the visitor and the end of its life, the signature is HMAC-SHA-256 (RFC 2104) over it with
 * the server's secret. Nothing about it is kept; a restart with the same secret knows it again. It
 * lasts as long as a conversation of its visitor's does: whoever deletes all of them ends it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import type { Visitor } from "../visitor.ts";
import { expired } from "./expiry.ts";
import type { Identified, SiteTokens } from "./site-jwt.ts";

/** How long an anonymous visitor's credential lasts, ms. A younger one is given at half its life. */
const lifeMs = 180 * 24 * 3_600_000;

/** Who it is, until when that counts, and the credential to hand out if one is due. */
export type Authenticated = { visitor: Visitor; until: number; fresh?: string };

export type Authentication = ReturnType<typeof createAuthentication>;

export function createAuthentication(
	secret: string,
	clock: Clock,
	rules: {
		/** Whoever the site knows. */
		site?: SiteTokens | undefined;
		/** Whether anybody else may come in. */
		anonymous?: boolean;
		/** Credentials that are older do not count, ms since 1970. */
		notBefore?: number | undefined;
		/** Whether anything is kept of an anonymous visitor. */
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

	/** @throws {ChatError} `unauthorized` unless we have signed it. */
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
				"This credential was not given by this server.",
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
		 * Who bears this token. Without one a new visitor begins, unless a conversation is named: that
		 * one can only be somebody's.
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
						? "Expected the credential that came with this conversation."
						: "Expected a credential of this site: visitors are asked to sign in.",
				);
			}
			const isOwn = !site || token.startsWith("v1.");
			const { visitor, issued, until } = isOwn
				? verify(token)
				: await site.verify(token);
			if (until <= clock.now()) throw expired();
			if (issued < notBefore)
				throw new ChatError("unauthorized", "This credential was revoked.");
			// Who names a conversation is told whether it is theirs; without one nobody else asks.
			if (isOwn && !named && !(await isKept(visitor.id)))
				throw new ChatError(
					"unauthorized",
					"This credential has ended with what was kept under it.",
				);
			const isOld = isOwn && until - clock.now() < lifeMs / 2;
			return isOld ? renewed(visitor) : { visitor, until };
		},
	};
}

/** A secret may have signed other things than ours, elsewhere or before. */
const lifeSchema = z.object({
	visitor: z.string().min(1).max(256),
	until: z.number().positive(),
});

/** @throws {ChatError} `unauthorized` for a payload that is signed and still none of ours. */
function lifeOf(payload: string): z.output<typeof lifeSchema> {
	try {
		const text = Buffer.from(payload, "base64url").toString();
		return lifeSchema.parse(JSON.parse(text));
	} catch (cause) {
		throw new ChatError(
			"unauthorized",
			"This credential is none of this server's.",
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
