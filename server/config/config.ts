/**
 * Reads the environment and `chat-stream.config.ts` into one validated Config.
 *
 * The environment wins over the file, the file over the defaults. An invalid value stops the start
 * with a sentence that names it. Nothing is validated again later.
 */
import * as z from "zod";
import { rangeOf } from "../auth/ip-ranges.ts";
import { isOriginEntry } from "../auth/origin-rules.ts";
import type { Provider } from "../providers/provider.ts";
import { nearest } from "./did-you-mean.ts";
import { flag, keyAddress, list, moment } from "./setting-types.ts";

/** Every default, with its unit. The README's table is tested against this. */
export const defaults = Object.freeze({
	/** TCP port; 0 takes a free one. */
	port: 8787,
	/** Address to listen on; `0.0.0.0` for all. */
	host: "127.0.0.1",
	/** Serve the demo site: its pages, the documentation and the workbench. */
	demo: false,
	/** Base path of all endpoints. */
	base: "/chat",
	/** `memory:` or `sqlite:<file>`. */
	store: "sqlite:./data/chat.db",
	/** `pages`, `openai`, `http`, or the path of a module. */
	provider: "pages",
	/** The folder of Markdown pages that the `pages` provider answers from. */
	pages: "./demo/pages",
	/** URL prefix of the sources in answers. */
	pagesUrl: "/docs/",
	/** Name of the pages in answers of the `pages` provider. */
	pagesTitle: "these pages",
	/** Allow anonymous visitors. */
	anonymous: true,
	/** With `origins`: requests without `Origin` may write. If false, they may only read. */
	withoutOrigin: false,
	/** Maximum age of a site JWT, s. */
	jwtMaxAgeS: 3_600,
	/** Least severe level that is logged. */
	logLevel: "info",
	/** Longest message of a visitor, in characters. */
	maxContentChars: 8_000,
	/** A visitor without a conversation of the device continues the newest one up to this age, days. */
	resumeDays: 30,
	/** Heartbeat interval on idle connections, ms. */
	heartbeatMs: 15_000,
	/** A connection that received nothing for this long is closed, ms. */
	idleTimeoutMs: 45_000,
	/** Time limit for `hello` on a new WebSocket, ms. */
	helloMs: 5_000,
	/** Longest interval for batching chunks of a reply into one token under load, ms. */
	batchMs: 40,
	/** Time limit for the model's first chunk, ms. */
	firstChunkTimeoutMs: 120_000,
	/** Time limit between two chunks of the model, ms. */
	nextChunkTimeoutMs: 30_000,
	/** Time limit for a whole reply, ms. */
	replyMs: 3_600_000,
	/** Longest reply, in characters; a longer one ends as `length`. */
	maxReplyChars: 500_000,
	/** How long a reply continues without readers, ms. */
	unreadMs: 300_000,
	/** How long open replies may continue after SIGTERM, ms. */
	drainMs: 25_000,
	/* A limit of 0 disables it. Per-address limits do not apply to localhost. */
	/** New connections of one address, per minute. */
	maxConnectionsPerMinute: 300,
	/** Connections of one address without a hello yet, at once. */
	maxPendingConnections: 20,
	/** Connections of one address, at once. */
	maxConnectionsPerAddress: 200,
	/** Connections of one visitor, at once. */
	maxConnectionsPerVisitor: 100,
	/** HTTP requests of one address that are handled at once, and that keep their connection open in 10 s. */
	maxRequestsPerAddress: 200,
	/** Frames on one connection, or requests of one visitor, per second. */
	maxFramesPerSecond: 100,
	/** Messages and retries of one visitor, per minute. */
	maxMessagesPerMinute: 60,
	/** Messages and retries of one visitor, per day. */
	maxMessagesPerDay: 500,
	/** Ratings of one visitor that are stored, per minute. */
	maxFeedbackPerMinute: 60,
	/** What one visitor may add to the store, per day, bytes. */
	maxStoredPerVisitorDay: 25_000_000,
	/** Messages and retries of one address, per minute. */
	maxMessagesPerAddressMinute: 600,
	/** New conversations of one address, per minute. */
	maxConversationsPerAddressMinute: 300,
	/** Open replies of one visitor, at once. */
	maxOpenRepliesPerVisitor: 10,
	/** Open replies of all visitors, at once. */
	maxOpenReplies: 10_000,
	/** Model tokens of one visitor, input and output, per day. */
	maxTokensPerVisitorDay: 2_000_000,
	/** Model tokens of one address, input and output, per day. */
	maxTokensPerAddressDay: 20_000_000,
	/** Model tokens of all visitors, input and output, per day. */
	maxTokensPerDay: 100_000_000,
	/** Earlier turns sent to the model, in characters; the newest ones. */
	maxHistoryChars: 60_000,
});

