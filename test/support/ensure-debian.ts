/**
 * Programs that a test needs and npm does not have: found, or installed where that is possible, or
 * asked for by an error. Never a test that passes because it did not run.
 */
import { existsSync } from "node:fs";

/** @throws {Error} that says what to install, where it cannot be done here. */
export function ensureDebian(packages: string[], probe: () => boolean): void {
	if (probe()) return;
	const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
	const mayInstall =
		existsSync("/etc/debian_version") && process.getuid?.() === 0;
	if (!mayInstall)
		throw new Error(
			`This test needs ${packages.join(" and ")}. On Debian or Ubuntu: sudo ${install}`,
		);
	// Package lists may be missing or old; only then is it worth the time to fetch them.
	const said = run(install) ?? run(`apt-get update && ${install}`);
	if (said !== undefined && probe()) return;
	throw new Error(
		`This test needs ${packages.join(" and ")}, and installing failed. By hand: ${install}`,
	);
}

/** What a command printed; undefined if it failed. */
function run(command: string): string | undefined {
	const { success, stdout } = Bun.spawnSync(["sh", "-c", command], {
		env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
		stderr: "ignore",
	});
	return success ? stdout.toString() : undefined;
}
