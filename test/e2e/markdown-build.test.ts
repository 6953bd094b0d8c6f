/** The built Markdown renderer shows the same as its source: bundling and minifying change nothing. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { tests } from "commonmark-spec";
import { strings } from "../../widget/i18n/strings.ts";
import { endBrowsers, startBrowser } from "../support/browsers.ts";

afterAll(endBrowsers);

const tables =
	"| a | b |\n|:-|-|\n| *c* | d\\|e |\n\n- [x] done\n- [ ] to do\n\n";
const images =
	"![a](https://images.example/a.png) ![b](https://other.example/b.png) [c.example](https://d.example)\n\n";
const texts = [
	...tests.map(({ markdown }) => markdown),
	`${tables}${images}~~gone~~ www.example.com [/relative](/relative)\n\n`,
	`${"*many* words ".repeat(30_000)}\n\n**plain**\n`,
];

/** Runs in the page: the HTML of each text, written in chunks. */
async function show(source: string, texts: string[], words: object) {
	const url = URL.createObjectURL(
		new Blob([source], { type: "text/javascript" }),
	);
	const { MarkdownWriter } = await import(url);
	return texts.map((text) => {
		const root = document.createElement("div");
		const codes: string[] = [];
		const writer = new MarkdownWriter(root, {
			labels: { ...words, code: (language: string) => `Code ${language}` },
			linkBase: "https://chat.example/",
			imageHosts: ["images.example"],
			onCode: (_: unknown, code: Text, language: string) =>
				codes.push(`${language} ${code.data}`),
		});
		const step = Math.max(7, text.length >> 3);
		for (let at = 0; at < text.length; at += step)
			writer.write(text.slice(0, at + step));
		writer.end();
		root.normalize();
		return root.innerHTML + codes.join();
	});
}

test("the built renderer shows the same as its source", async () => {
	const { outputs } = await Bun.build({
		entrypoints: ["widget/answer/markdown/writer.ts"],
		target: "browser",
	});
	const source = (await outputs[0]?.text()) ?? "";
	const built = readFileSync("dist/chat-stream.markdown.js", "utf8");
	const page = await (await startBrowser("chromium")).newPage();
	const { copy, copied, table, unformatted: tooLong, done, toDo } = strings;
	const words = { copy, copied, table, tooLong, done, toDo };
	const expected = await page.evaluate(show, source, texts, words);
	expect(expected.join("")).toContain(words.tooLong);
	expect(expected.join("")).toContain('<img part="image"');
	expect(await page.evaluate(show, built, texts, words)).toEqual(expected);
}, 60_000);
