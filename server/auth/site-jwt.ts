/**
 * Verifies site JWTs (RFC 7519): JSON Web Tokens that the site's own backend signs for its visitors.
 *
 * The operator chooses the key and the algorithms, never the token. Nothing about a visitor is stored.
 * Ids of known visitors have a prefix, so they never equal an anonymous visitor's id.
 */
import { readFile } from "node:fs/promises";
import {
	createLocalJWKSet,
	createRemoteJWKSet,
	customFetch,
	errors,
	type JWTPayload,
	type JWTVerifyGetKey,
	jwtVerify,
} from "jose";
import type { Clock } from "../../protocol/clock.ts";
import { ChatError } from "../../protocol/errors.ts";
import { knownVisitor, type Visitor } from "../visitor.ts";

export type SiteTokenSettings = {
	jwtSecret?: string | undefined;
	jwtJwksUrl?: string | undefined;
	jwtAlgorithms?: readonly string[] | undefined;
	jwtIssuer?: string | undefined;
	jwtAudience?: string | undefined;
	/** Names of the claims that the provider receives. */
	jwtClaims?: readonly string[] | undefined;
	/** Maximum age of a token, s. */
	jwtMaxAgeS: number;
};

/** The visitor, and when the token was issued and expires, ms since 1970. */
export type Identified = { visitor: Visitor; issued: number; until: number };
export type SiteTokens = { verify(token: string): Promise<Identified> };

type Key = { key: Uint8Array | JWTVerifyGetKey; algorithms: readonly string[] };

/** Tolerated difference between the clocks of two machines, s. */
const toleranceS = 5;
/** After a failed fetch the keys are not fetched again for this long, ms. */
const quietMs = 5_000;
const maxSubjectChars = 256;
/** The year 5138. A later time is invalid, s. */
const endOfTimeS = 1e11;

/** Algorithms by kind of key. A token must not choose between a secret and a published key. */
const algorithmsOf = {
	secret: ["HS256", "HS384", "HS512"],
	keys: [
		"ES256",
		"ES384",
		"ES512",
		"EdDSA",
		"Ed25519",
		"RS256",
		"RS384",
		"RS512",
		"PS256",
		"PS384",
		"PS512",
	],
} as const;
const defaultAlgorithms = {
	secret: ["HS256"],
	keys: ["ES256", "RS256", "EdDSA"],
} as const;

/**
 * Opens the configured secret or keys. `undefined` if neither is configured.
 * @throws {Error} with a sentence for the operator.
 */
export async function openSiteTokens(
	settings: SiteTokenSettings,
	clock: Clock,
): Promise<SiteTokens | undefined> {
	const { jwtSecret, jwtJwksUrl, jwtIssuer, jwtAudience } = settings;
	if (jwtSecret && jwtJwksUrl)
		throw new Error(
			"Expected CHAT_JWT_SECRET or CHAT_JWT_JWKS_URL, not both: a token must not choose how it is checked.",
		);
	const kind = jwtSecret ? "secret" : "keys";
	const algorithms = settings.jwtAlgorithms ?? defaultAlgorithms[kind];
	const allowed: readonly string[] = algorithmsOf[kind];
	for (const algorithm of algorithms)
		if (!allowed.includes(algorithm))
			throw new Error(
				`Expected CHAT_JWT_ALGORITHMS to be some of ${allowed.join(", ")} with ${kind === "secret" ? "CHAT_JWT_SECRET" : "CHAT_JWT_JWKS_URL"}; got "${algorithm}".`,
			);
	if (jwtSecret) {
		const key = new TextEncoder().encode(jwtSecret);
		return siteTokens({ key, algorithms }, settings, clock);
	}
	if (!jwtJwksUrl) return undefined;
	if (!jwtIssuer || !jwtAudience)
		throw new Error(
			"Expected CHAT_JWT_ISSUER and CHAT_JWT_AUDIENCE beside CHAT_JWT_JWKS_URL: such keys also sign for other services.",
		);
	const key = await openKeys(new URL(jwtJwksUrl), clock);
	return siteTokens({ key, algorithms }, settings, clock);
}

