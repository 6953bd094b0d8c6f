import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { english, type Words } from "../../../widget/strings.ts";

const folder = join(import.meta.dir, "../../../widget/languages");
const codes = readdirSync(folder).map((name) => name.replace(".ts", ""));

const tables = await Promise.all(
	codes.map(async (code): Promise<[string, Words]> => {
		const { default: words } = await import(join(folder, `${code}.ts`));
		return [code, words];
	}),
);

/** What the entries that take something are given, and what must stand in what they say. */
const given: { [Name in keyof Words]?: [unknown[], string[]][] } = {
	you: [[["9:41"], ["9:41"]]],
	assistant: [[["9:41"], ["9:41"]]],
	answerTo: [[["Why?"], ["Why?"]]],
	openUnread: [
		[[5], ["5"]],
		[[22], ["22"]],
	],
	sendingIn: [[[7], ["7"]]],
	reconnectingIn: [[[7], ["7"]]],
	tooLong: [
		[
			[8000, 12],
			["8000", "12"],
		],
	],
	left: [
		[[40], ["40"]],
		[[-3], ["3"]],
	],
	codeBlock: [
		[
			[12, "ts"],
			["12", "ts"],
		],
	],
	code: [[["ts"], ["ts"]]],
};

test("there are tables for fourteen languages besides English", () => {
	expect(codes.toSorted().join(" ")).toBe(
		"ar de es fr he hi it ja ko nl pl pt tr zh",
	);
});

describe.each([["en", english] as [string, Words], ...tables])(
	"%s",
	(_, words) => {
		test("has a word for everything, and no other", () => {
			expect(Object.keys(words).toSorted()).toEqual(
				Object.keys(english).toSorted(),
			);
			for (const [name, word] of Object.entries(words))
				if (typeof word === "string")
					expect([name, word.trim()]).toEqual([name, word]);
		});

		test("puts what it is given where the language wants it", () => {
			for (const [name, word] of Object.entries(words)) {
				if (typeof word !== "function") continue;
				const cases = given[name as keyof Words];
				expect([name, cases?.length]).not.toEqual([name, undefined]);
				for (const [args, parts] of cases ?? []) {
					const said = (word as (...args: unknown[]) => string)(...args);
					for (const part of parts) expect(said).toContain(part);
					expect(said).not.toMatch(/undefined|NaN|--/);
				}
			}
		});
	},
);

test("Polish and Arabic count as they do", async () => {
	const table = Object.fromEntries(tables);
	const counts = (code: string) =>
		[1, 2, 3, 5, 11, 22].map((n) => table[code]?.openUnread(n));
	expect(counts("pl")).toEqual([
		"Otwórz czat, 1 nowa wiadomość",
		"Otwórz czat, 2 nowe wiadomości",
		"Otwórz czat, 3 nowe wiadomości",
		"Otwórz czat, 5 nowych wiadomości",
		"Otwórz czat, 11 nowych wiadomości",
		"Otwórz czat, 22 nowe wiadomości",
	]);
	expect(counts("ar")).toEqual([
		"فتح المحادثة، رسالة جديدة",
		"فتح المحادثة، رسالتان جديدتان",
		"فتح المحادثة، 3 رسائل جديدة",
		"فتح المحادثة، 5 رسائل جديدة",
		"فتح المحادثة، 11 رسالة جديدة",
		"فتح المحادثة، 22 رسالة جديدة",
	]);
});
