/** Answers before, without and with the Markdown renderer, which is loaded after the element. */
import { expect } from "@open-wc/testing";
import {
	createAnswerWriter,
	loadAnswerChunk,
} from "../../widget/view/answer-writer.ts";
import { loadMarkdown } from "../../widget/view/load-markdown.ts";

describe("an answer", () => {
	it("is plain text where the renderer cannot be loaded, and Markdown once it can", async () => {
		await loadAnswerChunk(() => Promise.reject(new TypeError("blocked")));
		const body = document.createElement("div");
		let changes = 0;
		// The writer loads it by itself; until then only text is shown.
		const writer = createAnswerWriter(body, {}, () => changes++);
		writer.write("A **wo");
		expect(body.textContent).to.equal("A **wo");
		expect(body.querySelector("strong")).to.equal(null);
		await loadAnswerChunk(loadMarkdown);
		await null;
		expect(changes).to.equal(1);
		writer.write("A **word**");
		writer.end();
		expect(body.querySelector("strong")?.textContent).to.equal("word");
		expect(body.textContent).to.equal("A word");
	});

	it("that was closed before the renderer loaded is also Markdown", async () => {
		const body = document.createElement("div");
		const writer = createAnswerWriter(body, {}, () => {});
		writer.write("# Title\n\n- one\n- two");
		writer.end();
		await loadAnswerChunk();
		expect(body.querySelectorAll("li")).to.have.length(2);
		expect(body.querySelector("h3")?.textContent).to.equal("Title");
	});
});
