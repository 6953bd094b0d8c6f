/** The appearance set by a page: accent, corners, space, type, avatar, slots; and its contrast. */
import "../../widget/index.ts";
import { expect } from "@open-wc/testing";
import type { ChatStream } from "../../widget/element/chat-stream.ts";
import { strings } from "../../widget/i18n/strings.ts";
import { makeRoom } from "../support/room.ts";

type Rgb = readonly [number, number, number];

const pen = document
	.createElement("canvas")
	.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;

/** Any CSS colour, as rendered. */
function shown(color: string): Rgb {
	pen.clearRect(0, 0, 1, 1);
	pen.fillStyle = "#123456";
	pen.fillStyle = color;
	pen.fillRect(0, 0, 1, 1);
	const [r = 0, g = 0, b = 0, alpha] = pen.getImageData(0, 0, 1, 1).data;
	expect([color, alpha]).to.deep.equal([color, 255]);
	return [r, g, b];
}

/** The contrast of WCAG 2.2. */
function contrastOf(one: string, other: string): number {
	const luminance = (color: string) => {
		const [r, g, b] = shown(color).map((byte) => {
			const part = byte / 255;
			return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
		}) as unknown as Rgb;
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort(
		(a, b) => a - b,
	);
	return (light + 0.05) / (dark + 0.05);
}

const accents = [
	..."white black yellow navy red lime #777 #767676 #808080 #3a56d4".split(" "),
	...["rgb(255 200 0 / 30%)", "transparent", "oklch(70% 0.2 330)"],
	...["color(display-p3 0 1 0)", "hsl(200 100% 50%)", "light-dark(pink, teal)"],
];

const painting = async (attributes: Record<string, string>) => {
	const room = await makeRoom(undefined, attributes);
	const styleOf = (selector: string) => getComputedStyle(room.find(selector));
	return { ...room, styleOf };
};

describe("an accent", () => {
	for (const theme of ["light", "dark"])
		for (const accent of accents)
			it(`${accent} is readable in the ${theme} theme, below text and as text`, async () => {
				const room = await painting({ accent, theme });
				const { styleOf, find, type, painted } = room;
				type("There is something to send.");
				await painted();
				// A colour transition takes time, and none with reduced motion.
				await Promise.all(
					find(".send")
						.getAnimations()
						.map((a) => a.finished),
				);
				const { color, backgroundColor } = styleOf(".send");
				expect(contrastOf(color, backgroundColor)).to.be.at.least(4.5);
				const ink = styleOf(".mark").color;
				const ground = styleOf(".chat").backgroundColor;
				expect(contrastOf(ink, ground)).to.be.at.least(4.5);
				const probe = document.createElement("i");
				probe.style.background = "var(--bubble)";
				find(".chat").append(probe);
				const bubble = getComputedStyle(probe).backgroundColor;
				expect(contrastOf(ink, bubble)).to.be.at.least(4.5);
				probe.remove();
			});

	it("with enough contrast is unchanged", async () => {
		const { styleOf } = await painting({ accent: "#0b5e3f", theme: "light" });
		expect(shown(styleOf(".mark").color)).to.deep.equal([11, 94, 63]);
	});

	it("is unchanged in browsers without relative colours, with the default pair", async () => {
		for (const [theme, pair] of [
			["light", "#fff"],
			["dark", "#10131f"],
		] as const) {
			const room = await painting({ accent: "yellow", theme });
			const { element, styleOf, type, painted } = room;
			const root = element.renderRoot as ShadowRoot;
			let left = 0;
			root.adoptedStyleSheets = root.adoptedStyleSheets.map((sheet) => {
				const older = new CSSStyleSheet();
				const rules = [...sheet.cssRules];
				const kept = rules.filter((r) => !(r instanceof CSSSupportsRule));
				left += rules.length - kept.length;
				older.replaceSync(kept.map(({ cssText }) => cssText).join("\n"));
				return older;
			});
			expect(left).to.equal(1);
			type("There is something to send.");
			await painted();
			const moving = room.find(".send").getAnimations();
			await Promise.all(moving.map(({ finished }) => finished));
			const { color, backgroundColor } = styleOf(".send");
			expect(shown(backgroundColor)).to.deep.equal([255, 255, 0]);
			expect(shown(color)).to.deep.equal(shown(pair));
			expect(shown(styleOf(".mark").color)).to.deep.equal([255, 255, 0]);
		}
	});

	it("is overridden by the page's own colours", async () => {
		const { element, styleOf } = await painting({ accent: "yellow" });
		element.style.setProperty("--chat-on-accent", "rgb(1, 2, 3)");
		element.style.setProperty("--chat-accent-text", "rgb(4, 5, 6)");
		expect(shown(styleOf(".mark").color)).to.deep.equal([4, 5, 6]);
	});
});

describe("the palette", () => {
	/** The tinted areas: an inline code, the bar of a block, the idle send button and the bubble. */
	const tinted = ["p code", "[part~=code-bar]", ".send", ".text"];
	const answered = async (attributes: Record<string, string>) => {
		const room = await painting(attributes);
		const { session, painted } = room;
		session.exchange("Hi", "Say `hello`.\n\n```ts\nhello();\n```");
		await painted();
		return room;
	};
	const hueOf = (color: string) => {
		const [r, g, b] = shown(color);
		return Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b);
	};

	for (const theme of ["light", "dark"])
		for (const accent of ["#0058a3", "#e4002b", "#0a7d55", "#f07800"])
			it(`${accent} tints every quiet area in the ${theme} theme`, async () => {
				const { styleOf } = await answered({ accent, theme });
				for (const part of tinted) {
					const { backgroundColor } = styleOf(part);
					const turn = Math.abs(hueOf(backgroundColor) - hueOf(accent));
					expect([
						part,
						Math.min(turn, 2 * Math.PI - turn) < 0.7,
					]).to.deep.equal([part, true]);
				}
			});

	it("with a brand-coloured bubble leaves code and buttons readable", async () => {
		const { element, styleOf } = await answered({ theme: "light" });
		element.style.setProperty("--chat-bubble", "#0b6e4f");
		element.style.setProperty("--chat-on-bubble", "#fff");
		expect(shown(styleOf(".text").backgroundColor)).to.deep.equal([
			11, 110, 79,
		]);
		for (const part of tinted.slice(0, 3)) {
			const { color, backgroundColor } = styleOf(part);
			expect([part, contrastOf(color, backgroundColor) >= 4.5]).to.deep.equal([
				part,
				true,
			]);
		}
	});
});