const whole = (from: number, to: number) =>
	z.coerce.number().int().min(from).max(to);
const words = (what: string) => z.string().trim().min(1, what);
/** The description and the schema of a limit. */
const limit = (most: number) =>
	[`a whole number from 0 (no limit) to ${most}`, whole(0, most)] as const;
/** A list: an array in the file, separated by commas or spaces in the environment. */
const several = (isOne: (text: string) => boolean) =>
	z.preprocess(
		(value) =>
			typeof value === "string" ? value.trim().split(/[\s,]+/) : value,
		z.array(z.string().refine(isOne)).min(1).optional(),
	);
const httpUrl = z.url({ protocol: /^https?$/ });

/** Each setting: its environment variable, its valid values in words, and its schema. */
const settings = {
	port: ["PORT", "a whole number from 0 to 65535", whole(0, 65_535)],
	host: ["HOST", "a host name or an address", words("")],
	demo: ["CHAT_DEMO", "true or false", flag],
	base: [
		"CHAT_BASE",
		"a path such as /chat, without a slash at the end",
		z.string().regex(/^(\/[\w.~-]+)+$/),
	],
	store: ["CHAT_STORE", "memory: or sqlite:<file>", words("")],
	provider: [
		"CHAT_PROVIDER",
		"pages, openai, http, or the path of a module such as ./my-provider.ts",
		z.union([words(""), z.custom<Provider>(isProvider)]),
	],
	model: ["CHAT_MODEL", "the name of a model", words("").optional()],
	systemPrompt: ["CHAT_SYSTEM_PROMPT", "a text", words("").optional()],
	openaiBaseUrl: [
		"OPENAI_BASE_URL",
		"an http or https URL",
		httpUrl.optional(),
	],
	openaiApiKey: ["OPENAI_API_KEY", "a key", words("").optional()],
	openaiHeaders: [
		"OPENAI_HEADERS",
		'a JSON object of headers such as {"x-portkey-api-key":"…"}',
		z.preprocess(parsed, z.record(z.string(), z.string()).optional()),
	],
	httpUrl: ["CHAT_HTTP_URL", "an http or https URL", httpUrl.optional()],
	httpHeaders: [
		"CHAT_HTTP_HEADERS",
		'a JSON object of headers such as {"Authorization":"Bearer …"}',
		z.preprocess(parsed, z.record(z.string(), z.string()).optional()),
	],
	pages: ["CHAT_PAGES", "the path of a folder", words("")],
	pagesUrl: [
		"CHAT_PAGES_URL",
		"a URL or a path that ends with a slash",
		z.string().endsWith("/"),
	],
	pagesTitle: ["CHAT_PAGES_TITLE", "a few words", words("")],
	resumeDays: [
		"CHAT_RESUME_DAYS",
		"a whole number of days from 0 to 36500",
		whole(0, 36_500),
	],
	retentionDays: [
		"CHAT_RETENTION_DAYS",
		"a whole number of days from 1 to 36500",
		whole(1, 36_500).optional(),
	],
	secret: [
		"CHAT_SECRET",
		"at least 32 random characters",
		z.string().min(32).optional(),
	],
	anonymous: ["CHAT_ANONYMOUS", "true or false", flag],
	jwtSecret: [
		"CHAT_JWT_SECRET",
		"at least 32 random characters",
		z.string().min(32).optional(),
	],
	jwtJwksUrl: [
		"CHAT_JWT_JWKS_URL",
		"an https URL, or file:// with the path of a file",
		keyAddress.optional(),
	],
	jwtAlgorithms: [
		"CHAT_JWT_ALGORITHMS",
		"names of algorithms such as ES256,RS256",
		list.optional(),
	],
	jwtIssuer: ["CHAT_JWT_ISSUER", "a text", words("").optional()],
	jwtAudience: ["CHAT_JWT_AUDIENCE", "a text", words("").optional()],
	jwtClaims: [
		"CHAT_JWT_CLAIMS",
		"names of claims such as name,plan",
		list.optional(),
	],
	jwtMaxAgeS: [
		"CHAT_JWT_MAX_AGE",
		"a whole number of seconds from 60 to 31536000",
		whole(60, 31_536_000),
	],
	tokensNotBefore: [
		"CHAT_TOKENS_NOT_BEFORE",
		"a time such as 2026-11-22T10:00:00Z",
		moment.optional(),
	],
	maxContentChars: [
		"CHAT_MAX_CONTENT",
		"a whole number of characters from 1 to 16000",
		whole(1, 16_000),
	],
	metricsToken: [
		"CHAT_METRICS_TOKEN",
		"at least 16 random characters",
		z.string().min(16).optional(),
	],
	metricsPort: [
		"CHAT_METRICS_PORT",
		"a whole number from 0 to 65535",
		whole(0, 65_535).optional(),
	],
	logLevel: [
		"CHAT_LOG_LEVEL",
		"debug, info, warn or error",
		z.enum(["debug", "info", "warn", "error"]),
	],
	heartbeatMs: [
		"CHAT_HEARTBEAT_MS",
		"a whole number of ms from 100 to 30000",
		whole(100, 30_000),
	],
	idleTimeoutMs: [
		"CHAT_IDLE_TIMEOUT_MS",
		"a whole number of ms from 200 to 600000",
		whole(200, 600_000),
	],
	helloMs: [
		"CHAT_HELLO_MS",
		"a whole number of ms from 10 to 60000",
		whole(10, 60_000),
	],
	batchMs: [
		"CHAT_BATCH_MS",
		"a whole number of ms from 0 to 1000",
		whole(0, 1_000),
	],
	firstChunkTimeoutMs: [
		"CHAT_FIRST_CHUNK_TIMEOUT_MS",
		"a whole number of ms from 1 to 3600000",
		whole(1, 3_600_000),
	],
	nextChunkTimeoutMs: [
		"CHAT_NEXT_CHUNK_TIMEOUT_MS",
		"a whole number of ms from 1 to 3600000",
		whole(1, 3_600_000),
	],
	replyMs: [
		"CHAT_REPLY_MS",
		"a whole number of ms from 1000 to 86400000",
		whole(1_000, 86_400_000),
	],
	maxReplyChars: [
		"CHAT_MAX_REPLY",
		"a whole number of characters from 1 to 10000000",
		whole(1, 10_000_000),
	],
	unreadMs: [
		"CHAT_UNREAD_MS",
		"a whole number of ms from 1000 to 86400000",
		whole(1_000, 86_400_000),
	],
	drainMs: [
		"CHAT_DRAIN_MS",
		"a whole number of ms from 0 to 600000",
		whole(0, 600_000),
	],
	origins: [
		"CHAT_ORIGINS",
		"origins such as https://shop.example or https://*.shop.example, separated by commas",
		several(isOriginEntry),
	],
	withoutOrigin: ["CHAT_WITHOUT_ORIGIN", "true or false", flag],
	trustedProxies: [
		"CHAT_TRUSTED_PROXIES",
		"addresses or networks such as 127.0.0.1 or 10.0.0.0/8, separated by commas",
		several((text) => rangeOf(text) !== undefined),
	],
	maxConnectionsPerMinute: [
		"CHAT_MAX_CONNECTIONS_PER_MINUTE",
		...limit(1_000_000),
	],
	maxPendingConnections: ["CHAT_MAX_PENDING_CONNECTIONS", ...limit(1_000_000)],
	maxConnectionsPerAddress: [
		"CHAT_MAX_CONNECTIONS_PER_ADDRESS",
		...limit(1_000_000),
	],
	maxConnectionsPerVisitor: [
		"CHAT_MAX_CONNECTIONS_PER_VISITOR",
		...limit(1_000_000),
	],
	maxRequestsPerAddress: ["CHAT_MAX_REQUESTS_PER_ADDRESS", ...limit(1_000_000)],
	maxFramesPerSecond: ["CHAT_MAX_FRAMES_PER_SECOND", ...limit(1_000_000)],
	maxMessagesPerMinute: ["CHAT_MAX_MESSAGES_PER_MINUTE", ...limit(1_000_000)],
	maxMessagesPerDay: ["CHAT_MAX_MESSAGES_PER_DAY", ...limit(1_000_000)],
	maxFeedbackPerMinute: ["CHAT_MAX_FEEDBACK_PER_MINUTE", ...limit(1_000_000)],
	maxStoredPerVisitorDay: ["CHAT_MAX_STORED_PER_VISITOR_DAY", ...limit(1e12)],
	maxMessagesPerAddressMinute: [
		"CHAT_MAX_MESSAGES_PER_ADDRESS_MINUTE",
		...limit(1_000_000),
	],
	maxConversationsPerAddressMinute: [
		"CHAT_MAX_CONVERSATIONS_PER_ADDRESS_MINUTE",
		...limit(1_000_000),
	],
	maxOpenRepliesPerVisitor: [
		"CHAT_MAX_OPEN_REPLIES_PER_VISITOR",
		...limit(1_000_000),
	],
	maxOpenReplies: ["CHAT_MAX_OPEN_REPLIES", ...limit(1_000_000)],
	maxTokensPerVisitorDay: ["CHAT_MAX_TOKENS_PER_VISITOR_DAY", ...limit(1e12)],
	maxTokensPerAddressDay: ["CHAT_MAX_TOKENS_PER_ADDRESS_DAY", ...limit(1e12)],
	maxTokensPerDay: ["CHAT_MAX_TOKENS_PER_DAY", ...limit(1e12)],
	maxHistoryChars: ["CHAT_MAX_HISTORY", ...limit(100_000_000)],
} as const satisfies Record<string, readonly [string, string, z.ZodType]>;

