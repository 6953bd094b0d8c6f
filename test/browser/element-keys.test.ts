/** Keys typed in the element stay there, and those that it does not use reach the page. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { sendKeys } from "@web/test-runner-commands";
import { makeRoom } from "../support/room.ts";

/** The keys that reach the page until `stop()`, as `keydown s`. */
function pageKeys() {
	const keys: string[] = [];
	const end = new AbortController();
	for (const type of ["keydown", "keypress", "keyup"] as const)
		document.addEventListener(
			type,
			({ key }) => void keys.push(`${type} ${key}`),
			{ signal: end.signal },
		);
	return { keys, stop: () => end.abort() };
}

describe("keys in the element", () => {
	let page: ReturnType<typeof pageKeys>;
	beforeEach(() => {
		page = pageKeys();
	});
	afterEach(() => page.stop());

	it("typed in the text box do not reach the page", async () => {
		const { input, session } = await makeRoom();
		input.focus();
		await sendKeys({ type: "s/?" });
		await sendKeys({ press: "Backspace" });
		await sendKeys({ press: "ArrowLeft" });
		expect(input.value).to.equal("s/");
		await sendKeys({ press: "Enter" });
		expect(session.pending.map(({ text }) => text)).to.deep.equal(["s/"]);
		expect(page.keys).to.deep.equal([]);
	});

	it("that the text box does not use reach the page", async () => {
		const { input } = await makeRoom();
		input.focus();
		await sendKeys({ press: "F2" });
		await sendKeys({ press: "Escape" });
		await sendKeys({ down: "Control" });
		await sendKeys({ press: "k" });
		await sendKeys({ up: "Control" });
		const pressed = page.keys.filter((key) => key.startsWith("keydown"));
		expect(pressed).to.deep.equal([
			"keydown F2",
			"keydown Escape",
			"keydown Control",
			"keydown k",
		]);
	});

	it("reach a page that listens in the capture phase", async () => {
		const { input } = await makeRoom();
		const keys: string[] = [];
		const note = ({ key }: KeyboardEvent) => void keys.push(key);
		document.addEventListener("keydown", note, { capture: true });
		input.focus();
		await sendKeys({ type: "s" });
		document.removeEventListener("keydown", note, { capture: true });
		expect(keys).to.deep.equal(["s"]);
	});

	it("typed into the page's own slotted field reach the page", async () => {
		const { element } = await makeRoom();
		element.innerHTML = `<input slot="footer">`;
		element.querySelector("input")?.focus();
		await sendKeys({ press: "s" });
		expect(page.keys).to.include("keydown s");
	});

	it("that press a button stay, others on a button reach the page", async () => {
		const room = await makeRoom();
		room.find<HTMLButtonElement>(".send").focus();
		await sendKeys({ press: "Enter" });
		await sendKeys({ press: "s" });
		const pressed = page.keys.filter((key) => key.startsWith("keydown"));
		expect(pressed).to.deep.equal(["keydown s"]);
	});

	it("Escape closes the panel and nothing of the page, even when released", async () => {
		const { element, input, painted } = await makeRoom(undefined, {
			mode: "floating",
			open: "",
		});
		await painted();
		input.focus();
		await sendKeys({ press: "Escape" });
		await painted();
		expect(element.open).to.equal(false);
		expect(page.keys).to.deep.equal([]);
		await sendKeys({ press: "Escape" });
		// WebKit's driver also makes a keypress of it.
		const reached = page.keys.filter((key) => !key.startsWith("keypress"));
		expect(reached).to.deep.equal(["keydown Escape", "keyup Escape"]);
	});
});
