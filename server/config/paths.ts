/** Where the program's own files are: in its folder, or inside the executable from `npm run compile`. */
import { join } from "node:path";
import type { Config, ConfigFile } from "./config.ts";

export const isExecutable = import.meta.dir.startsWith("/$bunfs/");

export const programFolder = isExecutable
	? import.meta.dir
	: join(import.meta.dir, "../..");

/** The documentation of chat-stream. */
export const demoPages = join(programFolder, "demo/pages");

/** Without `CHAT_PAGES` the server answers from its own documentation, wherever it is started. */
export function withDefaultPages(
	config: Config,
	env: Record<string, string | undefined>,
	file: ConfigFile | undefined,
): Config {
	if (env.CHAT_PAGES || file?.pages !== undefined) return config;
	return { ...config, pages: demoPages };
}
