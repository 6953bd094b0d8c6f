/**
 * The demo site: what its pages say is true of the code, and every link leads somewhere.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../custom-elements.json";
import { renderDocs } from "../../demo/render-docs.ts";
import { openSiteTokens } from "../../server/auth/site-jwt.ts";
import { systemClock } from "../../server/clock.ts";
import { defaults, environmentNames } from "../../server/config/config.ts";
import { readPage } from "../../server/providers/pages/parse.ts";

const demo = join(import.meta.dir, "../../demo");
const read = (path: string) => readFileSync(join(demo, path), "utf8");
const pageNames = readdirSync(join(demo, "pages"));
const htmlNames = [
	"index.html",
	...readdirSync(join(demo, "docs")).map((name) => `docs/${name}`),
];

/** The file that the server hands out for a path of the site. */
const fileOf = (path: string) =>
	[`${path}index.html`, path, `${path}.html`]
		.map((name) => name.slice(1))
		.find((name) => existsSync(join(demo, name)) && /\.\w+$/.test(name));

const idsOf = (html: string) =>
	[...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id as string);

test("the committed pages are those that the Markdown makes", () => {
	const rendered = renderDocs();
	expect(readdirSync(join(demo, "docs")).sort()).toEqual(
		[...rendered.keys()].sort(),
	);
	for (const [name, html] of rendered)
		if (read(`docs/${name}`) !== html)
			throw new Error(`Expected docs/${name} to be fresh: npm run docs.`);
});

test("every link and every anchor of the site leads somewhere", () => {
	const lost: string[] = [];
	let links = 0;
	for (const from of htmlNames)
		for (const [, target = ""] of read(from).matchAll(
			/\s(?:href|src)="([^"]*)"/g,
		)) {
			if (/^https?:/.test(target)) continue;
			// What a build leaves in dist.
			if (target === "/chat-stream.js") continue;
			links++;
			const [path, anchor] = target.split("#");
			const file = path ? fileOf(path) : from;
			const found = file && (!anchor || idsOf(read(file)).includes(anchor));
			if (!found) lost.push(`${from}: ${target}`);
		}
	expect(lost).toEqual([]);
	expect(links).toBeGreaterThan(300);
});

test("an answer's link to a heading finds it on the web page", () => {
	for (const name of pageNames) {
		const ids = idsOf(read(`docs/${name.replace(/md$/, "html")}`));
		for (const { slug } of readPage(name, read(`pages/${name}`)).passages)
			expect(ids).toContain(slug as string);
		expect(new Set(ids).size).toBe(ids.length);
	}
});

