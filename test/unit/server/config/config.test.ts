import { describe, expect, test } from "bun:test";
import {
	defaults,
	environmentNames,
	readConfig,
	warningsAbout,
} from "../../../../server/config/config.ts";

describe("the configuration", () => {
	test("is complete with nothing set", () => {
		const config = readConfig({});
		expect(config).toMatchObject(defaults);
		expect(config.openaiApiKey).toBeUndefined();
	});

	test("comes from the environment before the file before the defaults", () => {
		const file = { port: 1_111, model: "from-file" };
		const config = readConfig({ PORT: "2222" }, file);
		expect(config.port).toBe(2_222);
		expect(config.model).toBe("from-file");
		expect(config.host).toBe(defaults.host);
	});

	test("takes an empty variable for one that is not set", () => {
		expect(readConfig({ PORT: "", CHAT_MODEL: "" }).port).toBe(defaults.port);
	});

	const wrong: [string, string][] = [
		["PORT", "eighty"],
		["PORT", "65536"],
		["PORT", "80.5"],
		["CHAT_BASE", "chat"],
		["CHAT_BASE", "/chat/"],
		["OPENAI_BASE_URL", "ftp://models.example"],
		["OPENAI_BASE_URL", "localhost:11434"],
		["CHAT_HTTP_URL", "/answer"],
		["CHAT_MAX_CONTENT", "0"],
		["CHAT_BATCH_MS", "-1"],
		["CHAT_PAGES_URL", "/docs"],
		["CHAT_ANONYMOUS", "no"],
		["CHAT_JWT_JWKS_URL", "http://login.example/keys"],
		["CHAT_JWT_JWKS_URL", "./keys.json"],
		["CHAT_JWT_ALGORITHMS", "ES256,,RS256"],
		["CHAT_JWT_MAX_AGE", "1h"],
		["CHAT_TOKENS_NOT_BEFORE", "yesterday"],
		["CHAT_TOKENS_NOT_BEFORE", "2026-11-22T10:00:00"],
	];
	for (const [variable, value] of wrong)
		test(`${variable}=${value} stops the start with a sentence`, () => {
			const start = () => readConfig({ [variable]: value });
			expect(start).toThrow(`Expected ${variable} to be`);
			expect(start).toThrow(`got "${value}"`);
		});

	test("a secret that is too short is not shown", () => {
		const start = () => readConfig({ CHAT_SECRET: "short-secret" });
		expect(start).toThrow("Expected CHAT_SECRET to be");
		expect(start).not.toThrow("short-secret");
	});

	test("flags, lists and moments are read from text", () => {
		const config = readConfig({
			CHAT_ANONYMOUS: "false",
			CHAT_JWT_ALGORITHMS: "ES256, RS256",
			CHAT_TOKENS_NOT_BEFORE: "2026-11-22T10:00:00+01:00",
		});
		expect(config.anonymous).toBeFalse();
		expect(config.jwtAlgorithms).toEqual(["ES256", "RS256"]);
		expect(config.tokensNotBefore).toBe(Date.UTC(2026, 10, 22, 9));
	});

	test("headers are read from JSON, and a wrong one is not shown", () => {
		const headers = '{"Authorization":"Bearer key-of-mine"}';
		expect(readConfig({ CHAT_HTTP_HEADERS: headers }).httpHeaders).toEqual({
			Authorization: "Bearer key-of-mine",
		});
		expect(readConfig({ OPENAI_HEADERS: headers }).openaiHeaders).toEqual({
			Authorization: "Bearer key-of-mine",
		});
		const start = () =>
			readConfig({ CHAT_HTTP_HEADERS: "Authorization: key-of-mine" });
		expect(start).toThrow("Expected CHAT_HTTP_HEADERS to be a JSON object");
		expect(start).not.toThrow("key-of-mine");
	});

	test("a password in an address is not shown", () => {
		const start = () =>
			readConfig({ OPENAI_BASE_URL: "ftp://me:hunter2@host" });
		expect(start).not.toThrow("hunter2");
	});

	test("a setting of the file that does not exist is named", () => {
		const file = { prot: 1 } as unknown as { port: number };
		expect(() => readConfig({}, file)).toThrow('"prot" that does not exist');
	});

	test("a wrong value of the file is named with the file", () => {
		expect(() => readConfig({}, { port: 70_000 })).toThrow(
			"Expected port in chat-stream.config.ts",
		);
	});

	test("an unknown variable is reported, with the most similar name", () => {
		const env = {
			CHAT_MAX_CONTNET: "1",
			CHAT_PROVIDOR: "openai",
			CHAT_UNLIKE_ANY_OTHER_THING: "1",
			CHAT_STORE: "memory:",
			CHATTY: "1",
			OTHER: "1",
		};
		expect(warningsAbout(env)).toEqual([
			"CHAT_MAX_CONTNET is not a setting. Did you mean CHAT_MAX_CONTENT?",
			"CHAT_PROVIDOR is not a setting. Did you mean CHAT_PROVIDER?",
			"CHAT_UNLIKE_ANY_OTHER_THING is not a setting.",
		]);
	});

	test("an old name stops the start and the sentence gives the new one", () => {
		expect(() => readConfig({ CHAT_DEAD_LINE_MS: "1000" })).toThrow(
			"CHAT_DEAD_LINE_MS in the environment is now called CHAT_IDLE_TIMEOUT_MS.",
		);
		const file = { gatherMs: 0 } as unknown as { batchMs: number };
		expect(() => readConfig({}, file)).toThrow(
			"gatherMs in chat-stream.config.ts is now called batchMs.",
		);
		expect(() => readConfig({ CHAT_GATHER_MS: "" })).not.toThrow();
	});

	test("every setting has one name in the environment", () => {
		const names = Object.values(environmentNames);
		expect(new Set(names).size).toBe(names.length);
	});
});
