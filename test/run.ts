/**
 * `npm test`: everything that must hold, one suite after the other, and one line at the end.
 *
 * Finds or installs the browser, runs types, lint, `bun test` and the browser tests, shows their
 * output as it comes, and adds up what they counted. A suite that counts nothing has failed.
 */
import { join } from "node:path";
import { ensureDebian } from "./support/ensure-debian.ts";

const root = join(import.meta.dir, "..");
const bin = join(root, "node_modules/.bin");
const bun = process.execPath;

type Count = { passed: number; failed: number };

/** Runs a command, shows what it prints and gives it back. */
async function run(command: string[]): Promise<{ ok: boolean; text: string }> {
	console.log(
		`\n> ${command.map((word) => word.replace(`${bin}/`, "")).join(" ")}`,
	);
	const child = Bun.spawn(command, {
		cwd: root,
		stdout: "pipe",
		stderr: "pipe",
		// Colour codes would stand between a number and its word.
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
	return { ok: (await child.exited) === 0, text };
}

/** A command that passes or fails as a whole. */
const asOne = async (command: string[]): Promise<Count> =>
	(await run(command)).ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };

/** A suite that says at its end how many passed and how many failed. */
async function counted(
	command: string[],
	passed: RegExp,
	failed: RegExp,
): Promise<Count> {
	const { ok, text } = await run(command);
	const last = (pattern: RegExp) =>
		Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0);
	const count = { passed: last(passed), failed: last(failed) };
	// A crash of the runner, or nothing run, is a failure whatever was counted.
	if ((!ok || count.passed === 0) && count.failed === 0) count.failed = 1;
	return count;
}

ensureDebian(["chromium"], () =>
	["chromium", "chromium-browser", "google-chrome"].some(
		(name) => process.env.CHROMIUM || Bun.which(name),
	),
);

const suites: (() => Promise<Count>)[] = [
	() => asOne([join(bin, "tsc"), "--noEmit"]),
	() => asOne([join(bin, "biome"), "check", "--error-on-warnings"]),
	() => asOne([bun, "test/size.ts"]),
	() =>
		counted(
			[bun, "test", "--timeout", "30000", "test/unit", "test/fuzz", "test/e2e"],
			/^\s*(\d+) pass$/gm,
			/^\s*(\d+) fail$/gm,
		),
	() =>
		counted([bun, "--bun", join(bin, "wtr")], /(\d+) passed/g, /(\d+) failed/g),
];

const total: Count = { passed: 0, failed: 0 };
for (const suite of suites) {
	const { passed, failed } = await suite();
	total.passed += passed;
	total.failed += failed;
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
