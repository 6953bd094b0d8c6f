/**
 * The documentation's web pages: `demo/pages/*.md` → `demo/docs/*.html`, for the demo site.
 *
 * Run by hand after a page was edited; the HTML is committed, so that the server only hands out
 * files. The anchors are those of the `pages` provider, for its answers link to them.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plain, readPage } from "../server/providers/pages/parse.ts";

const folder = join(import.meta.dir, "pages");
const target = join(import.meta.dir, "docs");

/** The pages in the order in which they are read. A page that is missing here is refused. */
const groups: readonly { name: string; pages: readonly string[] }[] = [
	{
		name: "On your page",
		pages: [
			"getting-started",
			"embedding",
			"theming",
			"events-and-methods",
			"headless-client",
		],
	},
	{
		name: "Who answers",
		pages: ["answering-from-pages", "connecting-a-model"],
	},
	{
		name: "On your server",
		pages: ["configuration", "deploying", "security", "privacy"],
	},
	{ name: "Behind it", pages: ["how-it-works", "troubleshooting", "faq"] },
];

type Heading = { level: number; slug: string; text: string };
type Doc = {
	name: string;
	title: string;
	lead: string;
	headings: Heading[];
	body: string;
};

/**
 * Every file of `demo/docs` by its name.
 * @throws {Error} for a page that no group names, and for a group that names no page.
 */
export function renderDocs(): Map<string, string> {
	const names = groups.flatMap(({ pages }) => pages);
	const found = readdirSync(folder).map((file) => file.replace(/\.md$/, ""));
	const stray = found.find((name) => !names.includes(name));
	if (stray)
		throw new Error(
			`Expected ${stray}.md to be named in a group of this file.`,
		);
	const docs = names.map(readDoc);
	const files = new Map([["index.html", overview(docs)]]);
	for (const doc of docs) files.set(`${doc.name}.html`, docPage(doc, docs));
	return files;
}

function readDoc(name: string): Doc {
	const source = readFileSync(join(folder, `${name}.md`), "utf8");
	const { title, passages } = readPage(`${name}.md`, source);
	const headings: Heading[] = [];
	for (const { level, slug, heading: text } of passages)
		if (slug && slug !== headings.at(-1)?.slug)
			headings.push({ level, slug, text });
	const lead = plain(passages[0]?.text ?? "").replaceAll("\n", " ");
	return { name, title, lead, headings, body: bodyOf(name, source, headings) };
}

function bodyOf(name: string, source: string, headings: Heading[]): string {
	let at = 0;
	const html = Bun.markdown
		.html(source)
		.replaceAll(/<h([1-6])>(.*?)<\/h\1>/g, (_, level, inner) => {
			const slug = headings[at++]?.slug;
			const content = level === "1" ? inner : `<a href="#${slug}">${inner}</a>`;
			return `<h${level} id="${slug}">${content}</h${level}>`;
		})
		.replaceAll(/href="([\w-]+)\.md(#[^"]*)?"/g, 'href="/docs/$1$2"');
	if (at !== headings.length)
		throw new Error(`${name}.md: ${headings.length} headings, ${at} rendered.`);
	return html;
}

function docPage(doc: Doc, docs: Doc[]): string {
	const at = docs.indexOf(doc);
	const parts = doc.headings.filter(({ level }) => level === 2);
	const toc = parts
		.map(({ slug, text }) => `<li><a href="#${slug}">${escaped(text)}</a></li>`)
		.join("\n");
	return layout(
		`${doc.title} · chat-stream`,
		doc.lead,
		`<div class="doc">
<main id="main">
<article class="prose">
${doc.body.trim()}
</article>
<nav class="turn" aria-label="Previous and next page">
${turn(docs[at - 1], "Previous", "prev")}
${turn(docs[at + 1], "Next", "next")}
</nav>
</main>
<nav class="toc" aria-label="On this page">
<p>On this page</p>
<ul>
${toc}
</ul>
</nav>
<nav class="contents" aria-label="Documentation">
${contents(docs, doc.name)}
</nav>
</div>`,
	);
}

function overview(docs: Doc[]): string {
	const sections = groups
		.map(({ name, pages }) => {
			const cards = docs
				.filter((doc) => pages.includes(doc.name))
				.map(
					({ name, title, lead }) =>
						`<li><a href="/docs/${name}"><strong>${escaped(title)}</strong><span>${escaped(lead)}</span></a></li>`,
				);
			return `<h2>${name}</h2>\n<ul class="cards">\n${cards.join("\n")}\n</ul>`;
		})
		.join("\n");
	return layout(
		"Documentation · chat-stream",
		"How to embed, run and connect chat-stream.",
		`<main id="main" class="wide overview">
<h1>Documentation</h1>
<p class="lead">Everything there is to know, in ${docs.length} short pages. Or ask: the chat answers from them.</p>
${sections}
</main>`,
	);
}

const contents = (docs: Doc[], current: string): string =>
	groups
		.map(({ name, pages }) => {
			const items = docs
				.filter((doc) => pages.includes(doc.name))
				.map(
					(doc) =>
						`<li><a href="/docs/${doc.name}"${doc.name === current ? ' aria-current="page"' : ""}>${escaped(doc.title)}</a></li>`,
				);
			return `<p>${name}</p>\n<ul>\n${items.join("\n")}\n</ul>`;
		})
		.join("\n");

const turn = (doc: Doc | undefined, word: string, rel: string): string =>
	doc
		? `<a rel="${rel}" href="/docs/${doc.name}"><span>${word}</span>${escaped(doc.title)}</a>`
		: "";

const layout = (title: string, description: string, main: string): string =>
	`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<meta name="description" content="${escaped(description)}">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types chat-stream">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/site.css">
<link rel="stylesheet" href="/docs.css">
<script src="/site.js" defer></script>
<script src="/chat-stream.js" async></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="brand" href="/"><img src="/favicon.svg" alt="" width="26" height="26">chat-stream</a>
<nav aria-label="Site">
<a href="/#how">How it works</a>
<a href="/workbench/">Workbench</a>
<a href="/docs/">Docs</a>
</nav>
</header>
${main}
<footer class="bottom">
<p>chat-stream is free software under the MIT licence.</p>
<p><a href="/docs/">Documentation</a></p>
</footer>
<chat-stream mode="floating" heading="Ask the docs" placeholder="Ask about chat-stream…"></chat-stream>
</body>
</html>
`;

const escaped = (text: string): string => Bun.escapeHTML(text);

if (import.meta.main) {
	const files = renderDocs();
	for (const old of readdirSync(target))
		if (!files.has(old)) rmSync(join(target, old));
	for (const [name, html] of files) writeFileSync(join(target, name), html);
	console.log(`${files.size} pages are in ${target}.`);
}
