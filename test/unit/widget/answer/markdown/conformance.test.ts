/**
 * The CommonMark 0.31.2 examples, and what GitHub adds to them, against the parser alone.
 *
 * Examples with raw HTML are for another product: here HTML shows as the text it is.
 */
import { expect, test } from "bun:test";
import { tests } from "commonmark-spec";
import { makeFormulas } from "../../../../../widget/answer/markdown/formulas.ts";
import { InlineParser } from "../../../../../widget/answer/markdown/inline-parser.ts";
import { parse, toHtml } from "./spec-html.ts";

const examples = tests.map(({ number, section, markdown, html }) => ({
	number,
	section,
	markdown: markdown.replaceAll("→", "\t"),
	html: html.replaceAll("→", "\t"),
}));

/** Outside the two sections on HTML, the reference implementation finds HTML in these. */
const withHtml = new Set([
	21, 31, 201, 308, 309, 344, 475, 476, 477, 491, 494, 524, 536, 642, 643,
]);

/** What we do differently, and why. */
const exceptions = new Map([
	[25, "only the names of characters that answers use are known"],
	[608, "a bare address is a link, as on GitHub"],
	[611, "a bare address is a link, as on GitHub"],
	[632, "what looks like a tag shows as it was written, escapes and all"],
]);

const isRaw = ({ number, section }: { number: number; section: string }) =>
	section === "HTML blocks" || section === "Raw HTML"
		? !plainInHtmlSections.has(number)
		: withHtml.has(number);

/** In the sections on HTML, but without any. */
const plainInHtmlSections = new Set([618, 619, 620, 621, 622, 624, 632]);

const plain = examples.filter((example) => !isRaw(example));

test("580 examples have no raw HTML", () => {
	expect(plain.length).toBe(580);
});

for (const { number, section, markdown, html } of plain)
	test(`example ${number}, ${section}${exceptions.has(number) ? `, differs: ${exceptions.get(number)}` : ""}`, () => {
		if (exceptions.has(number)) expect(toHtml(markdown)).not.toBe(html);
		else expect(toHtml(markdown)).toBe(html);
	});

test("every example is the same by character, whole, quoted, in a list and with CRLF", () => {
	for (const { markdown, number } of examples)
		for (const text of [
			markdown,
			markdown.replaceAll("\n", "\r\n"),
			`> ${markdown.replaceAll("\n", "\n> ")}`,
			`- ${markdown.replaceAll("\n", "\n  ")}\n\n[foo] *x*`,
		])
			expect(`${number} ${parse(text.split("")).html}`).toBe(
				`${number} ${toHtml(text)}`,
			);
});

const texts = (html: string) =>
	html
		.replace(/<[^>]*>/g, "")
		.replaceAll("&lt;", "<")
		.replaceAll("&gt;", ">")
		.replaceAll("&quot;", '"')
		.replaceAll("&amp;", "&");

test("tags show as the text they are", () => {
	for (const { number, section, markdown } of examples)
		if (section === "Raw HTML" && isRaw({ number, section }))
			expect(texts(toHtml(markdown)).split(/\s+/)).toEqual(
				markdown.split(/\s+/),
			);
});

const table = (head: string, ...rows: string[][]) =>
	`<table>\n<thead>\n<tr>\n<th>${head}</th>\n</tr>\n</thead>\n${
		rows.length > 0
			? `<tbody>\n${rows.map((row) => `<tr>\n${row.map((cell) => `<td>${cell}</td>\n`).join("")}</tr>\n`).join("")}</tbody>\n`
			: ""
	}</table>\n`;

