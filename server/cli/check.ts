/**
 * `chat-stream check`: tests everything that a start needs, and prints one sentence for each.
 *
 * Changes nothing. The model gets one short question, which is aborted after its first text.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSiteTokens } from "../auth/site-jwt.ts";
import { pause } from "../clock.ts";
import {
	type Config,
	readConfig,
	secretsIn,
	warningsAbout,
} from "../config/config.ts";
import { loadConfigFile } from "../config/config-file.ts";
import { demoPages, programFolder, withDefaultPages } from "../config/paths.ts";
import { likelyMistakes } from "../config/warnings.ts";
import { checkHost } from "../listen.ts";
import { escapeControls } from "../operations/escape-controls.ts";
import { redact } from "../operations/redact.ts";
import { version } from "../operations/version.ts";
import { openProvider } from "../providers/open.ts";
import type { Provider, ReplyRequest, Turn } from "../providers/provider.ts";
import { fileOf, tryStore } from "../store/open.ts";
import { type Command, columns, type Io, UsageError } from "./command.ts";
import { busyMs, findRunning } from "./open-store.ts";

/** Time limit for the model here, even if the server waits longer, ms. */
const maxWaitMs = 60_000;
/** Longest text of others that is printed, characters. */
const maxTextChars = 400;

export const checkCommand: Command = {
	name: "check",
	says: "Test the configuration, the store, the visitors' sign-in, the model and the script",
	more: "  Sends the model one short question. The exit code is 1 if a test fails.",

	async run({ words }, io) {
		if (words.length > 0)
			throw new UsageError(`Unexpected argument "${words[0]}".`);
		const rows: (readonly [string, string, string])[] = [];
		const warn = (warnings: readonly string[]) => {
			for (const warning of warnings)
				rows.push(["warning", "", shortened(warning)]);
		};
		warn(warningsAbout(io.env));
		let config: Config | undefined;
		const test = async <Found>(
			what: string,
			work: () => Promise<readonly [sentence: string, found: Found]>,
		): Promise<Found | undefined> => {
			try {
				const [sentence, found] = await work();
				rows.push([what, "ok", shortened(sentence)]);
				return found;
			} catch (error) {
				const secrets = config ? secretsIn(config) : [];
				const words = redact(chainOf(error), secrets);
				rows.push([what, "not ok", shortened(words)]);
				return undefined;
			}
		};

		config = await test("configuration", async () => {
			const file = await loadConfigFile(io.folder);
			const config = withDefaultPages(readConfig(io.env, file), io.env, file);
			const now = io.clock.now();
			warn(likelyMistakes({ config, env: io.env, file, demoPages, now }));
			const from = file ? "environment and file" : "environment";
			return [`The settings from ${from} are valid.`, config];
		});
		const valid = config;
		if (valid) {
			await test("address", async () => {
				await checkHost(valid.host);
				return [`The server can listen on ${valid.host}.`, true];
			});
			await test("store", async () => [await checkStore(valid, io), true]);
			await test("visitors", async () => [
				await checkVisitors(valid, io),
				true,
			]);
			await test("model", async () => [await askModel(valid, io), true]);
		}
		await test("script", async () => [findScript(), true]);
		await io.out(`${columns(rows)}\n`);
		return rows.every(([, state]) => state !== "not ok") ? 0 : 1;
	},
};

/** Asks the running server, which has locked the file. Otherwise opens it. */
async function checkStore(config: Config, { clock }: Io): Promise<string> {
	const file = fileOf(config.store);
	const running = file === undefined ? undefined : await findRunning(file);
	if (!running?.server)
		return tryStore(config.store, { now: clock.now, busyMs });
	await running.store.check?.();
	const { pid, version: found } = running.server;
	const other = found === version ? "" : ` This command is ${version}.`;
	return `A server (version ${found}, process ${pid}) is running with ${file}, and can store messages.${other}`;
}

async function checkVisitors(config: Config, { clock }: Io): Promise<string> {
	const site = await openSiteTokens(config, clock);
	const { anonymous } = config;
	if (site)
		return `Visitors with a site JWT ${anonymous ? "and anonymous visitors " : ""}may use the chat.`;
	if (anonymous) return "Anonymous visitors may use the chat.";
	throw new Error(
		"No visitor could use the chat: CHAT_ANONYMOUS is false, and neither CHAT_JWT_SECRET nor CHAT_JWT_JWKS_URL is set.",
	);
}

async function askModel(config: Config, { clock }: Io): Promise<string> {
	const provider = await openProvider(config);
	const aborted = new AbortController();
	const waitMs = Math.min(config.firstChunkTimeoutMs, maxWaitMs);
	const startedAt = clock.now();
	const late = pause(clock, waitMs, aborted.signal).then(() => {
		throw new Error(`${provider.name} sent no text within ${waitMs} ms.`);
	});
	late.catch(() => undefined);
	try {
		const text = await Promise.race([
			firstText(provider, requestOf(config), aborted.signal),
			late,
		]);
		if (text === undefined)
			throw new Error(`${provider.name} ended its answer without text.`);
		return `${provider.name} answers after ${clock.now() - startedAt} ms: “${text.trim().slice(0, 40)}”`;
	} finally {
		aborted.abort();
		await provider.close?.();
	}
}

/** A first question as the widget sends it: with the system prompt and the page's context. */
function requestOf({ systemPrompt }: Config): ReplyRequest {
	const turns: Turn[] = [{ role: "user", content: "Say hello." }];
	if (systemPrompt) turns.unshift({ role: "system", content: systemPrompt });
	const context = { url: "https://example.com/", title: "Example" };
	return { conversation: "check", message: "check", turns, context };
}

/** The first chunk with text. `undefined` if the answer ends without any. */
async function firstText(
	provider: Provider,
	request: ReplyRequest,
	signal: AbortSignal,
): Promise<string | undefined> {
	for await (const chunk of provider.reply(request, signal)) {
		const text = typeof chunk === "string" ? chunk : chunk.text;
		if (text?.trim()) return text;
	}
	return undefined;
}

function findScript(): string {
	const script = join(programFolder, "dist/chat-stream.js");
	if (existsSync(script)) return "The script that pages load is built.";
	throw new Error(
		"The script is not built, so pages cannot load it. Run npm run build.",
	);
}

/** The messages of an error and its causes, for the operator. */
function chainOf(error: unknown): string {
	const messages: string[] = [];
	for (let at = error; at !== undefined && messages.length < 4; ) {
		messages.push(at instanceof Error ? at.message : String(at));
		at = at instanceof Error ? at.cause : undefined;
	}
	return messages.join(" Because: ");
}

const shortened = (text: string): string =>
	escapeControls(text.replace(/\s+/g, " ").slice(0, maxTextChars));
