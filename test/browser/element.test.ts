/** The element as a page and a visitor use it: registering, sending, stopping, errors, events. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { ChatStream } from "../../widget/element/chat-stream.ts";
import type { ChatEvents } from "../../widget/element/events.ts";
import { strings } from "../../widget/i18n/strings.ts";
import { FakeSession } from "../support/fake-session.ts";
import { holdTimers } from "../support/page-clock.ts";
import { makeRoom } from "../support/room.ts";

it("is registered", () => {
	expect(customElements.get("chat-stream")).to.equal(ChatStream);
	expect(document.createElement("chat-stream")).to.be.instanceOf(ChatStream);
});

describe("sending", () => {
	it("Enter sends the text and empties the box", async () => {
		const { type, press, session, input } = await makeRoom();
		type("  Hello\nthere ");
		expect(press("Enter").defaultPrevented).to.equal(true);
		expect(session.asked).to.deep.equal(["send Hello\nthere"]);
		expect(input.value).to.equal("");
	});

	it("Shift and Enter adds a new line, and blank text is not sent", async () => {
		const { type, press, session } = await makeRoom();
		type("Hello");
		expect(press("Enter", { shiftKey: true }).defaultPrevented).to.equal(false);
		type(" \n ");
		press("Enter");
		expect(session.asked).to.deep.equal([]);
	});

	it("Enter in an input method's candidate list sends nothing", async () => {
		const { type, press, session } = await makeRoom();
		type("にほん");
		press("Enter", { isComposing: true });
		press("Enter", { keyCode: 229 });
		expect(session.asked).to.deep.equal([]);
	});

	it("a page may prevent it, and the text stays", async () => {
		const { element, type, press, session, input } = await makeRoom();
		element.addEventListener("chat-send", (event) => {
			expect(event.text).to.equal("Hello");
			event.preventDefault();
		});
		type("Hello");
		press("Enter");
		expect(session.asked).to.deep.equal([]);
		expect(input.value).to.equal("Hello");
	});

	it("the model receives the page's title and URL, without its query", async () => {
		const { element, session } = await makeRoom();
		element.send("Hello");
		const { origin, pathname } = location;
		expect(session.contexts).to.deep.equal([
			{ url: origin + pathname, title: document.title },
		]);
		element.context = () => ({ cart: 3 });
		element.send("Hello");
		expect(session.contexts[1]).to.deep.equal({ cart: 3 });
	});

	it("the node of a message stays the same from sending to stored", async () => {
		const { element, session, find, painted, all } = await makeRoom();
		const id = element.send("Hello") as string;
		await painted();
		const node = find("article.sending");
		expect(node.textContent).to.contain(strings.sending);
		session.stored(id);
		session.answer(id);
		await painted();
		expect(all("article")[0]).to.equal(node);
		expect(node.textContent).not.to.contain(strings.sending);
	});

	it("a text over the limit is not sent, and the excess is shown", async () => {
		const { session, type, press, input, find, painted } = await makeRoom();
		session.limit = 10;
		type("😀".repeat(13));
		press("Enter");
		await painted();
		expect(session.asked).to.deep.equal([]);
		expect(input.value).to.have.length(26);
		expect(find("#problem").textContent).to.equal(strings.tooLong(10, 3));
		type("😀".repeat(10));
		press("Enter");
		expect(session.asked).to.have.length(1);
	});

	it("a text that the server rejects as too long returns to the box", async () => {
		const { session, type, press, input, find, painted, all } =
			await makeRoom();
		type("Much too long");
		press("Enter");
		session.refuse("q1", "too_large", "Please shorten it.");
		await painted();
		expect(input.value).to.equal("Much too long");
		expect(find("#problem").textContent).to.equal("Please shorten it.");
		expect(all("article")).to.have.length(0);
	});
});

describe("a rejected message", () => {
	const refused = async () => {
		const room = await makeRoom();
		const errors: string[] = [];
		room.element.addEventListener("chat-error", ({ code, text, message }) =>
			errors.push(`${code} ${text} ${message}`),
		);
		room.element.send("Hello");
		room.session.refuse("q1", "rate_limited", "Please wait.");
		await room.painted();
		return { ...room, errors };
	};

	it("shows the reason, and fires one event", async () => {
		const { errors, find, session } = await refused();
		session.connect();
		expect(find(".refused").textContent).to.contain("Please wait.");
		expect(errors).to.deep.equal(["rate_limited Please wait. q1"]);
	});

	it("is sent again when asked", async () => {
		const { button, session } = await refused();
		button(strings.tryAgain).click();
		expect(session.asked.at(-1)).to.equal("resend q1");
		expect(session.pending[0]?.state).to.equal("sending");
	});

	it("returns to the box to be edited, before the current text", async () => {
		const { button, type, input, session, painted, all } = await refused();
		type("And more");
		button(strings.edit).click();
		await painted();
		expect(input.value).to.equal("Hello\n\nAnd more");
		expect(session.pending).to.deep.equal([]);
		expect(all("article")).to.have.length(0);
	});
});

describe("an open answer", () => {
	const answering = async () => {
		const room = await makeRoom();
		room.session.stored("q", "Why?");
		room.session.answer("q");
		await room.painted();
		return room;
	};

	it("turns the button into a stop button, unless there is text to send", async () => {
		const { button, type, painted, session } = await answering();
		button(strings.stop).click();
		expect(session.asked).to.deep.equal(["stopReply"]);
		type("Another thing");
		await painted();
		button(strings.send).click();
		expect(session.asked.at(-1)).to.equal("send Another thing");
	});

	it("is stopped by Escape, which otherwise reaches the page", async () => {
		const { press, session } = await answering();
		expect(press("Escape").defaultPrevented).to.equal(true);
		session.end("stopped");
		expect(press("Escape").defaultPrevented).to.equal(false);
		expect(session.asked).to.deep.equal(["stopReply"]);
	});

	it("can be continued when stopped", async () => {
		const { session, find, button, painted } = await answering();
		session.token("Because");
		session.end("stopped");
		await painted();
		expect(find(".reply").textContent).to.contain(strings.stopped);
		button(strings.continue).click();
		expect(session.asked).to.deep.equal(["retry q continue"]);
	});

	it("keeps its text when failed and offers one retry", async () => {
		const { session, find, all, button, painted } = await answering();
		session.token("Beca");
		session.fail("provider_failed", "The model broke off.");
		await painted();
		expect(find(".reply").textContent).to.match(
			/Beca[\s\S]*The model broke off/,
		);
		button(strings.tryAgain).click();
		expect(session.asked).to.deep.equal(["retry q"]);
		session.answer("q");
		await painted();
		expect(all(".quiet")).to.have.length(0);
	});

	it("offers nothing when failed without text and not retryable", async () => {
		const { session, all, painted } = await answering();
		session.fail("forbidden", "No.", false);
		await painted();
		expect(all(".quiet")).to.have.length(0);
	});
});

it("a source becomes a link only if it is a web address", async () => {
	const { session, painted, all } = await makeRoom();
	session.exchange("Where?", "There.", [
		{ title: "Help", url: "https://example.com/help" },
		{ title: "Trap", url: "javascript:alert(1)" },
		{ title: "Data", url: "data:text/html,x" },
	]);
	await painted();
	const links = all("a") as HTMLAnchorElement[];
	expect(links.map(({ href }) => href)).to.deep.equal([
		"https://example.com/help",
	]);
	expect(links[0]?.rel).to.equal("noopener noreferrer nofollow ugc");
	expect(all("li")).to.have.length(3);
});

describe("the page receives events", () => {
	const hearing = async () => {
		const room = await makeRoom();
		const heard: ChatEvents[keyof ChatEvents][] = [];
		for (const type of [
			"chat-message",
			"chat-error",
			"chat-connection",
			"chat-integrity",
		] as const)
			document.body.addEventListener(type, (event) => heard.push(event), {
				signal: stop.signal,
			});
		return { ...room, heard };
	};
	let stop: AbortController;
	beforeEach(() => {
		stop = new AbortController();
	});
	afterEach(() => stop.abort());

	it("for answers to questions of this page, not for history", async () => {
		const { session, element, heard } = await hearing();
		session.exchange("Long ago", "Yes.");
		const id = element.send("Now?") as string;
		session.stored(id);
		session.answer(id);
		session.token("Now.");
		session.end();
		expect(heard.map(({ type }) => type)).to.deep.equal(["chat-message"]);
		const { message } = heard[0] as ChatEvents["chat-message"];
		expect(message.text).to.equal("Now.");
	});

	it("for answers to others that were seen open", async () => {
		const { session, heard, painted } = await hearing();
		session.stored("q", "In another tab");
		session.answer("q");
		await painted();
		session.end();
		expect(heard.map(({ type }) => type)).to.deep.equal(["chat-message"]);
	});

	it("for the connection, once per state, and for a text that differs from the server's", async () => {
		const { session, heard, element } = await hearing();
		const connecting = { state: "connecting", attempt: 1 } as const;
		session.connect(connecting);
		session.connect({ ...connecting, attempt: 2 });
		session.exchange("a", "b");
		session.mistrust("q1");
		expect(heard.map(({ type }) => type)).to.deep.equal([
			"chat-connection",
			"chat-integrity",
		]);
		expect(element.connection).to.deep.equal({ ...connecting, attempt: 2 });
	});
});

describe("the line", () => {
	const waiting = { state: "waiting", until: 0, offline: false } as const;

	it("may be lost for a second before a notice appears", async () => {
		const { session, all, find, painted } = await makeRoom();
		const clock = holdTimers();
		try {
			session.connect(waiting);
			clock.advance(999);
			await painted();
			expect(all(".notice")).to.have.length(0);
			clock.advance(1);
			await painted();
			expect(find(".notice").textContent).to.contain(strings.reconnecting);
			session.connect();
			await painted();
			expect(all(".notice")).to.have.length(0);
		} finally {
			clock.restore();
		}
	});

	it("shows a rejection at once, with its actions", async () => {
		const { session, find, button, painted } = await makeRoom();
		session.connect({
			...{ state: "refused", code: "forbidden" },
			text: "This is somebody else's.",
		});
		await painted();
		expect(find(".notice").textContent).to.contain("somebody else");
		button(strings.newConversation).click();
		expect(session.asked).to.deep.equal(["newConversation", "start"]);
	});
});

describe("in the page", () => {
	it("a move keeps the session, and removal closes it", async () => {
		const { element, session } = await makeRoom();
		const place = element.parentElement as HTMLElement;
		const clock = holdTimers();
		try {
			element.remove();
			place.append(element);
			clock.advance(1);
			expect(session.listeners).to.equal(1);
			element.remove();
			clock.advance(1);
			expect(session.listeners).to.equal(0);
			place.append(element);
			expect(session.listeners).to.equal(1);
		} finally {
			clock.restore();
		}
	});

	it("a session from the page is started by the page", async () => {
		const { element, session } = await makeRoom();
		element.remove();
		expect(session.asked).to.deep.equal([]);
		const other = new FakeSession();
		document.body.append(element);
		element.session = other;
		await element.updateComplete;
		expect([session.listeners, other.listeners]).to.deep.equal([0, 1]);
		element.remove();
	});

	it("its styles do not apply inside, and hidden hides", async () => {
		const hostile = new CSSStyleSheet();
		hostile.replaceSync(`
			html { font-size: 5px } body { color: red; letter-spacing: 3px; text-transform: uppercase; white-space: pre }
			* { margin: 50px; float: left; box-sizing: content-box }
			chat-stream { display: none !important; opacity: .1 !important }`);
		const { element, session, find, painted } = await makeRoom();
		session.exchange("Hello", "There");
		await painted();
		const nodes = () => [element, find(".text"), find("p"), find(".send")];
		const looks = () =>
			nodes().map((node) => {
				const style = getComputedStyle(node);
				const { display, opacity, margin, float, color, fontSize } = style;
				const { letterSpacing, textTransform, whiteSpace } = style;
				return [display, opacity, margin, float, color, fontSize].concat(
					letterSpacing,
					textTransform,
					whiteSpace,
				);
			});
		const clean = looks();
		document.adoptedStyleSheets.push(hostile);
		try {
			expect(looks()).to.deep.equal(clean);
		} finally {
			document.adoptedStyleSheets.pop();
		}
		element.hidden = true;
		expect(getComputedStyle(element).display).to.equal("none");
	});
});
