/** axe finds no violation in any state of the element. */
import "../../widget/index.ts";
import "axe-core/axe.min.js";
import { expect } from "@open-wc/testing";
import { setViewport } from "@web/test-runner-commands";
import type { AxeResults, NodeResult } from "axe-core";
import { strings } from "../../widget/i18n/strings.ts";
import { holdTimers, type PageClock } from "../support/page-clock.ts";
import { makeRoom, type Room } from "../support/room.ts";

declare const axe: typeof import("axe-core");

const run = (element: Element): Promise<AxeResults> =>
	axe.run(element, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"].concat(
			"best-practice",
		),
		// Rules for whole pages do not apply.
		rules: { region: { enabled: false } },
	});

const targets = (nodes: NodeResult[]) =>
	nodes.map(({ target }) => target.flat().join(" "));

const states: Record<
	string,
	(room: Room, clock: PageClock) => Promise<void> | void
> = {
	empty: ({ element }) => {
		element.suggestions = ["How?", "Why?"];
	},
	"with a conversation and sources": ({ session }) =>
		session.exchange("Why?", "Because.", [
			{ title: "Help", url: "https://example.com" },
		]),
	answering: ({ session, type }) => {
		session.stored("q", "Why?");
		session.answer("q");
		session.token("Beca");
		type("And");
	},
	"with a failed answer": ({ session }) => {
		session.stored("q", "Why?");
		session.answer("q");
		session.token("Beca");
		session.fail("provider_failed", "The model broke off.");
	},
	"with a rejected message and too long a text": (room) => {
		room.element.send("Hello");
		room.session.refuse("q1", "rate_limited", "Please wait.");
		room.session.limit = 5;
		room.type("Too long");
		room.press("Enter");
	},
	"sending, without a line": ({ session, element }, clock) => {
		session.connect({
			state: "waiting",
			until: Date.now() + 12_000,
			offline: false,
		});
		element.send("Hello");
		clock.advance(1_500);
	},
	"limited, and asked whether to leave": async (room) => {
		const { session, element, button, painted } = room;
		session.exchange("Why?", "Because.");
		session.hold(element.send("Hello") as string, "Too many.", 12_000);
		await painted();
		button(strings.newConversation).click();
	},
	"with queued questions and a rating": ({ session }) => {
		session.stored("one", "First?");
		session.stored("two", "Second?");
		session.answer("one", "first");
		session.token("1.");
		session.end();
		session.answer("two");
		session.token("2.");
		session.end();
		session.rated("first", "down");
	},
	refused: ({ session }) =>
		session.connect({
			...{ state: "refused", code: "forbidden" },
			text: "This is somebody else's.",
		}),
	"with a long history, scrolled up": ({ session, find }) => {
		for (let n = 0; n < 20; n++) session.exchange(`q ${n}`, `a ${n}`);
		find("[role=log]").scrollTop = 0;
	},
};

const sights: Record<string, (room: Room) => Promise<void> | void> = {
	light: () => {},
	dark: async ({ element }) => {
		element.theme = "dark";
		await element.updateComplete;
	},
	"right to left": () => {
		document.documentElement.dir = "rtl";
	},
	"320 px wide": () => setViewport({ width: 320, height: 480 }),
};

describe("is accessible", () => {
	afterEach(async () => {
		document.documentElement.removeAttribute("dir");
		document.documentElement.lang = "en";
		await setViewport({ width: 800, height: 600 });
	});

	for (const [state, open] of [
		["open", true],
		["closed", false],
		["closed, with an answer unread", false],
	] as const)
		for (const [sight, see] of Object.entries(sights))
			it(`floating, ${state}, ${sight}`, async () => {
				const room = await makeRoom(undefined, { mode: "floating" });
				await see(room);
				room.element.open = open;
				room.session.stored("q", "Why?");
				room.session.answer("q");
				room.session.token("Because.");
				await room.painted();
				if (state.endsWith("unread")) room.session.end();
				await room.painted();
				const { violations, passes } = await run(room.element);
				expect(violations.map(({ id }) => id)).to.deep.equal([]);
				const visited = passes.flatMap(({ nodes }) => targets(nodes));
				const part = open ? "textarea" : ".launcher";
				expect(visited).to.include(`chat-stream ${part}`);
			});

	for (const [state, bring] of Object.entries(states))
		for (const [sight, see] of Object.entries(sights))
			it(`${state}, ${sight}`, async () => {
				const room = await makeRoom();
				await see(room);
				const clock = holdTimers();
				try {
					await bring(room, clock);
					await room.painted();
				} finally {
					clock.restore();
				}
				await room.painted();
				const { violations, passes, incomplete } = await run(room.element);
				const found = violations.map(
					({ id, nodes }) => `${id}: ${targets(nodes)}`,
				);
				expect(found).to.deep.equal([]);
				const unsure = incomplete.filter(({ id }) => id === "color-contrast");
				expect(unsure.flatMap(({ nodes }) => targets(nodes))).to.deep.equal([]);
				const visited = passes.flatMap(({ nodes }) => targets(nodes));
				expect(visited).to.include("chat-stream textarea");
			});

	it("and a violation in the shadow tree would be found", async () => {
		const { element, find } = await makeRoom();
		find(".send").removeAttribute("aria-label");
		find(".text, .greeting").style.color = "#eee";
		const { violations } = await run(element);
		expect(violations.map(({ id }) => id)).to.include.members([
			"button-name",
			"color-contrast",
		]);
	});

	it("every button is 44 px or more", async () => {
		const room = await makeRoom();
		room.session.exchange("Why?", "Because.");
		const id = room.element.send("Hello") as string;
		room.session.refuse(id, "rate_limited", "Please wait.");
		await room.painted();
		const sizes = room.all("button").map((button) => {
			const { width, height } = button.getBoundingClientRect();
			return Math.min(width, height);
		});
		// New conversation, try again, edit, send; copy, two thumbs, answer again.
		expect(sizes).to.have.length(8);
		expect(Math.min(...sizes)).to.be.at.least(44);
	});

	it("nothing moves with reduced motion", async () => {
		const { session, element, painted } = await makeRoom();
		session.stored("q", "Why?");
		session.answer("q");
		await painted();
		expect(element.shadowRoot?.getAnimations()).to.deep.equal([]);
	});
});
