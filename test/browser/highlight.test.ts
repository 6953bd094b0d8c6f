/** Syntax highlighting: on demand, by ranges only, and removed with the message. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { makeRoom } from "../support/room.ts";

const policy = document.createElement("meta");
policy.httpEquiv = "Content-Security-Policy";
policy.content =
	"require-trusted-types-for 'script'; trusted-types lit-html chat-stream; style-src 'none'";
document.head.append(policy);
const violations: string[] = [];
document.addEventListener("securitypolicyviolation", (event) =>
	violations.push(`${event.violatedDirective} ${event.blockedURI}`),
);

const kinds = "keyword string number comment name type attribute added removed";
const names = kinds.split(" ").map((kind) => `chat-stream-${kind}`);

const ranges = (): StaticRange[] =>
	names.flatMap((name) => [
		...((CSS.highlights.get(name) as Iterable<StaticRange> | undefined) ?? []),
	]);
const wordsOf = (kind: string) =>
	[
		...((CSS.highlights.get(`chat-stream-${kind}`) as
			| Iterable<StaticRange>
			| undefined) ?? []),
	].map((range) => {
		const live = new Range();
		live.setStart(range.startContainer, range.startOffset);
		live.setEnd(range.endContainer, range.endOffset);
		return live.toString();
	});
const wasFetched = () =>
	performance
		.getEntriesByType("resource")
		.some(({ name }) => name.includes("/widget/answer/highlight/part.ts"));
/** Highlighting runs in idle time. */
async function until(look: () => boolean) {
	for (const end = performance.now() + 3_000; performance.now() < end; ) {
		if (look()) return;
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
	throw new Error("Expected it within three seconds.");
}
/** Long enough for an unwanted load to happen. */
const quiet = () => new Promise((resolve) => setTimeout(resolve, 150));

const js = '```js\nconst a = "b"; // c\n```';

async function roomWith(answer: string, highlight = true) {
	const room = await makeRoom(
		undefined,
		highlight ? { highlight: "" } : undefined,
	);
	room.session.exchange("How?", answer);
	await room.painted();
	return room;
}

describe("syntax highlighting", () => {
	afterEach(() => {
		for (const element of document.querySelectorAll("chat-stream"))
			element.remove();
	});

	it("is not loaded unless the page enables it", async () => {
		await roomWith(js, false);
		await quiet();
		expect(wasFetched()).to.equal(false);
	});

	it("is not loaded unless there is code in a language", async () => {
		await roomWith("`const a` and\n\n```\nconst a = 1;\n```");
		await quiet();
		expect(wasFetched()).to.equal(false);
	});

	it("applies to the first block of code, and leaves its text one node", async () => {
		const { find } = await roomWith(`text const\n\n${js}`);
		await until(() => ranges().length > 0);
		expect(wasFetched()).to.equal(true);
		expect(wordsOf("keyword")).to.deep.equal(["const"]);
		expect(wordsOf("string")).to.deep.equal(['"b"']);
		expect(wordsOf("comment")).to.deep.equal(["// c"]);
		const code = find("pre code");
		expect(code.childNodes).to.have.length(1);
		expect(code.textContent).to.equal('const a = "b"; // c\n');
		for (const { startContainer, endContainer } of ranges()) {
			expect(code.contains(startContainer)).to.equal(true);
			expect(code.contains(endContainer)).to.equal(true);
		}
	});

	it("applies to no growing block", async () => {
		const { session, painted, find } = await makeRoom(undefined, {
			highlight: "",
		});
		session.stored(session.send("q"), "How?");
		session.answer(session.conversation.messages[0]?.id ?? "");
		session.token("```js\nconst a = 1;\n");
		await painted();
		await quiet();
		expect(find("pre").textContent).to.equal("const a = 1;\n");
		expect(ranges()).to.have.length(0);
		session.token("```\n");
		await painted();
		await until(() => wordsOf("keyword").length === 1);
	});

	it("leaves code in an unknown language, and very long code, plain", async () => {
		await roomWith(
			`\`\`\`nonesuch\nconst a = 1;\n\`\`\`\n\n\`\`\`js\n${"const a = 1;\n".repeat(2_000)}\`\`\``,
		);
		await quiet();
		await quiet();
		expect(ranges()).to.have.length(0);
	});

	it("spans several text nodes", async () => {
		const { highlight } = await import("../../widget/answer/highlight/part.ts");
		const code = document.createElement("code");
		document.body.append(code);
		code.append("con", "st a = 'lo", "ng';\nretu", "rn 1;");
		highlight(code, "js");
		expect(wordsOf("keyword")).to.deep.equal(["const", "return"]);
		expect(wordsOf("string")).to.deep.equal(["'long'"]);
		code.remove();
		// The next render in the same place detects it.
		const other = document.createElement("code");
		document.body.append(other);
		other.append("return 2");
		highlight(other, "js");
		expect(wordsOf("keyword")).to.deep.equal(["return"]);
		other.remove();
		highlight(document.body.appendChild(code), "js");
		code.remove();
		names.map((name) => CSS.highlights.delete(name));
	});

	it("is removed with its message and with its element", async () => {
		const { element, session, painted } = await roomWith(js);
		await until(() => ranges().length > 0);
		session.newConversation();
		await painted();
		expect(ranges()).to.have.length(0);
		session.exchange("Again?", js);
		await painted();
		await until(() => ranges().length > 0);
		const parent = element.parentNode as ParentNode;
		element.remove();
		expect(ranges()).to.have.length(0);
		for (const name of names) expect(CSS.highlights.has(name)).to.equal(false);
		parent.append(element);
		expect(wordsOf("keyword")).to.deep.equal(["const"]);
	});

	it("leaves other names in the page's registry unchanged", async () => {
		const text = document.body.appendChild(document.createElement("p"));
		text.append("const");
		const range = new StaticRange({
			startContainer: text,
			startOffset: 0,
			endContainer: text,
			endOffset: 1,
		});
		CSS.highlights.set("page", new Highlight(range));
		const { element } = await roomWith(js);
		await until(() => ranges().length > 0);
		element.remove();
		expect([...CSS.highlights.keys()]).to.deep.equal(["page"]);
		CSS.highlights.delete("page");
		text.remove();
	});

	for (const theme of ["light", "dark"])
		it(`are readable where it is ${theme}`, async () => {
			const { element, find } = await roomWith(js);
			element.setAttribute("theme", theme);
			await until(() => ranges().length > 0);
			const code = find("pre code");
			const ground = rgbOf(getComputedStyle(find(".chat")).backgroundColor);
			const seen = new Set<string>();
			for (const name of names) {
				const { color } = getComputedStyle(code, `::highlight(${name})`);
				seen.add(color);
				const ratio = contrast(rgbOf(color), ground);
				expect(ratio, `${name} ${color}`).to.be.at.least(4.5);
			}
			expect(seen.size).to.be.above(6);
		});

	it("can be set by the page", async () => {
		const { element, find } = await roomWith(js);
		await until(() => ranges().length > 0);
		element.style.setProperty("--chat-code-keyword", "rgb(1, 2, 3)");
		const style = getComputedStyle(
			find("pre code"),
			"::highlight(chat-stream-keyword)",
		);
		expect(style.color).to.equal("rgb(1, 2, 3)");
	});

	it("creates no elements for hostile code", async () => {
		const { marksOf } = await import("../../widget/answer/highlight/tokens.ts");
		const payloads = [
			"<img src=x onerror=alert(1)>",
			"<script>alert(1)</script>",
			"</code></pre><svg onload=alert(1)>",
			"\u0000\u202e`alert`",
			"a".repeat(5_000),
			"((((".repeat(2_000),
			"<a ".repeat(2_000),
			'"\\'.repeat(2_000),
		];
		const before = document.querySelectorAll("*").length;
		for (const language of ["js", "html", "md", "php", "css", "c++", "yaml"])
			for (const payload of payloads)
				for (const { from, to } of marksOf(payload, language)) {
					expect(from).to.be.at.least(0);
					expect(to).to.be.above(from).and.at.most(payload.length);
				}
		expect(marksOf("a", "__proto__")).to.deep.equal([]);
		expect(marksOf("a", "constructor")).to.deep.equal([]);
		expect(document.querySelectorAll("*").length).to.equal(before);
	});

	it("need nothing that a strict policy forbids", () => {
		expect(violations.filter((what) => !/lit-html/.test(what))).to.deep.equal(
			[],
		);
	});
});

function rgbOf(color: string): number[] {
	return (color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

function contrast(one: number[], other: number[]): number {
	const light = (rgb: number[]) => {
		const [r = 0, g = 0, b = 0] = rgb.map((value) => {
			const part = value / 255;
			return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const [high = 0, low = 0] = [light(one), light(other)].sort((a, b) => b - a);
	return (high + 0.05) / (low + 0.05);
}
