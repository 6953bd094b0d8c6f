/** The published types accept correct code, reject mistakes and match the source. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaults } from "../../server/config/config.ts";

const root = join(import.meta.dir, "../..");
const samples = join(root, "test/types");
const compiler = join(root, "node_modules/.bin/tsc");
// Inside the project, so that packages resolve.
const folder = mkdtempSync(join(root, "test/types/run-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The TypeScript blocks of a page that export something by default. */
const modulesIn = (page: string): string[] =>
	[...page.matchAll(/```ts\n([\s\S]*?)```/g)]
		.map(([, code = ""]) => code)
		.filter((code) => code.includes("export default"));

async function compilerOutput(project: string): Promise<string> {
	const child = Bun.spawn([compiler, "-p", project, "--pretty", "false"], {
		cwd: root,
		stdout: "pipe",
		stderr: "pipe",
	});
	const output = await new Response(child.stdout).text();
	await child.exited;
	return output;
}

describe("the types of the package", () => {
	for (const [user, file] of [
		["a page", "tsconfig.json"],
		["React", "tsconfig.react.json"],
		["Preact", "tsconfig.preact.json"],
		["Vue, Svelte and Solid", "tsconfig.others.json"],
	])
		test(`accept correct code of ${user} and reject mistakes`, async () => {
			expect(await compilerOutput(join(samples, file as string))).toBe("");
		});

	test("accept what the owner of a server writes, documented examples included", async () => {
		const documented = [
			"README.md",
			"demo/pages/connecting-a-model.md",
			"demo/pages/configuration.md",
		].flatMap((page) => modulesIn(readFileSync(join(root, page), "utf8")));
		expect(documented.length).toBeGreaterThanOrEqual(3);
		const names = documented.map((code, index) => {
			writeFileSync(join(folder, `documented-${index}.ts`), code);
			return `documented-${index}.ts`;
		});
		writeFileSync(
			join(folder, "tsconfig.owner.json"),
			JSON.stringify({
				extends: "../tsconfig.json",
				files: ["../server.ts", ...names],
			}),
		);
		expect(await compilerOutput(join(folder, "tsconfig.owner.json"))).toBe("");
	});

	test("of the server match the source", async () => {
		const project = join(samples, "tsconfig.same-server.json");
		expect(await compilerOutput(project)).toBe("");
	});

	test("of the server give the default of each setting", () => {
		const declared = readFileSync(
			join(root, "server/types/chat-stream.server.d.ts"),
			"utf8",
		);
		for (const [setting, value] of Object.entries(defaults))
			expect(declared).toContain(
				`@default ${JSON.stringify(value)} */\n\t${setting}?: `,
			);
	});

	test("of the widget match the source", async () => {
		const declared = readFileSync(
			join(root, "widget/types/chat-stream.module.d.ts"),
			"utf8",
		);
		// Both declare the type of document.createElement("chat-stream").
		writeFileSync(
			join(folder, "chat-stream.module.d.ts"),
			declared.replace(/^declare global \{[\s\S]*?^\}/m, ""),
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
		expect(await compilerOutput(folder)).toBe("");
	});
});