describe("the theme", () => {
	const schemes = async (theme: string | undefined, page: string) => {
		document.documentElement.style.colorScheme = page;
		try {
			const room = await painting(theme ? { theme } : {});
			const [red = 0] = shown(room.styleOf(".chat").backgroundColor);
			return red > 128 ? "light" : "dark";
		} finally {
			document.documentElement.style.colorScheme = "";
		}
	};

	for (const theme of [undefined, "auto"])
		for (const page of ["light", "dark"])
			it(`${theme ?? "by default"} follows a ${page} page`, async () => {
				expect(await schemes(theme, page)).to.equal(page);
			});
	for (const theme of ["light", "dark"])
		for (const page of ["light", "dark"])
			it(`${theme} is forced in a ${page} page`, async () => {
				expect(await schemes(theme, page)).to.equal(theme);
			});
	it("is light in a page that declares no colour scheme", async () => {
		expect(await schemes(undefined, "")).to.equal("light");
	});
});

describe("an appearance attribute", () => {
	const looks: [name: string, value: string, read: (s: Style) => string][] = [
		["radius", "3px", (styleOf) => styleOf(".chat").borderTopLeftRadius],
		["density", "compact", (styleOf) => styleOf(".chat").fontSize],
		["font", "Georgia, serif", (styleOf) => styleOf(".chat").fontFamily],
		["accent", "rgb(255, 0, 0)", (styleOf) => styleOf(".mark").color],
	];
	type Style = (selector: string) => CSSStyleDeclaration;

	for (const [name, value, read] of looks)
		it(`${name} applies while it is set`, async () => {
			const { element, styleOf, painted } = await painting({});
			const before = read(styleOf);
			element.setAttribute(name, value);
			await painted();
			expect(read(styleOf)).not.to.equal(before);
			element.removeAttribute(name);
			await painted();
			expect(read(styleOf)).to.equal(before);
		});

	for (const density of ["comfortable", "compact"])
		it(`${density} leaves every button below an answer complete`, async () => {
			const { all, find, session, painted } = await painting({ density });
			session.exchange("Hi", "Hello.");
			session.exchange("And?", "So.");
			await painted();
			const { bottom } = find(".reply").getBoundingClientRect();
			const buttons = all(".tools .tool");
			expect(buttons).to.have.length.above(5);
			const box = buttons[0]?.getBoundingClientRect() as DOMRect;
			expect(box.height).to.be.at.least(44);
			expect(box.bottom).to.be.at.most(bottom);
		});

	it("overrides the custom property of the same name", async () => {
		const { element, styleOf } = await painting({ radius: "3px" });
		element.style.setProperty("--chat-radius", "9px");
		expect(styleOf(".chat").borderTopLeftRadius).to.equal("3px");
	});

	const wrong: [keyof ChatStream, string, expects: string][] = [
		["accent", "blurple", "a CSS color"],
		["radius", "round", "a CSS border-radius"],
		["radius", "1px; color: red", "a CSS border-radius"],
		["font", "12", "a CSS font-family"],
		["density", "cosy", "comfortable or compact"],
		["theme", "black", "auto, light or dark"],
		["mode", "popup", "inline or floating"],
		["position", "middle", "bottom-right, bottom-left, top-right or top-left"],
		["avatar", "javascript:alert(1)", "an image's address"],
		["avatar", "data:text/html,<p>", "an image's address"],
	];
	for (const [name, value, expects] of wrong)
		it(`${name}="${value}" counts as none, and one warning shows the expected value`, async () => {
			const usual = await painting({});
			const before = getComputedStyle(usual.find(".chat"));
			const { warn } = console;
			const warnings: string[] = [];
			console.warn = (text) => void warnings.push(text);
			try {
				const { element, styleOf, painted, all } = await painting({
					[name as string]: value,
				});
				element.requestUpdate();
				await painted();
				const after = styleOf(".chat");
				for (const property of [
					...(["borderTopLeftRadius", "fontFamily", "fontSize"] as const),
					...(["color", "colorScheme", "position"] as const),
				])
					expect([property, after[property]]).to.deep.equal([
						property,
						before[property],
					]);
				expect(all("img")).to.have.length(0);
			} finally {
				console.warn = warn;
			}
			expect(warnings).to.have.length(1);
			expect(warnings[0]).to.contain(`expected ${name as string} to be`);
			expect(warnings[0]).to.contain(expects);
			expect(warnings[0]).to.contain(`got "${value}"`);
		});
});

