/**
 * A small run of the load test: it completes, finds every token, and reports why it cannot run. Its
 * measurements are not checked here.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";

const bench = join(import.meta.dir, "../../bench/load.ts");

async function run(options: string[], maxFiles = 4_000) {
	const asked = [process.execPath, bench, ...options].join(" ");
	const command = ["sh", "-c", `ulimit -n ${maxFiles}; exec ${asked}`];
	const child = Bun.spawn(command, {
		stdout: "pipe",
		stderr: "pipe",
	});
	const [said, complained] = await Promise.all([
		new Response(child.stdout).text(),
		new Response(child.stderr).text(),
	]);
	return { said, complained, code: await child.exited };
}

test("a load of 20 idle and 5 streaming connections delivers every number, in order", async () => {
	const { said, complained, code } = await run(
		"--idle 20 --streaming 5 --seconds 1".split(" "),
	);
	expect(complained).toBe("");
	expect(said).toMatch(/sound: all of \d{3,} numbers, in order/);
	for (const kind of ["healthy", "flapping", "slow, WebSocket"])
		expect(said).toContain(`${kind} │`);
	expect(code).toBe(0);
}, 60_000);

test("more connections than open files allowed are rejected with one message", async () => {
	const { complained, code } = await run(["--idle", "200"], 300);
	expect([complained, code]).toEqual([
		expect.stringMatching(
			/^Expected to be allowed 800 open files in one process; it is 300\. /,
		),
		2,
	]);
});

test("an option that is no number is rejected with one message", async () => {
	const { complained, code } = await run(["--seconds", "long"]);
	expect(complained).toBe(
		"Expected --seconds to be a whole number from 1 to 600; got long.\n",
	);
	expect(code).toBe(2);
});
