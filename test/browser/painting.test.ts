/** The cost and the movement of a token: rendering, scroll anchoring, and announcements. */
import "../../widget/index.ts";
import { aTimeout, expect, nextFrame } from "@open-wc/testing";
import { strings } from "../../widget/i18n/strings.ts";
import { holdTimers } from "../support/page-clock.ts";
import { makeRoom, type Room } from "../support/room.ts";

/** All mutations of `node` from now on. */
const watch = (node: Node) => {
	const records: MutationRecord[] = [];
	const observer = new MutationObserver((more) => records.push(...more));
	observer.observe(node, {
		...{ subtree: true, childList: true },
		...{ attributes: true, characterData: true },
	});
	return () => {
		records.push(...observer.takeRecords());
		return records.splice(0);
	};
};

/** Mutations other than the mark that lets the browser skip the layout of a message out of sight. */
const rendered = (watched: (() => MutationRecord[])[]) =>
	watched
		.flatMap((changes) => changes())
		.filter(({ attributeName }) => attributeName !== "data-laid");

describe("painting", () => {
	it("any number of tokens causes one render per frame, and moves no node", async () => {
		const { session, find, painted } = await makeRoom();
		session.stored("q", "Why?");
		session.answer("q");
		session.token("Because");
		await painted();
		const body = find(".reply .body");
		const changes = watch(body);
		await nextFrame();
		for (let n = 0; n < 50; n++) {
			session.token(` ${n}`);
			// Separate, like frames of a socket, but all before the next paint.
			await null;
		}
		expect(changes()).to.have.length(0);
		await painted();
		const records = changes();
		// The settled text, and the end that may still change.
		expect(records.length).to.be.within(1, 2);
		for (const { type } of records) expect(type).to.equal("characterData");
		expect(body.textContent).to.match(/^Because 0 1 .* 49$/);
	});

	it("only the open answer is changed", async () => {
		const { session, all, painted } = await makeRoom();
		for (let n = 0; n < 5; n++) session.exchange(`q ${n}`, `a ${n}`);
		session.stored("q", "Why?");
		session.answer("q");
		await painted();
		const closed = all("article").slice(0, -1).map(watch);
		const open = watch(all("article").at(-1) as HTMLElement);
		session.token("Because");
		await painted();
		expect(open()).not.to.have.length(0);
		expect(rendered(closed)).to.deep.equal([]);
	});

	it("an answer that is read again shows its text once", async () => {
		const { session, all, painted } = await makeRoom();
		session.exchange("Why?", "Becuase");
		await painted();
		const id = session.conversation.messages[1]?.id as string;
		session.mistrust(id);
		session.answer("q1", id);
		session.token("Because");
		session.end();
		await painted();
		expect(all(".body").map(({ textContent }) => textContent)).to.deep.equal([
			"Because",
		]);
	});
});

