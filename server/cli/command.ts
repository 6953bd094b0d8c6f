/**
 * What a command of the command line is: its name, its options, its help, and what it does.
 *
 * Each file beside this one makes some; `run.ts` finds and runs them.
 */
import { parseArgs } from "node:util";
import type { Clock } from "../../protocol/clock.ts";

/** What a command has of the world. */
export type Io = {
	/** For results: what a pipe is to get. Resolves when it is written. */
	out(text: string): Promise<void>;
	env: Record<string, string | undefined>;
	/** Where the command was given: where `chat-stream.config.ts` is looked for. */
	folder: string;
	clock: Clock;
};

export type Option = {
	type: "string" | "boolean";
	/** What stands for its value in the help. */
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
	/** The words that follow the name in the help. */
	words?: string;
	says: string;
	options?: Record<string, Option>;
	/** More lines for its help. */
	more?: string;
	/**
	 * @returns the exit code, `undefined` if the process is to live on.
	 * @throws {UsageError} when the words do not fit; any other error is a failure, in its own words.
	 */
	run(given: Given, io: Io): Promise<number | undefined>;
};

/** The command was not given as it must be. */
export class UsageError extends Error {}

/** @throws {UsageError} for an option that does not exist or lacks its value. */
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
	rows.push(["--help", "Say this"]);
	const usage = ["chat-stream", name, words, "[options]"].filter(Boolean);
	return `${says}.\n\n  ${usage.join(" ")}\n\n${columns(rows)}\n${more ? `\n${more}\n` : ""}`;
}

/** Rows of two or more columns, each as wide as its widest cell; the last one as it comes. */
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
