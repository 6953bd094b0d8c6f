/**
 * What a command of the command line is: its name, options, help and effect.
 *
 * A contract, and the parsing and layout that all commands share. Knows no command.
 */
import { parseArgs } from "node:util";
import type { Clock } from "../../protocol/clock.ts";

/** The process as a command sees it. */
export type Io = {
	/** Writes results to standard output. Resolves when they are written. */
	out(text: string): Promise<void>;
	env: Record<string, string | undefined>;
	/** The working directory, where `chat-stream.config.ts` may be. */
	folder: string;
	clock: Clock;
};

export type Option = {
	type: "string" | "boolean";
	/** The placeholder of its value in the help. */
	value?: string;
	says: string;
};

export type Given = {
	words: readonly string[];
	options: Record<string, string | boolean | undefined>;
};

export type Command = {
	/** One word, or two. */
	name: string;
	/** The arguments after the name, as the help shows them. */
	words?: string;
	says: string;
	options?: Record<string, Option>;
	/** Further lines of its help. */
	more?: string;
	/**
	 * @returns the exit code. `undefined` keeps the process running.
	 * @throws {UsageError} for wrong arguments; any other error is a failure of the command.
	 */
	run(given: Given, io: Io): Promise<number | undefined>;
};

/** The arguments are wrong. */
export class UsageError extends Error {}

/** @throws {UsageError} for an unknown option or a missing value. */
export function readGiven(command: Command, args: readonly string[]): Given {
	const { options = {} } = command;
	const types = Object.entries(options).map(([name, { type }]) => [
		name,
		{ type },
	]);
	try {
		const { values, positionals } = parseArgs({
			args: [...args],
			options: Object.fromEntries(types),
			allowPositionals: true,
			strict: true,
		});
		return { words: positionals, options: values as Given["options"] };
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : `${error}`);
	}
}

export function helpOf({ name, words, says, options, more }: Command): string {
	const rows = Object.entries(options ?? {}).map(
		([option, { value, says }]) =>
			[`--${option}${value ? ` ${value}` : ""}`, says] as const,
	);
	rows.push(["--help", "Show this help"]);
	const usage = ["chat-stream", name, words, "[options]"].filter(Boolean);
	return `${says}.\n\n  ${usage.join(" ")}\n\n${columns(rows)}\n${more ? `\n${more}\n` : ""}`;
}

/** A table without borders. Each column is as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
	const widths: number[] = [];
	for (const row of rows)
		for (const [i, cell] of row.entries())
			widths[i] = Math.max(widths[i] ?? 0, cell.length);
	return rows
		.map((row) =>
			row
				.map((cell, i) => cell.padEnd(widths[i] ?? 0))
				.join("  ")
				.trimEnd(),
		)
		.map((line) => `  ${line}`)
		.join("\n");
}
