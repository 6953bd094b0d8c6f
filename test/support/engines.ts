/**
 * The browsers that tests run in: where they are, how they start. Missing ones are installed.
 *
 * CHROMIUM and FIREFOX name an executable, ENGINES=firefox,webkit selects engines. Knows no test runner.
 */
import { existsSync, readdirSync } from "node:fs";
import { ensureDebian } from "./ensure-debian.ts";

const isRoot = process.getuid?.() === 0;

/** Chromium sends no request but those of the page under test. */
export const browserArguments: readonly string[] = [
	...(isRoot ? ["--no-sandbox"] : []),
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** The same for Firefox. */
export const firefoxPreferences = {
	"app.update.enabled": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
};

/** Each finds or installs its browser. @throws {Error} that names what to install. */
export const programs = {
	chromium: () =>
		named("CHROMIUM") ??
		found(["chromium", "chromium-browser", "google-chrome"], ["chromium"]),
	firefox: () =>
		named("FIREFOX") ?? found(["firefox-esr", "firefox"], ["firefox-esr"]),
	webkit() {
		const packages = ["webkit2gtk-driver", "xvfb"];
		return {
			driver: found(["WebKitWebDriver"], packages),
			xvfb: found(["Xvfb"], packages),
			miniBrowser: miniBrowser(),
		};
	},
};

export type EngineName = keyof typeof programs;

const isEngineName = (name: string): name is EngineName => name in programs;

/** The engines of the browser tests. @default all of them */
export function engineNames(): EngineName[] {
	const given = process.env.ENGINES ?? Object.keys(programs).join();
	return given.split(",").map((name) => {
		if (isEngineName(name)) return name;
		throw new Error(
			`Expected ENGINES to be some of ${Object.keys(programs).join()}; got "${given}".`,
		);
	});
}

/** Finds or installs a browser, and returns its version and path. @throws {Error} as `programs` does. */
export function versionOf(name: EngineName): string {
	// MiniBrowser gives its version only on a screen.
	if (name === "webkit") return programs.webkit().miniBrowser;
	const program = programs[name]();
	const { stdout } = Bun.spawnSync([program, "--version"], {
		stderr: "ignore",
	});
	return `${stdout.toString().trim()} (${program})`;
}

function named(variable: string): string | undefined {
	const program = process.env[variable];
	if (program && !existsSync(program))
		throw new Error(`${variable} names ${program}, which does not exist.`);
	return program;
}

function found(names: readonly string[], packages: string[]): string {
	const find = () => {
		for (const name of names) {
			const path = Bun.which(name);
			if (path) return path;
		}
		return undefined;
	};
	return ensureDebian(packages, find);
}

/** WebKitGTK keeps it outside of the PATH, in a folder named after its own version. */
function miniBrowser(): string {
	const find = () =>
		[
			"/usr/lib",
			`/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`,
			"/usr/libexec",
		]
			.filter((folder) => existsSync(folder))
			.flatMap((folder) =>
				readdirSync(folder)
					.filter((name) => name.startsWith("webkit2gtk-"))
					.map((name) => `${folder}/${name}/MiniBrowser`),
			)
			.find((path) => existsSync(path));
	return ensureDebian(["webkit2gtk-driver"], find);
}
