/**
 * Browser tests: `wtr`, or `wtr --group chromium`; the element's own sources, one transform.
 *
 * CHROMIUM names the executable. Further engines are launchers in the list below.
 */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromeLauncher } from "@web/test-runner-chrome";
import { transformWithOxc } from "vite";

const isRoot = process.getuid?.() === 0;

/** @param {string[]} names the first of them that is on the PATH */
function onPath(names) {
	for (const name of names)
		for (const folder of (process.env.PATH ?? "").split(delimiter)) {
			const file = join(folder, name);
			try {
				accessSync(file, constants.X_OK);
				return file;
			} catch {
				// Not here: the next folder.
			}
		}
	return undefined;
}

const chromium =
	process.env.CHROMIUM ??
	onPath(["chromium", "chromium-browser", "google-chrome"]);

/** Every engine that is at hand, by name. A new one is one more entry. */
const browsers = [
	chromium &&
		chromeLauncher({
			launchOptions: {
				executablePath: chromium,
				args: [
					...(isRoot ? ["--no-sandbox"] : []),
					"--headless",
					"--disable-gpu",
					"--disable-quic",
					"--no-first-run",
					"--disable-background-networking",
					"--disable-component-update",
					"--disable-sync",
				],
			},
		}),
].filter(Boolean);

/** Takes the types out of a source, as the build does. */
const typescript = {
	name: "typescript",
	resolveMimeType: ({ path }) => (path.endsWith(".ts") ? "js" : undefined),
	async transform({ path, body }) {
		if (!path.endsWith(".ts")) return undefined;
		const { code, map } = await transformWithOxc(body, path, {
			target: "es2022",
			typescript: { onlyRemoveTypeImports: true },
			sourcemap: true,
		});
		const json = Buffer.from(JSON.stringify(map)).toString("base64");
		return `${code}\n//# sourceMappingURL=data:application/json;base64,${json}`;
	},
};

export default {
	files: "test/browser/**/*.test.ts",
	nodeResolve: { exportConditions: ["production", "browser"] },
	browsers,
	concurrency: 1,
	plugins: [typescript],
	testFramework: { config: { ui: "bdd", timeout: 5_000 } },
	testsFinishTimeout: 120_000,
};