type Settings = typeof settings;
export type SettingName = keyof Settings;
export type Config = { [Name in SettingName]: z.output<Settings[Name][2]> };

/** What `chat-stream.config.ts` may default-export. */
export type ConfigFile = {
	[Name in SettingName]?: Name extends "provider"
		? string | Provider | Provider["reply"]
		: Config[Name];
};

/** Setting → its environment variable. */
export const environmentNames = Object.fromEntries(
	Object.entries(settings).map(([name, [variable]]) => [name, variable]),
) as Record<SettingName, string>;

/** One sentence for each `CHAT_*` variable that is not a setting, probably a typing error. */
export function warningsAbout(
	env: Record<string, string | undefined>,
): string[] {
	const known = Object.values(environmentNames);
	return Object.keys(env)
		.filter((name) => name.startsWith("CHAT_") && !known.includes(name))
		.map((name) => `${name} is not a setting.${didYouMean(name, known)}`);
}

const didYouMean = (name: string, names: readonly string[]): string => {
	const meant = nearest(name, names);
	return meant ? ` Did you mean ${meant}?` : "";
};

/** Settings that were renamed before 0.1.0: old name → new name, in the environment and in the file. */
const renamed: Readonly<Record<string, string>> = {
	CHAT_DEAD_LINE_MS: "CHAT_IDLE_TIMEOUT_MS",
	CHAT_MAX_NEW_LINES: "CHAT_MAX_PENDING_CONNECTIONS",
	CHAT_MAX_LINES_PER_MINUTE: "CHAT_MAX_CONNECTIONS_PER_MINUTE",
	CHAT_MAX_LINES_PER_ADDRESS: "CHAT_MAX_CONNECTIONS_PER_ADDRESS",
	CHAT_MAX_LINES_PER_VISITOR: "CHAT_MAX_CONNECTIONS_PER_VISITOR",
	CHAT_GATHER_MS: "CHAT_BATCH_MS",
	CHAT_FIRST_PIECE_MS: "CHAT_FIRST_CHUNK_TIMEOUT_MS",
	CHAT_NEXT_PIECE_MS: "CHAT_NEXT_CHUNK_TIMEOUT_MS",
	deadLineMs: "idleTimeoutMs",
	maxNewLines: "maxPendingConnections",
	maxLinesPerMinute: "maxConnectionsPerMinute",
	maxLinesPerAddress: "maxConnectionsPerAddress",
	maxLinesPerVisitor: "maxConnectionsPerVisitor",
	gatherMs: "batchMs",
	firstPieceMs: "firstChunkTimeoutMs",
	nextPieceMs: "nextChunkTimeoutMs",
};

