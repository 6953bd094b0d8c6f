/**
 * Programs that a test needs and npm does not have: found, or installed as a Debian package, or asked for by
 * an error. A test never passes because its program is missing.
 */
import { existsSync, writeFileSync } from "node:fs";

/** How much of apt's output an error quotes. */
const quotedLines = 8;

/** Names a file that exists once the package lists are fresh; processes of one run share it. */
export const stampVariable = "CHAT_TEST_APT_STAMP";

let isRefreshed = false;

/**
 * Returns what `find` finds, after installing `packages` if it finds nothing.
 *
 * @throws {Error} that names the commands to run by hand, where installing is not possible or fails.
 */
export function ensureDebian<Found>(
	packages: string[],
	find: () => Found | null | undefined,
): Found {
	const before = find();
	if (before) return before;
	const names = packages.join(" and ");
	const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
	const byHand = `sudo apt-get update && sudo ${install}`;
	const mayInstall =
		existsSync("/etc/debian_version") && process.getuid?.() === 0;
	if (!mayInstall)
		throw new Error(`This test needs ${names}. On Debian or Ubuntu: ${byHand}`);
	// A stale list names versions that the mirror no longer has, or a browser that is years old.
	const commands = takeRefresh() ? ["apt-get update", install] : [install];
	const outputs = commands.map(run);
	const after = find();
	if (after) return after;
	const tried = commands.map(
		(command, i) => `  ${command}\n${outputs[i]?.replaceAll(/^/gm, "    ")}`,
	);
	throw new Error(
		`This test needs ${names}, and installing failed. Tried, with apt's last lines:\n${tried.join("\n")}\nBy hand: ${byHand}`,
	);
}

/** True for the first caller of a run: one refresh serves every package. */
function takeRefresh(): boolean {
	const stamp = process.env[stampVariable];
	if (isRefreshed || (stamp && existsSync(stamp))) return false;
	isRefreshed = true;
	if (stamp) writeFileSync(stamp, "");
	return true;
}

/** Runs a command and returns the end of its output. A failed refresh is no reason not to install. */
function run(command: string): string {
	const { stdout, exitCode } = Bun.spawnSync(["sh", "-c", `${command} 2>&1`], {
		env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
	});
	const lines = stdout.toString().trimEnd().split("\n").slice(-quotedLines);
	return [...lines, `(exit code ${exitCode})`].join("\n");
}
