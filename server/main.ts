/**
 * The server program: reads the environment, creates the parts, starts, drains and stops.
 *
 * Leaves the choice of the store's engine and of the provider to their `open.ts`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSiteTokens } from "./auth/site-jwt.ts";
import { createAuthentication } from "./auth/visitor-tokens.ts";
import { Chat } from "./chat/chat.ts";
import { startRetention } from "./chat/retention.ts";
import { VisitorData } from "./chat/visitor-data.ts";
import { systemClock } from "./clock.ts";
import { readConfig, secretsIn, warningsAbout } from "./config/config.ts";
import { loadConfigFile } from "./config/config-file.ts";
import { programFolder, withDefaultPages } from "./config/paths.ts";
import { createStaticFiles } from "./endpoints/static-files.ts";
import { keepBudget } from "./limits/daily-budget.ts";
import { UsageLimits } from "./limits/usage.ts";
import { createCounts } from "./operations/counters.ts";
import { createLogger, type Level } from "./operations/logger.ts";
import { createMetrics } from "./operations/prometheus.ts";
import { openProvider } from "./providers/open.ts";
import { createServer } from "./server.ts";
import { openStore } from "./store/open.ts";

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
	for (const warning of warningsAbout(process.env)) console.warn(warning);
	const file = await loadConfigFile(process.cwd());
	const config = withDefaultPages(
		readConfig(process.env, file),
		process.env,
		file,
	);
	secrets.push(...secretsIn(config));
	logLevel = config.logLevel;
	const { anonymous, tokensNotBefore: notBefore } = config;
	const site = await openSiteTokens(config, clock);
	if (!site && !anonymous)
		throw new Error(
			"Expected CHAT_JWT_SECRET or CHAT_JWT_JWKS_URL with CHAT_ANONYMOUS=false: without them no visitor could use the chat.",
		);
	const provider = await openProvider(config);
	const store = await openStore(config.store, {
		...clock,
		onReadableByOthers: (file, narrowed) =>
			logger("warn", "store_readable_by_others", { file, narrowed }),
		onEpochsRenewed: () => logger("warn", "store_lost_commits"),
	});
	const secret =
		config.secret ??
		(await store.setting("secret", () =>
			Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("hex"),
		));
	const { systemPrompt } = config;
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
		systemPrompt,
		usageLimits,
	});
	await chat.recover();
	const dist = join(programFolder, "dist");
	if (!existsSync(join(dist, "chat-stream.js")))
		console.warn(
			"The script is not built, so pages cannot load it. Run npm run build.",
		);
	const metrics = createMetrics(counts, () => chat.openReplies);
	const visitorData = new VisitorData(store);
	const { isKept } = visitorData;
	const rules = { site, anonymous, notBefore, isKept };
	const server = createServer({
		chat,
		authentication: createAuthentication(secret, clock, rules),
		visitorData,
		staticFiles: createStaticFiles(dist, join(programFolder, "demo")),
		clock,
		logger,
		counts,
		metrics,
		settings: config,
	});

	const { retentionDays } = config;
	const stopRetention =
		retentionDays && startRetention({ store, clock, logger, retentionDays });

	let stopping = false;
	const stop = async (signal: string) => {
		if (stopping) return;
		stopping = true;
		logger("info", "draining", { signal, openReplies: chat.openReplies });
		// Ends the process even if something hangs.
		setTimeout(() => process.exit(1), config.drainMs + 10_000).unref();
		await server.drain();
		if (stopRetention) await stopRetention();
		await stopBudget();
		await provider.close?.();
		await store.close();
		process.exit(0);
	};
	process.on("SIGTERM", () => stop("SIGTERM"));
	process.on("SIGINT", () => stop("SIGINT"));

	console.log(`chat-stream is listening on ${server.url}${reachOf(config.host)}

  Try it      ${server.url}/
  Embed it    <script src="${server.url}/chat-stream.js" async></script>
              <chat-stream></chat-stream>
  Provider    ${provider.name}
  Store       ${config.store}${server.metricsUrl ? `\n  Metrics     ${server.metricsUrl}` : ""}
  Pages       ${config.origins ? `of ${config.origins.join(", ")} may use the chat` : "of any site may use the chat; set CHAT_ORIGINS to restrict it"}
`);
}

/** Warns if the server is reachable from other machines. */
function reachOf(host: string): string {
	if (host === "0.0.0.0" || host === "::")
		return ` and on every other address of this machine (HOST=${host})`;
	return "";
}

start().catch((error: unknown) => {
	console.error(
		`chat-stream cannot start: ${error instanceof Error ? error.message : error}`,
	);
	process.exit(1);
});