/** @throws {Error} if `values` sets a name that was renamed; the sentence gives the new name. */
function rejectOldNames(values: object, where: string): void {
	for (const [name, value] of Object.entries(values))
		if (value !== undefined && value !== "" && Object.hasOwn(renamed, name))
			throw new Error(
				`${name} in ${where} is now called ${renamed[name]}. Rename it; the value stays the same.`,
			);
}

/**
 * Merges environment, file and defaults, and validates every setting.
 * @throws {Error} with one sentence: what was expected, what was found and where.
 */
export function readConfig(
	env: Record<string, string | undefined>,
	file: ConfigFile = {},
	fileName = "chat-stream.config.ts",
): Config {
	rejectOldNames(env, "the environment");
	rejectOldNames(file, fileName);
	for (const name of Object.keys(file))
		if (!Object.hasOwn(settings, name))
			throw new Error(
				`${fileName} has a setting "${name}" that does not exist. Expected one of ${Object.keys(settings).join(", ")}.${didYouMean(name, Object.keys(settings))}`,
			);
	const config: Record<string, unknown> = {};
	for (const [name, [variable, expected, schema]] of Object.entries(settings)) {
		// An empty variable counts as not set, as in `VAR= npm start`.
		const fromEnv = env[variable] || undefined;
		const fromFile = file[name as SettingName];
		const value =
			fromEnv ?? fromFile ?? defaults[name as keyof typeof defaults];
		const read = schema.safeParse(value);
		if (!read.success) {
			const where = fromEnv === undefined ? `${name} in ${fileName}` : variable;
			throw new Error(
				`Expected ${where} to be ${expected}; got ${shown(name, value)}.`,
			);
		}
		config[name] = read.data;
	}
	return config as Config;
}

