import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { statusOf } from "../../../../protocol/errors.ts";
import {
	english,
	errorText,
	strings,
	type Words,
} from "../../../../widget/i18n/strings.ts";

const folder = join(import.meta.dir, "../../../../widget/i18n/languages");
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

test("every language says the same refusals, each in words of its own", () => {
	const [[, first]] = tables as [[string, Words]];
	const codes = Object.keys(first.refusals).toSorted();
	expect(codes.length).toBeGreaterThan(0);
	for (const code of codes) expect(Object.keys(statusOf)).toContain(code);
	for (const [language, { refusals }] of tables) {
		expect([language, Object.keys(refusals).toSorted()]).toEqual([
			language,
			codes,
		]);
		const sentences = Object.values(refusals);
		expect(new Set(sentences).size).toBe(codes.length);
		for (const sentence of sentences) expect(sentence).toMatch(/[.。।]$/);
	}
});

test("a refusal is said in the language in use, and as the server said it where there are no words", () => {
	const refusal = { code: "rate_limited", text: "Too many." } as const;
	expect(errorText(refusal)).toBe("Too many.");
	const german = Object.fromEntries(tables).de as Words;
	strings.refusals = german.refusals;
	expect(errorText(refusal)).toBe(german.refusals.rate_limited as string);
	expect(errorText({ code: "internal", text: "Under 7f3." })).toBe(
		"Under 7f3.",
	);
	strings.refusals = english.refusals;
});

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