describe("the transcript", () => {
	const filled = async () => {
		const room = await makeRoom();
		for (let n = 0; n < 30; n++) room.session.exchange(`q ${n}`, `a ${n}`);
		await room.painted();
		// Nearby messages get their real size within a few frames.
		for (let frame = 0; frame < 10; frame++) await nextFrame();
		const log = room.find("[role=log]");
		const below = () => log.scrollHeight - log.clientHeight - log.scrollTop;
		const scrollTo = async (top: number) => {
			log.dispatchEvent(new WheelEvent("wheel"));
			log.scrollTop = top;
			await nextFrame();
			await nextFrame();
		};
		return { ...room, log, below, scrollTo };
	};

	it("stays at the bottom while text arrives", async () => {
		const { session, painted, below, log } = await filled();
		const before = log.scrollHeight;
		session.exchange("more", "text\n\n".repeat(200));
		await painted();
		expect(log.scrollHeight).to.be.greaterThan(before + 2_000);
		expect(below()).to.be.lessThan(2);
	});

	it("stays at the bottom of a box that grows or narrows", async () => {
		const { element, session, painted, log, below, all } = await filled();
		session.exchange("more", "word ".repeat(600));
		await painted();
		for (let frame = 0; frame < 10; frame++) await nextFrame();
		element.style.setProperty(
			"--chat-height",
			`${element.offsetHeight + 200}px`,
		);
		// The browser lays it out and scrolls as far as possible.
		expect(log.scrollTop).to.be.greaterThan(0);
		element.style.setProperty("--chat-width", "330px");
		await nextFrame();
		await nextFrame();
		await nextFrame();
		expect(below()).to.be.lessThan(2);
		expect(all(".latest")).to.have.length(0);
	});

	it("does not move while the reader is elsewhere, and shows that there is more", async () => {
		const { session, painted, log, scrollTo, button, below, all } =
			await filled();
		await scrollTo(200);
		session.exchange("more", "text\n\n".repeat(20));
		await painted();
		expect(log.scrollTop).to.equal(200);
		button(strings.newMessages).click();
		await painted();
		expect(below()).to.be.lessThan(2);
		expect(all(".latest")).to.have.length(0);
	});

	it("a small scroll up stops the following", async () => {
		const { session, painted, log, scrollTo, all } = await filled();
		await scrollTo(log.scrollTop - 20);
		const seen = all("article").at(-2) as HTMLElement;
		const { top } = seen.getBoundingClientRect();
		session.exchange("more", "text\n\n".repeat(20));
		await painted();
		await nextFrame();
		expect(seen.getBoundingClientRect().top).to.be.closeTo(top, 1);
	});

	it("follows again once the reader is at the bottom or sends", async () => {
		const { session, painted, log, scrollTo, below, element } = await filled();
		await scrollTo(200);
		await scrollTo(log.scrollHeight);
		session.exchange("more", "text\n\n".repeat(20));
		await painted();
		expect(below()).to.be.lessThan(2);
		await scrollTo(200);
		element.send("Hello");
		await painted();
		expect(below()).to.be.lessThan(2);
	});
});

describe("a question that was just asked", () => {
	const asked = async () => {
		const room = await makeRoom();
		for (let n = 0; n < 10; n++) room.session.exchange(`q ${n}`, `a ${n}`);
		await room.painted();
		for (let frame = 0; frame < 10; frame++) await nextFrame();
		const id = room.element.send("Why?") as string;
		await room.painted();
		const log = room.find("[role=log]");
		const top = () =>
			(room.all(".user").at(-1) as HTMLElement).getBoundingClientRect().top -
			log.getBoundingClientRect().top;
		const answer = async (text: string) => {
			room.session.token(text);
			await room.painted();
			await nextFrame();
			await room.painted();
		};
		return { ...room, id, log, top, answer };
	};

	it("stands near the top with a peek of what came before, also while a long answer grows", async () => {
		const { session, id, top, answer, all, button, painted, log } =
			await asked();
		const place = top();
		expect(place).to.be.within(30, 90);
		session.stored(id);
		session.answer(id);
		await answer("Because.");
		expect(all(".latest")).to.have.length(0);
		for (let n = 0; n < 30; n++) {
			await answer(`\n\nparagraph ${n}`);
			expect(top()).to.be.closeTo(place, 1);
		}
		session.end();
		await painted();
		expect(top()).to.be.closeTo(place, 1);
		button(strings.latest).click();
		await painted();
		expect(log.scrollHeight - log.clientHeight - log.scrollTop).to.be.below(2);
	});

	it("leaves the place to a reader who scrolls", async () => {
		const { session, id, top, answer, log } = await asked();
		session.stored(id);
		session.answer(id);
		await answer("text\n\n".repeat(40));
		log.dispatchEvent(new WheelEvent("wheel", { deltaY: 100 }));
		log.scrollTop += 100;
		const place = top();
		await answer("text\n\n".repeat(40));
		expect(top()).to.be.closeTo(place, 1);
	});

	it("that is long shows its end, with room for the answer", async () => {
		const { element, painted, log, all } = await asked();
		element.send("word ".repeat(400));
		await painted();
		const { bottom } = (
			all(".user .text").at(-1) as HTMLElement
		).getBoundingClientRect();
		const box = log.getBoundingClientRect();
		expect(bottom).to.be.within(box.top, box.top + box.height * 0.6);
	});
});

