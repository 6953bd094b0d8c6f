/**
 * `chat-stream token`: signs a site JWT as the site's backend does, for tests.
 *
 * Uses the settings that the server verifies with.
 */
import { SignJWT } from "jose";
import { readConfig } from "../config/config.ts";
import { loadConfigFile } from "../config/config-file.ts";
import { type Command, UsageError } from "./command.ts";

const unitS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

export const tokenCommand: Command = {
	name: "token",
	says: "Sign a JWT for a visitor as your backend does, for tests",
	options: {
		sub: { type: "string", value: "<id>", says: "Id of the visitor (subject)" },
		iss: {
			type: "string",
			value: "<text>",
			says: "Issuer (default: CHAT_JWT_ISSUER)",
		},
		aud: {
			type: "string",
			value: "<text>",
			says: "Audience (default: CHAT_JWT_AUDIENCE)",
		},
		exp: {
			type: "string",
			value: "<time>",
			says: "Lifetime such as 30s, 10m, 12h or 7d (default: 10m)",
		},
	},
	more: "  Signs with CHAT_JWT_SECRET. Prints only the token.",

	async run({ words, options }, io) {
		const { sub, exp = "10m" } = options;
		if (words.length > 0)
			throw new UsageError(`Unexpected argument "${words[0]}".`);
		if (typeof sub !== "string" || sub === "")
			throw new UsageError("Expected --sub with the visitor's id.");
		const lifeS = secondsOf(`${exp}`);
		const config = readConfig(io.env, await loadConfigFile(io.folder));
		const { jwtSecret, jwtAlgorithms: [alg = "HS256"] = [] } = config;
		const { iss = config.jwtIssuer, aud = config.jwtAudience } = options;
		if (!jwtSecret)
			throw new Error(
				"Expected CHAT_JWT_SECRET to be set: the secret that your backend signs with.",
			);
		const nowS = Math.floor(io.clock.now() / 1_000);
		const token = new SignJWT()
			.setProtectedHeader({ alg, typ: "JWT" })
			.setSubject(sub)
			.setIssuedAt(nowS)
			.setExpirationTime(nowS + lifeS);
		if (typeof iss === "string") token.setIssuer(iss);
		if (typeof aud === "string") token.setAudience(aud);
		const signed = await token.sign(new TextEncoder().encode(jwtSecret));
		await io.out(`${signed}\n`);
		return 0;
	},
};

function secondsOf(text: string): number {
	const [, count, unit] = text.match(/^(\d{1,9})([smhd])$/) ?? [];
	const seconds = Number(count) * unitS[unit as keyof typeof unitS];
	if (seconds > 0) return seconds;
	throw new UsageError(
		`Expected --exp to be a time such as 30s, 10m, 12h or 7d; got "${text}".`,
	);
}
