/** The floating chat: a launcher without cost, a panel in the top layer, and focus handling. */
import "../../widget/index.ts";
import { expect, nextFrame, waitUntil } from "@open-wc/testing";
import { sendKeys, setViewport } from "@web/test-runner-commands";
import { ChatStream } from "../../widget/element/chat-stream.ts";
import { TabStorage } from "../../widget/element/tab-storage.ts";
import { strings } from "../../widget/i18n/strings.ts";
import type { FakeSession } from "../support/fake-session.ts";
import { makeRoom, type Room } from "../support/room.ts";

const floating = (more: Record<string, string> = {}, session?: FakeSession) =>
	makeRoom(session, { mode: "floating", ...more });

/** Compares nodes by identity: printing a failed comparison would take minutes. */
const hasFocus = ({ element }: Room, node: Element) =>
	element.shadowRoot?.activeElement === node;

/** A chat without a given session, as on most pages. */
async function alone(src: string, attributes: Record<string, string> = {}) {
	const element = new ChatStream();
	for (const [name, value] of Object.entries({ src, ...attributes }))
		element.setAttribute(name, value);
	document.body.append(element);
	await element.updateComplete;
	return element;
}

/** Requests and connections while `act` runs. */
async function traffic(act: () => Promise<unknown>): Promise<string[]> {
	const { fetch, WebSocket: Socket } = window;
	const asked: string[] = [];
	window.fetch = ((address: string) => {
		asked.push(String(address));
		return Promise.reject(new TypeError("no network in this test"));
	}) as typeof fetch;
	window.WebSocket = class extends EventTarget {
		constructor(address: string) {
			super();
			asked.push(address);
		}
		close() {}
		send() {}
	} as unknown as typeof WebSocket;
	try {
		await act();
		await nextFrame();
		await nextFrame();
		return asked;
	} finally {
		window.fetch = fetch;
		window.WebSocket = Socket;
	}
}

