/** The element on pages that hide it, fill its text box or do not let visitors select text. */
import "../../widget/index.ts";
import { expect, nextFrame } from "@open-wc/testing";
import { makeRoom } from "../support/room.ts";

async function frames() {
	for (let count = 0; count < 5; count++) await nextFrame();
}

describe("the element on other pages", () => {
	it("sends what is in the text box, even without an input event", async () => {
		const { input, press, session } = await makeRoom();
		input.value = "dictated";
		press("Enter");
		expect(session.pending.map(({ text }) => text)).to.deep.equal(["dictated"]);
	});

	it("offers no autofill in the text box", async () => {
		const { input } = await makeRoom();
		expect(input.autocomplete).to.equal("off");
	});

	it("keeps the reader's place while it is not displayed", async () => {
		const { element, session, find, painted } = await makeRoom();
		for (let turn = 0; turn < 8; turn++)
			session.exchange(`Why ${turn}?`, "Because.\n\n".repeat(20));
		await painted();
		await frames();
		const box = find("[role=log]");
		box.dispatchEvent(new WheelEvent("wheel", { deltaY: -1 }));
		box.scrollTop = 200;
		await frames();
		const page = element.parentElement as HTMLElement;
		page.style.display = "none";
		await frames();
		page.style.display = "";
		await frames();
		expect(Math.abs(box.scrollTop - 200)).to.be.lessThan(60);
	});

	it("lets visitors select text where the page does not", async () => {
		const { element } = await makeRoom();
		document.body.style.userSelect = "none";
		const style = getComputedStyle(element);
		const selects =
			style.getPropertyValue("user-select") ||
			style.getPropertyValue("-webkit-user-select");
		expect(selects).to.equal("text");
		document.body.style.userSelect = "";
	});
});
