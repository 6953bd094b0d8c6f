/**
 * The browsers that tests run in: where they are, how they start. Installed where they are missing.
 *
 * CHROMIUM names Chromium's executable. Knows no test runner.
 */
import { existsSync, readdirSync } from "node:fs";
import { ensureDebian } from "./ensure-debian.ts";

const isRoot = process.getuid?.() === 0;

/** Chromium talks to nobody but the pages of the test. */
export const browserArguments: readonly string[] = [
	...(isRoot ? ["--no-sandbox"] : []),
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

/** Firefox the same. */
export const firefoxPreferences = {
	"app.update.enabled": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
};

/** Each finds its browser, or installs it. @throws {Error} that says what to install. */
export const programs = {
	chromium: () =>
		process.env.CHROMIUM ??
		found(["chromium", "chromium-browser", "google-chrome"], ["chromium"]),
	firefox: () =>
		process.env.FIREFOX ?? found(["firefox-esr", "firefox"], ["firefox-esr"]),
	webkit() {
		const packages = ["webkit2gtk-driver", "xvfb"];
		return {
			driver: found(["WebKitWebDriver"], packages),
			xvfb: found(["Xvfb"], packages),
			miniBrowser: miniBrowser(),
		};
	},
};

function found(names: readonly string[], packages: string[]): string {
	const find = () =>
		names.map((name) => Bun.which(name)).find((path) => path !== null);
	ensureDebian(packages, () => find() !== undefined);
	return find() as string;
}

/** WebKitGTK keeps it out of the PATH, in a folder named after its own version. */
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
	ensureDebian(["webkit2gtk-driver"], () => find() !== undefined);
	return find() as string;
}
