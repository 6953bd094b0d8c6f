/**
 * Likely mistakes in valid settings: each a sentence with what was found, what it means and what to do.
 *
 * The server starts with them. Nothing here changes a setting.
 */
import { resolve } from "node:path";
import { isLoopbackHost } from "../auth/ip-ranges.ts";
import {
	type Config,
	type ConfigFile,
	environmentNames,
	type SettingName,
} from "./config.ts";

export type Circumstances = {
	config: Config;
	env: Record<string, string | undefined>;
	file: ConfigFile | undefined;
	/** The folder with the documentation of chat-stream. */
	demoPages: string;
	/** ms since 1970. */
	now: number;
};

/** What each warning needs: the settings, and how to name them. */
type Known = Circumstances & {
	isSet(name: SettingName): boolean;
	/** The variable, or the name in the file if it is set there. */
	nameOf(name: SettingName): string;
};

export function likelyMistakes(circumstances: Circumstances): string[] {
	const { env, file } = circumstances;
	const isInEnv = (name: SettingName) => Boolean(env[environmentNames[name]]);
	const isInFile = (name: SettingName) => file?.[name] !== undefined;
	const known: Known = {
		...circumstances,
		isSet: (name) => isInEnv(name) || isInFile(name),
		nameOf: (name) =>
			isInEnv(name) || !isInFile(name)
				? environmentNames[name]
				: `${name} in chat-stream.config.ts`,
	};
	return [
		...unusedProviderSettings(known),
		...forgottenPages(known),
		...unusedVisitorSettings(known),
		...unsafeSettings(known),
		...overruledLimits(known),
		...overruledTimes(known),
		...samePorts(known),
	];
}

/** The settings that only one kind of provider reads, and what is not asked without it. */
const providerSettings = [
	{
		provider: "openai",
		names: ["model", "openaiApiKey", "openaiBaseUrl", "openaiHeaders"],
		unused: "The model is not asked.",
	},
	{
		provider: "http",
		names: ["httpUrl", "httpHeaders"],
		unused: "Your endpoint is not asked.",
	},
	{
		provider: "pages",
		names: ["pages", "pagesUrl", "pagesTitle"],
		unused: "The pages are not read.",
	},
] as const satisfies {
	provider: string;
	names: SettingName[];
	unused: string;
}[];

/** Other programs on a machine use these, too, so they are no mistake beside a provider that was chosen. */
const shared: readonly SettingName[] = ["openaiApiKey", "openaiBaseUrl"];

function unusedProviderSettings({ config, isSet, nameOf }: Known): string[] {
	const { provider: current } = config;
	// A module may read any variable itself.
	const isBuiltIn = providerSettings.some(
		({ provider }) => provider === current,
	);
	if (!isBuiltIn) return [];
	const is = isSet("provider")
		? `${nameOf("provider")} is ${current}`
		: `CHAT_PROVIDER is not set, which stands for ${current}`;
	const found = providerSettings
		.filter(({ provider }) => provider !== current)
		.flatMap(({ provider, names, unused }) => {
			const set = names
				.filter((name) => isSet(name))
				.filter((name) => current === "pages" || !shared.includes(name))
				.map(nameOf);
			return set.length === 0
				? []
				: `${areSet(set)}, but ${is}. ${unused} Set CHAT_PROVIDER=${provider}, or remove ${set.join(" and ")}.`;
		});
	if (current === "pages" && isSet("systemPrompt"))
		found.push(
			`${areSet([nameOf("systemPrompt")])}, but ${is}. It has no effect, because no model is asked. Set CHAT_PROVIDER to your model, or remove ${nameOf("systemPrompt")}.`,
		);
	return found;
}

function forgottenPages(known: Known): string[] {
	const { config, isSet, nameOf, demoPages } = known;
	if (config.provider !== "pages") return [];
	if (resolve(config.pages) !== resolve(demoPages)) return [];
	const signs: string[] = [];
	if (!isLoopbackHost(config.host)) signs.push(`HOST is ${config.host}`);
	for (const name of ["origins", "trustedProxies"] as const)
		if (config[name]) signs.push(`${nameOf(name)} is set`);
	if (signs.length === 0) return [];
	const pages = isSet("pages")
		? `${nameOf("pages")} is the demo's folder`
		: "CHAT_PAGES is not set";
	return [
		`${pages}, but ${signs.join(" and ")}, as for real visitors. They get answers from the documentation of chat-stream. Set CHAT_PAGES to the folder of your own pages, or CHAT_PROVIDER to your model.`,
	];
}

