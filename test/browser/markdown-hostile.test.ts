import { expect } from "@open-wc/testing";
import { MarkdownWriter } from "../../widget/answer/markdown/writer.ts";
import { strings } from "../../widget/i18n/strings.ts";

const options = { labels: { ...strings, tooLong: strings.unformatted } };

// Attacks in an answer, wherever a URL or a tag can occur.

const addresses = [
	"javascript:alert(1)",
	"JaVaScRiPt:alert(1)",
	"javascript&colon;alert(1)",
	"&#106;avascript:alert(1)",
	"&#x6A;&#x61;vascript:alert(1)",
	"java&Tab;script:alert(1)",
	"java\tscript:alert(1)",
	"java&#10;script:alert(1)",
	"java&#13;script:alert(1)",
	"&#1;javascript:alert(1)",
	"\x01javascript:alert(1)",
	"\u200bjavascript:alert(1)",
	"java\u200bscript:alert(1)",
	"java\u00adscript:alert(1)",
	"\u202ejavascript:alert(1)",
	"\ufeffjavascript:alert(1)",
	"javascript\u0000:alert(1)",
	"javascript%3Aalert(1)",
	"%6Aavascript:alert(1)",
	"javascript://https://example.com/%0aalert(1)",
	"\\javascript:alert(1)",
	"javascript\\:alert(1)",
	"data:text/html,<script>alert(1)</script>",
	"data:text/html;base64,PHNjcmlwdD4=",
	"DATA:image/svg+xml,<svg/onload=alert(1)>",
	"vbscript:msgbox(1)",
	"blob:https://example.com/1",
	"file:///etc/passwd",
	"filesystem:https://example.com/x",
	"about:blank",
	"view-source:https://example.com",
	"intent://x#Intent;end",
	"ws://example.com",
	"//evil.example",
	"\\\\evil.example",
	"/\\evil.example",
	"https:/\\evil.example",
	"https:\\\\evil.example",
	"https:evil.example",
	"https:///evil.example",
	"https://good.example@evil.example",
	"https://user:pass@evil.example",
	`https://evil.example/${"a".repeat(3_000)}`,
	"http://",
	"https://[",
	'"onmouseover=alert(1)',
	'https://a.example/"onmouseover="alert(1)',
	"https://a.example/'><img/src=x>",
	"#top",
	"?x",
	"",
];

const contexts: ((address: string) => string)[] = [
	(address) => `[text](${address})`,
	(address) => `[text](<${address}> "title")`,
	(address) => `[text][ref]\n\n[ref]: ${address}`,
	(address) => `[ref]: <${address}>\n\n[ref]`,
	(address) => `<${address}>`,
	(address) => `see ${address} here`,
	(address) => `![alt](${address})`,
	(address) => `[![alt](${address})](${address})`,
	(address) => `| a |\n|---|\n| [x](${address}) |`,
	(address) => `# [x](${address})`,
	(address) => `- [x](${address})`,
	(address) => `> **[x](${address})**`,
	(address) =>
		`<a href="${address}">x</a> <img src="${address}" onerror=alert(1)>`,
	(address) => `\`\`\`${address}\n${address}\n\`\`\``,
];

const payloads = [
	"<script>alert(1)</script>",
	"<img src=x onerror=alert(1)>",
	"<svg><script>alert(1)</script></svg>",
	"<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
	"<iframe srcdoc='<script>alert(1)</script>'></iframe>",
	"<form id=attributes><input name=attributes></form>",
	"<a id=location href=javascript:alert(1)>",
	"<style>*{display:none}</style>",
	"<base href=https://evil.example>",
	"<!--><img src=x onerror=alert(1)>-->",
	"<![CDATA[<img src=x onerror=alert(1)>]]>",
	"&lt;img src=x onerror=alert(1)&gt;",
	'``` " onclick=alert(1) class=x\nx\n```',
	"```<img src=x onerror=alert(1)>\nx",
	'[a](https://a.example "x" onclick=alert(1))',
	"![<img src=x onerror=alert(1)>](https://a.example/x)",
	"[x]: https://a.example '<img onerror=alert(1)>'\n[x]",
	"{: onclick=alert(1) .x #y}\n# a {#id .class onclick=alert(1)}",
];

