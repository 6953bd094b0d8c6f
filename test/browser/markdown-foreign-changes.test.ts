/** A script that changes the nodes of an open answer, such as a translator, neither hangs it nor loses text. */
import { expect } from "@open-wc/testing";
import { MarkdownWriter } from "../../widget/answer/markdown/writer.ts";
import { strings } from "../../widget/i18n/strings.ts";

const labels = { ...strings, tooLong: strings.unformatted };

function start(text: string) {
	const root = document.createElement("div");
	document.body.append(root);
	const writer = new MarkdownWriter(root, { labels });
	let written = "";
	const write = (more: string) => {
		written += more;
		writer.write(written);
	};
	write(text);
	return { root, write, end: () => writer.end() };
}

function show(text: string): HTMLElement {
	const { root, end } = start(text);
	end();
	return root;
}

/** As translators of browsers and extensions do. */
function translate(root: Node) {
	const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
	const texts: Text[] = [];
	while (walker.nextNode())
		if (walker.currentNode instanceof Text) texts.push(walker.currentNode);
	for (const text of texts) {
		if (!text.data.trim() || text.parentElement?.closest("font, button"))
			continue;
		const outer = document.createElement("font");
		const inner = document.createElement("font");
		inner.textContent = text.data.toUpperCase();
		outer.append(inner);
		text.replaceWith(outer);
	}
}

/** Parses again what is shown, as a translator does that works on HTML. */
function rewrite(element: Element | null) {
	if (!element) return;
	const copies = [...element.childNodes].map((node) => node.cloneNode(true));
	element.replaceChildren(...copies);
}

const deepest = (root: HTMLElement): ChildNode => {
	let node: ChildNode = root;
	while (node.lastChild) node = node.lastChild;
	return node;
};

const ending = (root: HTMLElement) =>
	root.textContent?.trim().slice(-1).toLowerCase();

const changes: Record<string, (root: HTMLElement) => void> = {
	"each text is replaced": translate,
	"the answer is parsed again": rewrite,
	"the last block is parsed again": (root) => rewrite(root.lastElementChild),
	"everything is removed": (root) => root.replaceChildren(),
	"the last block is removed": (root) => root.lastChild?.remove(),
	"the first block is removed": (root) => root.firstChild?.remove(),
	"the last node is removed": (root) => deepest(root).remove(),
	"an element in the last block is removed": (root) =>
		root.querySelector("p:last-child strong")?.remove(),
	"the last node is moved": (root) => root.prepend(deepest(root)),
	"a node is added at the end": (root) =>
		root.lastElementChild?.append(document.createElement("font")),
};

const openings: Record<string, string> = {
	"plain text": "and plain",
	emphasis: "and *some",
	"strong emphasis": "and **some",
	"a deletion": "and ~~some",
	"a code span": "and `some",
	"a link's label": "and [some",
	"a link's target": "and [some](https://a.exa",
	"a list": "\n\n- one\n- two **thr",
	"a table": "\n\n| a | b |\n|---|---|\n| c | d",
	"a block of code": "\n\n```js\nlet a",
	"a quote": "\n\n> quoted *wor",
	"a heading": "\n\n## Hea",
};
const intro = "First paragraph.\n\nSecond with **strong** words ";
const more = ["ds", " on `co", "de` and so", " on", "\n\nThird", " *one*.\n"];

describe("an answer that another script changes", () => {
	for (const [change, apply] of Object.entries(changes))
		for (const [opening, text] of Object.entries(openings))
			it(`loses nothing if ${change} within ${opening}`, () => {
				const { root, write, end } = start(intro + text);
				apply(root);
				let written = intro + text;
				for (const chunk of more) {
					write(chunk);
					written += chunk;
					const { root: expected } = start(written);
					expect(ending(root), written).to.equal(ending(expected));
				}
				end();
				const whole = show(intro + text + more.join(""));
				const keepsTranslation = change === "each text is replaced";
				if (!keepsTranslation)
					expect(root.isEqualNode(whole), root.outerHTML).to.equal(true);
				expect(root.textContent?.toLowerCase()).to.equal(
					whole.textContent?.toLowerCase(),
				);
				root.remove();
			});

	it("is complete at the end if every chunk is translated", () => {
		const { root, write, end } = start("");
		const text =
			"Some *words* and **more**, `code` and [links](https://a.b).\n\n";
		for (let turn = 0; turn < 60; turn++) {
			write(text.slice(0, 20));
			translate(root);
			write(text.slice(20));
			translate(root);
		}
		end();
		const whole = show(text.repeat(60));
		expect(root.textContent?.toLowerCase()).to.equal(
			whole.textContent?.toLowerCase(),
		);
	});

	it("costs linear time if every chunk is translated", () => {
		let nodes = 0;
		const { createElement } = document;
		document.createElement = ((name: string) => {
			nodes++;
			return createElement.call(document, name);
		}) as typeof createElement;
		const count = (chunks: number): number => {
			nodes = 0;
			const { root, write, end } = start("");
			for (let turn = 0; turn < chunks; turn++) {
				write("*word* ");
				root.firstElementChild?.append("foreign");
			}
			end();
			return nodes;
		};
		try {
			expect(count(2_000) / count(500)).to.be.below(6);
		} finally {
			document.createElement = createElement;
		}
	});

	it("repairs a last text that was changed in place", () => {
		const { root, write, end } = start("One *two* three");
		deepest(root).textContent = " drei";
		write(" four");
		end();
		expect(root.textContent).to.equal("One two three four");
	});

	it("keeps the translation of closed blocks", () => {
		const { root, write, end } = start("First one.\n\nSecond");
		translate(root.firstElementChild ?? root);
		write(" goes on.");
		end();
		expect(root.textContent).to.equal("FIRST ONE.Second goes on.");
	});

	it("does not take typeset formulas and the copy button for foreign changes", () => {
		const root = document.createElement("div");
		document.body.append(root);
		const writer = new MarkdownWriter(root, { labels });
		writer.write("```js\ncode");
		const code = root.querySelector("code");
		const button = root.querySelector("button");
		if (button) button.textContent = "Copied";
		writer.write("```js\ncode more");
		expect(root.querySelector("code")).to.equal(code);
		writer.end();
	});
});
