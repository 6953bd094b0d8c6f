/** The language of the element: its source, its chunk, and its effect on shown messages. */
import "../../widget/index.ts";
import { expect, fixture, html, waitUntil } from "@open-wc/testing";
import { ifDefined } from "lit/directives/if-defined.js";
import type { ChatStream } from "../../widget/element/chat-stream.ts";
import de from "../../widget/i18n/languages/de.ts";
import { english, strings } from "../../widget/i18n/strings.ts";
import { FakeSession } from "../support/fake-session.ts";

const until = (holds: () => boolean) =>
	waitUntil(holds, undefined, { timeout: 4_000 });

const show = (attributes: { lang?: string } = {}) => {
	const session = new FakeSession();
	session.connect();
	return fixture<ChatStream>(
		html`<chat-stream
			src="/chat?language"
			lang=${ifDefined(attributes.lang)}
			.session=${session}
		></chat-stream>`,
	);
};

const placeholder = (element: ChatStream) =>
	element.renderRoot.querySelector("textarea")?.placeholder;

describe("the language", () => {
	const { lang } = document.documentElement;
	afterEach(async () => {
		document.documentElement.lang = lang;
		const element = await show({ lang: "en" });
		element.words = {};
		await element.updateComplete;
		await until(() => placeholder(element) === english.placeholder);
	});

	it("is the element's own, with its texts, its direction and its time formats", async () => {
		const element = await show({ lang: "ar-EG" });
		const chat = () => element.renderRoot.querySelector(".chat");
		await until(() => chat()?.getAttribute("lang") === "ar-EG");
		expect(chat()?.getAttribute("dir")).to.equal("rtl");
		expect(placeholder(element)).to.equal("اكتب رسالة…");
	});

	it("is the page's where the element sets none", async () => {
		document.documentElement.lang = "de-AT";
		const element = await show();
		await until(() => placeholder(element) === de.placeholder);
		expect(element.renderRoot.querySelector("[dir=rtl], [dir=ltr]")).to.equal(
			null,
		);
	});

	it("changes with the attribute, also in shown messages", async () => {
		const element = await show({ lang: "en" });
		const session = element.session as FakeSession;
		session.exchange("Why?", "Because.");
		await element.updateComplete;
		element.lang = "de";
		await until(() => placeholder(element) === de.placeholder);
		const names = [...element.renderRoot.querySelectorAll("article")].map(
			(article) => article.getAttribute("aria-label") ?? "",
		);
		expect(names[0]).to.match(/^Sie, /);
		expect(names[1]).to.match(/^Assistent, /);
	});

	it("is English where the page's language is not available", async () => {
		document.documentElement.lang = "sv";
		const element = await show();
		await element.updateComplete;
		expect(placeholder(element)).to.equal(english.placeholder);
		expect(element.renderRoot.querySelector(".chat")?.getAttribute("lang"))
			.to // what is read aloud is English
			.equal("en");
	});

	it("is also that of errors; a page receives the server's text", async () => {
		const element = await show({ lang: "de" });
		const session = element.session as FakeSession;
		const told: string[] = [];
		element.addEventListener("chat-error", ({ text }) => told.push(text));
		await until(() => placeholder(element) === de.placeholder);
		session.refuse(session.send("Warum?"), "rate_limited", "Please wait.");
		const find = (selector: string) =>
			element.renderRoot.querySelector(selector)?.textContent ?? "";
		await until(() => find(".refused .failed").includes(de.notSent));
		expect(find(".refused .failed")).to.contain(de.refusals.rate_limited);
		expect(find("[role=alert]")).not.to.contain("Please wait.");
		expect(told).to.deep.equal(["Please wait."]);
		session.connect({ state: "refused", code: "forbidden", text: "No." });
		await until(() => find(".notice").includes(de.refusals.forbidden));
	});

	it("keeps its other error texts where the page replaces one", async () => {
		const element = await show({ lang: "de" });
		element.words = { refusals: { forbidden: "Nein." } };
		await until(() => placeholder(element) === de.placeholder);
		expect(strings.refusals).to.deep.equal({
			...de.refusals,
			forbidden: "Nein.",
		});
	});

	it("keeps the page's own texts", async () => {
		const element = await show({ lang: "de" });
		element.words = { send: "Los" };
		await until(() => placeholder(element) === de.placeholder);
		expect(strings.send).to.equal("Los");
		expect(strings.stop).to.equal(de.stop);
	});

	it("changes only the name of a closed launcher", async () => {
		const element = await fixture<ChatStream>(
			html`<chat-stream mode="floating" lang="tr"></chat-stream>`,
		);
		const launcher = element.renderRoot.querySelector(".launcher");
		await until(() => launcher?.getAttribute("aria-label") === "Sohbeti aç");
		expect(strings.send).to.equal(english.send);
	});
});
