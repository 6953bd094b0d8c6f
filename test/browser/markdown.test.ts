import { expect } from "@open-wc/testing";
import type { MarkdownOptions } from "../../widget/answer/markdown/model.ts";
import { MarkdownWriter } from "../../widget/answer/markdown/writer.ts";
import { strings } from "../../widget/i18n/strings.ts";

// All of this runs under the strictest policy a page may have.
const policy = document.createElement("meta");
policy.httpEquiv = "Content-Security-Policy";
policy.content =
	"require-trusted-types-for 'script'; trusted-types 'none'; style-src 'none'; img-src https://pictures.example https://other.example:8443";
document.head.append(policy);
const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) =>
	violations.push(`${event.violatedDirective} ${event.blockedURI}`),
);

function makeRoot(): HTMLElement {
	const root = document.createElement("div");
	document.body.append(root);
	return root;
}

const labels = { ...strings, tooLong: strings.unformatted };

const makeWriter = (root: HTMLElement, options?: Partial<MarkdownOptions>) =>
	new MarkdownWriter(root, { labels, ...options });

function show(text: string, options?: Partial<MarkdownOptions>): HTMLElement {
	const root = makeRoot();
	const writer = makeWriter(root, options);
	writer.write(text);
	writer.end();
	return root;
}

function showByCharacter(text: string): HTMLElement {
	const root = makeRoot();
	const writer = makeWriter(root);
	for (let end = 1; end <= text.length; end++) writer.write(text.slice(0, end));
	writer.end();
	return root;
}

const sample = `# Title

Some *text* with **bold *and* more**, \`code\`, ~~gone~~ and [a link](https://example.com/x "t").
Soft *line
over*  
hard \\* end &amp; [reference], <https://auto.example>, www.bare.example.

- [x] done
- [ ] to do

  loose

3. three
   > quote with \`a\` and ![alt *x*](https://pictures.example/p.png)

\`\`\`js
let a = 1;

\`\`\`

| a | b *c* |
|:--|------:|
| 1 | \`x\\|y\` |
| 2

    indented

***
[reference]: https://example.org
Setext
---
漢字😀かな **太字** と<b onclick="x">raw</b>
`;

