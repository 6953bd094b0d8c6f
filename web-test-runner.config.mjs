/**
 * Browser tests: `wtr`; the element's own sources, one transform, three engines.
 *
 * `test/run.ts` sees to it that the browsers are there. ENGINES=firefox,webkit runs some of them.
 */
import { chromeLauncher } from "@web/test-runner-chrome";
import puppeteer from "puppeteer-core";
import { transformWithOxc } from "vite";
import { withViewport } from "./test/support/emulation.ts";
import {
	browserArguments,
	firefoxPreferences,
	programs,
} from "./test/support/engines.ts";
import { webkitLauncher } from "./test/support/webkit-launcher.ts";

/** Nothing moves: a test looks at what stands still. */
const launchers = {
	chromium: () =>
		chromeLauncher({
			puppeteer,
			launchOptions: {
				executablePath: programs.chromium(),
				args: [...browserArguments, "--force-prefers-reduced-motion"],
			},
		}),
	firefox: () =>
		chromeLauncher({
			puppeteer,
			launchOptions: {
				browser: "firefox",
				executablePath: programs.firefox(),
				extraPrefsFirefox: {
					...firefoxPreferences,
					"ui.prefersReducedMotion": 1,
				},
			},
			createPage: async ({ context }) => withViewport(await context.newPage()),
		}),
	webkit: () => webkitLauncher(programs.webkit()),
};

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

/** The one module of a library that is not one: the build wraps it, too. */
const commonJs = {
	name: "commonjs",
	transform: ({ path, body }) =>
		path.endsWith("/highlight.js/lib/core.js")
			? `const module = {};\n${body}\nexport default module.exports;`
			: undefined,
};

export default {
	files: "test/browser/**/*.test.ts",
	nodeResolve: { exportConditions: ["production", "browser"] },
	browsers: (process.env.ENGINES ?? "chromium,firefox,webkit")
		.split(",")
		.map((name) => launchers[name]()),
	concurrency: 1,
	plugins: [typescript, commonJs],
	testFramework: { config: { ui: "bdd", timeout: 20_000 } },
	testsFinishTimeout: 120_000,
};
