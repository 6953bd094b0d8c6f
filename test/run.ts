/**
 * `npm test`: everything that must hold, one suite after the other, and one line at the end.
 *
 * Runs types, lint, `bun test` and the browser tests, shows their output as it comes, and adds up
 * what they counted. A suite that counts nothing has failed.
 */
import { join } from "node:path";

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

/**
 * A suite whose runners say at their end how many passed and how many failed; `lines` finds the
 * groups `passed` and `failed`, and `name` where there are several runners.
 */
async function counted(command: string[], lines: RegExp): Promise<Count> {
	const { ok, text } = await run(command);
	const last = new Map<string | undefined, Count>();
	// A cursor that moves leaves its letters in front of the names.
	for (const { groups = {} } of Bun.stripANSI(text).matchAll(lines))
		last.set(groups.name, {
			passed: Number(groups.passed),
			failed: Number(groups.failed),
		});
	const count = { passed: 0, failed: 0 };
	for (const { passed, failed } of last.values()) {
		count.passed += passed;
		count.failed += failed;
		// A runner that ran nothing has failed.
		if (passed + failed === 0) count.failed++;
	}
	// A crash, or nothing run, is a failure whatever was counted.
	if ((!ok || count.passed === 0) && count.failed === 0) count.failed = 1;
	return count;
}

const suites: (() => Promise<Count>)[] = [
	() => asOne([join(bin, "tsc"), "--noEmit"]),
	() => asOne([join(bin, "biome"), "check", "--error-on-warnings"]),
	() => asOne([bun, "test/size.ts"]),
	() =>
		counted(
			[bun, "test", "--timeout", "30000", "test/unit", "test/fuzz", "test/e2e"],
			/^\s*(?<passed>\d+) pass\n(?:.*\n)*?\s*(?<failed>\d+) fail$/gm,
		),
	() =>
		counted(
			[bun, "--bun", join(bin, "wtr")],
			/(?<name>\w+): +\|.*\| \d+\/\d+ test files \| (?<passed>\d+) passed, (?<failed>\d+) failed/g,
		),
];

const total: Count = { passed: 0, failed: 0 };
for (const suite of suites) {
	const { passed, failed } = await suite();
	total.passed += passed;
	total.failed += failed;
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
