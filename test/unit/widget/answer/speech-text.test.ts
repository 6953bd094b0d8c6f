/** What is said of an answer: whole sentences, no Markdown, and the same however the text was cut. */
import { expect, test } from "bun:test";
import { Narrator } from "../../../../widget/answer/speech-text.ts";
import { strings } from "../../../../widget/i18n/strings.ts";

const answer = `# Changing a tyre

First **loosen** the nuts; see [the manual](https://example.com/m). Then \`jack\` it up!

1. Take off the _wheel_.
2. Put the other one on

| Nut | Force |
| --- | ----- |
| M12 | 110 Nm |

\`\`\`js
turn(90);
turn(90);
\`\`\`

Is snake_case kept? Yes`;

const whole = () => new Narrator(strings.codeBlock).read(answer, true);

test("an answer is said line by line, without its Markdown", () => {
	expect(whole()).toEqual([
		"Changing a tyre",
		"First loosen the nuts; see the manual. Then jack it up!",
		"1. Take off the wheel.",
		"2. Put the other one on",
		"Nut, Force",
		"M12, 110 Nm",
		"Code block, js, 2 lines.",
		"Is snake_case kept? Yes",
	]);
});

test("however it is cut, every word is said once and in order", () => {
	const words = (sentences: string[]) => sentences.join(" ").split(" ");
	for (const size of [1, 2, 3, 7, 20]) {
		const narrator = new Narrator(strings.codeBlock);
		const said: string[] = [];
		for (let end = 0; end < answer.length; end += size)
			said.push(...narrator.read(answer.slice(0, end)));
		said.push(...narrator.read(answer, true));
		expect(words(said)).toEqual(words(whole()));
	}
});

test("an unfinished sentence waits, unless it never ends", () => {
	const narrator = new Narrator(strings.codeBlock);
	expect(narrator.read("One. Two and")).toEqual(["One."]);
	expect(narrator.read("One. Two and three. ")).toEqual(["Two and three."]);
	const endless = "word ".repeat(100);
	const [said = ""] = new Narrator(strings.codeBlock).read(endless);
	expect(said.length).toBeGreaterThan(200);
	expect(said.endsWith("word")).toBe(true);
});

test("a code block that was cut off is summed up at the end", () => {
	const narrator = new Narrator(strings.codeBlock);
	expect(narrator.read("```\na\nb\n")).toEqual([]);
	expect(narrator.read("```\na\nb\n", true)).toEqual(["Code block, 2 lines."]);
});

test("one endless line is said in time that grows with its length, whatever it is made of", () => {
	// Where it grew with the square, each of these took minutes.
	for (const part of ["[", "![", "[a](", " ", ",", "|", ", ", ")", "*", ">"]) {
		const line = `a${part.repeat(200_000)}b`;
		expect(() =>
			new Narrator(strings.codeBlock).read(line, true),
		).not.toThrow();
	}
}, 5_000);
