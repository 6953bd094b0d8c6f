/**
 * Markdown under bad luck and bad will: any text, in any pieces, comes out the same and costs what
 * its length is worth. Costs are counted in the parser's own steps, so that no parser is too slow.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { BlockParser } from "../../widget/answer/markdown/block-parser.ts";
import type { Sink, Token } from "../../widget/answer/markdown/model.ts";
import { firstSeed, fuzzMs, runs } from "../support/fuzz.ts";
import { parse, toHtml } from "../unit/widget/answer/markdown/spec-html.ts";

const atoms =
	"* ** _ ` `` ~~ ~ [ ] ( ) ![ ]( ](http://a.b) [foo] < <http://x.y> <b> <a·href=\" \"> > >· -· 1.· 2)· +· #· ##· ·# \\ | -|- &amp; & &#35; word b·c http://ex.am/ple www.x.y 漢字 é 😀 \u200d \0 ! $ [·]· [x]· ' \" : . === --- *** ```\n ~~~ \n \n\n ··\n ···· \t \r \r\n [foo]:·/url\n [foo]:·/u·'ti\ntle'\n |·a·|·b·|\n |---|---|\n"
		.split(" ")
		.map((atom) => atom.replaceAll("·", " "));

const texts = fc
	.array(fc.constantFrom(...atoms), { maxLength: 24 })
	.map((parts) => parts.join(""));

function cut(text: string, sizes: readonly number[]): string[] {
	const pieces: string[] = [];
	for (let at = 0, turn = 0; at < text.length; turn++) {
		const size = sizes[turn % sizes.length] ?? 1;
		pieces.push(text.slice(at, at + size));
		at += size;
	}
	return pieces;
}

test(
	"any text in any pieces is the same as the whole",
	() => {
		fc.assert(
			fc.property(
				texts,
				fc.array(fc.integer({ min: 1, max: 9 }), {
					minLength: 1,
					maxLength: 8,
				}),
				fc.boolean(),
				(text, sizes, showEach) => {
					const whole = toHtml(text);
					expect(parse(text.split("")).html).toBe(whole);
					expect(parse(cut(text, sizes), showEach).html).toBe(whole);
				},
			),
			{ seed: firstSeed, numRuns: runs(4_000) },
		);
	},
	fuzzMs,
);

test(
	"any characters at all are taken",
	() => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
				expect(parse(text.split("")).html).toBe(toHtml(text));
			}),
			{ seed: firstSeed, numRuns: runs(500) },
		);
	},
	fuzzMs,
);

/** Counts what a sink would have to do. */
class CountingSink implements Sink {
	work = 0;
	open() {
		this.work++;
	}
	withdraw() {}
	loosen() {}
	inline(_: unknown, tokens: readonly Token[]) {
		for (const { text } of tokens) this.work += 1 + text.length;
	}
	clear() {}
	close() {}
}

function work(text: string, size: number): number {
	const sink = new CountingSink();
	const parser = new BlockParser(sink);
	for (let at = 0; at < text.length; at += size) {
		parser.feed(text.slice(at, at + size));
		parser.show();
	}
	parser.end();
	return sink.work;
}

const shapes: Record<string, string> = {
	"mixed text":
		"# Title\n\nSome *text* with **bold**, `code` and [a link](https://example.com/x).\n\n- one\n- two\n  - three\n\n```js\nlet a = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n\n",
	"one list": "- item with *some* words\n",
	"one loose list": "- item with *some* words\n\n",
	"one paragraph on one line": "word and *emphasis* then `code`, ",
	"one paragraph of many lines": "soft wrapped line of words\n",
	"one word": "abcdefgh",
	"one text without spaces": "漢字仮名交じり文",
	"one deep quote": `${"> ".repeat(30)}deep words here\n`,
	dashes: "- ",
};
const begun: Record<string, [string, string]> = {
	"one code block": ["```\n", "let a = foo(b);\n"],
	"one line of code": ["```\n", "let a = foo(b); "],
	"one table": ["| a | b |\n|---|---|\n", "| cell *x* | cell y |\n"],
	"a bracket that never closes": ["[ ", "word and *emphasis* then `code`, "],
	"a backtick that never closes": ["` ", "word and *emphasis* then, "],
	"an underline that never ends": ["a\n", "="],
	"a definition that never ends": ["[a]: b 'c ", "word "],
};

for (const [name, [start, unit]] of [
	...Object.entries(begun),
	...Object.entries(shapes).map(([name, unit]): [string, [string, string]] => [
		name,
		["", unit],
	]),
])
	test(`${name}: four times the text is at most 4.6 times the work`, () => {
		const text = (length: number) =>
			start + unit.repeat(Math.ceil(length / unit.length));
		const small = work(text(32_768), 16);
		expect(work(text(131_072), 16) / small).toBeLessThan(4.6);
	});