describe("a launcher", () => {
	it("causes no request and no session, and moves nothing in the page", async () => {
		const after = document.createElement("p");
		document.body.append(after);
		const { top } = after.getBoundingClientRect();
		let element: ChatStream | undefined;
		const asked = await traffic(async () => {
			element = await alone("/chat?launcher", { mode: "floating" });
			after.before(element);
		});
		expect(asked).to.deep.equal([]);
		expect(after.getBoundingClientRect().top).to.equal(top);
		expect(element?.connection).to.deep.equal({ state: "idle" });
		const begun = await traffic(async () => {
			element?.show();
			// It is painted first, and connects afterwards.
			for (let frames = 0; frames < 2; frames++) await nextFrame();
			await new Promise((resolve) => setTimeout(resolve));
		});
		expect(begun.length).to.be.greaterThan(0);
		element?.remove();
		after.remove();
	});

	describe("in idle time", () => {
		async function prepared(src: string, more: Record<string, string> = {}) {
			const element = await alone(src, { mode: "floating", ...more });
			const find = (selector: string) =>
				element.shadowRoot?.querySelector<HTMLElement>(selector);
			const state = () => ({
				laidOut: !!find(".chat")?.getClientRects().length,
				seen: !!find(".chat")?.checkVisibility({ visibilityProperty: true }),
			});
			const painted = async () => {
				await nextFrame();
				await element.updateComplete;
			};
			await waitUntil(() => state().laidOut, "nothing was laid out");
			return { element, find, state, painted };
		}

		it("lays its hidden panel out without a request", async () => {
			let room: Awaited<ReturnType<typeof prepared>> | undefined;
			const asked = await traffic(async () => {
				room = await prepared("/chat?idle", { avatar: "data:image/gif," });
			});
			const { element, find, state, painted } = room as NonNullable<
				typeof room
			>;
			expect(asked).to.deep.equal([]);
			const image = find(".avatar") as HTMLImageElement;
			expect(image.currentSrc).to.equal("");
			expect(element.connection).to.deep.equal({ state: "idle" });
			expect(state()).to.deep.equal({ laidOut: true, seen: false });
			element.focus();
			expect(element.shadowRoot?.activeElement).to.equal(null);
			element.show();
			await painted();
			expect(state()).to.deep.equal({ laidOut: true, seen: true });
			expect(image.src).to.equal("data:image/gif,");
			element.hide();
			await painted();
			expect(state()).to.deep.equal({ laidOut: false, seen: false });
			element.remove();
		});

		it("hides slotted elements, even if the page makes them visible", async () => {
			const { element, painted } = await prepared("/chat?into");
			element.innerHTML = `<p slot="footer" style="visibility: visible">Ours</p>`;
			const footer = element.firstElementChild as HTMLElement;
			const isOnTop = () => {
				const { x, y } = footer.getBoundingClientRect();
				return document.elementFromPoint(x + 9, y + 9) === footer;
			};
			expect(isOnTop()).to.equal(false);
			element.show();
			await painted();
			expect(isOnTop()).to.equal(true);
			element.remove();
		});

		it("stays above elements that the page raises later", async () => {
			const { element, find, painted } = await prepared("/chat?since");
			const cover = document.createElement("div");
			cover.popover = "manual";
			cover.style.cssText =
				"position: fixed; inset: 0; inline-size: 100%; block-size: 100%";
			document.body.append(cover);
			cover.showPopover();
			element.show();
			await painted();
			const box = (find("textarea") as HTMLElement).getBoundingClientRect();
			const top = document.elementFromPoint(box.x + 9, box.y + 9);
			cover.remove();
			expect(top === element).to.equal(true);
			element.remove();
		});
	});

	it("connects by itself where an answer is pending", async () => {
		const src = new URL("/chat?awaited", document.baseURI).href;
		new TabStorage(src).awaited = ["q1"];
		let element: ChatStream | undefined;
		const asked = await traffic(async () => {
			element = await alone(src, { mode: "floating" });
		});
		expect(asked.length).to.be.greaterThan(0);
		expect(element?.open).not.to.equal(true);
		element?.remove();
	});

	it("remembers a pending answer when the page is left", async () => {
		const src = "/chat?going";
		const memory = () =>
			new TabStorage(new URL(src, document.baseURI).href).awaited;
		const { session } = await floating({ src });
		session.stored("one", "First?");
		session.answer("one");
		session.stored("two", "Second?");
		const three = session.send("Third?");
		window.dispatchEvent(new Event("pagehide"));
		expect(memory()).to.deep.equal(["one", "two", three]);
		session.end();
		session.answer("two");
		session.end();
		session.discard(three);
		window.dispatchEvent(new Event("pagehide"));
		expect(memory()).to.deep.equal([]);
	});

	it("is in the corner above everything, in any container", async () => {
		const room = await floating();
		const around = room.element.parentElement as HTMLElement;
		around.style.cssText =
			"transform: scale(.5); overflow: hidden; contain: strict; width: 90px; height: 90px";
		const over = document.createElement("div");
		over.style.cssText =
			"position: fixed; inset: 0; z-index: 2147483647; background: red";
		document.body.append(over);
		const { right, bottom, width } = room
			.find(".launcher")
			.getBoundingClientRect();
		expect([right, bottom, width]).to.deep.equal([
			innerWidth - 20,
			innerHeight - 20,
			60,
		]);
		const at = document.elementFromPoint(innerWidth - 50, innerHeight - 50);
		over.remove();
		expect(at === room.element).to.equal(true);
	});

	for (const [position, dir, side, end] of [
		["bottom-left", "ltr", "left", "bottom"],
		["top-right", "ltr", "right", "top"],
		["top-left", "rtl", "right", "top"],
		["bottom-right", "rtl", "left", "bottom"],
	] as const)
		it(`${position} is ${end} ${side} where text runs ${dir}`, async () => {
			document.documentElement.dir = dir;
			try {
				const room = await floating({ position, open: "" });
				for (const part of [".launcher", ".chat"]) {
					const box = room.find(part).getBoundingClientRect();
					const gaps = {
						left: box.left,
						right: innerWidth - box.right,
						top: box.top,
						bottom: innerHeight - box.bottom,
					};
					expect(gaps[side]).to.be.closeTo(20, 1);
					expect(gaps[end]).to.be.closeTo(part === ".chat" ? 92 : 20, 1);
				}
			} finally {
				document.documentElement.removeAttribute("dir");
			}
		});

	it("counts the answers received while closed, also in its accessible name", async () => {
		const { element, session, find, all, painted, button } = await floating();
		session.stored("q", "Why?");
		session.answer("q");
		await painted();
		session.end();
		await painted();
		expect(find(".badge").textContent).to.equal("1");
		expect(button(strings.openUnread(1)).className).to.equal("launcher");
		element.show();
		await painted();
		expect(all(".badge")).to.have.length(0);
	});
});

