/** The parts around an answer: tools, quoted question, continued parts, time and day. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import type { ChatFeedbackEvent } from "../../widget/element/events.ts";
import { strings } from "../../widget/i18n/strings.ts";
import { holdTimers } from "../support/page-clock.ts";
import { makeRoom } from "../support/room.ts";

const answered = async () => {
	const room = await makeRoom();
	room.session.exchange("Why?", "**Because** of `this`.");
	await room.painted();
	return room;
};

describe("copy", () => {
	const clipboard = Object.getOwnPropertyDescriptor(
		Navigator.prototype,
		"clipboard",
	) as PropertyDescriptor;
	afterEach(() => {
		Object.defineProperty(Navigator.prototype, "clipboard", clipboard);
	});
	const give = (writeText: (text: string) => Promise<void>) =>
		Object.defineProperty(Navigator.prototype, "clipboard", {
			configurable: true,
			get: () => ({ writeText }),
		});

	it("copies the Markdown, confirms it briefly, and announces it", async () => {
		const written: string[] = [];
		give(async (text) => void written.push(text));
		const { button, find, painted, all } = await answered();
		const clock = holdTimers();
		try {
			button(strings.copy).click();
			await null;
			await null;
			await painted();
			expect(written).to.deep.equal(["**Because** of `this`."]);
			expect(find("[aria-live=polite]").textContent).to.equal(strings.copied);
			expect(button(strings.copied).tagName).to.equal("BUTTON");
			clock.advance(2_000);
			await painted();
			expect(all(`[aria-label="${strings.copied}"]`)).to.have.length(0);
		} finally {
			clock.restore();
		}
	});

	it("uses the old API where the clipboard is blocked, and reports a failure", async () => {
		give(() => Promise.reject(new DOMException("", "NotAllowedError")));
		const { button, find, painted, all } = await answered();
		const { execCommand } = document;
		let selected = "";
		let works = true;
		document.execCommand = () => {
			const root = find("article").getRootNode() as ShadowRoot;
			selected = (root.activeElement as HTMLTextAreaElement).value;
			return works;
		};
		try {
			button(strings.copy).click();
			await new Promise((done) => setTimeout(done));
			await painted();
			expect(selected).to.equal("**Because** of `this`.");
			expect(all("textarea")).to.have.length(1);
			works = false;
			button(strings.copied).click();
			await new Promise((done) => setTimeout(done));
			await painted();
			expect(find("#problem").textContent).to.equal(strings.notCopied);
		} finally {
			document.execCommand = execCommand;
		}
	});

	it("copies all parts of a continued answer", async () => {
		const written: string[] = [];
		give(async (text) => void written.push(text));
		const { session, button, painted } = await makeRoom();
		session.stored("q", "Why?");
		const first = session.answer("q");
		session.token("Because of ");
		session.fail("provider_failed", "It broke off.");
		session.answer("q", "second", first);
		session.token("this.");
		session.end();
		await painted();
		button(strings.copy).click();
		await null;
		expect(written).to.deep.equal(["Because of this."]);
	});

	it("treats an answer that continues itself or a later one as a first part", async () => {
		const { session, all, painted } = await makeRoom();
		session.stored("q", "Why?");
		for (const [id, from] of Object.entries({ a: "a", b: "c", c: "b" })) {
			session.answer("q", id, from);
			session.token("Because.");
			session.end();
		}
		await painted();
		expect(all('[part~="message"]')).to.have.length(3);
	});
});

describe("a rating", () => {
	it("is an event for the page, which may keep it from the server", async () => {
		const { element, session, button } = await answered();
		const told: ChatFeedbackEvent[] = [];
		element.addEventListener("chat-feedback", (event) => {
			told.push(event);
			event.preventDefault();
		});
		button(strings.good).click();
		expect(told[0]?.value).to.equal("up");
		expect(told[0]?.message.text).to.contain("Because");
		expect(session.asked).to.deep.equal([]);
	});

	it("shows at once, can be changed and withdrawn, and the log decides", async () => {
		const { session, button, painted } = await answered();
		const id = session.conversation.messages[1]?.id as string;
		const pressed = () =>
			[strings.good, strings.bad].map((name) =>
				button(name).getAttribute("aria-pressed"),
			);
		button(strings.good).click();
		await painted();
		expect(pressed()).to.deep.equal(["true", "false"]);
		button(strings.bad).click();
		await painted();
		expect(pressed()).to.deep.equal(["false", "true"]);
		button(strings.bad).click();
		expect(session.asked).to.deep.equal(
			["up", "down", "none"].map((value) => `rate ${id} ${value}`),
		);
		session.rated(id, "up");
		await painted();
		expect(pressed()).to.deep.equal(["true", "false"]);
	});
});

it("only the newest answer can be requested again", async () => {
	const { session, all, painted, button } = await answered();
	session.exchange("And?", "So.");
	await painted();
	expect(all(`[aria-label="${strings.answerAnew}"]`)).to.have.length(1);
	button(strings.answerAnew).click();
	expect(session.asked).to.deep.equal(["retry q3"]);
});

describe("an answer and its question", () => {
	it("have no quote when adjacent; otherwise the question is quoted", async () => {
		const { session, all, painted } = await makeRoom();
		session.stored("one", "First?");
		session.answer("one");
		session.stored("two", "Second?\nWith more");
		session.stored("three", "Third?");
		session.token("1.");
		session.end();
		session.answer("two");
		session.token("2.");
		session.end();
		session.answer("two");
		session.token("2 again.");
		session.end();
		session.answer("three");
		await painted();
		expect(
			all(".reply").map((reply) => reply.querySelector(".quote")?.textContent),
		).to.deep.equal([
			undefined,
			strings.answerTo("Second?\nWith more"),
			undefined,
			strings.answerTo("Third?"),
		]);
	});

	it("a quote takes one line", async () => {
		const { session, find, painted } = await makeRoom();
		session.stored("one", "word ".repeat(100));
		session.stored("two", "Second?");
		session.answer("one");
		await painted();
		expect(find(".quote").getBoundingClientRect().height).to.be.below(30);
	});
});

describe("a continued answer", () => {
	const text =
		"Some *emphasis* goes on, `code` too.\n\n- one\n  - two\n\n```js\nlet a = 1;\n\nlet b = 2;\n```\n\n" +
		"| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n> A [link](https://example.com/a) here.\n\n\\[ a + b \\]\n\nEnd.";
	const breaks: Record<string, number> = {
		"in emphasis": text.indexOf("phasis"),
		"in a code span": text.indexOf("de` too"),
		"in a list": text.indexOf("wo\n"),
		"in a code block": text.indexOf("et b"),
		"in a table": text.indexOf(" 4 |"),
		"in a link": text.indexOf("ample.com"),
		"in a formula": text.indexOf("+ b"),
		"between blocks": text.indexOf("- one"),
	};

	/** The answer, broken off before each of `places` and continued. */
	async function continued(...places: number[]) {
		const room = await makeRoom(undefined, { math: "" });
		const { session, painted } = room;
		session.stored("q", "Why?");
		let from = 0;
		let part = session.answer("q");
		for (const [index, to] of places.entries()) {
			session.token(text.slice(from, to));
			await painted();
			session.fail("provider_failed", "It broke off.");
			await painted();
			part = session.answer("q", `part ${index}`, part);
			await painted();
			from = to;
		}
		session.token(text.slice(from));
		await painted();
		session.end();
		await painted();
		return room;
	}
	const shown = (root: HTMLElement) => {
		const copy = root.cloneNode(true) as HTMLElement;
		// Typeset when the page is idle.
		for (const place of copy.querySelectorAll("[part~=math]"))
			place.replaceChildren();
		copy.normalize();
		return copy;
	};
	/** Attributes may be in another order. */
	const expectSame = (root: HTMLElement, message?: string) => {
		const copy = shown(root);
		if (!copy.isEqualNode(whole))
			expect(copy.innerHTML, message).to.equal(whole.innerHTML);
	};

	let whole: HTMLElement;
	before(async () => {
		whole = shown((await continued()).find(".body"));
	});

	for (const [name, at] of Object.entries(breaks))
		it(`is one document when it broke off ${name}`, async () => {
			const { all, find } = await continued(at);
			expect(at).to.be.greaterThan(0);
			expect(all(".body")).to.have.length(1);
			expectSame(find(".body"));
		});

	it("is one document wherever it broke off, however often", async () => {
		for (let seed = 1; seed < 12; seed++) {
			const places = [seed * 7, seed * 7 + seed, seed * 14 + 40];
			const { find } = await continued(...places);
			expectSame(find(".body"), `${places}`);
		}
	});

	it("has one mark with a name, and no note that it broke off", async () => {
		const { all, find } = await continued(30, 60);
		expect(all(".failed")).to.have.length(0);
		expect(all(".reply")).to.have.length(1);
		expect(all("[role=separator]")).to.have.length(1);
		expect(find("[part=seam]").getAttribute("aria-label")).to.equal(
			strings.continued,
		);
	});

	it("is one document from the log alone", async () => {
		const { session } = await continued(breaks["in a code block"] ?? 0);
		const { find } = await makeRoom(session, { math: "" });
		expectSame(find(".body"));
	});

	it("is not announced again from its beginning", async () => {
		const { session, find, painted } = await makeRoom();
		session.stored("q", "Why?");
		const first = session.answer("q");
		session.token("One. Two.\n\n```\nlet a");
		session.end("stopped");
		await painted();
		const region = find("[aria-live=polite]");
		const heard: string[] = [];
		new MutationObserver(() => heard.push(region.textContent ?? "")).observe(
			region,
			{ childList: true, subtree: true },
		);
		session.answer("q", "second", first);
		await painted();
		session.token(" = 1;\n```\n\nThree. ");
		await painted();
		session.end();
		await painted();
		await new Promise((done) => setTimeout(done, 1_500));
		expect(heard.join(" ")).to.contain("Three.");
		expect(heard.join(" ")).to.not.contain("= 1");
	});
});