const github: [claim: string, markdown: string, html: string][] = [
	["a table has a head and rows", "| a |\n|---|\n| 1 |\n", table("a", ["1"])],
	[
		"a table needs no outer bars",
		"a | b\n-|:-:\n1|2\n",
		'<table>\n<thead>\n<tr>\n<th>a</th>\n<th align="center">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n<td align="center">2</td>\n</tr>\n</tbody>\n</table>\n',
	],
	[
		"a cell holds a bar behind a backslash, also in code",
		"| a |\n|---|\n| `x\\|y` \\| **z** |\n",
		table("a", ["<code>x|y</code> | <strong>z</strong>"]),
	],
	[
		"a table ends with another block",
		"| a |\n|---|\n| 1 |\n> q\n",
		`${table("a", ["1"])}<blockquote>\n<p>q</p>\n</blockquote>\n`,
	],
	[
		"a table ends with an empty line",
		"| a |\n|---|\n| 1 |\n2\n\n3\n",
		`${table("a", ["1"], ["2"])}<p>3</p>\n`,
	],
	[
		"a head must have the delimiters' number of cells",
		"| a | b |\n| --- |\n| c |\n",
		"<p>| a | b |\n| --- |\n| c |</p>\n",
	],
	[
		"what a row has too much is dropped",
		"| a |\n|---|\n| 1 | 2 |\n",
		table("a", ["1"]),
	],
	["a table may have no rows", "| a |\n|---|\n", table("a")],
	[
		"a table may follow a paragraph's lines",
		"x\n| a |\n|---|\n",
		`<p>x</p>\n${table("a")}`,
	],
	[
		"two tildes strike out",
		"~~a~~ b~~c~~",
		"<p><del>a</del> b<del>c</del></p>\n",
	],
	[
		"one tilde strikes out a word, not a range",
		"~a~ 5~6 7~8",
		"<p><del>a</del> 5~6 7~8</p>\n",
	],
	["three tildes are text", "x ~~~a~~~", "<p>x ~~~a~~~</p>\n"],
	[
		"a task has a box",
		"- [ ] a\n- [x] b\n- [y] c\n",
		'<ul>\n<li><input disabled="" type="checkbox"> a</li>\n<li><input checked="" disabled="" type="checkbox"> b</li>\n<li>[y] c</li>\n</ul>\n',
	],
	[
		"a bare address ends before what ends a sentence",
		"See https://a.example/b(c)?d. (www.b.example) **http://c.example**",
		'<p>See <a href="https://a.example/b(c)?d">https://a.example/b(c)?d</a>. (<a href="http://www.b.example">www.b.example</a>) <strong><a href="http://c.example">http://c.example</a></strong></p>\n',
	],
	[
		"a bare address ends before the marks of other scripts",
		"看https://a.example 和 https://b.example。好",
		'<p>看<a href="https://a.example">https://a.example</a> 和 <a href="https://b.example">https://b.example</a>。好</p>\n',
	],
	[
		"emphasis may touch Chinese, Japanese and Korean punctuation",
		"我们**先备份，**再升级。これは**「大切」**です。**글리프(Glyph)**는 它是**“重点”**内容，也有**《书名》**一词。~~旧的。~~新的",
		"<p>我们<strong>先备份，</strong>再升级。これは<strong>「大切」</strong>です。<strong>글리프(Glyph)</strong>는 它是<strong>“重点”</strong>内容，也有<strong>《书名》</strong>一词。<del>旧的。</del>新的</p>\n",
	],
	[
		"emphasis beside other punctuation follows the specification",
		"**Note:**this",
		"<p>**Note:**this</p>\n",
	],
	[
		"a bare address may follow a quote or a colon, but no letter",
		'"https://a.example" “https://b.example” Link:https://c.example xhttps://d.example',
		'<p>&quot;<a href="https://a.example">https://a.example</a>&quot; “<a href="https://b.example">https://b.example</a>” Link:<a href="https://c.example">https://c.example</a> xhttps://d.example</p>\n',
	],
	[
		"a bare address in brackets is a link unless a link is around it",
		"[https://a.example/x_y] [see *https://b.example*] [https://c.example](d)\n\n[https://e.example",
		'<p>[<a href="https://a.example/x_y">https://a.example/x_y</a>] [see <em><a href="https://b.example">https://b.example</a></em>] <a href="d">https://c.example</a></p>\n<p>[<a href="https://e.example">https://e.example</a></p>\n',
	],
	[
		"a break tag breaks a line in a table cell and is text elsewhere",
		"| a |\n|---|\n| 1<br>2<BR />3 |\n\nx<br>y",
		`${table("a", ["1<br />\n2<br />\n3"])}<p>x&lt;br&gt;y</p>\n`,
	],
	[
		"a footnote keeps its words",
		"a[^1]\n\n[^1]: Wikipedia",
		"<p>a[^1]</p>\n<p>[^1]: Wikipedia</p>\n",
	],
];

for (const [claim, markdown, html] of github)
	test(claim, () => {
		expect(toHtml(markdown)).toBe(html);
		expect(parse(markdown.split("")).html).toBe(html);
	});

