/**
 * `chat-stream check`: tries all that a start needs, and says of each thing in one sentence whether
 * it is well.
 *
 * Leaves nothing behind; the model is asked one tiny question, and let go after its first words.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openSiteTokens } from "../auth/site-jwt.ts";
import { pause } from "../clock.ts";
import { type Config, readConfig, warningsAbout } from "../config/config.ts";
import { loadConfigFile } from "../config/config-file.ts";
import { programFolder, withDefaultPages } from "../config/paths.ts";
import { escapeControls } from "../operations/escape-controls.ts";
import { openProvider } from "../providers/open.ts";
import type { Provider } from "../providers/provider.ts";
import { tryStore } from "../store/open.ts";
import { type Command, columns, type Io, UsageError } from "./command.ts";

/** Where the program's own files are. */
/** The longest that a model is waited for here, whatever the server would, ms. */
const maxWaitMs = 60_000;
/** So much of what others say is printed, characters. */
const maxWordsShown = 300;

export const checkCommand: Command = {
	name: "check",
	says: "Try the configuration, the store and the model, and say what is well",
	more: "  Asks the model one short question. Ends with 1 if anything is not well.",

	async run({ words }, io) {
		if (words.length > 0)
			throw new UsageError(`Expected options only; got "${words[0]}".`);
		const rows: (readonly [string, string, string])[] = [];
		for (const warning of warningsAbout(io.env))
			rows.push(["warning", "", shortened(warning)]);
		const look = async <Found>(
			what: string,
			work: () => Promise<readonly [sentence: string, found: Found]>,
		): Promise<Found | undefined> => {
			try {
				const [sentence, found] = await work();
				rows.push([what, "ok", shortened(sentence)]);
				return found;
			} catch (error) {
				rows.push([what, "not ok", shortened(chainOf(error))]);
				return undefined;
			}
		};

		const config = await look("configuration", async () => {
			const file = await loadConfigFile(io.folder);
			const config = withDefaultPages(readConfig(io.env, file), io.env, file);
			const from = file ? "the environment and the file" : "the environment";
			return [`What ${from} say${file ? "" : "s"} is valid.`, config];
		});
		if (config) {
			await look("store", async () => [
				await tryStore(config.store, { now: io.clock.now, busyMs: 500 }),
				true,
			]);
			await look("visitors", async () => [await admitted(config, io), true]);
			await look("model", async () => [await askModel(config, io), true]);
		}
		await look("script", async () => [findScript(), true]);
		await io.out(`${columns(rows)}\n`);
		return rows.every(([, state]) => state !== "not ok") ? 0 : 1;
	},
};

async function admitted(config: Config, { clock }: Io): Promise<string> {
	const site = await openSiteTokens(config, clock);
	const { anonymous } = config;
	if (site)
		return `Known visitors ${anonymous ? "and anonymous ones " : ""}may come in.`;
	if (anonymous) return "Anonymous visitors may come in.";
	throw new Error(
		"Nobody could come in: CHAT_ANONYMOUS is false, and no key for known visitors is set.",
	);
}

async function askModel(config: Config, { clock }: Io): Promise<string> {
	const provider = await openProvider(config);
	const letGo = new AbortController();
	const waitMs = Math.min(config.firstChunkTimeoutMs, maxWaitMs);
	const startedAt = clock.now();
	const late = pause(clock, waitMs, letGo.signal).then(() => {
		throw new Error(`${provider.name} has not said a word in ${waitMs} ms.`);
	});
	late.catch(() => undefined);
	try {
		const said = await Promise.race([firstWords(provider, letGo.signal), late]);
		if (said === undefined)
			throw new Error(`${provider.name} has answered without a word.`);
		return `${provider.name} answers after ${clock.now() - startedAt} ms: “${said.trim().slice(0, 40)}”`;
	} finally {
		letGo.abort();
		await provider.close?.();
	}
}

/** The first piece that is more than space; `undefined` when the answer ends before. */
async function firstWords(
	provider: Provider,
	signal: AbortSignal,
): Promise<string | undefined> {
	const request = {
		conversation: "check",
		message: "check",
		turns: [{ role: "user", content: "Say hello." }],
	} as const;
	for await (const piece of provider.reply(request, signal)) {
		const text = typeof piece === "string" ? piece : piece.text;
		if (text?.trim()) return text;
	}
	return undefined;
}

function findScript(): string {
	const script = join(programFolder, "dist/chat-stream.js");
	if (existsSync(script)) return "The script that pages load is built.";
	throw new Error(
		"The script is not built, and pages cannot load it: npm run build",
	);
}

/** An error and what caused it: a provider's own words are for the operator. */
function chainOf(error: unknown): string {
	const said: string[] = [];
	for (let at = error; at !== undefined && said.length < 4; ) {
		said.push(at instanceof Error ? at.message : String(at));
		at = at instanceof Error ? at.cause : undefined;
	}
	return said.join(" Because: ");
}

const shortened = (text: string): string =>
	escapeControls(text.replace(/\s+/g, " ").slice(0, maxWordsShown));