function siteTokens(
	{ key, algorithms }: Key,
	{ jwtIssuer, jwtAudience, jwtClaims, jwtMaxAgeS }: SiteTokenSettings,
	clock: Clock,
): SiteTokens {
	const options = {
		algorithms: [...algorithms],
		maxTokenAge: jwtMaxAgeS,
		clockTolerance: toleranceS,
		...(jwtIssuer && { issuer: jwtIssuer }),
		...(jwtAudience && { audience: jwtAudience }),
	};
	return {
		/** @throws {ChatError} `unauthorized`; `unavailable` if the keys cannot be fetched. */
		async verify(token) {
			const currentDate = new Date(clock.now());
			const { payload } = await jwtVerify(token, key as JWTVerifyGetKey, {
				...options,
				currentDate,
			}).catch(rethrow);
			// RFC 7519, 4.1.3: a token with an audience is rejected unless this server is named in it.
			if (payload.aud !== undefined && !jwtAudience) throw misfit("aud");
			const { visitor, ...times } = identify(payload, jwtMaxAgeS);
			const claims = (jwtClaims ?? [])
				.filter((name) => Object.hasOwn(payload, name))
				.map((name) => [name, payload[name]] as const);
			if (claims.length === 0) return { visitor, ...times };
			const known = { ...visitor, claims: Object.fromEntries(claims) };
			return { visitor: known, ...times };
		},
	};
}

/** Reads `sub`, `exp` and `iat`, which are all required. */
function identify({ sub, exp, iat }: JWTPayload, maxAgeS: number): Identified {
	const isName =
		typeof sub === "string" &&
		sub.trim() !== "" &&
		sub.length <= maxSubjectChars;
	if (!isName) throw misfit("sub");
	if (!isTime(exp)) throw misfit("exp");
	if (!isTime(iat)) throw misfit("iat");
	const endS = Math.min(exp, iat + maxAgeS) + toleranceS;
	return {
		visitor: { id: knownVisitor(sub) },
		issued: iat * 1_000,
		until: endS * 1_000,
	};
}

const isTime = (seconds: unknown): seconds is number =>
	typeof seconds === "number" && seconds >= 0 && seconds <= endOfTimeS;

const misfit = (claim: string, cause?: unknown) =>
	new ChatError(
		"unauthorized",
		`The "${claim}" of this credential is missing or not accepted here.`,
		{ cause },
	);

function rethrow(error: unknown): never {
	if (error instanceof errors.JWTExpired)
		throw new ChatError("unauthorized", "This credential has expired.");
	if (error instanceof errors.JWTClaimValidationFailed)
		throw misfit(error.claim, error);
	if (error instanceof errors.JOSEError)
		throw new ChatError(
			"unauthorized",
			"This credential was not signed by this site.",
			{ cause: error },
		);
	throw error;
}

/** Keys from a file, read once, or from a URL, fetched when they are needed. */
async function openKeys(url: URL, clock: Clock): Promise<JWTVerifyGetKey> {
	if (url.protocol === "file:") {
		try {
			return createLocalJWKSet(JSON.parse(await readFile(url, "utf8")));
		} catch (cause) {
			throw new Error(
				`Expected CHAT_JWT_JWKS_URL to be a file with a JSON Web Key Set; ${url.pathname} is not one.`,
				{ cause },
			);
		}
	}
	let failedAt = Number.NEGATIVE_INFINITY;
	const keys = createRemoteJWKSet(url, {
		// Invented key ids cause at most one fetch per 30 s, and none soon after a failure.
		async [customFetch](address, init) {
			if (clock.now() - failedAt < quietMs)
				throw new Error("The last fetch of the keys failed a moment ago.");
			try {
				const response = await fetch(address, init);
				if (response.status !== 200) failedAt = clock.now();
				return response;
			} catch (error) {
				failedAt = clock.now();
				throw error;
			}
		},
	});
	return async (header, token) => {
		try {
			return await keys(header, token);
		} catch (error) {
			if (isOfToken(error)) throw error;
			throw new ChatError(
				"unavailable",
				"Your sign-in cannot be checked right now. Please try again in a moment.",
				{ cause: error, retryAfter: quietMs },
			);
		}
	};
}

/** Whether the token is at fault: it names no key of the set, or more than one key matches. */
const isOfToken = (error: unknown): boolean =>
	error instanceof errors.JWKSNoMatchingKey ||
	error instanceof errors.JWKSMultipleMatchingKeys ||
	error instanceof errors.JOSENotSupported;
