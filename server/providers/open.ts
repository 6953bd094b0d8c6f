/**
 * Opens the provider that the configuration names. The only file that knows every kind of provider.
 *
 * Missing or invalid settings stop the server at start, with a sentence that names the setting.
 */
import { httpProvider } from "./http.ts";
import { configuredProvider, moduleProvider } from "./module.ts";
import { openaiProvider } from "./openai.ts";
import { pagesProvider } from "./pages/pages.ts";
import type { Provider } from "./provider.ts";

export type ProviderConfig = {
	/** `pages`, `openai`, `http`, the path of a module, or a provider made elsewhere. */
	provider: string | Provider;
	/** For `openai`. */
	model?: string | undefined;
	openaiBaseUrl?: string | undefined;
	openaiApiKey?: string | undefined;
	openaiHeaders?: Record<string, string> | undefined;
	/** For `http`. */
	httpUrl?: string | undefined;
	httpHeaders?: Record<string, string> | undefined;
	/** For `pages`. */
	pages?: string | undefined;
	pagesTitle?: string | undefined;
	pagesUrl?: string | undefined;
};

/** @throws {Error} one sentence for the operator. */
export async function openProvider(config: ProviderConfig): Promise<Provider> {
	const { provider } = config;
	if (typeof provider !== "string") return configuredProvider(provider);
	switch (provider) {
		case "pages":
			return pagesProvider({
				folder: needed(config.pages, "CHAT_PAGES", "the folder of your pages"),
				title: config.pagesTitle,
				baseUrl: config.pagesUrl,
			});
		case "openai":
			return openaiProvider({
				model: needed(
					config.model,
					"CHAT_MODEL",
					"the name of a model that your server has",
				),
				baseUrl: config.openaiBaseUrl,
				apiKey: config.openaiApiKey,
				headers: config.openaiHeaders,
			});
		case "http":
			return httpProvider({
				url: needed(
					config.httpUrl,
					"CHAT_HTTP_URL",
					"the address of your endpoint",
				),
				headers: config.httpHeaders,
			});
		default:
			if (/[/\\]|\.[cm]?[jt]s$/.test(provider)) return moduleProvider(provider);
			throw new Error(
				`Expected CHAT_PROVIDER to be pages, openai, http or the path of a module such as ./my-provider.ts; got "${provider}".`,
			);
	}
}

function needed(
	value: string | undefined,
	setting: string,
	what: string,
): string {
	if (value?.trim()) return value;
	throw new Error(`Expected ${setting} to be set: ${what}.`);
}