describe("an invalid position", () => {
	for (const position of ["left", "top", "center-left", "top-center"])
		it(`${position} leaves the launcher in its usual corner`, async () => {
			const { warn } = console;
			console.warn = () => {};
			try {
				const usual = await painting({ mode: "floating" });
				const { left, top } = usual.find(".launcher").getBoundingClientRect();
				const { find } = await painting({ mode: "floating", position });
				const box = find(".launcher").getBoundingClientRect();
				expect([box.left, box.top]).to.deep.equal([left, top]);
			} finally {
				console.warn = warn;
			}
		});
});

const dot =
	"data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

describe("an avatar", () => {
	it("replaces the built-in icon, and has no accessible name", async () => {
		const { all, find } = await painting({ avatar: dot });
		expect(all(".mark")).to.have.length(0);
		for (const place of ["header", ".greeting"]) {
			const image = find<HTMLImageElement>(`${place} .avatar`);
			expect([image.alt, image.currentSrc]).to.deep.equal(["", dot]);
			expect(image.offsetWidth).to.equal(32);
		}
	});

	it("is beside answers, and their text makes room", async () => {
		const { all, find, session, painted } = await painting({ avatar: dot });
		session.exchange("Hi", "Hello.");
		session.exchange("And?", "So.");
		await painted();
		const images = all(".reply > .avatar") as HTMLImageElement[];
		expect(images.map(({ alt }) => alt)).to.deep.equal(["", ""]);
		expect(all(".user .avatar")).to.have.length(0);
		const image = find(".reply > .avatar").getBoundingClientRect();
		const text = find(".reply .body").getBoundingClientRect();
		expect(text.left).to.be.at.least(image.right);
		expect(Math.abs(text.top - image.top)).to.be.lessThan(8);
	});

	it("is above them where there is no room beside", async () => {
		const { element, find, session, painted } = await painting({ avatar: dot });
		element.style.setProperty("--chat-width", "320px");
		session.exchange("Hi", "Hello.");
		await painted();
		const image = find(".reply > .avatar").getBoundingClientRect();
		const text = find(".reply .body").getBoundingClientRect();
		expect(text.left).to.equal(image.left);
		expect(text.top).to.be.at.least(image.bottom);
	});

	it("sets the minimum height of a short answer, at any size", async () => {
		const { element, find, session, painted } = await painting({ avatar: dot });
		element.style.setProperty("--chat-avatar-size", "90px");
		session.exchange("Hi", "");
		await painted();
		const { height } = find(".reply").getBoundingClientRect();
		expect(height).to.be.at.least(90);
	});

	it("appears and disappears with its attribute, also beside shown answers", async () => {
		const { element, all, find, session, painted } = await painting({});
		session.exchange("Hi", "Hello.");
		await painted();
		const left = () => find(".reply .body").getBoundingClientRect().left;
		const before = left();
		element.setAttribute("avatar", dot);
		await painted();
		expect(all(".reply > .avatar")).to.have.length(1);
		expect(left()).to.be.greaterThan(before);
		element.removeAttribute("avatar");
		await painted();
		expect(all("img")).to.have.length(0);
		expect(left()).to.equal(before);
	});

	it("has its space reserved before it loads", async () => {
		const { find } = await painting({ avatar: "/never-there.png" });
		expect(find("header .avatar").offsetHeight).to.equal(32);
	});
});

