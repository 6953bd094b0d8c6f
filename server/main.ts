/**
 * The server program: reads the environment, creates the parts, starts, drains and stops.
 *
 * Leaves the choice of the store's engine and of the provider to their `open.ts`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ChatError } from "../protocol/errors.ts";
import { openSiteTokens } from "./auth/site-jwt.ts";
import { createAuthentication } from "./auth/visitor-tokens.ts";
import { Chat } from "./chat/chat.ts";
import { startRetention } from "./chat/retention.ts";
import { VisitorData } from "./chat/visitor-data.ts";
import { systemClock } from "./clock.ts";
import {
	type Config,
	readConfig,
	secretsIn,
	warningsAbout,
} from "./config/config.ts";
import { loadConfigFile } from "./config/config-file.ts";
import { demoPages, programFolder, withDefaultPages } from "./config/paths.ts";
import { likelyMistakes } from "./config/warnings.ts";
import { createStaticFiles } from "./endpoints/static-files.ts";
import { keepBudget } from "./limits/daily-budget.ts";
import { UsageLimits } from "./limits/usage.ts";
import { checkHost } from "./listen.ts";
import { createCounts } from "./operations/counters.ts";
import { createLogger, type Level } from "./operations/logger.ts";
import { createMetrics } from "./operations/prometheus.ts";
import { version } from "./operations/version.ts";
import { socketPathOf } from "./operator/socket-path.ts";
import { openLocalSocket } from "./operator/socket-server.ts";
import { openProvider } from "./providers/open.ts";
import { createServer, type RunningServer } from "./server.ts";
import { fileOf, openStore } from "./store/open.ts";
import type { Store } from "./store/store.ts";

const clock = systemClock;
/** Redacted in the log. Filled when the configuration is read. */
const secrets: string[] = [];
let logLevel: Level = "info";
const logger = createLogger(
	(line) => process.stderr.write(line),
	() => clock.now(),
	secrets,
	() => logLevel,
);

// An unhandled error is a bug. It may affect one conversation; the others must continue.
process.on("unhandledRejection", (error) =>
	logger("error", "unhandled_rejection", { error }),
);
process.on("uncaughtException", (error) =>
	logger("error", "uncaught_exception", { error }),
);

async function start() {
	const config = await readSettings();
	await checkHost(config.host);
	const site = await openSite(config);
	const provider = await openProvider(config);
	const store = openStore(config.store, {
		...clock,
		onReadableByOthers: (file, narrowed) =>
			logger("warn", "store_readable_by_others", { file, narrowed }),
		onEpochsRenewed: () => logger("warn", "store_lost_commits"),
	});
	const secret = config.secret ?? (await store.setting("secret", newSecret));
	const counts = createCounts();
	const usageLimits = new UsageLimits(config, clock);
	const stopBudget = await keepBudget({ store, usageLimits, clock, logger });
	const chat = new Chat({
		store,
		provider,
		clock,
		logger,
		counts,
		limits: config,
		settings: config,
		systemPrompt: config.systemPrompt,
		usageLimits,
	});
	await chat.recover();
	const visitorData = new VisitorData(store);
	const { isKept } = visitorData;
	const { anonymous, tokensNotBefore: notBefore, retentionDays } = config;
	const rules = { site, anonymous, notBefore, isKept };
	const server = createServer({
		chat,
		authentication: createAuthentication(secret, clock, rules),
		visitorData,
		staticFiles: openStaticFiles(config),
		clock,
		logger,
		counts,
		metrics: createMetrics(counts, () => chat.openReplies),
		settings: config,
	});
	const stopRetention =
		retentionDays && startRetention({ store, clock, logger, retentionDays });

	const closeSocket = await openOperatorSocket(config, store);

	stopOnSignal(config.drainMs, async (signal) => {
		logger("info", "draining", { signal, openReplies: chat.openReplies });
		await server.drain();
		if (stopRetention) await stopRetention();
		await stopBudget();
		await provider.close?.();
		await closeSocket();
		await store.close();
	});
	console.log(bannerOf(config, server, provider.name));
}