describe("the panel", () => {
	it("opens with the focus in the composer, and Escape returns it", async () => {
		const room = await floating();
		const { element, find, painted } = room;
		const launcher = find(".launcher");
		const told: string[] = [];
		for (const type of ["chat-open", "chat-close"] as const)
			element.addEventListener(type, () => told.push(type));
		launcher.focus();
		await sendKeys({ press: "Enter" });
		await painted();
		expect(element.hasAttribute("open")).to.equal(true);
		expect(launcher.getAttribute("aria-expanded")).to.equal("true");
		expect(launcher.getAttribute("aria-controls")).to.equal(find(".chat").id);
		expect(find(".chat").getAttribute("role")).to.equal("dialog");
		expect(hasFocus(room, find("textarea"))).to.equal(true);
		await sendKeys({ press: "Escape" });
		await painted();
		expect(element.hasAttribute("open")).to.equal(false);
		expect(find(".chat").getClientRects()).to.have.length(0);
		expect(hasFocus(room, launcher)).to.equal(true);
		expect(told).to.deep.equal(["chat-open", "chat-close"]);
	});

	it("Escape first stops the answer, then closes", async () => {
		const { element, session, press, painted } = await floating({ open: "" });
		session.stored("q", "Why?");
		session.answer("q");
		await painted();
		press("Escape");
		expect(session.asked).to.deep.equal(["stopReply"]);
		expect(element.open).to.equal(true);
		session.end("stopped");
		press("Escape");
		expect(element.open).to.equal(false);
	});

	it("opened by the page takes no focus, and closing leaves it unchanged", async () => {
		const field = document.createElement("input");
		document.body.append(field);
		field.focus();
		const room = await floating({ open: "" });
		await room.painted();
		expect(document.activeElement === field).to.equal(true);
		expect(room.element.open).to.equal(true);
		room.element.hide();
		await room.painted();
		expect(document.activeElement === field).to.equal(true);
		field.remove();
	});

	it("returns the focus to the visitor's previous element", async () => {
		const opener = document.createElement("button");
		document.body.append(opener);
		const room = await floating();
		opener.addEventListener("click", () => room.element.show());
		opener.focus();
		await sendKeys({ press: "Enter" });
		await room.painted();
		expect(hasFocus(room, room.find("textarea"))).to.equal(true);
		await sendKeys({ press: "Escape" });
		await room.painted();
		expect(document.activeElement === opener).to.equal(true);
		opener.remove();
	});

	it("keeps its conversation, its draft and its nodes while closed", async () => {
		const room = await floating({ open: "" });
		room.session.exchange("Why?", "Because.");
		await room.painted();
		const node = room.find("article");
		room.type("Half a thou");
		room.element.toggle();
		await room.painted();
		room.element.toggle();
		await room.painted();
		expect(room.find("article") === node).to.equal(true);
		expect(room.input.value).to.equal("Half a thou");
		expect(room.session.asked).to.deep.equal([]);
	});

	it("shows the end of what arrived while closed", async () => {
		const { element, session, find, painted } = await floating({ open: "" });
		element.hide();
		for (let n = 0; n < 20; n++) session.exchange(`q ${n}`, `a ${n}`);
		await painted();
		element.show();
		await painted();
		for (let frame = 0; frame < 5; frame++) await nextFrame();
		const log = find("[role=log]");
		const below = log.scrollHeight - log.clientHeight - log.scrollTop;
		expect(log.scrollHeight).to.be.greaterThan(log.clientHeight);
		expect(below).to.be.lessThan(2);
	});

	it("survives a move in the page, open and in the top layer", async () => {
		const { element, find, painted } = await floating({ open: "" });
		(element.parentElement as HTMLElement).append(element);
		await painted();
		expect(find(".chat").matches(":popover-open")).to.equal(true);
		expect(find(".launcher").matches(":popover-open")).to.equal(true);
	});

	it("becomes a block in the page when the mode changes", async () => {
		const { element, find, all, painted } = await floating({ open: "" });
		element.mode = "inline";
		await painted();
		expect(all(".launcher")).to.have.length(0);
		expect(getComputedStyle(find(".chat")).position).to.equal("static");
		expect(element.getBoundingClientRect().height).to.be.greaterThan(100);
	});

	it("works without a top layer", async () => {
		const { showPopover } = HTMLElement.prototype;
		Reflect.deleteProperty(HTMLElement.prototype, "showPopover");
		try {
			const { element, find, painted } = await floating({ open: "" });
			const box = find(".chat").getBoundingClientRect();
			expect(innerWidth - box.right).to.equal(20);
			expect(getComputedStyle(find(".chat")).zIndex).to.equal("2147483647");
			element.hide();
			await painted();
			expect(find(".chat").getClientRects()).to.have.length(0);
		} finally {
			HTMLElement.prototype.showPopover = showPopover;
		}
	});
});

