/**
 * `npm test`: every suite, one after the other, and one line at the end. `npm test -- e2e/crash math` runs only
 * the test files whose path contains one of these words, without the checks of the source.
 *
 * Shows the output of each suite as it comes, and adds up the tests. A suite or a browser engine that runs no
 * test has failed, and the summary gives the reason.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineNames, versionOf } from "./support/engines.ts";
import { stampVariable } from "./support/ensure-debian.ts";

const root = join(import.meta.dir, "..");
const bin = join(root, "node_modules/.bin");
const bun = process.execPath;

/** One line of the summary. */
type Result = { name: string; passed: number; failed: number; note?: string };
type Output = { exitCode: number; text: string };

const temporary = mkdtempSync(join(tmpdir(), "chat-stream-test-"));
process.env[stampVariable] = join(temporary, "package-lists-are-fresh");

/** Runs a command, and shows and returns what it prints. */
async function run(command: string[]): Promise<Output> {
	const shown = command.map((word) => word.replace(`${bin}/`, "")).join(" ");
	console.log(`\n> ${shown.length > 200 ? `${shown.slice(0, 200)} …` : shown}`);
	const child = Bun.spawn(command, {
		cwd: root,
		stdout: "pipe",
		stderr: "pipe",
		// Colour codes would separate a number from its word.
		env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
	});
	let text = "";
	const show = async (stream: ReadableStream<Uint8Array>) => {
		const decoder = new TextDecoder();
		for await (const chunk of stream) {
			const part = decoder.decode(chunk, { stream: true });
			text += part;
			process.stdout.write(part);
		}
	};
	await Promise.all([show(child.stdout), show(child.stderr)]);
	// A cursor that moves leaves its letters in front of the names.
	return { exitCode: await child.exited, text: Bun.stripANSI(text) };
}

/** A command that passes or fails as a whole. */
async function check(name: string, command: string[]): Promise<Result> {
	const { exitCode } = await run(command);
	if (exitCode === 0) return { name, passed: 1, failed: 0 };
	return { name, passed: 0, failed: 1, note: `exit code ${exitCode}` };
}

/** A suite or an engine of which no test has run. */
const didNotRun = (name: string, why: string): Result => ({
	name,
	passed: 0,
	failed: 1,
	note: `did not run: ${why}`,
});

async function bunTests(files: string[]): Promise<Result> {
	const name = "bun test";
	const { exitCode, text } = await run([bun, "test", ...files]);
	const summary = /^\s*(\d+) pass\n(?:.*\n)*?\s*(\d+) fail$/gm;
	const counts = [...text.matchAll(summary)].at(-1);
	if (!counts)
		return didNotRun(name, `it ended with exit code ${exitCode}, no summary.`);
	const [passed = 0, failed = 0] = counts.slice(1).map(Number);
	if (passed + failed === 0) return didNotRun(name, "it found no test.");
	const isCrashed = exitCode !== 0 && failed === 0;
	if (!isCrashed) return { name, passed, failed };
	return { name, passed, failed: 1, note: `ended with exit code ${exitCode}` };
}

async function browserTests(files: string[]): Promise<Result[]> {
	const wtr = [bun, "--bun", join(bin, "wtr"), "--files", ...files];
	const { exitCode, text } = await run(wtr);
	const results = engineNames().map((name): Result => {
		const report = new RegExp(
			`^${name}: (\\d+) passed, (\\d+) failed(?:\\n${name} did not run: (.*))?$`,
			"gim",
		);
		const [, passed, failed, why] = [...text.matchAll(report)].at(-1) ?? [];
		if (passed === undefined)
			return didNotRun(
				name,
				`the test runner ended with exit code ${exitCode} and no report of it.`,
			);
		if (why) return didNotRun(name, why);
		return { name, passed: Number(passed), failed: Number(failed) };
	});
	if (exitCode !== 0 && results.every(({ failed }) => failed === 0)) {
		const note = `ended with exit code ${exitCode}`;
		results.push({ name: "wtr", passed: 0, failed: 1, note });
	}
	return results;
}

/** Finds the browsers, or installs them while no test waits for them. */
function prepareBrowsers() {
	for (const name of engineNames())
		try {
			console.log(`${name}: ${versionOf(name)}`);
		} catch (error) {
			// The tests of this engine fail with the same sentence.
			console.error(`${name}: ${(error as Error).message}`);
		}
}

const filesUnder = (folders: string): string[] =>
	[
		...new Bun.Glob(`test/{${folders}}/**/*.test.ts`).scanSync({ cwd: root }),
	].sort();

async function runAll(filters: string[]): Promise<Result[]> {
	const all = filesUnder("unit,fuzz,e2e,browser");
	const unknown = filters.find(
		(filter) => !all.some((file) => file.includes(filter)),
	);
	if (unknown !== undefined)
		return [
			didNotRun(
				"npm test",
				`no test file has "${unknown}" in its path. Give a part of a path, such as e2e/crash or browser/math.`,
			),
		];
	const isSelected = (file: string) =>
		filters.length === 0 || filters.some((filter) => file.includes(filter));
	const files = filesUnder("unit,fuzz,e2e").filter(isSelected);
	const browserFiles = filesUnder("browser").filter(isSelected);
	const results: Result[] = [];
	if (filters.length === 0)
		results.push(
			await check("types", [join(bin, "tsc"), "--noEmit"]),
			await check("lint", [join(bin, "biome"), "check", "--error-on-warnings"]),
			await check("size", [bun, "test/size.ts"]),
		);
	if (browserFiles.length > 0) prepareBrowsers();
	if (files.length > 0)
		results.push(await bunTests(files.map((file) => `./${file}`)));
	if (browserFiles.length > 0)
		results.push(...(await browserTests(browserFiles)));
	return results;
}

const since = performance.now();
const results = await runAll(process.argv.slice(2));
rmSync(temporary, { recursive: true });
console.log("");
for (const { name, passed, failed, note } of results)
	console.log(
		`${failed > 0 ? "✗" : "✓"} ${name}: ${note ?? `${passed} passed, ${failed} failed`}`,
	);
const sum = (key: "passed" | "failed") =>
	results.reduce((total, result) => total + result[key], 0);
console.log(`${Math.round((performance.now() - since) / 1000)} s in all`);
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
process.exit(sum("failed") === 0 ? 0 : 1);
