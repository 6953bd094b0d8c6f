/**
 * `bun bench/markdown-linear.ts`, in Chromium: whether the cost of Markdown is linear.
 *
 * Each shape is written token by token, with 32 kB and 128 kB. The table shows the script time and its ratio for
 * four times the text. The floor is one text node that grows by the same tokens. Layout is not included.
 */
import { endBrowsers, startBrowser } from "../test/support/browsers.ts";

const mixed = `# Title

Some *text* with **bold**, \`code\` and [a link](https://example.com/x).

- one
- two
  - three

\`\`\`js
let a = 1;
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

> quote

`;

/** The start of each shape and its repeated part. */
const shapes: Record<string, [start: string, unit: string]> = {
	"mixed text": ["", mixed],
	"one list": ["", "- item with *some* words\n"],
	"one paragraph, plain": ["", "word and emphasis then code and "],
	"one paragraph, styled": ["", "word and *emphasis* then `code`, "],
	"one text without spaces": ["", "漢字仮名交じり文"],
	"one code block": ["```\n", "let a = foo(b);\n"],
	"one line of code": ["```\n", "let a = foo(b); "],
	"one table": ["| a | b |\n|---|---|\n", "| cell *x* | cell y |\n"],
	"deep quotes": ["", `${"> ".repeat(30)}deep words here\n`],
};

const { outputs } = await Bun.build({
	entrypoints: [`${import.meta.dir}/../widget/answer/markdown/writer.ts`],
	target: "browser",
});
const source = (await outputs[0]?.text()) ?? "";

/** Runs in the page in its own task, so that only script is measured. */
async function write(source: string, text: string, isFloor: boolean) {
	const url = URL.createObjectURL(
		new Blob([source], { type: "text/javascript" }),
	);
	const { MarkdownWriter } = await import(url);
	const root = document.createElement("div");
	document.body.replaceChildren(root);
	const size = 4;

	function markdown() {
		const writer = new MarkdownWriter(root, { labels: { code: () => "" } });
		for (let at = 0; at < text.length; at += size)
			writer.write(text.slice(0, at + size));
		writer.end();
	}
	function floor() {
		const node = root.appendChild(document.createTextNode(""));
		for (let at = 0; at < text.length; at += size)
			node.appendData(text.slice(at, at + size));
	}
	await new Promise<void>((resolve) =>
		setTimeout(() => {
			if (isFloor) floor();
			else markdown();
			root.remove();
			resolve();
		}),
	);
}

const browser = await startBrowser("chromium");
const page = await browser.newPage();
const session = await page.createCDPSession();
// CPU time of the page, independent of other load.
await session.send("Performance.enable", { timeDomain: "threadTicks" });

async function scriptSeconds(): Promise<number> {
	const { metrics } = await session.send("Performance.getMetrics");
	const found = metrics.find(({ name }) => name === "ScriptDuration");
	return found?.value ?? Number.NaN;
}

/** The best of five, ms: disturbances only add time. */
async function measure(kB: number, isFloor: boolean, shape: string) {
	const [start = "", unit = ""] = shapes[shape] ?? [];
	const text = start + unit.repeat((kB * 1024) / unit.length);
	let best = Infinity;
	for (let run = 0; run < 5; run++) {
		const before = await scriptSeconds();
		await page.evaluate(write, source, text, isFloor);
		best = Math.min(best, (await scriptSeconds()) - before);
	}
	return best * 1_000;
}

const table: Record<string, Record<string, string>> = {};
for (const shape of Object.keys(shapes)) {
	const [small, large, smallFloor, largeFloor] = [
		await measure(32, false, shape),
		await measure(128, false, shape),
		await measure(32, true, shape),
		await measure(128, true, shape),
	];
	table[shape] = {
		"32 kB, ms": small.toFixed(),
		"128 kB, ms": large.toFixed(),
		times: (large / small).toFixed(1),
		"floor at 128 kB, ms": largeFloor.toFixed(),
		"floor, times": (largeFloor / smallFloor).toFixed(1),
	};
}
console.table(table);
await endBrowsers();
