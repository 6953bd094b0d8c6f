/** The documents match the files: links lead somewhere, the tree lists what exists, invariants name their tests. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { readPage } from "../../server/providers/pages/parse.ts";

const root = join(import.meta.dir, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const architecture = read("ARCHITECTURE.md");
const documents = [
	"*.md",
	"docs/**/*.md",
	"demo/pages/*.md",
	"examples/**/*.md",
	"test/README.md",
].flatMap((pattern) => [...new Bun.Glob(pattern).scanSync(root)]);

const anchorsOf = (path: string) =>
	readPage(path, read(path)).passages.map(({ slug }) => slug);

test("every link in a document leads somewhere", () => {
	const lost: string[] = [];
	for (const from of documents)
		for (const [, target = ""] of read(from)
			.replace(/^```[\s\S]*?^```|`[^`\n]*`/gm, "")
			.matchAll(/\]\(([^)\s]+)\)/g)) {
			if (/^(https?:|mailto:)/.test(target)) continue;
			const [path = "", anchor] = target.split("#");
			const file = path ? join(dirname(from), path) : from;
			const isThere =
				existsSync(join(root, file)) &&
				(!anchor || anchorsOf(file).includes(anchor));
			if (!isThere) lost.push(`${from}: ${target}`);
		}
	expect(lost).toEqual([]);
});

describe("the tree in ARCHITECTURE.md", () => {
	const [, tree = ""] =
		/## The tree[\s\S]*?```\n([\s\S]*?)```/.exec(architecture) ?? [];

	/** The paths that the tree names, each with its folders before it. */
	const named: string[] = [];
	const trail: string[] = [];
	for (const line of tree.split("\n")) {
		const indent = /^ */.exec(line)?.[0] ?? "";
		if (!line.trim()) continue;
		const depth = indent.length / 2;
		trail.length = depth;
		// Two spaces separate names, more the description.
		const [list = ""] = line.slice(indent.length).split(/ {3,}/);
		for (const name of list.split(/ {2}/)) {
			named.push([...trail.slice(0, depth), name].join(""));
			if (name.endsWith("/")) trail[depth] = name;
		}
	}

	test("names only what exists", () => {
		expect(named.length).toBeGreaterThan(30);
		expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
	});

	test("names every folder of the source", () => {
		const folders = (path: string): string[] =>
			readdirSync(join(root, path))
				.filter((name) => statSync(join(root, path, name)).isDirectory())
				.flatMap((name) => [`${path}${name}/`, ...folders(`${path}${name}/`)]);
		const missing = ["protocol/", "server/", "widget/"]
			.flatMap((path) => [path, ...folders(path)])
			.filter((path) => !named.includes(path));
		expect(missing).toEqual([]);
	});
});

test("every invariant names a test that exists", () => {
	const invariants = architecture.split(/^- Invariant: /m).slice(1);
	expect(invariants.length).toBeGreaterThan(10);
	for (const invariant of invariants) {
		const [paragraph = ""] = invariant.split("\n\n");
		const tests = paragraph.match(/test\/[\w/-]+(?:\.test)?\.ts/g) ?? [];
		expect([paragraph, tests.length]).not.toEqual([paragraph, 0]);
		for (const path of tests)
			expect([path, existsSync(join(root, path))]).toEqual([path, true]);
	}
});

test("the index lists every decision under its number", () => {
	const index = read("docs/decisions/README.md");
	const files = readdirSync(join(root, "docs/decisions")).filter((name) =>
		/^\d{4}-/.test(name),
	);
	expect(files.length).toBeGreaterThan(30);
	for (const name of files) {
		const text = read(`docs/decisions/${name}`);
		const [, number, title] = /^# (\d+)\. (.+)$/m.exec(text) ?? [];
		expect([name, Number(name.slice(0, 4))]).toEqual([name, Number(number)]);
		expect(index).toContain(`| [${title}](${name})`);
		for (const heading of [
			"Context",
			"Decision",
			"Consequences",
			"What would change our mind",
		])
			expect([name, text.includes(`\n## ${heading}\n`)]).toEqual([name, true]);
	}
});