describe("five hundred messages", () => {
	const long = async () => {
		const room = await makeRoom();
		for (let n = 0; n < 250; n++)
			room.session.exchange(`q ${n}`, `answer ${n}\n\n`.repeat((n % 7) + 1));
		await room.painted();
		for (let frame = 0; frame < 10; frame++) await nextFrame();
		return { ...room, log: room.find("[role=log]") };
	};

	it("are laid out once, and then only near what is visible", async () => {
		const { all, log } = await long();
		const looks = all("article").map(
			(article) => getComputedStyle(article).contentVisibility,
		);
		const isSkipped = looks.map((look) => look === "auto");
		expect(isSkipped.slice(0, 400)).to.deep.equal(Array(400).fill(true));
		expect(isSkipped.slice(-2)).to.deep.equal([false, false]);
		const below = log.scrollHeight - log.clientHeight - log.scrollTop;
		expect(below).to.be.lessThan(2);
	});

	it("do not jump while the reader scrolls up", async function () {
		this.timeout(20_000);
		const { all, log } = await long();
		const articles = all("article");
		let jumps = 0;
		for (let step = 0; step < 20; step++) {
			const { top: edge } = log.getBoundingClientRect();
			const seen = articles.find(
				(article) => article.getBoundingClientRect().bottom > edge + 50,
			) as HTMLElement;
			const before = seen.getBoundingClientRect().top;
			log.dispatchEvent(new WheelEvent("wheel", { deltaY: -90 }));
			log.scrollTop -= 90;
			await nextFrame();
			await nextFrame();
			const moved = seen.getBoundingClientRect().top - before;
			if (Math.abs(moved - 90) > 2) jumps++;
		}
		expect(jumps).to.equal(0);
	});

	it("are not rendered again for a token", async () => {
		const { session, all, painted } = await long();
		session.stored("q", "Why?");
		session.answer("q");
		session.token("Because");
		await painted();
		const closed = all("article").slice(0, -1).map(watch);
		session.token(" and so on");
		await painted();
		expect(rendered(closed)).to.deep.equal([]);
	});
});

describe("the reader wins", () => {
	const streaming = async () => {
		const room = await makeRoom();
		for (let n = 0; n < 20; n++) room.session.exchange(`q ${n}`, `a ${n}`);
		room.session.stored("q", "Why?");
		room.session.answer("q");
		room.session.token("Because");
		await room.painted();
		for (let frame = 0; frame < 5; frame++) await nextFrame();
		const log = room.find("[role=log]");
		const more = async () => {
			room.session.token("\n\nmore\n\nand more");
			await room.painted();
			await nextFrame();
		};
		return { ...room, log, more };
	};

	it("with the first step of a wheel, however small", async () => {
		const { log, more } = await streaming();
		const { scrollTop } = log;
		log.dispatchEvent(new WheelEvent("wheel", { deltaY: -1 }));
		await more();
		expect(log.scrollTop).to.equal(scrollTop);
	});

	it("while the text is touched or a mouse button is pressed", async () => {
		const { log, more } = await streaming();
		for (const [down, up] of [
			["touchstart", "touchend"],
			["pointerdown", "pointerup"],
		] as const) {
			const { scrollTop } = log;
			log.dispatchEvent(new Event(down));
			await more();
			expect(log.scrollTop).to.equal(scrollTop);
			window.dispatchEvent(new Event(up));
			await more();
			expect(log.scrollTop).to.be.greaterThan(scrollTop);
		}
	});

	it("but a correction by the browser after a change is no scrolling", async () => {
		const { log, more, all } = await streaming();
		await more();
		log.scrollTop -= 32;
		await nextFrame();
		await nextFrame();
		expect(log.scrollHeight - log.clientHeight - log.scrollTop).to.be.below(2);
		expect(all(".latest")).to.have.length(0);
	});

	it("until a drag that began on a link is cancelled", async () => {
		const { log, more } = await streaming();
		log.dispatchEvent(
			new PointerEvent("pointerdown", { pointerType: "mouse" }),
		);
		const { scrollTop } = log;
		await more();
		expect(log.scrollTop).to.equal(scrollTop);
		window.dispatchEvent(
			new PointerEvent("pointercancel", { pointerType: "mouse" }),
		);
		await more();
		expect(log.scrollTop).to.be.greaterThan(scrollTop);
	});

	it("even before the browser reports the scroll", async () => {
		const { log, session, painted, all } = await streaming();
		const open = all("article").at(-1) as HTMLElement;
		session.token("\n\nmore\n\nand more");
		log.dispatchEvent(new WheelEvent("wheel", { deltaY: -60 }));
		log.scrollTop -= 60;
		const { top } = open.getBoundingClientRect();
		await painted();
		await nextFrame();
		expect(open.getBoundingClientRect().top).to.be.closeTo(top, 1);
	});
});

