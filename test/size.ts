/**
 * Checks the size of what a page loads: `bun test/size.ts`, after a build.
 *
 * Prints one line of JSON for the script, its answer chunk and the Markdown parser with its sink, in bytes and
 * as brotli 11. Fails over a limit.
 */
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { build, type Rolldown } from "vite";

/** Bytes as sent, compressed with brotli 11. */
const script = weigh("dist/chat-stream.js", 34_000);
const markdown = weigh("dist/chat-stream.markdown.js", 13_300);
const renderer = weigh(
	"widget/answer/markdown/writer.ts",
	10_500,
	await alone(),
);

/** The renderer without styles and tools, built like its chunk. */
async function alone() {
	const { output } = (await build({
		configFile: false,
		logLevel: "warn",
		build: {
			write: false,
			modulePreload: false,
			rolldownOptions: {
				input: "widget/answer/markdown/writer.ts",
				preserveEntrySignatures: "strict",
				output: { topLevelVar: false },
			},
		},
	})) as Rolldown.RolldownOutput;
	return Buffer.from(output[0].code);
}

function weigh(file: string, limit: number, raw = readFileSync(file)) {
	const sent = brotliCompressSync(raw, {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: 11,
			[constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
		},
	});
	const { length: brotli } = sent;
	return { file, bytes: raw.length, brotli, limit, fits: brotli <= limit };
}

console.log(JSON.stringify({ ...script, markdown, renderer }));
for (const { file, brotli, limit, fits } of [script, markdown, renderer])
	if (!fits) {
		console.error(
			`Expected ${file} to weigh at most ${limit} bytes; it weighs ${brotli}.`,
		);
		process.exitCode = 1;
	}
