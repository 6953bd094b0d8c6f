/** That the manifest is true of the element in a page, and that a framework may go by it. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { makeRoom } from "../support/room.ts";

type Field = {
	name: string;
	type: { text: string };
	attribute?: string;
	reflects?: boolean;
};

/** Where not every word will do. */
const samples: Record<string, string> = {
	accent: "red",
	radius: "4px",
	avatar: "data:image/svg+xml,",
};
/** A value that the field takes. */
const sampleOf = ({ name, type }: Field) =>
	type.text === "boolean" ||
	(samples[name] ?? /^"([\w-]+)"/.exec(type.text)?.[1] ?? "words");

const manifest = await (await fetch("/custom-elements.json")).json();
const element = manifest.modules[0].declarations.find(
	({ name }: { name: string }) => name === "ChatStream",
);
const fields: Field[] = element.members.filter(
	({ kind, attribute }: { kind: string; attribute?: string }) =>
		kind === "field" && attribute,
);

describe("an attribute of the manifest", () => {
	it("is there", () => expect(fields).to.have.length.above(15));

	for (const field of fields) {
		const { name, attribute = "", reflects = false } = field;
		it(`${attribute} sets ${name}`, () => {
			const chat = document.createElement("chat-stream");
			const before = Reflect.get(chat, name);
			chat.setAttribute(attribute, `${sampleOf(field)}`);
			expect(Reflect.get(chat, name)).not.to.equal(before);
		});

		it(`${attribute} ${reflects ? "shows" : "does not show"} what ${name} is`, async () => {
			const chat = document.createElement("chat-stream");
			Reflect.set(chat, name, sampleOf(field));
			document.body.append(chat);
			await chat.updateComplete;
			expect(chat.hasAttribute(attribute)).to.equal(reflects);
			chat.remove();
		});
	}
});

describe("a framework that sets properties", () => {
	it("may give a list as the attribute has it", async () => {
		const { element, all, painted } = await makeRoom();
		element.suggestions = "How? | Why?";
		await painted();
		expect(all(".suggestion").map((button) => button.textContent)).to.eql([
			"How?",
			"Why?",
		]);
	});

	it("does not name more hosts than it means", async () => {
		const { element, session, all, painted } = await makeRoom();
		element.imageHosts = "images.127.0.0.1";
		session.exchange("Show", "![a](https://127.0.0.1/a.png)");
		await painted();
		expect(all("img")).to.have.length(0);
	});

	it("finds that a switch is a boolean before anybody has set it", () => {
		const chat = document.createElement("chat-stream");
		for (const name of ["opened", "highlight", "math"])
			expect(Reflect.get(chat, name)).to.equal(false);
	});
});