test("a table wider than 64 columns stays text", () => {
	const row = (cell: string, count: number) => `|${`${cell}|`.repeat(count)}\n`;
	expect(toHtml(row("a", 64) + row("-", 64))).toStartWith("<table>");
	const wide = toHtml(row("a", 65) + row("-", 65));
	expect(wide).toStartWith("<p>|a|a|");
});

test("what stays unfinished for long is the same in any pieces", () => {
	const long = "word *a* & ".repeat(400);
	for (const text of [
		`\`${long}\` *b*`,
		`[a](b "${long}") *b*`,
		`[a][${long}] *b*`,
		`<a b="${long}"> *b*`,
		`[${long}](b) *b*`,
		`**${long}** *b*`,
		`[a]: b "${long}"\n\n[a] *b*`,
		`[a]: ${long}`,
		`|${long}|\n|-|\n|${long}|`,
		`https://a.b/${"c".repeat(5_000)} *b*`,
	])
		for (const pattern of [/.{1,97}/gs, /.{1,1013}/gs])
			expect(parse(text.match(pattern) ?? []).html).toBe(toHtml(text));
});

test("past a cap a text is the same in any pieces", () => {
	for (const text of [
		"word *a* ".repeat(30_000),
		"- *a*\n".repeat(9_000),
		`${"漢字😀\n\n".repeat(55_000)}`,
		"*a* ".repeat(21_000),
		`\`\`\`\n${"code\n".repeat(60_000)}`,
	]) {
		const pieces = text.match(/.{1,997}/gs) ?? [];
		expect(parse(pieces).html === toHtml(text)).toBe(true);
	}
});

test("past 256 KB a text goes on as it is", () => {
	const html = toHtml(`${"a\n\n".repeat(90_000)}*b*`);
	expect(html).toContain("<notice></notice>");
	expect(html).toEndWith("*b*\n</plain>\n");
	expect(html.split("<p>").length).toBeLessThan(20_100);
});

test("an unfinished mark that begins no emphasis styles nothing", () => {
	const styled = (text: string) => {
		const { tokens } = new InlineParser(new Map()).parse(text, {
			before: "  ",
			isWhole: false,
			isCell: false,
			missing: new Set(),
			maxMarks: 100,
		});
		return tokens.some(({ kind }) => kind !== "text");
	};
	const prose = "and the text goes on for a good while after that, ".repeat(9);
	expect(styled("some *words and")).toBe(true);
	expect(styled("some **words and")).toBe(true);
	expect(styled("some ~~words and")).toBe(true);
	expect(styled("some `words and")).toBe(true);
	expect(styled("takes ~5 minutes")).toBe(false);
	expect(styled("takes ~an hour")).toBe(false);
	expect(styled("costs *5 or")).toBe(false);
	expect(styled("the _id field. It is")).toBe(false);
	for (const mark of ["*", "**", "_", "~~", "`"])
		expect(`${mark} ${styled(`a ${mark}b ${prose}`)}`).toBe(`${mark} false`);
});

test("inside a display formula no line begins a block", () => {
	const html = (text: string, pieces: Iterable<string> = [text]) =>
		parse(
			pieces,
			true,
			makeFormulas(() => {}),
		).html;
	const formulas = [
		"\\[\na\n-\nb\n\\]",
		"$$\na + b\n> c\n$$",
		"\\[ f(x)\n=\nx^2 \\]",
		"$$\n# b\n+ c\n- d\n\n1. e\n```\n|a|\n$$",
	];
	for (const formula of formulas) {
		const text = `Before:\n${formula}\n# After`;
		const shown = formula.replaceAll(">", "&gt;");
		const expected = `<p>Before:\n<math>${shown}</math></p>\n<h1>After</h1>\n`;
		expect(html(text)).toBe(expected);
		expect(html(text, text.split(""))).toBe(expected);
		const quoted = `> ${text.replaceAll("\n", "\n> ")}`;
		expect(html(quoted)).toBe(`<blockquote>\n${expected}</blockquote>\n`);
	}
	// One that never ends takes its paragraph at most, or 2,000 characters.
	expect(html("$$ to spend\n\n# b")).toBe("<p>$$ to spend</p>\n<h1>b</h1>\n");
	const long = `$$\n${"word\n".repeat(600)}\n# b`;
	expect(html(long)).toEndWith("<h1>b</h1>\n");
	expect(toHtml("$$\n# b\n$$")).toBe("<p>$$</p>\n<h1>b</h1>\n<p>$$</p>\n");
});