describe("a Markdown message", () => {
	it("shows every construct with its elements", () => {
		const root = show(sample);
		const count = (selector: string) => root.querySelectorAll(selector).length;
		expect(count("h3")).to.equal(1);
		expect(count("h4")).to.equal(1);
		expect(root.querySelector("h3")?.textContent).to.equal("Title");
		expect(count("em")).to.equal(4);
		expect(count("strong")).to.equal(2);
		expect(count("del")).to.equal(1);
		expect(count("br")).to.equal(1);
		expect(count("hr")).to.equal(1);
		expect(count("input[type=checkbox][disabled]")).to.equal(2);
		expect(count("ul[data-loose]")).to.equal(1);
		expect(root.querySelector("ol")?.start).to.equal(3);
		expect(count("blockquote")).to.equal(1);
		expect(count("thead th")).to.equal(2);
		expect(count("tbody tr")).to.equal(2);
		expect(count("tbody td")).to.equal(4);
		expect(root.querySelector("td code")?.textContent).to.equal("x|y");
		expect(count("td[data-align=left]")).to.equal(2);
		expect(count("img")).to.equal(0);
		const links = [...root.querySelectorAll("a")].map(({ href }) => href);
		expect(links).to.deep.equal([
			"https://example.com/x",
			"https://example.org/",
			"https://auto.example/",
			"http://www.bare.example/",
			"https://pictures.example/p.png",
		]);
		expect(root.textContent).to.include('<b onclick="x">raw</b>');
	});

	it("is the same however its text was split", () => {
		const whole = show(sample);
		expect(showByCharacter(sample).isEqualNode(whole)).to.equal(true);
		for (let size = 2; size < 40; size += 3) {
			const root = makeRoot();
			const writer = makeWriter(root);
			for (let end = size; end < sample.length; end += size)
				writer.write(sample.slice(0, end));
			writer.write(sample);
			writer.end();
			expect(root.isEqualNode(whole), `pieces of ${size}`).to.equal(true);
			root.remove();
		}
	});

	it("never removes or changes closed blocks", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		const closed = new Set<Node>();
		const observer = new MutationObserver(() => {});
		observer.observe(root, {
			childList: true,
			subtree: true,
			characterData: true,
			attributes: true,
		});
		for (let end = 1; end <= sample.length; end++) {
			writer.write(sample.slice(0, end));
			for (const { target, removedNodes } of observer.takeRecords()) {
				for (const node of [target, ...removedNodes])
					for (const block of closed)
						expect(block.contains(node), `at ${end}`).to.equal(false);
			}
			for (const block of root.children)
				if (block.nextElementSibling) closed.add(block);
		}
		expect(closed.size).to.be.above(8);
	});

	it("keeps the nodes of an open paragraph that its new text does not change", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		let text = "One **bold** word and [a link](https://example.com) then";
		writer.write(text);
		const nodes = [...(root.querySelector("p")?.childNodes ?? [])];
		for (const more of [
			" *it",
			"alic* ",
			"`code",
			"` and [lab",
			"el](https://e.org)",
		]) {
			text += more;
			writer.write(text);
			const now = [...(root.querySelector("p")?.childNodes ?? [])];
			expect(nodes.every((node, at) => node === now[at])).to.equal(true);
		}
	});

	it("has one text node for adjacent text", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		const text = "plain words that come slowly, one & by one, with 漢字 too";
		for (let end = 1; end <= text.length; end++) {
			writer.write(text.slice(0, end));
			expect(root.querySelector("p")?.childNodes.length ?? 1).to.equal(1);
		}
	});

	it("styles emphasis before it ends and shows no marks", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		const text = "so **bold** and *it* and `co` and ~~no~~ end";
		for (let end = 1; end <= text.length; end++) {
			writer.write(text.slice(0, end));
			expect(root.textContent, `at ${end}`).not.to.match(/[*`~]/);
		}
		writer.write("a **bol");
		expect(root.querySelector("strong")?.textContent).to.equal("bol");
	});

	it("shows the label of an unfinished link without a target", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		const text =
			"see [the *label*](https://example.com/a_b_c) and https://example.com/de";
		for (let end = 1; end <= text.length; end++) {
			writer.write(text.slice(0, end));
			expect(root.textContent, `at ${end}`).not.to.match(/[[\]()]/);
			for (const link of root.querySelectorAll("a[href]"))
				expect(link.getAttribute("href")).to.equal("https://example.com/a_b_c");
		}
	});

	it("shows invalid targets and complete URLs at once", () => {
		for (const text of [
			"f[i](x (y) and more",
			'[a](b "c" d and more',
			"[a](b(c and more",
			"[a](<b>c and more",
		]) {
			const root = makeRoot();
			makeWriter(root).write(text);
			expect(root.textContent).to.equal(text);
		}
		const root = makeRoot();
		makeWriter(root).write("(https://example.com/x)word");
		expect(root.querySelector("a")?.href).to.equal("https://example.com/x");
	});

	it("waits for the line that makes a table", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		const text = "| a | b |\n| - | - |\n| c | d";
		for (let end = 1; end <= text.length; end++) {
			writer.write(text.slice(0, end));
			expect(root.textContent, `at ${end}`).not.to.match(/[-|]/);
		}
		expect(root.querySelectorAll("th").length).to.equal(2);
		expect(root.querySelectorAll("td").length).to.equal(2);
	});

	it("splits a long text into several nodes without loss", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		const text = "some *words* and many more, ".repeat(900).trim();
		for (let end = 4; end < text.length + 4; end += 4)
			writer.write(text.slice(0, end));
		const nodes = [...(root.querySelector("p")?.childNodes ?? [])];
		expect(root.textContent).to.equal(text.replaceAll("*", ""));
		const plain = makeRoot();
		const plainWriter = makeWriter(plain);
		const words = "some words and many more, ".repeat(900).trim();
		for (let end = 4; end < words.length + 4; end += 4)
			plainWriter.write(words.slice(0, end));
		expect(plain.textContent).to.equal(words);
		const lengths = [...(plain.querySelector("p")?.childNodes ?? [])].map(
			(node) => node.textContent?.length ?? 0,
		);
		expect(Math.max(...lengths)).to.be.below(2_100);
		expect(nodes.length).to.equal(1_801);
	});

	it("starts again when the text is a different one", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		writer.write("```\none");
		writer.write("two");
		writer.end();
		expect(root.textContent).to.equal("two");
		writer.write("two and *three*");
		writer.end();
		expect(root.querySelector("em")?.textContent).to.equal("three");
		writer.write("");
		expect(root.childNodes.length).to.equal(0);
	});

	it("keeps a selection in closed blocks while more arrives", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		let text = "First *paragraph* here.\n\nSecond";
		writer.write(text);
		getSelection()?.selectAllChildren(root.querySelector("p") as Node);
		for (const more of [" one\n\n", "- list\n", "- more\n\n", "```\ncode\n"]) {
			text += more;
			writer.write(text);
		}
		expect(String(getSelection())).to.equal("First paragraph here.");
	});
});

