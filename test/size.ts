/**
 * Holds the weight of the script that a page loads: `bun test/size.ts`, after a build.
 *
 * Prints one line of JSON with bytes as they are and as brotli 11 makes them; over the limit it fails.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

/** For the whole widget, Lit and Markdown included, in bytes as sent. */
const limit = 30_000;

const file = "dist/chat-stream.js";
const raw = readFileSync(file);
const sent = brotliCompressSync(raw, {
	params: {
		[constants.BROTLI_PARAM_QUALITY]: 11,
		[constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
	},
});

const fits = sent.length <= limit;
console.log(
	JSON.stringify({
		file,
		bytes: raw.length,
		brotli: sent.length,
		limit,
		fits,
	}),
);
if (!fits) {
	console.error(
		`Expected ${file} to weigh at most ${limit} bytes; it weighs ${sent.length}.`,
	);
	process.exitCode = 1;
}