function unusedVisitorSettings({ config, isSet, nameOf }: Known): string[] {
	const found: string[] = [];
	if (config.withoutOrigin && !config.origins)
		found.push(
			`${nameOf("withoutOrigin")} is true, but CHAT_ORIGINS is not set. It has no effect: any page and any program may use the chat. Set CHAT_ORIGINS, or remove ${nameOf("withoutOrigin")}.`,
		);
	const details = (
		["jwtAlgorithms", "jwtIssuer", "jwtAudience", "jwtMaxAgeS"] as const
	)
		.filter((name) => isSet(name))
		.map(nameOf);
	if (details.length > 0 && !config.jwtSecret && !config.jwtJwksUrl)
		found.push(
			`${areSet(details)}, but neither CHAT_JWT_SECRET nor CHAT_JWT_JWKS_URL is. No JWT is accepted, so every visitor is anonymous. Set one of the two, or remove ${details.join(" and ")}.`,
		);
	return found;
}

function unsafeSettings({ config, nameOf, now }: Known): string[] {
	const { tokensNotBefore, secret, jwtSecret, trustedProxies } = config;
	const found: string[] = [];
	if (tokensNotBefore !== undefined && tokensNotBefore > now)
		found.push(
			`${nameOf("tokensNotBefore")} is in the future (${new Date(tokensNotBefore).toISOString()}). Until then the server rejects every credential, new ones as well. Set it to the time of the incident.`,
		);
	if (secret !== undefined && secret === jwtSecret)
		found.push(
			`${nameOf("secret")} and ${nameOf("jwtSecret")} are the same. Your site's backend could then sign anonymous credentials. Use two different secrets.`,
		);
	const everyone = trustedProxies?.find((range) => /\/0+$/.test(range));
	if (everyone !== undefined)
		found.push(
			`${nameOf("trustedProxies")} contains ${everyone}, which is every address. A visitor can then pretend to have another address and evade the limits. List the addresses of your own proxies.`,
		);
	return found;
}

/** A limit, and the one that applies before it if it is lower. */
const limits = [
	["maxMessagesPerMinute", "maxMessagesPerDay"],
	["maxOpenRepliesPerVisitor", "maxOpenReplies"],
	["maxTokensPerVisitorDay", "maxTokensPerDay"],
] as const satisfies [SettingName, SettingName][];

/** A limit of 0 is none. */
function overruledLimits(known: Known): string[] {
	return limits
		.filter(([, other]) => known.config[other] !== 0)
		.flatMap(([name, other]) => overruled(known, name, other));
}

/** A time, and the one that ends before it if it is shorter. */
const times = [
	["firstChunkTimeoutMs", "replyMs"],
	["nextChunkTimeoutMs", "replyMs"],
	["unreadMs", "replyMs"],
	["helloMs", "idleTimeoutMs"],
] as const satisfies [SettingName, SettingName][];

function overruledTimes(known: Known): string[] {
	const { config, nameOf } = known;
	const { heartbeatMs, idleTimeoutMs } = config;
	const found = times.flatMap(([name, other]) => overruled(known, name, other));
	if (heartbeatMs >= idleTimeoutMs)
		found.push(
			`${nameOf("heartbeatMs")} is ${heartbeatMs}, but ${nameOf("idleTimeoutMs")} is ${idleTimeoutMs}. The server closes idle connections before a heartbeat can keep them open. Set ${nameOf("idleTimeoutMs")} to three times ${nameOf("heartbeatMs")}.`,
		);
	return found;
}

/** Only if the operator set the higher one: many lower a limit below the default of another. */
function overruled(
	{ config, isSet, nameOf }: Known,
	name: (typeof limits | typeof times)[number][0],
	other: (typeof limits | typeof times)[number][1],
): string[] {
	if (!isSet(name) || config[name] <= config[other]) return [];
	return [
		`${nameOf(name)} is ${config[name]}, but ${nameOf(other)} is ${config[other]}. The lower one applies first, so ${nameOf(name)} has no effect. Lower ${nameOf(name)}, or raise ${nameOf(other)}.`,
	];
}

function samePorts({ config, nameOf }: Known): string[] {
	const { port, metricsPort } = config;
	if (port === 0 || port !== metricsPort) return [];
	return [
		`${nameOf("port")} and ${nameOf("metricsPort")} are both ${port}. Only one of them can listen. Set ${nameOf("metricsPort")} to another port.`,
	];
}

const areSet = (names: readonly string[]): string =>
	`${names.join(" and ")} ${names.length === 1 ? "is" : "are"} set`;
