/**
 * Loads `chat-stream.config.ts` from the folder in which the server is started.
 *
 * The file is the owner's code. If it fails, the start stops with a sentence that names the file and,
 * if known, the line.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ConfigFile } from "./config.ts";

/**
 * Reads `chat-stream.config.ts` (or `.js`) of a folder. `undefined` if there is none.
 * @throws {Error} if the file cannot be loaded or exports no object.
 */
export async function loadConfigFile(
	folder: string,
): Promise<ConfigFile | undefined> {
	const found = ["chat-stream.config.ts", "chat-stream.config.js"]
		.map((name) => resolve(folder, name))
		.find((path) => existsSync(path));
	if (!found) return undefined;
	const { default: file } = await import(pathToFileURL(found).href).catch(
		(cause) => {
			throw new Error(`${found} cannot be loaded: ${whyNot(cause, found)}`, {
				cause,
			});
		},
	);
	if (file === null || typeof file !== "object")
		throw new Error(
			`Expected ${found} to have a default export that is an object of settings; got ${typeof file}.`,
		);
	const { provider } = file as ConfigFile;
	if (typeof provider !== "function") return file;
	return {
		...file,
		provider: { name: "chat-stream.config.ts", reply: provider },
	};
}

type Position = { file: string; line: number; column: number };

/** Bun's syntax errors have a position; other errors have it in their stack. */
function whyNot(cause: unknown, path: string): string {
	const [first = cause] = cause instanceof AggregateError ? cause.errors : [];
	const { message, stack, position } = Object(first) as Partial<Error> & {
		position?: Position | null;
	};
	const said = message ?? String(first);
	if (position)
		return `${said} (${position.file}, line ${position.line}, column ${position.column})`;
	const line = stack?.split(`${path}:`)[1]?.match(/^\d+/)?.[0];
	return line ? `${said} (line ${line})` : said;
}