describe("on a small screen", () => {
	const onSmallScreen = async (...given: Parameters<typeof floating>) => {
		const room = await floating(...given);
		// Not every engine allows a smaller window.
		await setViewport({ width: 460, height: 700 });
		// WebKit evaluates its style sheets again at the next paint.
		await nextFrame();
		await nextFrame();
		return room;
	};
	afterEach(() => setViewport({ width: 800, height: 600 }));
	const page = document.documentElement;

	it("covers it, locks the page behind, and unlocks it", async () => {
		const { element, find, painted } = await onSmallScreen({ open: "" });
		const { top, left, width, height } = find(".chat").getBoundingClientRect();
		expect([top, left, width, height]).to.deep.equal([0, 0, 460, 700]);
		expect(find(".launcher").getClientRects()).to.have.length(0);
		expect(find(".chat").ariaModal).to.equal("true");
		expect(page.style.overflow).to.equal("hidden");
		element.hide();
		await painted();
		expect(page.style.overflow).to.equal("");
		element.show();
		await painted();
		element.remove();
		expect(page.style.overflow).to.equal("");
	});

	it("stays above the keyboard", async () => {
		const real = window.visualViewport as VisualViewport;
		const seen = Object.assign(new EventTarget(), {
			...{ height: 700, offsetTop: 0, scale: 1 },
		});
		Object.defineProperty(window, "visualViewport", {
			configurable: true,
			value: seen,
		});
		try {
			const { find, painted } = await onSmallScreen({ open: "" });
			Object.assign(seen, { height: 380, offsetTop: 12 });
			seen.dispatchEvent(new Event("resize"));
			await painted();
			const box = find(".chat").getBoundingClientRect();
			expect([box.top, box.bottom]).to.deep.equal([12, 392]);
			expect(find("textarea").getBoundingClientRect().bottom).to.be.below(392);
			// A zoomed page is left unchanged.
			Object.assign(seen, { height: 200, scale: 2 });
			seen.dispatchEvent(new Event("resize"));
			expect(find(".chat").getBoundingClientRect().height).to.equal(700);
		} finally {
			Object.defineProperty(window, "visualViewport", {
				configurable: true,
				value: real,
			});
		}
	});

	it("Tab cycles inside, in both directions", async () => {
		const room = await onSmallScreen({ open: "" });
		const { button, find } = room;
		button(strings.send).focus();
		await sendKeys({ press: "Tab" });
		expect(hasFocus(room, find("header button"))).to.equal(true);
		await sendKeys({ down: "Shift" });
		await sendKeys({ press: "Tab" });
		await sendKeys({ up: "Shift" });
		expect(hasFocus(room, button(strings.send))).to.equal(true);
	});
});
