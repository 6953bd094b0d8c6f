/** Plain English: no word of a private dialect in documents, comments and interface texts; no endless sentence in documents. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
	bannedWords,
	commentProse,
	type Finding,
	hashProse,
	htmlProse,
	longSentences,
	markdownProse,
	stringProse,
	testNames,
} from "../support/prose.ts";

const root = join(import.meta.dir, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const filesOf = (...patterns: readonly string[]): string[] =>
	patterns.flatMap((pattern) =>
		[...new Bun.Glob(pattern).scanSync(root)].sort(),
	);

/** A hard limit; sentences of 25 words or fewer are the aim. */
const maxWords = 40;

/** Words with a plainer, more common synonym. */
const words = [
	"anew",
	"in vain",
	"for ever",
	"dear",
	"reckon(?:s|ed|ing)?",
	"bear(?:s|ing)?",
	"borne?",
	"whoever",
	"whomever",
	"but for",
	"at hand",
	"heed(?:s|ed)?",
	"thereof",
	"of now",
	"told",
	"meant",
	"(?:a|an|the|no|by|own|'s|their|its|his) wish",
	"wishes",
	"so (?:many|long)(?! as)",
	"nobody's",
	"runs? into what",
] as const;

/** Terms that the glossary of the documents replaces: endpoint, fallback chain, unresponsive, visitor. */
const replacedTerms = [
	"doors?",
	"ladders?",
	"rungs?",
	"deaf",
	"somebody",
	"anybody",
	"everybody",
	"nobody",
] as const;

const anyOf = (patterns: readonly string[]) =>
	new RegExp(
		`(?<![\\w-])(?:${patterns.join("|").replaceAll(" ", "\\s+")})(?![\\w-])`,
		"gi",
	);
const banned = anyOf(words);

const documents = filesOf(
	"*.md",
	"docs/**/*.md",
	"demo/pages/*.md",
	"examples/**/*.md",
	"test/README.md",
);

const shown = (findings: readonly Finding[]) =>
	findings.map(({ place, problem }) => `${place}: ${problem}`);
const wordsIn = (
	paths: readonly string[],
	proseOf: (text: string) => string,
	pattern = banned,
) =>
	shown(
		paths.flatMap((path) => bannedWords(path, proseOf(read(path)), pattern)),
	);

describe("documents", () => {
	test("use plain words", () => {
		expect(documents.length).toBeGreaterThan(20);
		expect(wordsIn(documents, markdownProse)).toEqual([]);
	});

	test("use the field's terms", () => {
		const pattern = anyOf(replacedTerms);
		expect(wordsIn(documents, markdownProse, pattern)).toEqual([]);
	});

	test(`have sentences of at most ${maxWords} words`, () => {
		const findings = documents.flatMap((path) =>
			longSentences(path, markdownProse(read(path)), maxWords),
		);
		expect(shown(findings)).toEqual([]);
	});
});

test("the demo site uses plain words", () => {
	const pages = filesOf("demo/index.html", "demo/workbench/*.html");
	expect(wordsIn(pages, htmlProse)).toEqual([]);
});

test("the texts of the interface use plain words", () => {
	expect(wordsIn(["widget/i18n/strings.ts"], stringProse)).toEqual([]);
	expect(wordsIn(["custom-elements.json"], stringProse)).toEqual([]);
});

/** Folders whose comments have been checked. */
const folders = [
	"bench",
	"demo",
	"deploy",
	"examples",
	"protocol",
	"server",
	"test",
	"widget",
] as const;

describe("comments use plain words in", () => {
	for (const folder of folders)
		test(folder, () => {
			const paths = filesOf(`${folder}/**/*.{ts,tsx,js,mjs,css}`).filter(
				(path) => path !== "test/unit/plain-english.test.ts",
			);
			expect(wordsIn(paths, commentProse)).toEqual([]);
			expect(wordsIn(paths, testNames)).toEqual([]);
		});
});

test("comments use plain words in the examples of deploy", () => {
	const paths = filesOf("deploy/*").filter((path) => !path.endsWith(".ts"));
	expect(paths.length).toBeGreaterThan(3);
	expect(wordsIn(paths, hashProse)).toEqual([]);
});

describe("the checks find", () => {
	const isFound = (text: string) => bannedWords("x", text, banned).length > 0;

	test("a word across the end of a line of a comment", () => {
		expect(isFound(commentProse("/**\n * All in\n * vain.\n */"))).toBe(true);
		expect(isFound(commentProse("const a = 1; // Told twice."))).toBe(true);
	});

	test("no word in code, in a code span or within another word", () => {
		expect(
			isFound(commentProse('say("told", "https://told/*x"); // `told`')),
		).toBe(false);
		expect(isFound(markdownProse("`anew`\n\n```\nanew\n```\n"))).toBe(false);
		expect(isFound(markdownProse("Bearer, newborn, a wished-for thing"))).toBe(
			false,
		);
	});

	test("names of tests", () => {
		expect(isFound(testNames('test("it is told", () => {});'))).toBe(true);
	});

	test("a sentence that is too long, and where it stands", () => {
		const long = `${"word ".repeat(maxWords)}end.`;
		expect(longSentences("x", `Short.\n\n- ${long}\n`, maxWords)).toEqual([
			{ place: "x:3", problem: expect.stringContaining("41 words") },
		]);
		expect(longSentences("x", "| a b. | c d. |\n", 3)).toEqual([]);
	});
});
