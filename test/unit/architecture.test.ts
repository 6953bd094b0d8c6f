/** Holds the table of doors between rooms: who may import whom (ARCHITECTURE.md). */
import { describe, expect, test } from "bun:test";
import { dirname, join, relative } from "node:path";

const root = join(import.meta.dir, "../..");
const rooms = ["protocol", "server", "widget"];

type File = { path: string; imports: string[]; lines: number; text: string };

async function read(path: string): Promise<File> {
	const text = await Bun.file(join(root, path)).text();
	const specifiers = text.matchAll(
		/^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gms,
	);
	const imports = [...specifiers].map(([, from, dynamic]) => {
		const specifier = from ?? dynamic ?? "";
		return specifier.startsWith(".")
			? relative(root, join(root, dirname(path), specifier))
			: specifier;
	});
	return { path, imports, lines: text.split("\n").length, text };
}

const files = await Promise.all(
	rooms
		.flatMap((room) => [
			...new Bun.Glob(`${room}/**/*.ts`).scanSync({ cwd: root }),
		])
		// Types for others: nothing here runs on them.
		.filter((path) => !path.endsWith(".d.ts"))
		.map(read),
);
const ownFiles = new Set(files.map(({ path }) => path));

/** Who may import what: a file falls under every row that matches it, and must obey each. */
const doors: { who: RegExp; may: RegExp; why: string }[] = [
	{
		who: /^protocol\//,
		may: /^(protocol\/|zod\/mini$)/,
		why: "the contract imports zod/mini and nothing else",
	},
	{
		who: /^server\//,
		may: /^(server\/|protocol\/|[^.])/,
		why: "the server deploys without the widget",
	},
	{
		who: /^server\/(?!main\.ts|cli\/)/,
		may: /^(?!server\/((main|config)\.ts|cli\/))/,
		why: "only main and the command line read the environment",
	},
	{
		who: /^server\/cli\//,
		may: /^(?!bun:sqlite|openai|server\/(gates\/(?!site-tokens\.ts)|server\.ts|providers\/(?!open\.ts|provider\.ts)|store\/(?!open\.ts|store\.ts)))/,
		why: "the command line knows no door, no engine and no vendor",
	},
	{
		who: /^server\/(?!main\.ts|server\.ts|endpoints\/|cli\/)/,
		may: /^(?!server\/(endpoints\/|server\.ts))/,
		why: "chat and what is below it know no gate",
	},
	{
		who: /^server\/store\//,
		may: /^(server\/store\/|server\/clock\.ts|protocol\/|bun:sqlite|node:)/,
		why: "a store sees no provider and no visitor",
	},
	{
		who: /^server\/providers\//,
		may: /^(server\/providers\/|server\/clock\.ts|protocol\/|bun:sqlite|node:|openai)/,
		why: "a provider sees no store and no visitor",
	},
	{
		who: /^server\/(?!store\/|providers\/|main\.ts|cli\/)/,
		may: /^(?!bun:sqlite|openai|server\/providers\/(?!provider\.ts)|server\/store\/(?!store\.ts|follow\.ts))/,
		why: "vendors' words stop at providers, engines' words at store",
	},
	{
		who: /^widget\//,
		may: /^(widget\/|protocol\/|lit|reconnecting-websocket|highlight\.js|temml)/,
		why: "the widget does not reach into the server",
	},
	{
		who: /^widget\/(?!answer\/(highlight|math)\/)/,
		may: /^(?!highlight\.js|temml|widget\/answer\/(highlight|math)\/(?!part\.ts))/,
		why: "grammars and formulas are fetched by those who want them",
	},
	{
		who: /^widget\/(session|transport)\//,
		may: /^(?!lit)/,
		why: "the line knows no lit",
	},
	{
		who: /^widget\/transport\//,
		may: /^(widget\/transport\/|protocol\/|reconnecting-websocket)/,
		why: "a transport knows no session and no element",
	},
	{
		who: /^widget\/(view|i18n)\//,
		may: /^(?!widget\/transport\/|protocol\/frames)/,
		why: "the element never sees a frame",
	},
	{
		who: /^widget\/answer\/markdown\//,
		may: /^widget\/answer\/markdown\//,
		why: "the renderer stands alone",
	},
];

describe("doors between rooms", () => {
	for (const { who, may, why } of doors)
		test(why, () => {
			const subject = files.filter(({ path }) => who.test(path));
			expect(subject.length).toBeGreaterThan(0);
			const trespasses = subject.flatMap(({ path, imports }) =>
				imports
					.filter((to) => !may.test(to) && !isTypeOnly(path, to))
					.map((to) => `${path} -> ${to}`),
			);
			expect(trespasses).toEqual([]);
		});

	test("no file imports itself by a detour", () => {
		const imports = new Map(files.map(({ path, imports }) => [path, imports]));
		const cycles: string[] = [];
		const done = new Set<string>();
		const visit = (path: string, trail: string[]) => {
			if (trail.includes(path))
				return void cycles.push([...trail, path].join(" -> "));
			if (done.has(path)) return;
			for (const to of imports.get(path) ?? [])
				if (ownFiles.has(to) && !isTypeOnly(path, to))
					visit(to, [...trail, path]);
			done.add(path);
		};
		for (const { path } of files) visit(path, []);
		expect(cycles).toEqual([]);
	});

	/** A type vanishes: what is left of such an import is nothing. */
	function isTypeOnly(path: string, to: string): boolean {
		const { text } = files.find((file) => file.path === path) as File;
		const name = to.split("/").at(-1) as string;
		const imports = text.matchAll(
			/^(?:import|export)\s([^"';]*?)\sfrom\s"([^"]+)"/gms,
		);
		const statements = [...imports].filter(([, , from]) =>
			from?.endsWith(name),
		);
		return (
			statements.length > 0 &&
			statements.every(([, what = ""]) => what.startsWith("type "))
		);
	}
});

describe("the widget", () => {
	const widget = files.filter(({ path }) => path.startsWith("widget/"));
	test("makes no HTML and no code from strings", () => {
		const forbidden =
			/innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|unsafeSVG|DOMParser|createContextualFragment|document\.write|\beval\(|new Function/;
		expect(widget.filter(({ text }) => forbidden.test(text))).toEqual([]);
	});
	test("has no inline styles, which a strict policy forbids", () => {
		const inline = /\sstyle="|styleMap|setAttribute\("style"/;
		expect(widget.filter(({ text }) => inline.test(text))).toEqual([]);
	});
	test("touches the document from the element's side only", () => {
		const line = widget.filter(({ path }) =>
			/^widget\/(session|transport)\//.test(path),
		);
		const dom = /\bdocument\b\.|\bcustomElements\b|\bHTMLElement\b/;
		expect(line.filter(({ text }) => dom.test(text))).toEqual([]);
	});
});

test("a file says what it is before anything else", () => {
	const silent = files.filter(
		({ text }) => !text.replace(/^#!.*\n/, "").startsWith("/**"),
	);
	expect(silent.map(({ path }) => path)).toEqual([]);
});
