import { describe, expect, test } from "bun:test";
import {
	type ConfigFile,
	readConfig,
} from "../../../../server/config/config.ts";
import { likelyMistakes } from "../../../../server/config/warnings.ts";

const now = Date.UTC(2026, 11, 1);
const demoPages = "/app/demo/pages";

/** The warnings for these settings; the pages are the demo's unless set. */
function warnings(env: Record<string, string>, file?: ConfigFile): string[] {
	const config = readConfig(env, file);
	const pages = env.CHAT_PAGES ?? file?.pages ?? demoPages;
	const given = { config: { ...config, pages }, env, file, demoPages, now };
	return likelyMistakes(given);
}

const model = { CHAT_PROVIDER: "openai", CHAT_MODEL: "m" };
const secret = "0123456789abcdef0123456789abcdef";

describe("settings of a provider that is not in use", () => {
	test("a key and a model without a provider", () => {
		expect(warnings({ OPENAI_API_KEY: "sk-x", CHAT_MODEL: "m" })).toEqual([
			"CHAT_MODEL and OPENAI_API_KEY are set, but CHAT_PROVIDER is not set, which stands for pages. The model is not asked. Set CHAT_PROVIDER=openai, or remove CHAT_MODEL and OPENAI_API_KEY.",
		]);
	});

	for (const [name, env, provider] of [
		["a key alone", { OPENAI_API_KEY: "sk-x" }, "openai"],
		["a local model server", { OPENAI_BASE_URL: "http://m.test" }, "openai"],
		["an endpoint", { CHAT_HTTP_URL: "http://e.test" }, "http"],
		[
			"an endpoint beside a model",
			{ ...model, CHAT_HTTP_URL: "http://e.test" },
			"http",
		],
		["pages beside a model", { ...model, CHAT_PAGES: "/my/pages" }, "pages"],
		[
			"a model beside an endpoint",
			{
				CHAT_PROVIDER: "http",
				CHAT_HTTP_URL: "http://e.test",
				CHAT_MODEL: "m",
			},
			"openai",
		],
	] as [string, Record<string, string>, string][])
		test(`${name}: the warning names the provider that would use it`, () => {
			const [warning, ...others] = warnings(env);
			expect(others).toEqual([]);
			expect(warning).toContain(`Set CHAT_PROVIDER=${provider}, or remove`);
		});

	test("a system prompt for pages", () => {
		const [warning] = warnings({ CHAT_SYSTEM_PROMPT: "Be kind." });
		expect(warning).toContain("no model is asked");
		expect(warnings({ ...model, CHAT_SYSTEM_PROMPT: "Be kind." })).toEqual([]);
	});

	test("a setting of the file is named as in the file", () => {
		const [warning] = warnings({}, { model: "m" });
		expect(warning).toStartWith("model in chat-stream.config.ts is set");
	});

	test("no value is shown, since it may be a secret", () => {
		const env = { OPENAI_API_KEY: "sk-secret", CHAT_SECRET: secret };
		expect(warnings({ ...env, CHAT_JWT_SECRET: secret }).join()).not.toMatch(
			/sk-secret|0123/,
		);
	});

	test("a module may read any variable, and a shared key beside another provider is no mistake", () => {
		const key = { OPENAI_API_KEY: "sk-x", OPENAI_BASE_URL: "http://m.test" };
		const module = { CHAT_PROVIDER: "./mine.ts", CHAT_MODEL: "m" };
		expect(warnings({ ...key, ...module })).toEqual([]);
		const http = { CHAT_PROVIDER: "http", CHAT_HTTP_URL: "http://e.test" };
		expect(warnings({ ...key, ...http })).toEqual([]);
	});
});

