/** The manifest matches the element in a page, and a framework can rely on it. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import { makeRoom } from "../support/room.ts";

type Field = {
	name: string;
	type: { text: string };
	attribute?: string;
	reflects?: boolean;
};

/** Attributes with restricted values. */
const samples: Record<string, string> = {
	accent: "red",
	radius: "4px",
	avatar: "data:image/svg+xml,",
};
/** A valid value of the field, which is not its default: the first of several values is. */
const sampleOf = ({ name, type }: Field) =>
	type.text === "boolean" ||
	(samples[name] ?? /"([\w-]+)"[^"]*$/.exec(type.text)?.[1] ?? "words");

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
		const { name, attribute = "" } = field;
		// The element itself shows `open`, because scripts that compare the page may take it away.
		const reflects = field.reflects || name === "open";
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
	it("can set a list in the attribute's format", async () => {
		const { element, all, painted } = await makeRoom();
		element.suggestions = "How? | Why?";
		await painted();
		expect(all(".suggestion").map((button) => button.textContent)).to.eql([
			"How?",
			"Why?",
		]);
	});

	it("does not list additional hosts", async () => {
		const { element, session, all, painted } = await makeRoom();
		element.imageHosts = "images.127.0.0.1";
		session.exchange("Show", "![a](https://127.0.0.1/a.png)");
		await painted();
		expect(all("img")).to.have.length(0);
	});

	it("sees that a switch is a boolean before it is set", () => {
		const chat = document.createElement("chat-stream");
		for (const name of ["open", "highlight", "math"])
			expect(Reflect.get(chat, name)).to.equal(false);
	});
});