describe("code and tables", () => {
	it("is one text node that is passed on when the fence closes", () => {
		const handed: [string, string][] = [];
		const root = makeRoot();
		const writer = makeWriter(root, {
			onCode: (code, text, language) => {
				expect(code.firstChild === text).to.equal(true);
				expect(code.childNodes.length).to.equal(1);
				handed.push([language, text.data]);
			},
		});
		let text = "~~~ts extra\n";
		const lines = "let a = 1;\n\nb();\n".repeat(500);
		for (const more of [...(lines.match(/.{1,97}/gs) ?? []), "~~", "~\n"]) {
			expect(handed).to.deep.equal([]);
			text += more;
			writer.write(text);
			expect(root.querySelector("code")?.textContent).to.equal(
				text.slice(12).replace(/~+\n?$/, ""),
			);
		}
		expect(handed).to.deep.equal([["ts", lines]]);
		expect(root.querySelector("[part=language]")?.textContent).to.equal("ts");
	});

	it("keeps its node, its selection and its highlights after its end", () => {
		const root = makeRoot();
		const writer = makeWriter(root);
		let text = `\`\`\`\n${"let a = 1;\n".repeat(900)}`;
		writer.write(text);
		const code = root.querySelector("code") as HTMLElement;
		getSelection()?.setBaseAndExtent(
			code.firstChild as Text,
			4,
			code.lastChild as Text,
			3,
		);
		const selected = String(getSelection());
		text += "```\n";
		writer.write(text);
		expect(String(getSelection())).to.equal(selected);
		const node = code.firstChild as Text;
		const range = new StaticRange({
			startContainer: node,
			startOffset: 4,
			endContainer: node,
			endOffset: node.length - 2,
		});
		CSS.highlights.set("test", new Highlight(range));
		const observer = new MutationObserver(() => {});
		observer.observe(code, {
			childList: true,
			subtree: true,
			characterData: true,
		});
		for (const more of ["and *so* on", " with `code`\n\n", "```\nagain\n"]) {
			text += more;
			writer.write(text);
		}
		writer.end();
		expect(observer.takeRecords().length).to.equal(0);
		expect(node.isConnected && node === code.lastChild).to.equal(true);
		expect(String(getSelection())).to.equal(selected);
		CSS.highlights.delete("test");
	});

	it("can be scrolled by keyboard and has a name", () => {
		const root = show("```py\nx\n```\n\n| a |\n|---|\n", {
			labels: {
				...labels,
				code: (language) => `Quelltext ${language}`,
				table: "Tabelle",
			},
		});
		const regions = [...root.querySelectorAll<HTMLElement>("[role=group]")];
		expect(
			regions.map((region) => [
				region.tabIndex,
				region.getAttribute("aria-label"),
			]),
		).to.deep.equal([
			[0, "Quelltext py"],
			[0, "Tabelle"],
		]);
	});

	it("is copied by its button", async () => {
		const copied: string[] = [];
		Object.defineProperty(navigator, "clipboard", {
			configurable: true,
			value: { writeText: async (text: string) => void copied.push(text) },
		});
		const root = show("```\na < b\n```");
		const button = root.querySelector("button") as HTMLButtonElement;
		button.click();
		await Promise.resolve();
		await Promise.resolve();
		expect(copied).to.deep.equal(["a < b\n"]);
		expect(button.textContent).to.equal("Copied");
		button.dispatchEvent(new Event("blur"));
		expect(button.textContent).to.equal("Copy");
	});
});

describe("images", () => {
	it("are loaded only from a listed host, including the port", () => {
		const imageHosts = ["pictures.example", "other.example:8443"];
		const hosts = [
			"https://pictures.example/1",
			"https://pictures.example:8443/2",
			"https://other.example/3",
			"https://other.example:8443/4",
			"https://a@pictures.example/5",
			"data:image/png,pictures.example",
			"//pictures.example/6",
		];
		const root = show(hosts.map((to) => `![x](${to})`).join(" "), {
			imageHosts,
		});
		const loaded = [...root.querySelectorAll("img")].map(({ src }) => src);
		expect(loaded).to.deep.equal([hosts[0], hosts[3]]);
	});

	it("are links unless their host is listed", () => {
		const options = { imageHosts: ["pictures.example"] };
		const root = show(
			"![one](https://pictures.example/1.png) ![two](https://other.example/2.png) ![three](https://pictures.example.evil.example/3.png) [![four](https://other.example/4.png)](https://example.com)",
			options,
		);
		const images = [...root.querySelectorAll("img")];
		expect(images.map(({ alt }) => alt)).to.deep.equal(["one"]);
		expect(images[0]?.referrerPolicy).to.equal("no-referrer");
		expect(images[0]?.loading).to.equal("lazy");
		expect(root.querySelectorAll("a").length).to.equal(3);
		expect(root.querySelector("a a")).to.equal(null);
	});
});