const count = 20_000;
const hostile: Record<string, string> = {
	"nested strong emphasis": `${"*a **a ".repeat(count)}b${" a** a*".repeat(count)}`,
	"closers of emphasis without openers": "a_ ".repeat(count * 4),
	"openers of emphasis without closers": "_a ".repeat(count * 4),
	"closers of links without openers": "a]".repeat(count * 4),
	"openers of links without closers": "[a".repeat(count * 4),
	"openers and closers that do not match": "*a_ ".repeat(count * 3),
	"multiples of three": `a**b${"c* ".repeat(count * 4)}`,
	"link openers and emphasis closers": "[ a_".repeat(count * 3),
	"emphasis of all sizes": "*"
		.repeat(10)
		.split("")
		.map((_, at) => `${"*".repeat(at)}a `)
		.join("")
		.repeat(3_000),
	tildes: "~~a ~b ".repeat(count),
	"brackets and parentheses": "[ (](".repeat(count * 2),
	"nested brackets": `${"[".repeat(count * 4)}a${"]".repeat(count * 4)}`,
	"nested images": `${"![".repeat(count * 2)}a${"](b)".repeat(count * 2)}`,
	"nested quotes": `${"> ".repeat(count * 4)}a`,
	"nested quotes on many lines": `${"> ".repeat(40)}a\n`.repeat(2_000),
	"nested lists": Array.from(
		{ length: 480 },
		(_, at) => `${"  ".repeat(at)}* a\n`,
	).join(""),
	"nested lists on one line": `${"* ".repeat(count * 4)}a`,
	nothing: "abc\0de\0".repeat(count),
	"backticks of all lengths": Array.from(
		{ length: 600 },
		(_, at) => `e${"`".repeat(at)}`,
	).join(""),
	"unclosed targets in angles": "[a](<b".repeat(count * 2),
	"unclosed targets": "[a](b".repeat(count * 2),
	"unclosed titles": '[a](b "'.repeat(count) + "[a](b '".repeat(count),
	"unclosed comments": "</".repeat(10) + "<!--a ".repeat(count * 2),
	"unclosed tags": '<a b=" '.repeat(count) + "<a x ".repeat(count),
	"processing instructions": "<?".repeat(count * 4),
	"empty lists": "- \n".repeat(count * 4),
	"a table of many columns": `|${"a|".repeat(count)}\n|${"-|".repeat(count)}\n`,
	"a table of many rows": `a|b\n-|-\n${"a|b\n".repeat(count * 2)}`,
	"what might be tables": "a|b\n-|-|-\n".repeat(count),
	"many definitions": Array.from(
		{ length: count },
		(_, at) => `[${at}]: u\n`,
	).join(""),
	"definitions and references": Array.from(
		{ length: 9_000 },
		(_, at) => `[${at}]: u\n\n[${at}]\n\n`,
	).join(""),
	"references before definitions": `${"[a] ".repeat(count * 2)}\n\n[a]: b\n`,
	"many labels": `[a${"x".repeat(900)}]`.repeat(280),
	"bare addresses": "http://((((".repeat(count),
	"bare addresses with parentheses": `http://a.b${"(".repeat(count)}${")".repeat(count * 2)}`,
	"bare addresses within each other": "(http://a(".repeat(count),
	"bare addresses that end a sentence": `http://a.b${".".repeat(count * 5)}`,
	"spaces within a target": `[a](${" ".repeat(count * 5)}b${" ".repeat(count)}c`,
	"parentheses within a target": `[a](${"((a)".repeat(count)}`,
	"escapes within a title": `[a](b "${'\\"'.repeat(count * 2)}`,
	"spaces within a definition": `[a]:${" ".repeat(count)}b${" ".repeat(count * 4)}c`,
	"spaces within code": `\` a${" b".repeat(count * 3)}\``,
	"one long row": `|a|\n|-|\n|${"word ".repeat(count)}`,
	"tabs and spaces": `${"\t ".repeat(count * 2)}a`,
	"bare addresses where none may begin": "]www.x.y".repeat(count * 1.5),
	"bare addresses in one word": `${"*http://a.b)".repeat(count)} a`,
	"bare addresses in open brackets": "[http://a".repeat(count * 2),
	"bare addresses in brackets": "[[http://a]".repeat(count * 2),
	"targets within each other": `${"[a](b".repeat(count * 2)} c`,
	"targets that end in a word": `${"[a](b)".repeat(count)}${"[a](b".repeat(count)} c`,
	"labels within each other": "[a][".repeat(count * 3),
	"one long target": `[a](${"b".repeat(count * 10)}`,
	"what is almost a rule": `${"- ".repeat(count * 6)}a`,
	"bare addresses with entities": `http://a.b${"&a;".repeat(count * 3)}`,
	spaces: `a${" ".repeat(count * 6)}b`,
	"spaces at ends of lines": `a${" ".repeat(999)}\n`.repeat(200),
	hashes: `# ${"# ".repeat(count * 4)}a`,
	fences: "```\n~~~\n".repeat(count),
	entities: "&a;&#1;&".repeat(count),
	backslashes: "\\".repeat(count * 6),
	"half rules": "- * _ ".repeat(count),
	"line ends": "\r\n\r".repeat(count * 3),
};

for (const [name, text] of Object.entries(hostile))
	test(`${name}: comes to its end, whole and in pieces`, () => {
		// Half a second on an idle parser, minutes were it quadratic: a bound, not a measurement.
		for (const size of [text.length, 64]) {
			const start = performance.now();
			work(text, size);
			expect(performance.now() - start).toBeLessThan(15_000);
		}
	});