/** Parses JSON from the environment. The file may hold the object itself. */
function parsed(value: unknown): unknown {
	if (typeof value !== "string") return value;
	try {
		return JSON.parse(value);
	} catch {
		return value; // Not JSON: the schema rejects it.
	}
}

function isProvider(value: unknown): value is Provider {
	return (
		value !== null &&
		typeof value === "object" &&
		typeof (value as Provider).reply === "function"
	);
}

const secretNames = [
	"secret",
	"jwtSecret",
	"metricsToken",
	"openaiApiKey",
	"openaiHeaders",
	"httpHeaders",
] as const satisfies SettingName[];

/** Texts to redact in logs. Of a header also each word, since the credential may be quoted alone. */
export const secretsIn = (config: Config): string[] =>
	secretNames
		.map((name) => config[name] ?? "")
		.flatMap((value) =>
			typeof value === "string"
				? [value]
				: Object.values(value).flatMap((header) => [
						header,
						...header.split(" "),
					]),
		);

/** An invalid value as it may be printed: no secret, no password in a URL. */
function shown(name: string, value: unknown): string {
	if (secretNames.some((secret) => secret === name))
		return "something else (not shown: it is a secret)";
	const text = JSON.stringify(value) ?? String(value);
	return text.replace(/\/\/[^@/"]*@/, "//…@").slice(0, 200);
}
