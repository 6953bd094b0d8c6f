/**
 * Makes `custom-elements.json`: the element's attributes, properties, methods, events, slots, parts and
 * custom properties for editors and tools, as the analyzer reads them from the source.
 *
 * `npm run docs` runs it. Schema: https://github.com/webcomponents/custom-elements-manifest
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// @ts-expect-error: its types lack documented options.
import { create, ts } from "@custom-elements-manifest/analyzer";
// @ts-expect-error: it has no types.
import { litPlugin } from "@custom-elements-manifest/analyzer/src/features/framework-plugins/lit/lit.js";
import * as events from "../widget/element/events.ts";

const root = join(import.meta.dir, "..");
const sources = ["attributes", "chat-stream", "events"];
const tag = "chat-stream";

/** What users import. */
const path = `dist/${tag}.module.js`;

type Typed = { text: string };
type Named = {
	name: string;
	kind?: string;
	privacy?: string;
	deprecated?: unknown;
	inheritedFrom?: unknown;
	default?: unknown;
	type?: Typed;
	return?: { type: Typed };
};
type Declaration = Named & {
	members?: Named[];
	attributes?: Named[];
	events?: Named[];
	superclass?: unknown;
};

/** One module with the element and its events, without internals. */
export function makeManifest() {
	const modules = sources.map((name) => {
		const file = join("widget/element", `${name}.ts`);
		const text = readFileSync(join(root, file), "utf8");
		return ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
	});
	const { schemaVersion, modules: read } = create({
		modules,
		plugins: litPlugin(),
	});
	const declarations = read
		.flatMap(
			({ declarations }: { declarations: Declaration[] }) => declarations,
		)
		.filter(({ name }: Declaration) => name !== "ChatAttributes")
		.map(publicFaceOf);
	const exported = (name: string) => ({
		kind: "js",
		name,
		declaration: { name, module: path },
	});
	return {
		schemaVersion,
		readme: "README.md",
		modules: [
			{
				kind: "javascript-module",
				path,
				declarations,
				exports: [
					...declarations.map(({ name }: Declaration) => exported(name)),
					{
						kind: "custom-element-definition",
						name: tag,
						declaration: { name: "ChatStream", module: path },
					},
				],
			},
		],
	};
}

function publicFaceOf(declaration: Declaration) {
	const { members = [], attributes, events, ...rest } = declaration;
	const open = members.filter(isOpen).map(own);
	// The analyzer takes a constructor's assignment for a default.
	if (rest.name !== "ChatStream")
		return {
			...rest,
			superclass: { name: "Event" },
			members: open.map(({ default: _, ...field }) => field),
		};
	return {
		...rest,
		superclass: { name: "HTMLElement" },
		tagName: tag,
		customElement: true,
		attributes: attributes?.map(own).map(asWritten),
		members: open.map(withReturn),
		// The analyzer guesses events that no `@fires` names.
		events: events
			?.filter(({ name }) => name.startsWith("chat-"))
			.map(withCancelable),
		...Object.fromEntries(
			(["slots", "cssParts", "cssProperties"] as const).map((kind) => [
				kind,
				(rest as unknown as Record<string, Named[]>)[kind]?.map(own),
			]),
		),
	};
}

const isOpen = ({ name, privacy, deprecated }: Named) =>
	!name.startsWith("#") &&
	privacy !== "private" &&
	privacy !== "protected" &&
	!deprecated;

/** Removes positions in the source and line breaks. */
const own = ({ inheritedFrom, privacy, type, ...rest }: Named): Named => ({
	...rest,
	...(type && {
		type: { text: type.text.replaceAll(/\s+/g, " ").replace(/^\| /, "") },
	}),
});

/** Attributes are strings, and `undefined` is not part of a type. */
const asWritten = ({ type, ...rest }: Named): Named => {
	const text = type?.text.replace(" | undefined", "") ?? "string";
	return { ...rest, type: { text: text.includes("[]") ? "string" : text } };
};

/** A method without a return type returns void; `lang` is typed by HTMLElement. */
const withReturn = (member: Named): Named =>
	member.kind === "method"
		? { return: { type: { text: "void" } }, ...member }
		: { type: { text: "string" }, ...member };

/** `cancelable` is our addition to the schema. */
const withCancelable = (event: Named) => ({
	...event,
	cancelable: new (Reflect.get(events, event.type?.text ?? ""))(event.name)
		.cancelable as boolean,
});

if (import.meta.main) {
	const file = join(root, "custom-elements.json");
	writeFileSync(file, `${JSON.stringify(makeManifest(), null, "\t")}\n`);
	console.log("The manifest is custom-elements.json.");
}
