/** Formulas: on demand, only allowed MathML, and their source where they fail. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { makeRoom } from "../support/room.ts";

const policy = document.createElement("meta");
policy.httpEquiv = "Content-Security-Policy";
policy.content =
	"require-trusted-types-for 'script'; trusted-types lit-html chat-stream; style-src 'none'; img-src 'none'";
document.head.append(policy);
const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) =>
	violations.push(`${event.violatedDirective} ${event.blockedURI}`),
);

const wasFetched = () =>
	performance
		.getEntriesByType("resource")
		.some(({ name }) => name.includes("/widget/answer/math/part.ts"));
async function until(look: () => boolean) {
	for (const end = performance.now() + 3_000; performance.now() < end; ) {
		if (look()) return;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	throw new Error("Expected it within three seconds.");
}
/** Long enough for an unwanted load to happen. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 150));

async function roomWith(answer: string, math = true) {
	const room = await makeRoom(undefined, math ? { math: "" } : undefined);
	room.session.exchange("How?", answer);
	await room.painted();
	return room;
}

/** Formulas in this order; each is typeset or unchanged. */
async function set(...formulas: string[]): Promise<(Element | undefined)[]> {
	const { all } = await roomWith(`${formulas.join("\n\n")}\n\n$$end$$`);
	await until(() => !!all("[part~=math]").at(-1)?.querySelector("math"));
	return all("[part~=math]")
		.slice(0, -1)
		.map((place) => place.querySelector("math") ?? undefined);
}

describe("formulas", () => {
	it("are not parsed unless the page enables them", async () => {
		const { find } = await roomWith("$$a^2$$ and \\(b\\)", false);
		await quiet();
		expect(wasFetched()).to.equal(false);
		expect(find(".body").textContent).to.equal("$$a^2$$ and (b)");
	});

	it("are not loaded unless there is one; a price is none", async () => {
		const { find } = await roomWith("It is $5 or $6, `$$x$$`, $$ $$ and \\$$2");
		await quiet();
		expect(wasFetched()).to.equal(false);
		expect(find(".body").querySelectorAll("[part~=math]")).to.have.length(0);
	});

	it("become MathML, inline and as blocks", async () => {
		const { all, find } = await roomWith(
			"So \\(a_1 * b_2 * c\\) is\n$$\n\\sum_{i=1}^{n} \\frac{x_i}{2}\n$$\nand \\[\\{1, 2\\}\\].",
		);
		await until(() => all("math").length === 3);
		const [line, block, other] = all("math") as unknown as MathMLElement[];
		expect(line?.getAttribute("display")).to.equal(null);
		expect(line?.querySelectorAll("msub")).to.have.length(2);
		expect(block?.getAttribute("display")).to.equal("block");
		expect(block?.querySelectorAll("mfrac")).to.have.length(1);
		expect(other?.textContent).to.equal("{1,2}");
		expect(find(".body").querySelectorAll("em")).to.have.length(0);
		const { height } = (block as Element).getBoundingClientRect();
		expect(height).to.be.above(20);
	});

	it("are the same however their text was split, and stay the same nodes", async () => {
		const { session, painted, all } = await makeRoom(undefined, { math: "" });
		session.stored("q", "How?");
		session.answer("q");
		let first: Element | undefined;
		for (const character of "Is \\(a^2\\) equal to *any* $$b\n= 1$$ more? Words follow. And on.") {
			session.token(character);
			await painted();
			await new Promise((resolve) => setTimeout(resolve));
			first ??= all("[part~=math]")[0];
			if (first) expect(all("[part~=math]")[0]).to.equal(first);
		}
		session.end();
		await painted();
		await until(() => all("math").length === 2);
		expect(all("em")).to.have.length(1);
	});

	it("that fail show their source", async () => {
		const formulas = ["$$\\frac{a$$", "$$\\nonesuch$$", "$${$$"];
		const { all } = await roomWith(`${formulas.join("\n\n")}\n\n$$end$$`);
		await until(() => all("math").length > 0);
		const places = all("[part~=math]").slice(0, 3);
		expect(places.map(({ textContent }) => textContent)).to.deep.equal(
			formulas,
		);
		expect(
			places.every(({ childElementCount }) => !childElementCount),
		).to.equal(true);
	});

	it("that exceed a limit show their source", async () => {
		const many = "x".repeat(2_001);
		const done = await set(
			`$$${many}$$`,
			"$$\\def\\a{\\a\\a}\\a$$",
			"$$\\def\\a{xxxxxxxxxx}\\def\\b{\\a\\a\\a\\a\\a\\a\\a\\a\\a\\a}\\def\\c{\\b\\b\\b\\b\\b\\b\\b\\b\\b\\b}\\def\\d{\\c\\c\\c\\c\\c\\c\\c}\\d$$",
			"$$\\raisebox{500em}{over others}$$",
			"$$\\rule{900em}{900em}$$",
			"$$\\kern{99999pt}x$$",
			"$$\\raisebox{7em}{over others}$$",
			"$$\\raisebox{1.5em}{\\raisebox{1.5em}{over others}}$$",
		);
		expect(done.map((math) => math?.outerHTML)).to.deep.equal(
			Array(8).fill(undefined),
		);
	});

	it("create no elements for hostile input", async () => {
		await set(
			"$$\\href{javascript:alert(1)}{x}$$",
			"$$\\url{javascript:alert(1)}$$",
			"$$\\includegraphics{https://evil.example/x.png}$$",
			"$$\\class{chat}{x}$$",
			"$$\\id{chat}{x}$$",
			"$$\\style{position:fixed}{x}$$",
			"$$\\data{x=y}{x}\\hspace{-300em}x$$",
			"$$\\text{<img src=x onerror=alert(1)>}$$",
			"$$\\textcolor{red}{x}\\colorbox{#fff}{y}\\tag{1}\\label{chat}$$",
			"$$\\begin{aligned}a&=b\\\\c&=d\\end{aligned}$$",
			"$$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}\\left(\\frac12\\right)$$",
			`$$${"{".repeat(900)}x${"}".repeat(900)}$$`,
			"$$\\def\\__proto__{x}\\constructor$$",
			"\\(</span><script>alert(1)</script>\\)",
		);
		const known =
			/^(math|m(row|i|n|o|s|text|space|sup|sub|subsup|frac|sqrt|root|over|under|underover|table|tr|td|padded|phantom|style|multiscripts|prescripts|enclose))$/;
		const names =
			/^(display|mathvariant|stretchy|fence|separator|form|largeop|movablelimits|accent|accentunder|symmetric|displaystyle|scriptlevel|notation|columnlines|rowlines|rowspan|columnspan|lspace|rspace|minsize|maxsize|width|height|depth|voffset|linethickness|rowspacing|columnspacing|data-align)$/;
		for (const chat of document.querySelectorAll("chat-stream"))
			for (const place of chat.renderRoot.querySelectorAll("[part~=math]"))
				for (const element of place.querySelectorAll("*")) {
					expect(element.localName).to.match(known);
					for (const { name } of element.attributes)
						expect(name).to.match(names);
				}
	});

	it("need nothing that a strict policy forbids, and load nothing", () => {
		expect(violations.filter((what) => !/lit-html/.test(what))).to.deep.equal(
			[],
		);
		const foreign = performance
			.getEntriesByType("resource")
			.filter(({ name }) => !name.startsWith(location.origin));
		expect(foreign).to.deep.equal([]);
	});
});
