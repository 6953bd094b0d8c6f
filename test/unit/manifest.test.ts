/** The element's manifest: that it is of today's source, and that source, types, build and pages agree. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../custom-elements.json";
import { makeManifest } from "../../demo/make-manifest.ts";
import { ChatStream } from "../../widget/element/chat-stream.ts";
import * as events from "../../widget/element/events.ts";

const root = join(import.meta.dir, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const { declarations, exports } = manifest.modules[0] as NonNullable<
	(typeof manifest.modules)[0]
>;
const element = declarations.find(({ name }) => name === "ChatStream");
if (!element?.attributes || !element.members || !element.events)
	throw new Error("Expected the element in the manifest.");
/** The element and its hands, without the client that needs no page. */
const elementSources = [
	...new Bun.Glob("widget/{element,view}/*.ts").scanSync(root),
]
	.filter((name) => !name.endsWith("/events.ts"))
	.map(read)
	.join("\n");
const namesOf = (list: readonly { name: string }[]) =>
	list.map(({ name }) => name).sort();
const attributes = namesOf(element.attributes);
const members = element.members.filter((member) => !("static" in member));
const methods = members.filter(({ kind }) => kind === "method");
const properties = members.filter(({ kind }) => kind === "field");

/** The rows of the table that has this heading, by the name in their first column. */
function rowsOf(page: string, heading: string): Map<string, string> {
	const [, table = ""] = page.split(new RegExp(`^\\| ${heading} +\\|.*$`, "m"));
	const [rows = ""] = table.split("\n\n");
	return new Map(
		[...rows.matchAll(/^\| `([\w-]+).*$/gm)].map(([row, name = ""]) => [
			name,
			row,
		]),
	);
}
const listed = (page: string, heading: string) =>
	[...rowsOf(page, heading).keys()].sort();

test("the manifest is made from the source as it is: npm run docs", () => {
	expect(JSON.parse(JSON.stringify(makeManifest()))).toEqual(manifest);
});

describe("the manifest names", () => {
	test("the attributes that the element observes", () => {
		expect(attributes).toEqual([...ChatStream.observedAttributes].sort());
		expect(attributes.length).toBeGreaterThan(15);
	});

	test("methods and properties that the element has, and nothing private", () => {
		const { prototype, elementProperties } = ChatStream;
		for (const { name } of methods)
			expect([name, typeof Reflect.get(prototype, name)]).toEqual([
				name,
				"function",
			]);
		for (const { name } of properties)
			expect([
				name,
				elementProperties.has(name) || Object.hasOwn(prototype, name),
			]).toEqual([name, true]);
		for (const name of elementProperties.keys())
			expect(namesOf(properties)).toContain(name as string);
		const known = namesOf(members);
		const ofLit =
			/^(constructor|connectedCallback|disconnectedCallback|adoptedCallback|attributeChangedCallback|createRenderRoot|scheduleUpdate|willUpdate|updated|render)$/;
		// The former name of `open` is deprecated.
		for (const name of Object.getOwnPropertyNames(prototype))
			if (!ofLit.test(name) && name !== "opened") expect(known).toContain(name);
	});

	test("the events that there are, and which can be cancelled", () => {
		const [, table = ""] =
			/export type ChatEvents = \{([\s\S]*?)\};/.exec(
				read("widget/element/events.ts"),
			) ?? [];
		const typed = [...table.matchAll(/"([\w-]+)": (\w+)/g)];
		expect(namesOf(element.events ?? [])).toEqual(
			typed.map(([, name]) => name as string).sort(),
		);
		for (const { name, type, description, cancelable } of element.events ??
			[]) {
			const entry = typed.find(([, typedName]) => typedName === name);
			expect([name, type.text]).toEqual([name, entry?.[2] as string]);
			const Type = Reflect.get(events, type.text);
			const event: Event = new Type(name);
			expect([name, event.cancelable]).toEqual([name, cancelable]);
			expect([name, description.includes("Cancelable")]).toEqual([
				name,
				cancelable,
			]);
			expect([event.bubbles, event.composed]).toEqual([true, true]);
			expect(elementSources).toContain(`new ${type.text}(`);
		}
	});

	test("nothing without a word about it", () => {
		for (const entry of [...(element.attributes ?? []), ...members])
			expect([entry.name, Reflect.get(entry, "description")]).toEqual([
				entry.name,
				expect.stringMatching(/\w{3}/),
			]);
	});

	test("classes that the module exports", () => {
		const module = read("widget/module.ts");
		for (const { kind, declaration } of exports)
			if (kind === "js") expect(module).toContain(declaration.name);
	});
});

describe("what the manifest names stands", () => {
	const readme = read("README.md");
	const page = read("demo/pages/events-and-methods.md");

	test("in the README", () => {
		expect(listed(readme, "Attribute")).toEqual(attributes);
		for (const { name } of element.events ?? [])
			expect(readme).toContain(`\`${name}\``);
		for (const { name } of methods)
			expect(readme).toMatch(new RegExp(`\`${name}\\(`));
		const settable = properties.map(({ name }) => name);
		const fields = element.attributes?.map(({ fieldName }) => fieldName);
		for (const name of settable)
			if (!fields?.includes(name)) expect(readme).toContain(`\`${name}\``);
	});

	test("on the pages, as attributes with their defaults, and no other", () => {
		const tableOn = (name: string) =>
			rowsOf(read(`demo/pages/${name}.md`), "Attribute");
		const embedding = tableOn("embedding");
		const theming = tableOn("theming");
		expect(
			[...new Set([...embedding.keys(), ...theming.keys()])].sort(),
		).toEqual(attributes);
		for (const { name, default: value } of element.attributes ?? []) {
			const [, words] = /^"(.*)"$/.exec(value ?? "") ?? [];
			for (const rows of [rowsOf(readme, "Attribute"), embedding, theming])
				if (words && rows.has(name))
					expect(rows.get(name)?.split("|").at(-2)).toContain(`\`${words}\``);
		}
	});

	test("as a control of the workbench", () => {
		const [, rows = ""] =
			/const attributes = \{([\s\S]*?)\n\};/.exec(
				read("demo/workbench/workbench.js"),
			) ?? [];
		const controls = [...rows.matchAll(/^\t"?([\w-]+)"?: \{/gm)];
		expect(controls.map(([, name]) => name as string).sort()).toEqual(
			attributes,
		);
	});

	test("in the page about events and methods, which names no other", () => {
		expect(listed(page, "Event")).toEqual(namesOf(element.events ?? []));
		for (const [name, row] of rowsOf(page, "Event")) {
			const event = element.events?.find((event) => event.name === name);
			const type = declarations.find(({ name }) => name === event?.type.text);
			expect([name, row.includes("Cancelable")]).toEqual([
				name,
				event?.cancelable as boolean,
			]);
			const [, fields = ""] = /\|([^|]*)\|$/.exec(row) ?? [];
			expect(
				[...fields.matchAll(/`(\w+)`/g)].map(([, field]) => field),
			).toEqual((type?.members ?? []).map(({ name }) => name));
		}
		expect(listed(page, "Method")).toEqual(namesOf(methods));
		const fields = element.attributes?.map(({ fieldName }) => fieldName);
		const others = properties.filter(({ name }) => !fields?.includes(name));
		expect(listed(page, "Property")).toEqual(namesOf(others));
	});

	test("in the types", () => {
		const types = read("widget/types/chat-stream.module.d.ts");
		const blockOf = (head: string) =>
			types.split(`export ${head} {`)[1]?.split("\n}")[0] ?? "";
		const inHtml = [
			...blockOf("interface ChatStreamAttributes").matchAll(
				/^\t"?([\w-]+)"?\?:/gm,
			),
		].map(([, name]) => name as string);
		expect(inHtml.sort()).toEqual(attributes);
		const face = blockOf("declare class ChatStream extends HTMLElement");
		for (const { name } of members)
			if (name !== "lang")
				expect(face).toMatch(new RegExp(`^\\t(get )?${name}[:(]`, "m"));
	});

	test("in the build, under its own name", () => {
		const built = read("dist/chat-stream.js");
		for (const { name } of [...members, ...(element.attributes ?? [])])
			expect(built).toMatch(new RegExp(`[\\w$]*${name}\\b`));
		for (const { name } of element.events ?? []) expect(built).toContain(name);
	});
});