const tags = new Set(
	"p em strong del code pre a br hr h3 h4 h5 h6 ul ol li blockquote table thead tbody tr th td div span input button".split(
		" ",
	),
);
/** Attributes and the values they may have; only `href`, `start` and `aria-label` come from a text. */
const attributes: Record<string, RegExp> = {
	part: /^(link|code|code-bar|language|button copy|scroller|table|task|image|host|plain|too-long)$/,
	href: /^(https?:\/\/|mailto:|tel:)[^\s]{1,2048}$/,
	rel: /^noopener noreferrer nofollow ugc$/,
	target: /^_blank$/,
	dir: /^(auto|ltr|rtl)$/,
	"data-align": /^(left|center|right)$/,
	"data-loose": /^$/,
	scope: /^col$/,
	start: /^\d{1,9}$/,
	type: /^(checkbox|button)$/,
	disabled: /^$/,
	checked: /^$/,
	tabindex: /^0$/,
	role: /^group$/,
	"aria-label": /./,
};

function expectClean(root: Element, text: string) {
	for (const element of root.querySelectorAll("*")) {
		expect(
			tags.has(element.localName),
			`<${element.localName}> from ${text}`,
		).to.equal(true);
		for (const { name, value } of element.attributes)
			expect(
				attributes[name]?.test(value),
				`${name}="${value}" from ${text}`,
			).to.equal(true);
		if (element instanceof HTMLAnchorElement && element.href) {
			expect(["http:", "https:", "mailto:", "tel:"]).to.include(
				element.protocol,
			);
			expect(element.username + element.password).to.equal("");
			if (element.hostname.startsWith("evil"))
				expect(element.textContent).not.to.include("good");
		}
	}
}

const requests: string[] = [];
new PerformanceObserver((list) => {
	for (const { name } of list.getEntries()) requests.push(name);
}).observe({ type: "resource" });

function both(text: string) {
	const root = document.createElement("div");
	document.body.append(root);
	const writer = new MarkdownWriter(root, options);
	writer.write(text);
	writer.end();
	expectClean(root, text);
	const slow = document.createElement("div");
	document.body.append(slow);
	const slowWriter = new MarkdownWriter(slow, options);
	for (let end = 1; end <= text.length; end += end > 200 ? 50 : 1) {
		slowWriter.write(text.slice(0, end));
		if (end % 5 === 0) expectClean(slow, text.slice(0, end));
	}
	slowWriter.write(text);
	slowWriter.end();
	// How a long text is split into nodes depends on its chunks.
	root.normalize();
	slow.normalize();
	expect(slow.isEqualNode(root), text).to.equal(true);
	root.remove();
	slow.remove();
}

for (const [at, context] of contexts.entries())
	it(`no URL breaks out of ${context("…").replaceAll("\n", " ")} (${at})`, () => {
		for (const address of addresses) both(context(address));
	});

it("no tag, name or attribute is taken from a text", () => {
	for (const payload of payloads)
		for (const around of ["", "> ", "- ", "# ", "| ", "*"])
			both(around + payload);
});

it("only these URLs of the list become links, to their own target", () => {
	const root = document.createElement("div");
	const leading = addresses.filter((address) => {
		const writer = new MarkdownWriter(root, options);
		writer.write(`[x](<${address}>)`);
		writer.end();
		return root.querySelector("a[href]");
	});
	expect(leading).to.deep.equal([
		'https://a.example/"onmouseover="alert(1)',
		"https://a.example/'><img/src=x>",
	]);
});

it("nothing is loaded", async () => {
	await new Promise((resolve) => setTimeout(resolve, 50));
	expect(
		requests.filter((name) => /evil|example\.com|a\.example/.test(name)),
	).to.deep.equal([]);
});
