/**
 * Gives every test 30 s. Bun has this only as an option of its command line, and forgets a default that a
 * preloaded file sets after the first test file, so each test file gets it as its first statement.
 */
import { plugin } from "bun";

const timeoutMs = 30_000;
const setTimeoutOfFile = `import { setDefaultTimeout as setTimeoutOfFile } from "bun:test"; setTimeoutOfFile(${timeoutMs});`;

plugin({
	name: "test-timeout",
	setup(build) {
		build.onLoad({ filter: /\/test\/.*\.test\.ts$/ }, async ({ path }) => ({
			// On the first line, so that every error keeps its line number.
			contents: `${setTimeoutOfFile} ${await Bun.file(path).text()}`,
			loader: "ts",
		}));
	},
});
