import { describe, expect, test } from "bun:test";
import { readPage } from "../../../../../server/providers/pages/parse.ts";

const headings = (source: string) =>
	readPage("page.md", source).passages.map(({ heading }) => heading);
const slugs = (source: string) =>
	readPage("page.md", source).passages.map(({ slug }) => slug);
const texts = (source: string) =>
	readPage("page.md", source).passages.map(({ text }) => text);

describe("a page's title", () => {
	test.each([
		[
			"its front matter's",
			"a.md",
			'---\nx: 1\ntitle: "One: two"\n---\n# Three',
			"One: two",
		],
		[
			"else its first heading",
			"a.md",
			"text\n\n# **Three** [four](x)",
			"Three four",
		],
		["else its file's name", "guide/how-to_brew.md", "text", "How to brew"],
		["or its folder's", "guide/index.md", "text", "Guide"],
		[
			"with a byte order mark and CRLF, too",
			"a.md",
			"\uFEFF---\r\ntitle: T\r\n---\r\n\r\nx",
			"T",
		],
	])("is %s", (_, path, source, title) => {
		expect(readPage(path, source).title).toBe(title);
	});
});

describe("headings", () => {
	test("are not found inside code", () => {
		expect(
			headings("# A\n\n```sh\n# b\n```\n\n~~~~\n~~~\n# c\n~~~~\n\n## D"),
		).toEqual(["A", "D"]);
	});

	test("may close with signs, and need a space and some text", () => {
		expect(headings("# A ##\n\n#b\n\n##\n\n## C#")).toEqual(["A", "C#"]);
	});

	test("have GitHub's slugs, numbered when they repeat", () => {
		expect(
			slugs(
				"# What's `new` in 2.0?\n## A & B\n## a b\n## A & B\n## Ünï_code-x",
			),
		).toEqual(["whats-new-in-20", "a--b", "a-b", "a--b-1", "ünï_code-x"]);
	});

	test("may name their own anchor", () => {
		expect(slugs("# Install {#setup}")).toEqual(["setup"]);
	});
});

describe("text", () => {
	test("before the first heading is a passage of its own, if it says anything", () => {
		expect(headings("Badge\n\n# A\n\nx")).toEqual(["A"]);
		expect(headings(`${"Words ".repeat(20)}\n\n# A\n\nx`)).toEqual(["A", "A"]);
		expect(headings("Only this.")).toEqual(["Page"]);
	});

	test("of a long section is cut between blocks, never inside a list or code", () => {
		const paragraph = `${"Some words ".repeat(30).trim()}.`;
		const code = `\`\`\`\n${"line of code\n\n".repeat(150)}\`\`\``;
		const list = Array.from(
			{ length: 60 },
			(_, at) => `- item ${at}\n\n  more`,
		);
		const blocks = [
			paragraph,
			paragraph,
			paragraph,
			paragraph,
			`${paragraph.slice(0, -1)}:`,
			code,
			paragraph,
			list.join("\n\n"),
		];
		const parts = texts(`# A\n\n${blocks.join("\n\n")}`);
		expect(parts.join("\n\n")).toBe(blocks.join("\n\n"));
		expect(parts.length).toBeGreaterThan(3);
		expect(parts.filter((part) => part.includes("```")).length).toBe(1);
		expect(parts.filter((part) => part.includes("- item")).length).toBe(1);
		expect(parts.find((part) => part.includes("```"))).toContain(":\n\n```");
	});

	test("loses comments, tags, rules and link definitions, but not in code", () => {
		const source = [
			"# A",
			"<!-- one -->",
			"See <b>this</b> [page][p], [p] and `<b>`.<br/> Type <name>.",
			"",
			"---",
			"",
			"```html",
			"<!-- two --><b>",
			"---",
			"[p]: /no",
			"```",
			"<!-- three",
			"# four",
			"--> end",
			"",
			"[p]: ./page.md#x 'Title'",
		].join("\n");
		expect(texts(source)).toEqual([
			"See this [page](./page.md#x), [p](./page.md#x) and `<b>`. Type <name>.\n\n```html\n<!-- two --><b>\n---\n[p]: /no\n```\n\n end",
		]);
	});
});

test("an unclosed fence or comment swallows the rest and nothing breaks", () => {
	expect(headings("# A\n\n```\n# b")).toEqual(["A"]);
	expect(headings("# A\n\n<!-- x\n# b")).toEqual(["A"]);
	expect(readPage("a.md", "").passages).toEqual([]);
	expect(readPage("a.md", "---\n").passages).toEqual([]);
});
