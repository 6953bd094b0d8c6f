/** Holds what the README says against the code: settings, sizes, words and links. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { defaults, environmentNames } from "../../server/config/config.ts";
import { strings } from "../../widget/i18n/strings.ts";

const root = join(import.meta.dir, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const rowOf = (name: string) =>
	readme.split("\n").find((line) => line.startsWith(`| \`${name}\` `));

describe("the README", () => {
	for (const [setting, variable] of Object.entries(environmentNames))
		test(`has ${variable} with its default`, () => {
			const row = rowOf(variable);
			expect(row).toBeString();
			const value = defaults[setting as keyof typeof defaults];
			if (value !== undefined) expect(row).toContain(`\`${value}\``);
		});

	test("names no setting that does not exist", () => {
		const named = readme.matchAll(/\b(?:CHAT|OPENAI)_[A-Z_]+\b/g);
		const known = Object.values(environmentNames);
		for (const [name] of named) expect(known).toContain(name);
	});

	for (const [file, said] of [
		["chat-stream.js", /script weighs ([\d.]+) kB \(brotli\)/],
		["chat-stream.markdown.js", /Markdown\s+renderer \(([\d.]+) kB\)/],
		["chat-stream.highlight.js", /syntax highlighting \(([\d.]+) kB\)/],
		["chat-stream.math.js", /math\s+\(([\d.]+) kB\)/],
		["chat-stream.http.js", /HTTP\s+transports \(([\d.]+) kB\)/],
	] as const)
		test(`says what ${file} weighs`, () => {
			const built = readFileSync(join(root, "dist", file));
			const kilobytes = Math.round(brotliCompressSync(built).length / 1_000);
			expect(Number(readme.match(said)?.[1])).toBe(kilobytes);
		});

	test("says the element's own words", () => {
		expect(rowOf("heading")).toContain(`\`${strings.heading}\``);
		expect(rowOf("placeholder")).toContain(`\`${strings.placeholder}\``);
	});

	test("links to what is there", () => {
		for (const [, target = ""] of readme.matchAll(/\]\(([^)#]+)/g))
			if (!target.startsWith("http"))
				expect([target, existsSync(join(root, target))]).toEqual([
					target,
					true,
				]);
	});
});