describe("time", () => {
	it("in an unknown unit, such as nanoseconds, does not hide the message", async () => {
		const { session, find, all, painted } = await makeRoom();
		session.at = Date.now() * 1e6;
		session.exchange("Why?", "Because.");
		session.at = Number.MAX_VALUE;
		session.exchange("Why?", "Because.");
		await painted();
		expect(all('[part~="message"]')).to.have.length(4);
		expect(find("time").textContent).to.not.equal("");
	});

	const { now } = Date;
	afterEach(() => {
		Date.now = now;
	});

	it("is shown at every message, also in machine-readable form", async () => {
		const { all } = await answered();
		const times = all("time").map((time) => time.getAttribute("datetime"));
		expect(times).to.deep.equal(Array(2).fill("2026-01-05T09:30:00.000Z"));
	});

	it("of another day has the date above it, once per day", async () => {
		const noon = new Date(2026, 0, 5, 12).getTime();
		const dayMs = 86_400_000;
		Date.now = () => noon;
		const { session, all, painted } = await makeRoom();
		session.at = noon - 9 * dayMs;
		session.exchange("a", "b");
		session.at = noon - dayMs;
		session.exchange("c", "d");
		session.exchange("e", "f");
		session.at = noon;
		session.exchange("g", "h");
		await painted();
		const days = all(".day").map(({ textContent }) => textContent);
		const named = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
		expect(days).to.have.length(3);
		expect(days[0]).to.contain("2025");
		expect(days.slice(1)).to.deep.equal([
			named.format(-1, "day"),
			named.format(0, "day"),
		]);
	});

	it("of a conversation of today has no date", async () => {
		const { session, all, painted } = await makeRoom();
		session.at = Date.now();
		session.exchange("a", "b");
		await painted();
		expect(all(".day")).to.have.length(0);
	});
});

it("images load only from the hosts that the page lists", async () => {
	const room = await makeRoom(undefined, {
		"image-hosts": "images.example.com | 127.0.0.1",
	});
	expect(room.element.imageHosts).to.deep.equal([
		"images.example.com",
		"127.0.0.1",
	]);
	room.session.exchange(
		"Show",
		"![a](https://127.0.0.1/a.png) ![b](https://else.example.com/b.png)",
	);
	await room.painted();
	expect(room.all("img")).to.have.length(1);
});
