/**
 * Holds the weight of what a page loads: `bun test/size.ts`, after a build.
 *
 * Prints one line of JSON for the script, with what it fetches for an answer, in bytes as they are and
 * as brotli 11 makes them; over a limit it fails.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

/** In bytes as sent. */
const script = weigh("dist/chat-stream.js", 30_000);
const markdown = weigh("dist/chat-stream.markdown.js", 11_600);

function weigh(file: string, limit: number) {
	const raw = readFileSync(file);
	const sent = brotliCompressSync(raw, {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: 11,
			[constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
		},
	});
	const { length: brotli } = sent;
	return { file, bytes: raw.length, brotli, limit, fits: brotli <= limit };
}

console.log(JSON.stringify({ ...script, markdown }));
for (const { file, brotli, limit, fits } of [script, markdown])
	if (!fits) {
		console.error(
			`Expected ${file} to weigh at most ${limit} bytes; it weighs ${brotli}.`,
		);
		process.exitCode = 1;
	}
