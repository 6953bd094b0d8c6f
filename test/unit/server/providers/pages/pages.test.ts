import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { keywords } from "../../../../../server/providers/pages/keywords.ts";
import { pagesProvider } from "../../../../../server/providers/pages/pages.ts";
import type {
	Provider,
	Turn,
} from "../../../../../server/providers/provider.ts";
import { providerConformance } from "../../../../conformance/provider.ts";
import { ask, request } from "../../../../support/ask.ts";
import { manualClock, settle } from "../../../../support/clock.ts";
import { folderOf, handbook } from "../../../../support/handbook.ts";

const site = { title: "the handbook", baseUrl: "/docs/", paceMs: 0 };

providerConformance("pages", async () => {
	const { folder, delete: remove } = folderOf(handbook);
	const clock = manualClock();
	const slow = await pagesProvider({ ...site, folder, clock, paceMs: 12 });
	return {
		provider: await pagesProvider({ ...site, folder }),
		one: {
			request: request("Can I boil milk?"),
			text: "From **Frequently asked questions › Can I boil milk?**:\n\nNo. Milk burns, and the warranty ends with it.",
		},
		other: {
			request: request("How do I revoke a token?"),
			text: "From **Access tokens › Revoking a token**:\n\nPress the bin beside it. Scripts that use it are refused from then on.",
		},
		endless: {
			provider: slow,
			request: request("How do I install it?"),
			freed: async () => expect(clock.pending).toBe(0),
		},
		close: remove,
	};
});

let provider: Provider;
let pages: ReturnType<typeof folderOf>;
beforeAll(async () => {
	pages = folderOf(handbook);
	provider = await pagesProvider({ ...site, folder: pages.folder });
});
afterAll(async () => {
	await provider.close?.();
	pages.delete();
});

/** A talk: each question with the answers so far before it. Gives the last answer. */
async function talk(...questions: string[]) {
	const before: Turn[] = [];
	let answer = await ask(provider, questions[0] ?? "");
	for (const question of questions.slice(1)) {
		before.push(
			{ role: "user", content: questions[before.length / 2] ?? "" },
			{ role: "assistant", content: answer.text },
		);
		answer = await ask(provider, request(question, { before }));
	}
	return answer;
}

const topic = async (question: string) =>
	/^From \*\*(.*?)\*\*:/.exec((await talk(question)).text)?.[1];

describe("a question finds the section that answers it", () => {
	test.each([
		["How do I install it with Docker?", "Installation › With Docker"],
		["docker compose", "Installation › Docker Compose"],
		["which port does it listen on", "Configuration › Ports"],
		["KETTLE_PORT", "Configuration › Ports"],
		["What is Kettle?", "Kettle"],
		[
			"how much does it cost",
			"Frequently asked questions › How much does Kettle cost?",
		],
		[
			"I want to revoke an access token, what should I do?",
			"Access tokens › Revoking a token",
		],
		["installing", "Installation › Installing Kettle"],
		["How do I sign in?", "Configuration › Authentication"],
	])("%s", async (question, expected) => {
		expect(await topic(question)).toBe(expected);
	});

	test.each([
		[
			"slips of the finger",
			"how do i chnage the colour?",
			"Configuration › Colors and themes",
		],
		[
			"words written apart",
			"web socket connection",
			"Live temperature › Connecting over WebSocket",
		],
		[
			"words written together",
			"reverse-proxy",
			"Configuration › Reverse proxies",
		],
		["the beginning of a word", "authent", "Configuration › Authentication"],
		[
			"missing accents",
			"creme brulee",
			"Frequently asked questions › Crème brûlée",
		],
		[
			"a script without spaces",
			"怎么安装",
			"Frequently asked questions › 如何安装",
		],
		[
			"a long story around it",
			"Hi there, quick question: my boss asked me to run this behind nginx, how do I do that?",
			"Configuration › Reverse proxies",
		],
	])("in spite of %s", async (_, question, expected) => {
		expect(await topic(question)).toBe(expected);
	});

	test("and in a long section the part about it", async () => {
		const { text } = await talk("nginx zero degrees");
		expect(text).toContain("X-Kettle-Temperature");
		expect(text).not.toContain("Paragraph 1 ");
		expect(text.length).toBeLessThan(1_500);
	});

	test("whose beginning ends with where to read on", async () => {
		const { text } = await talk("what about paragraph 2 of proxies");
		expect(text).toContain("Paragraph 1 ");
		expect(text).toEndWith(
			"Read on in [Configuration › Reverse proxies](/docs/configuration#reverse-proxies).",
		);
	});
});