describe("the pages of the demo", () => {
	for (const [sign, env] of [
		["HOST is 0.0.0.0", { HOST: "0.0.0.0" }],
		["HOST is chat.internal", { HOST: "chat.internal" }],
		["CHAT_ORIGINS is set", { CHAT_ORIGINS: "https://shop.example" }],
		["CHAT_TRUSTED_PROXIES is set", { CHAT_TRUSTED_PROXIES: "127.0.0.1" }],
	] as [string, Record<string, string>][])
		test(`are reported when ${sign}`, () => {
			const [warning, ...others] = warnings(env);
			expect(others).toEqual([]);
			expect(warning).toContain(sign);
			expect(warning).toContain("Set CHAT_PAGES to the folder of your own");
			expect(warnings({ ...env, CHAT_PAGES: "/my/pages" })).toEqual([]);
			expect(warnings({ ...env, ...model })).toEqual([]);
			expect(warnings({ ...env, CHAT_PAGES: demoPages })[0]).toContain(
				"CHAT_PAGES is the demo's folder",
			);
		});

	test("are fine on localhost", () => {
		expect(warnings({})).toEqual([]);
		expect(warnings({ HOST: "localhost" })).toEqual([]);
		expect(warnings({ HOST: "::1" })).toEqual([]);
	});
});

describe("settings that contradict each other", () => {
	for (const [env, says] of [
		[{ CHAT_WITHOUT_ORIGIN: "true" }, "CHAT_ORIGINS is not set"],
		[{ CHAT_JWT_ISSUER: "shop" }, "so every visitor is anonymous"],
		[
			{ CHAT_JWT_MAX_AGE: "60", CHAT_JWT_AUDIENCE: "chat" },
			"are set, but neither",
		],
		[{ CHAT_TOKENS_NOT_BEFORE: "2027-01-01T00:00:00Z" }, "2027-01-01"],
		[{ CHAT_SECRET: secret, CHAT_JWT_SECRET: secret }, "are the same"],
		[{ CHAT_TRUSTED_PROXIES: "10.0.0.1 0.0.0.0/0" }, "contains 0.0.0.0/0"],
		[{ CHAT_TRUSTED_PROXIES: "::/0" }, "contains ::/0"],
		[
			{ CHAT_HEARTBEAT_MS: "30000", CHAT_IDLE_TIMEOUT_MS: "20000" },
			"before a heartbeat",
		],
		[{ CHAT_IDLE_TIMEOUT_MS: "15000" }, "before a heartbeat"],
		[
			{ CHAT_FIRST_CHUNK_TIMEOUT_MS: "90000", CHAT_REPLY_MS: "60000" },
			"no effect",
		],
		[
			{ CHAT_UNREAD_MS: "90000", CHAT_REPLY_MS: "60000" },
			"raise CHAT_REPLY_MS",
		],
		[
			{ CHAT_MAX_MESSAGES_PER_MINUTE: "700" },
			"CHAT_MAX_MESSAGES_PER_DAY is 500",
		],
		[
			{ CHAT_MAX_TOKENS_PER_VISITOR_DAY: "9", CHAT_MAX_TOKENS_PER_DAY: "8" },
			"raise CHAT_MAX_TOKENS_PER_DAY",
		],
		[{ PORT: "8787", CHAT_METRICS_PORT: "8787" }, "are both 8787"],
	] as [Record<string, string>, string][])
		test(`${Object.keys(env).join(" and ")}: ${says}`, () => {
			const [warning, ...others] = warnings({ ...model, ...env });
			expect(others).toEqual([]);
			expect(warning).toContain(says);
			// What was found, what it means, what to do.
			expect(warning?.split(/[.:] (?=[A-Z])/)).toHaveLength(3);
		});

	test("settings that agree are not reported", () => {
		for (const env of [
			{ CHAT_ORIGINS: "https://a.example", CHAT_WITHOUT_ORIGIN: "true" },
			{ CHAT_JWT_SECRET: secret, CHAT_JWT_ISSUER: "shop" },
			{ CHAT_TOKENS_NOT_BEFORE: "2026-01-01T00:00:00Z" },
			{ CHAT_SECRET: secret, CHAT_JWT_SECRET: `${secret}x` },
			{ CHAT_TRUSTED_PROXIES: "10.0.0.0/8" },
			// Below another limit's default, which is no mistake.
			{ CHAT_REPLY_MS: "60000" },
			{ CHAT_MAX_TOKENS_PER_DAY: "1000" },
			// 0 is no limit.
			{ CHAT_MAX_MESSAGES_PER_MINUTE: "700", CHAT_MAX_MESSAGES_PER_DAY: "0" },
			{ PORT: "0", CHAT_METRICS_PORT: "0" },
		])
			expect([env, warnings({ ...model, ...env })]).toEqual([env, []]);
	});
});