describe("a screen reader", () => {
	let clock: ReturnType<typeof holdTimers>;
	beforeEach(() => {
		clock = holdTimers();
	});
	afterEach(() => clock.restore());
	const said = ({ find }: Room) => find("[aria-live=polite]").textContent;
	const asked = async () => {
		const room = await makeRoom();
		const id = room.element.send("Why?") as string;
		room.session.stored(id);
		room.session.answer(id);
		await room.painted();
		return room;
	};

	it("gets the announcement of an answer only if it is slow", async () => {
		const room = await asked();
		clock.advance(999);
		expect(said(room)).to.equal("");
		clock.advance(1);
		expect(said(room)).to.equal(strings.answering);
	});

	it("gets sentences at least a second apart, without Markdown, and then silence", async () => {
		const room = await asked();
		const { session, painted } = room;
		const spoken: [number, string | null][] = [];
		let at = 0;
		const region = room.find("[aria-live=polite]");
		const changed = watch(region);
		const note = () => {
			if (changed().length > 0) spoken.push([at, region.textContent]);
		};
		for (const text of "**First** one. Then `two`. And three.".split(/(?=.)/)) {
			session.token(text);
			await painted();
			note();
			at += 100;
			clock.advance(100);
			note();
		}
		session.end();
		for (let n = 0; n < 50; n++) {
			note();
			at += 100;
			clock.advance(100);
		}
		note();
		const utterances = spoken.filter(([, text]) => text);
		expect(utterances.map(([, text]) => text)).to.deep.equal([
			"First one.",
			"Then two.",
			"And three.",
			strings.finished,
		]);
		for (const [n, [time]] of utterances.entries())
			if (n > 0)
				expect(time - (utterances[n - 1]?.[0] ?? 0)).to.be.at.least(1_000);
		expect(said(room)).to.equal("");
	});

	it("gets no announcement of history", async () => {
		const room = await makeRoom();
		room.session.exchange("Why?", "Because. And so on.");
		await room.painted();
		clock.advance(5_000);
		expect(said(room)).to.equal("");
	});

	it("gets a failure at once", async () => {
		const room = await asked();
		room.session.fail("provider_failed", "The model broke off.");
		expect(room.find("[role=alert]").textContent).to.equal(
			"The model broke off.",
		);
	});

	it("gets no announcement from the transcript itself", async () => {
		const { find } = await asked();
		const log = find("[role=log]");
		expect(log.getAttribute("aria-live")).to.equal("off");
		expect(
			log.querySelector("[aria-live],[role=alert],[role=status]"),
		).to.equal(null);
	});
});

it("new messages never take the focus", async () => {
	const { session, painted, input, element } = await makeRoom();
	input.focus();
	session.exchange("Why?", "Because.");
	await painted();
	expect(element.shadowRoot?.activeElement).to.equal(input);
	await aTimeout(0);
});