describe("an answer", () => {
	test("names its sources with their addresses and anchors", async () => {
		expect((await talk("revoking a token")).sources).toEqual([
			{
				title: "Access tokens › Revoking a token",
				url: "/docs/guide/tokens#revoking-a-token",
			},
		]);
		expect((await talk("What is Kettle?")).sources?.[0]?.url).toBe(
			"/docs/#kettle",
		);
		expect((await talk("crème brûlée")).sources?.[0]?.url).toBe(
			`/docs/faq#${encodeURIComponent("crème-brûlée")}`,
		);
	});

	test("keeps a code block whole, and a hash sign in it is no heading", async () => {
		expect((await talk("install with npm")).text).toContain(
			"```sh\n# this is a comment, no heading\nnpm install kettle\n\nnpx kettle start\n```",
		);
	});

	test("takes along what stands below a short introduction", async () => {
		const { text } = await talk("How do I install it?");
		expect(text).toContain("There are two ways");
		expect(text).toContain("### With npm");
		expect(text).toContain("### With Docker");
	});

	test("has links that lead to the pages from anywhere", async () => {
		expect((await talk("docker")).text).toContain(
			"[ports](/docs/configuration#ports)",
		);
		expect((await talk("authentication")).text).toContain(
			"[token](/docs/guide/tokens)",
		);
	});

	test("leaves out what editors wrote for themselves", async () => {
		expect((await talk("docker")).text).not.toContain("editors");
	});

	test("comes in chunks of a word, at the given pace", async () => {
		const clock = manualClock();
		const { folder } = pages;
		const paced = await pagesProvider({ ...site, folder, clock, paceMs: 12 });
		const heard: string[] = [];
		const reading = (async () => {
			for await (const piece of paced.reply(
				request("Can I boil milk?"),
				new AbortController().signal,
			))
				if (typeof piece === "string") heard.push(piece);
		})();
		while (heard.length === 0) await settle();
		expect(heard).toEqual(["From "]);
		await clock.advance(24);
		expect(heard).toEqual(["From ", "**Frequently ", "asked "]);
		await clock.advance(12 * 100);
		await reading;
		expect(heard.every((piece) => piece.trim().split(/\s/).length === 1)).toBe(
			true,
		);
		await paced.close?.();
	});

	test("continues a beginning", async () => {
		const { text } = await talk("Can I boil milk?");
		const beginning = text.slice(0, 60);
		const turns: Turn[] = [
			{ role: "user", content: "Can I boil milk?" },
			{ role: "assistant", content: beginning },
		];
		const rest = await ask(provider, request("", { turns, beginning }));
		expect(beginning + rest.text).toBe(text);
	});
});

describe("a talk", () => {
	test("a short follow-up leans on the question before it", async () => {
		const { text } = await talk("How do I install it?", "and on docker?");
		expect(text).toStartWith("From **Installation › With Docker**");
	});

	test("a follow-up on something that no page speaks of is not answered with the old subject", async () => {
		const { text } = await talk("How do I install it?", "and on kubernetes?");
		expect(text).toStartWith("I found nothing about that");
	});

	test("a new question with many words uses no earlier turn", async () => {
		const { text } = await talk(
			"How do I install it with docker?",
			"How do I revoke an access token?",
		);
		expect(text).toStartWith("From **Access tokens › Revoking");
	});

	test("asked for more, it quotes new passages, and then says that there are none", async () => {
		const first = await talk("token password");
		const more = await talk("token password", "tell me more");
		const [one, other] = [first, more].map(
			({ sources }) => sources?.[0]?.url ?? "none",
		);
		expect(other).not.toBe(one ?? "");
		const last = await talk("Can I boil milk?", "tell me more", "more?");
		expect(last.text).toStartWith("That is all I found");
	});

	test.each([
		["hi", "Hello!"],
		["Good morning!", "Hello!"],
		["thanks a lot", "You're welcome!"],
		["bye", "Goodbye!"],
		["What can you do?", "I am a search assistant"],
		["???", "I am a search assistant"],
		["🙂", "I am a search assistant"],
	])("%s is met in kind, with the topics", async (said, expected) => {
		const { text, sources } = await talk(said);
		expect(text).toStartWith(expected);
		expect(text).toContain("- [Access tokens](/docs/guide/tokens)");
		expect(sources).toBeUndefined();
	});

	test("topics come in the pages' own order", async () => {
		expect((await talk("hi")).text).toMatch(/:\n\n- \[Installation\]/);
	});
});

describe("when nothing fits", () => {
	test("it says so and names topics", async () => {
		const { text, sources } = await talk("do you sell bicycles?");
		expect(text).toStartWith(
			"I found nothing about that in the handbook. You can ask me about:\n\n- [Installation]",
		);
		expect(sources).toBeUndefined();
	});

	test("it names what comes nearest", async () => {
		const { text } = await talk("can I brew coffee or milk in it?");
		expect(text).toStartWith(
			"I found nothing about that in the handbook. The nearest topics are:",
		);
		expect(text).toContain("Can I boil milk?");
	});

	test("neither hidden files nor other kinds are pages", async () => {
		expect((await talk("flibbertigibbet")).text).toStartWith("I found nothing");
	});

	test("a visitor's words are never repeated", async () => {
		const { text } = await talk("<img src=x> [bicycles](javascript:alert(1))");
		expect(text).not.toMatch(/bicycles|javascript|img/);
	});
});