describe("a part", () => {
	it("exists for every visible component", async () => {
		const { all, session, painted } = await painting({
			...{ avatar: dot, mode: "floating", open: "" },
			suggestions: "What is it?",
		});
		// What has no box, is drawn, only said, or the text of an answer or a page has its part around it.
		const inside = ".base, svg, svg *, slot, .sr, .sr *, bdi, .turned, .body *";
		const bare = () =>
			all(`*:not([part], ${inside})`).map(({ outerHTML }) => outerHTML);
		expect(all(".suggestion")).to.have.length(1);
		expect(bare()).to.deep.equal([]);
		session.exchange("Hi", "# Hello\n\n```js\n1\n```", [
			{ title: "A page", url: "/page" },
			{ title: "A title", url: "javascript:0" },
		]);
		session.refuse(session.send("Again"), "rate_limited", "Too often.");
		session.stored("late", "And?");
		session.answer("late");
		session.connect({ state: "refused", code: "outdated", text: "Old." });
		await painted();
		for (const there of [".reply", ".failed", ".sources a", ".sources span"])
			expect([there, all(there).length]).not.to.deep.equal([there, 0]);
		for (const there of [".life", ".notice", ".tools", ".day"])
			expect([there, all(there).length]).not.to.deep.equal([there, 0]);
		expect(bare()).to.deep.equal([]);
	});
});

describe("a slot", () => {
	for (const [name, place, replaced] of [
		["header", "header", "h2"],
		["greeting", ".welcome", ".greeting svg"],
		["empty", ".welcome", ".greeting"],
		["footer", ".chat", undefined],
	] as const)
		it(`${name} shows an element of the page in place of the default`, async () => {
			const { element, find } = await painting({});
			const own = document.createElement("p");
			own.slot = name;
			own.textContent = "The page's own.";
			element.append(own);
			const box = find(place).getBoundingClientRect();
			const { top, bottom, height } = own.getBoundingClientRect();
			expect(height).to.be.greaterThan(0);
			expect(top).to.be.at.least(box.top);
			expect(bottom).to.be.at.most(box.bottom);
			if (replaced)
				expect(find(replaced).getBoundingClientRect().height).to.equal(0);
		});

	it("footer keeps its content off the frame's round corners, with any page reset", async () => {
		const { element, find } = await painting({});
		const own = document.createElement("small");
		const reset = document.createElement("style");
		reset.textContent = "* { margin: 0; padding: 0; }";
		own.slot = "footer";
		own.textContent = "Answers may be wrong.";
		element.append(reset, own);
		const frame = find(".chat").getBoundingClientRect();
		const { left, right, bottom } = own.getBoundingClientRect();
		expect(left - frame.left).to.be.at.least(14);
		expect(frame.right - right).to.be.at.least(14);
		expect(frame.bottom - bottom).to.be.at.least(8);
	});

	it("header leaves the buttons in place", async () => {
		const { element, find, session, painted } = await painting({});
		session.exchange("Hi", "Hello.");
		await painted();
		const button = find("header .tool");
		const { left } = button.getBoundingClientRect();
		const own = document.createElement("b");
		own.slot = "header";
		own.textContent = "Ask";
		element.append(own);
		expect(button.getBoundingClientRect().left).to.equal(left);
	});

	it("launcher shows an icon of the page", async () => {
		const { element, find } = await painting({ mode: "floating" });
		const own = document.createElement("span");
		own.slot = "launcher";
		own.textContent = "?";
		element.append(own);
		expect(
			find<HTMLSlotElement>("slot[name=launcher]").assignedElements(),
		).to.deep.equal([own]);
		expect(find(".launcher").getAttribute("aria-label")).to.equal(strings.open);
	});
});

describe("an empty composer", () => {
	it("has the direction of the chat, and typed text the direction of its letters", async () => {
		const { find, type, painted } = await painting({});
		find(".chat").dir = "rtl";
		const { direction } = getComputedStyle(find("textarea"));
		expect(direction).to.equal("rtl");
		type("Hello");
		await painted();
		expect(getComputedStyle(find("textarea")).direction).to.equal("ltr");
	});
});
