/**
 * Finds and runs a command. Errors become a sentence and an exit code: 0 done, 1 failed, 2 wrong
 * arguments.
 */

import { escapeControls } from "../operations/escape-controls.ts";
import { version } from "../operations/version.ts";
import { backupCommand } from "./backup.ts";
import { checkCommand } from "./check.ts";
import {
	type Command,
	columns,
	helpOf,
	type Io,
	readGiven,
	UsageError,
} from "./command.ts";
import { conversationCommands } from "./conversations.ts";
import { tokenCommand } from "./token.ts";

const serveCommand: Command = {
	name: "serve",
	says: "Start the server",
	more: "  Reads settings from the environment and from chat-stream.config.ts.",
	async run({ words }) {
		if (words.length > 0)
			throw new UsageError(`Unexpected argument "${words[0]}".`);
		await import("../main.ts");
		return undefined;
	},
};

const commands: readonly Command[] = [
	serveCommand,
	checkCommand,
	...conversationCommands,
	backupCommand,
	tokenCommand,
];

/** @returns the exit code. `undefined` keeps the process running. */
export async function run(
	args: readonly string[],
	io: Io & { complain(text: string): void },
): Promise<number | undefined> {
	if (args[0] === "--version" || args[0] === "-v") {
		await io.out(`${version}\n`);
		return 0;
	}
	const named = args[0] === "help" ? [...args.slice(1), "--help"] : args;
	const command = commands.find(({ name }) =>
		name.split(" ").every((word, i) => named[i] === word),
	);
	try {
		if (command) {
			const rest = named.slice(command.name.split(" ").length);
			if (rest.includes("--help") || rest.includes("-h")) {
				await io.out(helpOf(command));
				return 0;
			}
			return await command.run(readGiven(command, rest), io);
		}
		const [first = "--help"] = named;
		const group = commands.filter(({ name }) => name.startsWith(`${first} `));
		const isAsked = named.includes("--help") || named.includes("-h");
		if (!isAsked && named.length > 0)
			throw new UsageError(
				group.length > 0
					? `Expected ${group.map(({ name }) => name).join(", ")}.`
					: `Unknown command "${first}".`,
			);
		await io.out(overview(group.length > 0 ? group : commands));
		return named.length > 0 ? 0 : 2;
	} catch (error) {
		const said = error instanceof Error ? error.message : String(error);
		io.complain(`${escapeControls(said)}\n`);
		if (!(error instanceof UsageError)) return 1;
		io.complain(
			`Try: chat-stream ${command ? `${command.name} ` : ""}--help\n`,
		);
		return 2;
	}
}

function overview(some: readonly Command[]): string {
	const rows = some.map(({ name, words, says }) => [
		words ? `${name} ${words}` : name,
		says,
	]);
	return `chat-stream <command> [options]\n\n${columns(rows)}\n\n  chat-stream <command> --help shows the options of a command.\n  chat-stream --version prints the version.\n`;
}
