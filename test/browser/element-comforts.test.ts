/** Greeting, suggestions, drafts, new conversations, and countdowns. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { TabStorage } from "../../widget/element/tab-storage.ts";
import { strings } from "../../widget/i18n/strings.ts";
import { holdTimers } from "../support/page-clock.ts";
import { makeRoom } from "../support/room.ts";

describe("an empty conversation", () => {
	it("shows the page's greeting text or elements", async () => {
		const { find, element } = await makeRoom(undefined, {
			greeting: "Ask away",
		});
		expect(find(".greeting").textContent).to.contain("Ask away");
		const own = document.createElement("h3");
		own.slot = "greeting";
		element.append(own);
		const slot = find<HTMLSlotElement>("slot[name=greeting]");
		expect(slot.assignedElements()).to.deep.equal([own]);
	});

	it("starts at its top, however long the suggestions are", async () => {
		const { element, find, painted } = await makeRoom();
		element.suggestions = Array.from(
			{ length: 30 },
			(_, n) => `Question ${n}?`,
		);
		element.style.setProperty("--chat-height", "300px");
		await painted();
		await painted();
		const log = find("[role=log]");
		expect(log.scrollHeight).to.be.greaterThan(log.clientHeight);
		expect(log.scrollTop).to.equal(0);
	});

	it("offers questions from lines or bars, and one press sends", async () => {
		const { element, all, button, session, painted } = await makeRoom(
			undefined,
			{ suggestions: "  How?  \n\nWhy? | Where?" },
		);
		expect(element.suggestions).to.deep.equal(["How?", "Why?", "Where?"]);
		button("Why?").click();
		expect(session.asked).to.deep.equal(["send Why?"]);
		await painted();
		expect(all(".suggestion, .greeting")).to.have.length(0);
		element.suggestions = ["Other"];
		element.newConversation();
		await painted();
		expect(all(".suggestion").map((b) => b.textContent)).to.deep.equal([
			"Other",
		]);
	});
});

describe("a draft", () => {
	it("survives the element, and a sent one does not", async () => {
		const src = "/chat?drafts";
		const first = await makeRoom(undefined, { src });
		first.type("Half a thou");
		first.element.remove();
		const second = await makeRoom(undefined, { src });
		expect(second.input.value).to.equal("Half a thou");
		second.press("Enter");
		second.element.remove();
		const third = await makeRoom(undefined, { src });
		expect(third.input.value).to.equal("");
	});

	it("stays in the page's memory where the browser stores nothing", () => {
		const real = Object.getOwnPropertyDescriptor(window, "sessionStorage");
		Object.defineProperty(window, "sessionStorage", {
			configurable: true,
			get() {
				throw new DOMException("", "SecurityError");
			},
		});
		try {
			new TabStorage("https://a.example/chat").draft = "Hello";
			expect(new TabStorage("https://a.example/chat").draft).to.equal("Hello");
			expect(new TabStorage("https://b.example/chat").draft).to.equal("");
		} finally {
			Object.defineProperty(
				window,
				"sessionStorage",
				real as PropertyDescriptor,
			);
		}
	});

	it("stored by another script is not trusted to be text", () => {
		const memory = new TabStorage("https://c.example/chat");
		memory.draft = 5 as unknown as string;
		memory.awaited = [5 as unknown as string, "id"];
		expect(memory.draft).to.equal("");
		expect(memory.awaited).to.deep.equal(["id"]);
	});
});

describe("another conversation", () => {
	it("is offered once one exists, and started only after a confirmation", async () => {
		const { all, button, session, painted } = await makeRoom();
		const named = () => all(`[aria-label="${strings.newConversation}"]`);
		expect(named()).to.have.length(0);
		session.exchange("Why?", "Because.");
		await painted();
		button(strings.newConversation).click();
		await painted();
		button(strings.cancel).click();
		await painted();
		expect(all(".ask")).to.have.length(0);
		expect(session.asked).to.deep.equal([]);
		button(strings.newConversation).click();
		await painted();
		(all(".ask button")[0] as HTMLElement).click();
		await painted();
		expect(session.asked).to.deep.equal(["newConversation"]);
		expect(all("article, .ask")).to.have.length(0);
	});
});

describe("waiting", () => {
	const { now } = Date;
	let clock: ReturnType<typeof holdTimers>;
	let passedMs = 0;
	const pass = (ms: number) => {
		passedMs += ms;
		clock.advance(ms);
	};
	beforeEach(() => {
		clock = holdTimers();
		const begun = now();
		passedMs = 0;
		Date.now = () => begun + passedMs;
	});
	afterEach(() => {
		clock.restore();
		Date.now = now;
	});

	it("for a limit is counted down, with the server's text and an edit button", async () => {
		const { element, session, find, painted, button, input } = await makeRoom();
		const errors: string[] = [];
		element.addEventListener("chat-error", ({ code }) => errors.push(code));
		const id = element.send("Hello") as string;
		session.hold(id, "Too many messages.", 12_000);
		await painted();
		const text = () => find(".user .foot").textContent ?? "";
		expect(text()).to.contain("Too many messages.");
		expect(text()).to.contain(strings.sendingIn(12));
		pass(2_000);
		await painted();
		expect(text()).to.contain(strings.sendingIn(10));
		pass(10_000);
		await painted();
		expect(find(".user").textContent).to.contain(strings.sending);
		expect(errors).to.deep.equal(["rate_limited"]);
		session.hold(id, "Still too many.", 5_000);
		await painted();
		button(strings.edit).click();
		expect(input.value).to.equal("Hello");
	});

	it("for a late attempt is counted down, for an early one only shown", async () => {
		const { session, find, painted, button } = await makeRoom();
		const until = Date.now() + 10_000;
		session.connect({ state: "waiting", until, offline: false });
		pass(1_000);
		await painted();
		const text = () => find(".notice").textContent;
		expect(text()).to.contain(strings.reconnectingIn(9));
		pass(7_000);
		await painted();
		expect(text()).to.contain(strings.reconnecting);
		button(strings.tryNow).click();
		expect(session.asked).to.deep.equal(["wake"]);
	});

	it("offline says that messages are saved, and offers a retry", async () => {
		const { session, find, painted, button } = await makeRoom();
		session.connect({ state: "waiting", until: 0, offline: true });
		pass(1_000);
		await painted();
		expect(find(".notice").textContent).to.contain(strings.offline);
		button(strings.tryNow).click();
		expect(session.asked).to.deep.equal(["wake"]);
	});
});

it("every text comes from one table, and only the errors have a nested one", () => {
	for (const [name, word] of Object.entries(strings)) {
		const words = name === "refusals" ? Object.values(word) : [word];
		for (const one of words)
			expect(["string", "function"], name).to.include(typeof one);
	}
});
