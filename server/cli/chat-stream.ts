#!/usr/bin/env bun
/**
 * The program behind the command `chat-stream`: hands the process to run.ts.
 * Told nothing, the executable serves. `serve` lives on; every other command ends the process, whatever a provider left running.
 */
import { systemClock } from "../clock.ts";
import { isExecutable } from "../config/paths.ts";
import { run } from "./run.ts";

const told = process.argv.slice(2);
const words = isExecutable && told.length === 0 ? ["serve"] : told;

const code = await run(words, {
	// Written before the process ends, however slow the reader of a pipe is.
	out: async (text) => void (await Bun.write(Bun.stdout, text)),
	complain: (text) => process.stderr.write(text),
	env: process.env,
	folder: process.cwd(),
	clock: systemClock,
});
if (code !== undefined) process.exit(code);
