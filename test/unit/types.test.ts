/** What a page's own compiler makes of the types in widget/types/: pages, frameworks, the truth. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
const samples = join(root, "test/types");
const compiler = join(root, "node_modules/.bin/tsc");
// Inside the project, so that packages are found.
const folder = mkdtempSync(join(root, "test/types/run-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function complaintsAbout(project: string): Promise<string> {
	const child = Bun.spawn([compiler, "-p", project, "--pretty", "false"], {
		cwd: root,
		stdout: "pipe",
		stderr: "pipe",
	});
	const said = await new Response(child.stdout).text();
	await child.exited;
	return said;
}

describe("the types of the package", () => {
	for (const [who, file] of [
		["a page", "tsconfig.json"],
		["React", "tsconfig.react.json"],
		["Preact", "tsconfig.preact.json"],
		["Vue, Svelte and Solid", "tsconfig.others.json"],
	])
		test(`hold for ${who}, and find the mistakes`, async () => {
			expect(await complaintsAbout(join(samples, file as string))).toBe("");
		});

	test("are those of the source", async () => {
		const told = readFileSync(
			join(root, "widget/types/chat-stream.module.d.ts"),
			"utf8",
		);
		// Both say what document.createElement("chat-stream") is.
		writeFileSync(
			join(folder, "chat-stream.module.d.ts"),
			told.replace(/^declare global \{[\s\S]*?^\}/m, ""),
		);
		const same = readFileSync(join(samples, "same.ts"), "utf8");
		writeFileSync(
			join(folder, "same.ts"),
			same.replace("../../widget/", "../../../widget/"),
		);
		const base = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
		writeFileSync(
			join(folder, "tsconfig.json"),
			JSON.stringify({ ...base, include: ["*.ts"] }),
		);
		expect(await complaintsAbout(folder)).toBe("");
	});
});
