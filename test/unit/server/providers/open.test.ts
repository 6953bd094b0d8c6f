import { expect, test } from "bun:test";
import {
	openProvider,
	type ProviderConfig,
} from "../../../../server/providers/open.ts";
import type { Provider } from "../../../../server/providers/provider.ts";
import { ask } from "../../../support/ask.ts";
import { folderOf, handbook } from "../../../support/handbook.ts";

test("each kind is made from its settings", async () => {
	const { folder, write, delete: end } = folderOf(handbook);
	write("own.js", "export default async function* () { yield 'own'; }");
	const openaiBaseUrl = "http://127.0.0.1:1/v1";
	const cases: [ProviderConfig, string][] = [
		[{ provider: "pages", pages: folder }, `pages ${folder}`],
		[{ provider: "openai", model: "m", openaiBaseUrl }, "openai m"],
		[{ provider: "openai", model: "m", openaiApiKey: "k" }, "openai m"],
		[
			{ provider: "http", httpUrl: "https://a.example/chat?key=k" },
			"http https://a.example/chat",
		],
		[{ provider: `${folder}/own.js` }, `module ${folder}/own.js`],
	];
	for (const [config, name] of cases) {
		const provider = await openProvider(config);
		expect(provider.name).toBe(name);
		await provider.close?.();
	}
	end();
});

test("the pages' title and address reach the answers", async () => {
	const { folder, delete: end } = folderOf(handbook);
	const provider = await openProvider({
		provider: "pages",
		pages: folder,
		pagesTitle: "the manual",
		pagesUrl: "https://docs.example/",
	});
	const { text } = await ask(provider, "hi");
	expect(text).toContain("in the manual");
	expect(text).toContain("(https://docs.example/faq)");
	await provider.close?.();
	end();
});

test("a provider made elsewhere keeps its name, and may yield chunks of a library", async () => {
	const chunk = { choices: [{ delta: { content: "Hello" } }] };
	const own: object = { name: "mine", reply: () => [chunk] };
	const provider = await openProvider({ provider: own as Provider });
	expect(provider.name).toBe("mine");
	expect((await ask(provider, "hi")).text).toBe("Hello");
});

test.each<[ProviderConfig, RegExp]>([
	[
		{ provider: "openia" },
		/^Expected CHAT_PROVIDER to be pages, .* got "openia"\.$/,
	],
	[{ provider: "./no.ts" }, /^Expected CHAT_PROVIDER .* no file \.\/no\.ts\.$/],
	[{ provider: "pages" }, /^Expected CHAT_PAGES to be set/],
	[
		{ provider: "pages", pages: "./no" },
		/^Expected CHAT_PAGES .* no folder \.\/no\.$/,
	],
	[{ provider: "openai", openaiApiKey: "k" }, /^Expected CHAT_MODEL to be set/],
	[{ provider: "openai", model: "m" }, /^Expected OPENAI_API_KEY to be set/],
	[
		{ provider: "openai", model: "m", openaiHeaders: { "no name": "secret" } },
		/^Expected OPENAI_HEADERS to have header names(?!.*secret)/,
	],
	[
		{ provider: "openai", model: "m", openaiBaseUrl: "file:///etc" },
		/^Expected OPENAI_BASE_URL to be an http/,
	],
	[{ provider: "http" }, /^Expected CHAT_HTTP_URL to be set/],
	[
		{ provider: "http", httpUrl: "a.example" },
		/^Expected CHAT_HTTP_URL to be an http/,
	],
])(
	"%o stops the start with a sentence that names the setting",
	async (config, sentence) => {
		await expect(openProvider(config)).rejects.toThrow(sentence);
	},
);