describe("links", () => {
	const first = (text: string, linkBase?: string) =>
		show(text, { linkBase }).querySelector("a");

	it("open in a new tab without a referrer", () => {
		const link = first("[x](https://example.com)");
		expect(link?.rel).to.equal("noopener noreferrer nofollow ugc");
		expect(link?.target).to.equal("_blank");
	});

	it("get their URL in place: the shown node stays", () => {
		const text =
			"See **the [*long* way](https://example.com/x)** and ![a [b](/c) d](https://example.com/y) too";
		const root = makeRoot();
		const writer = makeWriter(root);
		writer.write(text.slice(0, text.indexOf("](") + 5));
		const link = root.querySelector("a");
		const word = link?.querySelector("em");
		expect(link?.href).to.equal("");
		writer.write(text);
		writer.end();
		expect(root.querySelector("a")).to.equal(link);
		expect(link?.href).to.equal("https://example.com/x");
		expect(link?.querySelector("em")).to.equal(word);
		expect(showByCharacter(text).innerHTML).to.equal(root.innerHTML);
	});

	it("show their host when their text names another", () => {
		const text = (markdown: string) => first(markdown)?.textContent;
		expect(text("[paypal.com](https://evil.example)")).to.equal(
			"paypal.com (evil.example)",
		);
		expect(
			text("[go to **paypal**.com](https://evil.example/paypal.com)"),
		).to.equal("go to paypal.com (evil.example)");
		expect(text("[example.com](https://www.example.com/x)")).to.equal(
			"example.com",
		);
		expect(text("https://\u0430pple.com/x")).to.equal(
			"https://\u0430pple.com/x (xn--pple-43d.com)",
		);
		expect(
			text("[john.doe@example.com](mailto:john.doe@example.com)"),
		).to.equal("john.doe@example.com");
		expect(text("[help](https://example.com)")).to.equal("help");
	});

	it("and code isolate text of other directions", () => {
		const root = show(
			"[\u202egnp.exe](https://example.com) `\u202eabc` ![\u202ex](https://example.com/x)\n\n```\n\u202eabc\n```\n",
		);
		const parts = root.querySelectorAll("a, code, pre");
		expect(parts.length).to.equal(5);
		for (const part of root.querySelectorAll("a, :not(pre) > code, pre"))
			expect(getComputedStyle(part).unicodeBidi, part.localName).to.equal(
				"isolate",
			);
	});

	it("ignore invisible characters in a host", () => {
		expect(
			first("[pay\u200bpal.com](https://evil.example)")?.textContent,
		).to.equal("pay\u200bpal.com (evil.example)");
	});

	it("to relative URLs need a base and stay on its host", () => {
		expect(first("[x](/a/b)")?.hasAttribute("href")).to.equal(false);
		expect(first("[x](/a/b)", "https://shop.example/c/")?.href).to.equal(
			"https://shop.example/a/b",
		);
		expect(
			first("[x](//evil.example)", "https://shop.example/")?.hasAttribute(
				"href",
			),
		).to.equal(false);
		expect(
			first("[x](\\\\\\\\evil.example)", "https://shop.example/")?.hasAttribute(
				"href",
			),
		).to.equal(false);
		expect(first("[x](tel:+123)")?.href).to.equal("tel:+123");
	});
});

describe("caps", () => {
	it("show the rest of a text that is too long as plain text, with a note", () => {
		const text = `**a** ${"word ".repeat(60_000)}\n\n**b**\n`;
		const root = show(text, { labels: { ...labels, tooLong: "Too long." } });
		expect(root.querySelectorAll("strong").length).to.equal(1);
		expect(root.querySelectorAll("[part=too-long]").length).to.equal(1);
		expect(root.textContent).to.include("Too long.");
		expect(root.textContent).to.include("**b**");
	});

	it("limit the number of nodes", () => {
		for (const text of [
			"- *a*\n".repeat(20_000),
			"*a* ".repeat(40_000),
			`|a|\n|-|\n${"|*a*|\n".repeat(20_000)}`,
		]) {
			const root = show(text);
			expect(root.querySelectorAll("*").length).to.be.below(25_000);
			root.remove();
		}
	});

	it("limit the nesting depth", () => {
		for (const text of [
			`${"> ".repeat(5_000)}a`,
			"*a **b ".repeat(3_000) + "c** a*".repeat(3_000),
			`${"- ".repeat(5_000)}a`,
			"[![".repeat(2_000) + "](a)](b)".repeat(2_000),
		]) {
			const root = show(text);
			let depth = 0;
			for (
				let node: Element | null = root;
				node;
				node = node.firstElementChild ?? null
			)
				depth++;
			expect(depth).to.be.below(100);
			root.remove();
		}
	});
});

after(() => {
	expect(violations).to.deep.equal([]);
});
