/**
 * What the build shortens: properties that nobody outside the script knows by name. A name that comes
 * to mean something elsewhere must leave the list in `vite.config.ts`.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const filesOf = (pattern: string) => [...new Bun.Glob(pattern).scanSync(root)];
const code = (path: string) =>
	read(path)
		.replaceAll(/\/\*[\s\S]*?\*\//g, "")
		.replaceAll(/(?<=^|\s)\/\/.*$/gm, "");

const [, list = ""] =
	/scriptProperties =\s*\/\^\(\?:([\w|]+)\)\$\//.exec(read("vite.config.ts")) ??
	[];
const shortened = list.split("|");

/** Who else has names, and which of their words are names. */
const others: [who: string, files: string[], names: RegExp][] = [
	["the wire", filesOf("protocol/**/*.ts"), /\w+/g],
	["a page's compiler", filesOf("widget/types/*.ts"), /\w+/g],
	[
		"a page",
		["widget/element/attributes.ts", "widget/element/events.ts"],
		/\w+/g,
	],
	["the words", ["widget/i18n/strings.ts"], /^\t\w+/gm],
	["whoever names it in quotes", filesOf("widget/**/*.ts"), /"\w+"/g],
	[
		"a part that is fetched later",
		filesOf("dist/chat-stream.{markdown,http,highlight,math}.js"),
		/(?<=[.{,])\w+/g,
	],
	[
		"a library",
		["lit-html", "@lit/reactive-element", "reconnecting-websocket"].flatMap(
			(name) => {
				const folder = `node_modules/${name}`;
				const scan = new Bun.Glob("**/*.js").scanSync(join(root, folder));
				return [...scan].map((path) => `${folder}/${path}`);
			},
		),
		/(?<=\.)\w+/g,
	],
];

for (const [who, files, names] of others)
	test(`no property that the build shortens is known to ${who}`, () => {
		expect(files).not.toBeEmpty();
		const known = new Set(
			files.flatMap((path) =>
				(code(path).match(names) ?? []).map((name) =>
					name.replaceAll(/\W/g, ""),
				),
			),
		);
		expect(known.size).toBeGreaterThan(10);
		expect(shortened.filter((name) => known.has(name))).toEqual([]);
	});

test("every property that the build shortens is one", () => {
	expect(shortened.length).toBeGreaterThan(30);
	const script = filesOf("widget/**/*.ts").map(code).join("\n");
	for (const name of shortened)
		expect(script).toMatch(new RegExp(`\\b${name}\\??[:(,;]|\\.${name}\\b`));
	const built = read("dist/chat-stream.js");
	for (const name of shortened)
		expect(built).not.toMatch(new RegExp(`\\.${name}\\b`));
});
