/** Names that the build must not shorten: the page's console and its error reports show them. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

const publicNames = (file: string) =>
	[
		...readFileSync(file, "utf8").matchAll(
			/^export class ((?:Chat|Client)\w+)/gm,
		),
	].map(([, name = ""]) => name);

test.each(["chat-stream.js", "chat-stream.module.js"])(
	"%s keeps the names of the events' classes",
	(file) => {
		const built = readFileSync(`dist/${file}`, "utf8");
		const names = publicNames("widget/element/events.ts");
		expect(names.length).toBeGreaterThan(6);
		for (const name of [...names, "ChatStream"])
			expect(built).toMatch(new RegExp(`static name ?= ?["'\`]${name}["'\`]`));
	},
);

test("the module's classes say their names", async () => {
	const module = (await import(
		`${process.cwd()}/dist/chat-stream.module.js`
	)) as Record<string, unknown>;
	const classes = Object.entries(module).filter(
		([name, value]) =>
			/^Chat|^Client/.test(name) && typeof value === "function",
	);
	expect(classes.length).toBeGreaterThan(6);
	for (const [name, value] of classes)
		expect((value as { name: string }).name).toBe(name);
});