async function readSettings(): Promise<Config> {
	for (const warning of warningsAbout(process.env))
		console.warn(`Warning: ${warning}`);
	const file = await loadConfigFile(process.cwd());
	const env = { ...process.env, ...argumentSettings() };
	const config = withDefaultPages(readConfig(env, file), env, file);
	const now = clock.now();
	const found = likelyMistakes({ config, env, file, demoPages, now });
	for (const warning of found) console.warn(`Warning: ${warning}`);
	secrets.push(...secretsIn(config));
	logLevel = config.logLevel;
	return config;
}

/** Settings given as arguments, as `npm start` does on every platform. The environment wins. */
const argumentSettings = (): Record<string, string> =>
	!process.env.CHAT_DEMO && process.argv.slice(2).includes("--demo")
		? { CHAT_DEMO: "true" }
		: {};

/** @throws {Error} if no visitor could use the chat. */
async function openSite(config: Config) {
	const site = await openSiteTokens(config, clock);
	if (site || config.anonymous) return site;
	throw new Error(
		"Expected CHAT_JWT_SECRET or CHAT_JWT_JWKS_URL with CHAT_ANONYMOUS=false: without them no visitor could use the chat.",
	);
}

const newSecret = () =>
	Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex");

/** Lets commands use the store while this server has its file locked. */
async function openOperatorSocket(config: Config, store: Store) {
	const file = fileOf(config.store);
	const path = file === undefined ? undefined : socketPathOf(file);
	if (path === undefined) return async () => undefined;
	return openLocalSocket(path, store, logger);
}

function openStaticFiles({ demo }: Config) {
	const dist = join(programFolder, "dist");
	if (!existsSync(join(dist, "chat-stream.js")))
		console.warn(
			"Warning: The script is not built, so pages cannot load it. Run npm run build.",
		);
	return createStaticFiles(
		dist,
		demo ? join(programFolder, "demo") : undefined,
	);
}

/** Calls `stop` on the first SIGTERM or SIGINT, then ends the process. */
function stopOnSignal(
	drainMs: number,
	stop: (signal: string) => Promise<void>,
) {
	let isStopping = false;
	const onSignal = async (signal: string) => {
		if (isStopping) return;
		isStopping = true;
		// Ends the process even if something hangs.
		setTimeout(() => process.exit(1), drainMs + 10_000).unref();
		await stop(signal);
		process.exit(0);
	};
	process.on("SIGTERM", () => onSignal("SIGTERM"));
	process.on("SIGINT", () => onSignal("SIGINT"));
}

function bannerOf(
	{ demo, host, store, origins }: Config,
	{ url, metricsUrl }: RunningServer,
	provider: string,
): string {
	const pages = origins
		? `of ${origins.join(", ")} may use the chat`
		: "of any site may use the chat; set CHAT_ORIGINS to restrict it";
	return `chat-stream ${version} is listening on ${url}${reachOf(host)}

${demo ? `  Try it      ${url}/\n` : ""}  Embed it    <script src="${url}/chat-stream.js" async></script>
              <chat-stream></chat-stream>
  Provider    ${provider}
  Store       ${store}${metricsUrl ? `\n  Metrics     ${metricsUrl}` : ""}
  Pages       ${pages}
`;
}

/** Warns if the server is reachable from other machines. */
function reachOf(host: string): string {
	if (host === "0.0.0.0" || host === "::")
		return ` and on every other address of this machine (HOST=${host})`;
	return "";
}

/** The text of a ChatError is for visitors and hides its cause, which the operator needs. */
function startErrorOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const { message, cause } = error;
	if (!(error instanceof ChatError) || !(cause instanceof Error))
		return message;
	return `The store cannot be read: ${cause.message}. If its file is damaged, restore it from a backup. CHAT_STORE says where it is.`;
}

if (import.meta.main && process.argv.slice(2).includes("--version")) {
	console.log(version);
	process.exit(0);
}
start().catch((error: unknown) => {
	console.error(`chat-stream cannot start: ${startErrorOf(error)}`);
	process.exit(1);
});
