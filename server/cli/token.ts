/**
 * `chat-stream token`: a JSON Web Token as your backend would sign it, for trying out.
 *
 * Knows the secret that is shared with the backend, and nothing else of the server.
 */
import { SignJWT } from "jose";
import { type Command, UsageError } from "./command.ts";

/** HS256 asks for a key that is as long as its hash (RFC 7518, section 3.2), bytes. */
const minSecretBytes = 32;
const unitS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

export const tokenCommand: Command = {
	name: "token",
	says: "Sign a token for a visitor, as your backend would, to try it out",
	options: {
		sub: { type: "string", value: "<id>", says: "Who the visitor is" },
		iss: { type: "string", value: "<text>", says: "Who signs (none)" },
		aud: { type: "string", value: "<text>", says: "Whom it is for (none)" },
		exp: {
			type: "string",
			value: "<time>",
			says: "How long it lasts: 30s, 10m, 12h, 7d (10m)",
		},
	},
	more: "  Signs with HS256 and the secret in CHAT_JWT_SECRET. Prints the token and nothing else.",

	async run({ words, options }, io) {
		const { sub, iss, aud, exp = "10m" } = options;
		if (words.length > 0)
			throw new UsageError(`Expected options only; got "${words[0]}".`);
		if (typeof sub !== "string" || sub === "")
			throw new UsageError("Expected --sub with the visitor's id.");
		const nowS = Math.floor(io.clock.now() / 1_000);
		const token = new SignJWT()
			.setProtectedHeader({ alg: "HS256", typ: "JWT" })
			.setSubject(sub)
			.setIssuedAt(nowS)
			.setExpirationTime(nowS + secondsOf(`${exp}`));
		if (typeof iss === "string") token.setIssuer(iss);
		if (typeof aud === "string") token.setAudience(aud);
		await io.out(`${await token.sign(secretOf(io.env.CHAT_JWT_SECRET))}\n`);
		return 0;
	},
};

function secretOf(secret: string | undefined): Uint8Array {
	const bytes = new TextEncoder().encode(secret);
	if (bytes.length >= minSecretBytes) return bytes;
	throw new Error(
		`Expected CHAT_JWT_SECRET to be the secret that your backend signs with, at least ${minSecretBytes} bytes; got ${secret ? "a shorter one" : "none"}.`,
	);
}

function secondsOf(text: string): number {
	const [, count, unit] = text.match(/^(\d{1,9})([smhd])$/) ?? [];
	const seconds = Number(count) * unitS[unit as keyof typeof unitS];
	if (seconds > 0) return seconds;
	throw new UsageError(
		`Expected --exp to be a time such as 30s, 10m, 12h or 7d; got "${text}".`,
	);
}
