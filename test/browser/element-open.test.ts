/** The property and attribute `open`, and where the focus goes when the panel closes. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { sendKeys, setViewport } from "@web/test-runner-commands";
import { makeRoom } from "../support/room.ts";

const floating = (more: Record<string, string> = {}) =>
	makeRoom(undefined, { mode: "floating", ...more });

/** A shadow tree in the page; returns its root. */
function shadowTree(parent: Node = document.body): ShadowRoot {
	const host = document.createElement("div");
	parent.appendChild(host);
	return host.attachShadow({ mode: "open" });
}

describe("open", () => {
	it("is a boolean property that opens and closes the panel", async () => {
		const { element, find, painted } = await floating();
		expect(element.open).to.equal(false);
		element.open = true;
		await painted();
		expect(element.hasAttribute("open")).to.equal(true);
		expect(find(".chat").checkVisibility()).to.equal(true);
		element.open = false;
		await painted();
		expect(element.hasAttribute("open")).to.equal(false);
		expect(find(".chat").checkVisibility()).to.equal(false);
		find(".launcher").click();
		await painted();
		expect(element.open).to.equal(true);
	});

	it("comes back if a morphing library removes what the visitor opened", async () => {
		const { element, find, painted } = await floating();
		find(".launcher").click();
		await painted();
		element.removeAttribute("open");
		await painted();
		expect(element.open).to.equal(true);
		expect(element.hasAttribute("open")).to.equal(true);
		expect(find(".chat").checkVisibility()).to.equal(true);
	});

	it("closes if the page removes the attribute that it has set", async () => {
		for (const isSetTwice of [false, true]) {
			const { element, find, painted } = await floating(
				isSetTwice ? {} : { open: "" },
			);
			if (isSetTwice) {
				find(".launcher").click();
				await painted();
				element.setAttribute("open", "");
			}
			await painted();
			expect(element.open).to.equal(true);
			element.removeAttribute("open");
			await painted();
			expect(element.open).to.equal(false);
		}
	});

	it("leaves the other words at their defaults until they are set", () => {
		const chat = document.createElement("chat-stream");
		const words = () => [
			chat.mode,
			chat.position,
			chat.theme,
			chat.density,
			chat.transport,
		];
		const defaults = words();
		expect(defaults).to.deep.equal([
			"inline",
			"bottom-right",
			"auto",
			"comfortable",
			"auto",
		]);
		expect(chat.attributes).to.have.length(0);
		chat.setAttribute("mode", "floating");
		chat.removeAttribute("mode");
		expect(words()).to.deep.equal(defaults);
	});
});

describe("the focus", () => {
	it("returns into the shadow tree that it came from", async () => {
		const room = await floating();
		for (const isNested of [false, true]) {
			const outer = shadowTree();
			const root = isNested ? shadowTree(outer) : outer;
			const button = document.createElement("button");
			button.addEventListener("click", () => room.element.show());
			root.append(button);
			button.focus();
			await sendKeys({ press: "Enter" });
			await room.painted();
			expect(room.element.shadowRoot?.activeElement).to.equal(room.input);
			await sendKeys({ press: "Escape" });
			await room.painted();
			expect(root.activeElement === button).to.equal(true);
			outer.host.remove();
		}
	});

	it("returns inside the tree that holds the element, or to the launcher", async () => {
		const room = await floating();
		const root = shadowTree();
		const button = document.createElement("button");
		button.addEventListener("click", () => room.element.show());
		root.append(button, room.element);
		await room.painted();
		for (const opener of [button, room.find(".launcher")]) {
			opener.focus();
			await sendKeys({ press: "Enter" });
			await room.painted();
			await sendKeys({ press: "Escape" });
			await room.painted();
			const at = root.activeElement;
			const inner = at === room.element ? at?.shadowRoot?.activeElement : at;
			expect(inner === opener).to.equal(true);
		}
		root.host.remove();
	});

	it("reaches slotted links with Tab in a panel that covers the page", async () => {
		await setViewport({ width: 400, height: 800 });
		const { element, painted } = await floating();
		element.innerHTML = `<small slot="footer"><a href="#a">Privacy</a></small><b slot="header"><a href="#b">Home</a></b>`;
		const nested = document.createElement("div");
		shadowTree(nested).innerHTML = `<a href="#c">Terms</a>`;
		element.querySelector("small")?.append(nested);
		element.show();
		await painted();
		element.focus();
		const reached = new Set<string>();
		for (let i = 0; i < 14; i++) {
			if (i === 9) await sendKeys({ down: "Shift" });
			await sendKeys({ press: "Tab" });
			let at = document.activeElement;
			while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
			expect(at).not.to.equal(document.body);
			if (at?.localName === "a") reached.add(at.textContent);
		}
		await sendKeys({ up: "Shift" });
		await setViewport({ width: 800, height: 600 });
		expect([...reached].sort()).to.deep.equal(["Home", "Privacy", "Terms"]);
	});
});
