/**
 * Browser tests, `wtr`: the element's own sources after one transform, in three engines.
 *
 * ENGINES=firefox,webkit runs some of them; `test/support/engines.ts` finds the browsers.
 */
import { defaultReporter } from "@web/test-runner";
import { chromeLauncher } from "@web/test-runner-chrome";
import puppeteer from "puppeteer-core";
import { transformWithOxc } from "vite";
import { withViewport } from "./test/support/emulation.ts";
import { engineReporter } from "./test/support/engine-reporter.ts";
import {
	browserArguments,
	engineNames,
	firefoxPreferences,
	programs,
} from "./test/support/engines.ts";
import { webkitLauncher } from "./test/support/webkit-launcher.ts";

/** Every engine reduces motion, so that a test measures what stands still. */
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

/** A browser that is missing fails the files of its engine, not those of the others. */
function launcherOf(name) {
	try {
		return launchers[name]();
	} catch (error) {
		return {
			name: name[0].toUpperCase() + name.slice(1),
			type: "missing",
			startSession: () => Promise.reject(error),
			isActive: () => false,
			getBrowserUrl: () => "",
		};
	}
}

/** Removes the types from a source, as the build does. */
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

/** Wraps the one CommonJS file that a test loads, as the build does. */
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
	browsers: engineNames().map(launcherOf),
	reporters: [
		defaultReporter({ reportTestProgress: process.stdout.isTTY === true }),
		engineReporter(),
	],
	concurrency: 1,
	plugins: [typescript, commonJs],
	testFramework: { config: { ui: "bdd", timeout: 20_000 } },
	testsFinishTimeout: 120_000,
};