test("no input is search syntax", async () => {
	const signs = [
		'"',
		"'",
		"*",
		"(",
		")",
		":",
		"^",
		"-",
		"+",
		"{",
		"}",
		"\0",
		"\\",
		"%",
		";",
	];
	const words = [
		"NEAR",
		"AND",
		"OR",
		"NOT",
		"heading",
		"rowid",
		"milk",
		"\ud83d",
		"ﬁ",
		"́",
	];
	const inputs = [
		'"; DROP TABLE passages; --',
		"heading : milk",
		'NEAR("milk" "port", 2)',
		"milk* OR",
		"-milk ^port {title}: x",
		...signs.flatMap((sign) => words.map((word) => sign + word + sign)),
		"x".repeat(8_000),
		"a ".repeat(4_000),
		"词".repeat(4_000),
	];
	for (const input of inputs) {
		const { text } = await ask(provider, input);
		expect(text).not.toBe("");
	}
	expect(await topic('"milk" OR')).toEndWith("Can I boil milk?");
});

describe("the folder", () => {
	const own = async (files: Record<string, string>) => {
		const its = folderOf(files);
		return {
			...its,
			provider: await pagesProvider({ ...site, folder: its.folder }),
		};
	};

	test("is read again when a page is changed, added or removed", async () => {
		const {
			provider,
			write,
			remove,
			delete: end,
		} = await own({
			"a.md":
				"# Apples\n\nApples are red and round, and some of them are green.",
			"b.md": "# Bananas\n\nBananas are yellow.",
		});
		const text = async (question: string) =>
			(await ask(provider, question)).text;
		expect(await text("apples")).toContain("red");
		write("a.md", "# Apples\n\nApples are sweet.");
		expect(await text("apples")).toContain("sweet");
		write("deep/er/c.md", "# Cherries\n\nCherries have stones.");
		expect(await text("cherries")).toContain("stones");
		remove("b.md");
		expect(await text("bananas")).toStartWith("I found nothing");
		end();
		expect(await text("apples")).toContain("sweet");
		await provider.close?.();
	});

	test("may hold links to files, and files that are no text", async () => {
		const {
			provider,
			folder,
			write,
			delete: end,
		} = await own({
			"a.md": "# A\n\nApples.",
			".data/b.md": "# B\n\nBananas are bent.",
		});
		symlinkSync(`${folder}/.data/b.md`, `${folder}/b.md`);
		symlinkSync(folder, `${folder}/loop.md`);
		write("c.md", "\0\ufffd\0".repeat(1_000));
		expect((await ask(provider, "bananas")).text).toContain("bent");
		await provider.close?.();
		end();
	});

	test("that is missing, is a file, or holds no page stops the start with a sentence", async () => {
		const empty = folderOf({ "notes.txt": "x", "blank.md": "\n" });
		const start = (folder: string) => pagesProvider({ folder });
		await expect(start(`${empty.folder}/no`)).rejects.toThrow(
			/^Expected CHAT_PAGES to be a folder of Markdown pages; there is no folder/,
		);
		await expect(start(`${empty.folder}/notes.txt`)).rejects.toThrow(
			/there is no folder/,
		);
		await expect(start(empty.folder)).rejects.toThrow(
			/^Expected CHAT_PAGES .* holds no \.md file with text in it\.$/,
		);
		empty.delete();
	});

	test("with one page has its sections as topics", async () => {
		const { provider, delete: end } = await own({
			"README.md":
				"# Tea\n\n## Green\n\nBrew at 80 °C.\n\n## Black\n\nBrew at 100 °C.",
		});
		expect((await ask(provider, "hi")).text).toEndWith(
			"- [Tea › Green](/docs/#green)\n- [Tea › Black](/docs/#black)",
		);
		await provider.close?.();
		end();
	});
});

describe("a question that wants to keep the server busy", () => {
	const joined = (separator: string) =>
		Array.from({ length: 600 }, (_, at) => `w${at % 40}`).join(separator);

	for (const separator of ["-", "/", ".", "_"])
		test(`of 600 words joined by ${separator} is searched as 24 words`, () => {
			const words = keywords(joined(separator));
			expect(words).toHaveLength(24);
			for (const word of words) expect(word).not.toContain(separator);
		});

	test("gives way to other work between two words", async () => {
		let turns = 0;
		let isOver = false;
		const other = (async () => {
			for (; !isOver; turns++) await settle(1);
		})();
		await ask(provider, joined(" "));
		isOver = true;
		await other;
		expect(turns).toBeGreaterThan(20);
	});

	test("a short joined word is still found as one", () => {
		expect(keywords("chat-stream.config.ts")).toEqual([
			"chat-stream.config.ts",
		]);
	});
});
