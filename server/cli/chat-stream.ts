#!/usr/bin/env bun
/**
 * The command `chat-stream`. Without arguments the executable starts the server.
 *
 * `serve` keeps running. Every other command ends the process, even if a provider left something open.
 */
import { systemClock } from "../clock.ts";
import { isExecutable } from "../config/paths.ts";
import { run } from "./run.ts";

const given = process.argv.slice(2);
const words = isExecutable && given.length === 0 ? ["serve"] : given;

const code = await run(words, {
	// Resolves when written, so that the process does not end before a slow pipe has read it.
	out: async (text) => void (await Bun.write(Bun.stdout, text)),
	complain: (text) => process.stderr.write(text),
	env: process.env,
	folder: process.cwd(),
	clock: systemClock,
});
if (code !== undefined) process.exit(code);