test("a page loads nothing from elsewhere and holds no inline script or style", () => {
	for (const name of htmlNames) {
		const html = read(name);
		expect(html).not.toMatch(/<script(?![^>]*\ssrc="\/)/);
		expect(html).not.toMatch(/<link[^>]*href="(?!\/)/);
		expect(html).not.toMatch(/<(style|iframe)|\sstyle=|\son\w+=/);
	}
	for (const name of readdirSync(demo).filter((name) => /css$/.test(name)))
		expect(read(name)).not.toMatch(/url\(|@import/);
});

test("the documentation's chat is the element's own button, with no code of the page", () => {
	for (const name of htmlNames.filter((name) => name.startsWith("docs/"))) {
		const elements = read(name).match(/<chat-stream\b.*$/gm);
		expect(elements).toEqual([
			expect.stringMatching(
				/^<chat-stream mode="floating" .*><\/chat-stream>$/,
			),
		]);
		expect(read(name)).not.toContain("popover");
	}
});

test("every page is listed on the front page", () => {
	for (const name of pageNames)
		expect(read("index.html")).toContain(
			`<a href="/docs/${name.replace(".md", "")}">`,
		);
});

test("every setting stands in the configuration page with its default", () => {
	const rows = read("pages/configuration.md")
		.split("\n")
		.filter((line) => line.startsWith("|"));
	for (const [name, variable] of Object.entries(environmentNames)) {
		const [row, ...others] = rows.filter((line) =>
			line.startsWith(`| \`${variable}\` `),
		);
		expect(others).toEqual([]);
		const cells = row?.split("|").map((cell) => cell.trim()) ?? [];
		const value = defaults[name as keyof typeof defaults];
		if (value === undefined) expect(cells.at(-2)).not.toBe("");
		else expect(cells.at(-2)).toBe(`\`${value}\``);
		expect(read("pages/configuration.md")).toContain(`\`${name}\``);
	}
	const known: string[] = Object.values(environmentNames);
	for (const name of pageNames)
		for (const [variable] of read(`pages/${name}`).matchAll(
			/\b(?:CHAT|OPENAI)_[A-Z_]+\b/g,
		))
			expect(known).toContain(variable);
});

describe("the theming page and the manifest name", () => {
	const widget = join(demo, "../widget");
	const page = read("pages/theming.md");
	const element = manifest.modules[0]?.declarations.find(
		({ name }) => name === "ChatStream",
	);
	const namesOf = (list: readonly { name: string }[] = []) =>
		list.map(({ name }) => name).sort();
	const parts = namesOf(element?.cssParts);
	const sources = [...new Bun.Glob("**/*.ts").scanSync(widget)]
		.filter((name) => name !== "attributes.ts" && !name.endsWith(".d.ts"))
		.map((name) => readFileSync(join(widget, name), "utf8"))
		.join("\n");
	const allOf = (text: string, pattern: RegExp) =>
		[...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
	const rowsUnder = (head: string) => {
		const [, table = ""] = page.split(new RegExp(`^\\| ${head} +\\|.*$`, "m"));
		const [rows = ""] = table.split("\n\n");
		return allOf(rows, /^\| `([\w-]+)`/gm);
	};

	test("every custom property, and none that there is not", () => {
		const used = allOf(sources, /var\((--chat-[a-z-]+)/g);
		expect(used.length).toBeGreaterThan(40);
		expect(namesOf(element?.cssProperties)).toEqual(used as string[]);
		expect(allOf(page, /^\| `(--chat-[a-z-]+)`/gm)).toEqual(used);
	});

	test("every part, and none that there is not", () => {
		expect(rowsUnder("Part")).toEqual(parts);
		const used = allOf(sources, /\bpart(?:=|: )["$]([^"]+)"/g).flatMap(
			(names) => names?.match(/[\w-]+/g) ?? [],
		);
		for (const part of used.filter(
			(word) => word !== "pressed" && word !== "undefined",
		))
			expect(parts).toContain(part);
		for (const part of parts)
			expect(sources).toMatch(new RegExp(`["\\s]${part}["\\s]`));
	});

	test("every slot, and none that there is not", () => {
		const slots = allOf(sources, /<slot name="([\w-]+)"/g);
		expect(namesOf(element?.slots)).toEqual(slots as string[]);
		expect(rowsUnder("Slot")).toEqual(slots);
	});
});

test("the server takes the token that the security page shows how to make", async () => {
	const code = /```js\n(.*?)```/s.exec(read("pages/security.md"))?.[1] ?? "";
	const file = join(tmpdir(), `chat-token-${crypto.randomUUID()}.mjs`);
	await Bun.write(file, code);
	const { chatToken } = await import(file);
	await Bun.file(file).delete();
	const jwtSecret = "x".repeat(32);
	const { jwtMaxAgeS } = defaults;
	const site = await openSiteTokens({ jwtSecret, jwtMaxAgeS }, systemClock);
	const { visitor } = (await site?.verify(chatToken("ada", jwtSecret))) ?? {};
	expect(visitor).toEqual({ id: "known:ada" });
	await expect(
		site?.verify(chatToken("ada", "y".repeat(32))),
	).rejects.toThrow();
});

test("the messages that the troubleshooting page explains are the server's", () => {
	const sources = [...new Bun.Glob("server/**/*.ts").scanSync(join(demo, ".."))]
		.map((name) => readFileSync(join(demo, "..", name), "utf8"))
		.join("\n");
	const [, table = ""] = read("pages/troubleshooting.md").split(
		/^\| Message .*$/m,
	);
	const messages = [...table.matchAll(/^\| (?!-)([^|]+?) +\|/gm)].map(
		([, message = ""]) => message,
	);
	expect(messages.length).toBeGreaterThan(4);
	// A value in a message is a template's: `…` or the name of a setting.
	for (const message of messages)
		for (const part of message.split(/…|\b(?:CHAT|OPENAI)_[A-Z_]+\b/))
			expect([message, sources.includes(part.trim())]).toEqual([message, true]);
});
