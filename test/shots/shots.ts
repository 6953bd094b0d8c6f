/**
 * `npm run shots [-- folder]`: screenshots of every state of the element, narrow and wide, light and dark, left to
 * right and right to left; by default into `shots/`.
 *
 * The states are real: a server, a model that waits or fails, limits, a lost connection. `index.html` in the
 * folder shows them all. `npm run shots -- folder state` makes only one state.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Page } from "puppeteer-core";
import type { Config } from "../../server/config/config.ts";
import type { ChatStream } from "../../widget/element/chat-stream.ts";
import { endBrowsers, startBrowser } from "../support/browsers.ts";
import { chaosProxy } from "../support/chaos-proxy.ts";
import { endServers, startInProcess } from "../support/server.ts";
import { type Behaviour, words, workshop } from "./words.ts";

const [folder = "shots", only] = process.argv.slice(2);
const dist = join(import.meta.dir, "../../dist");

const screens = {
	narrow: { width: 375, height: 740, deviceScaleFactor: 2 },
	wide: { width: 1100, height: 760, deviceScaleFactor: 2 },
} as const;
const themes = ["light", "dark"] as const;
const languages = ["en", "ar"] as const;

/** Waiting ends with an error. */
const patienceMs = 15_000;

type Scene = {
	page: Page;
	language: keyof typeof words;
	proxy: Awaited<ReturnType<typeof chaosProxy>>;
	model: ReturnType<typeof workshop>;
	/** Calls a method of the element. */
	call(method: "send" | "stop" | "show", ...words: string[]): Promise<unknown>;
	/** Waits until this is in the element's shadow tree. */
	see(selector: string): Promise<unknown>;
};

type State = {
	settings?: Partial<Config>;
	/** Rejects anonymous visitors. */
	isClosed?: boolean;
	attributes?: string;
	/** How the model behaves. @default "whole" */
	does?: Behaviour;
	act?(scene: Scene): Promise<unknown>;
};

const ask = ({ call, language }: Scene) =>
	call("send", words[language].question);
const answered = async (scene: Scene) => {
	await ask(scene);
	await scene.see(".sources");
	// Formulas and highlighting load asynchronously.
	await scene.page.waitForNetworkIdle({ idleTime: 300, timeout: patienceMs });
};
const write = (
	{ page, language }: Scene,
	text: string = words[language].draft,
) =>
	page.evaluate((text) => {
		const box = document
			.querySelector("chat-stream")
			?.shadowRoot?.querySelector("textarea");
		if (!box) throw new Error("Expected the composer.");
		box.value = text;
		box.dispatchEvent(new InputEvent("input", { bubbles: true }));
	}, text);

const states: Record<string, State> = {
	empty: {},
	thinking: {
		does: "silent",
		act: async (scene) => {
			await ask(scene);
			await scene.see(".life");
		},
	},
	streaming: {
		does: "midway",
		act: async (scene) => {
			await ask(scene);
			await scene.see("[part~=table]");
		},
	},
	answered: { act: answered },
	"answer-top": {
		act: async (scene) => {
			await answered(scene);
			await scene.page.evaluate(() => {
				document
					.querySelector("chat-stream")
					?.shadowRoot?.querySelector(".transcript")
					?.scrollTo(0, 0);
			});
			await scene.see(".latest");
		},
	},
	stopped: {
		does: "midway",
		act: async (scene) => {
			await ask(scene);
			await scene.see("[part~=table]");
			await scene.call("stop");
			await scene.see(".reply .foot .quiet");
		},
	},
	"broken-off": {
		does: "breaks",
		act: async (scene) => {
			await ask(scene);
			await scene.see(".failed .quiet");
		},
	},
	// The limit of a message is known only after the server's `ready`.
	"not-sent": {
		settings: { maxContentChars: 20 },
		act: async (scene) => {
			await ask(scene);
			await write(scene);
			scene.proxy.heal();
			await scene.see(".refused .quiet");
		},
	},
	"too-long": {
		settings: { maxContentChars: 20 },
		act: async (scene) => {
			await write(scene, words[scene.language].question);
			await scene.page.keyboard.press("Tab");
			await scene.call("send", words[scene.language].question);
			await scene.see(".problem:not([hidden])");
		},
	},
	reconnecting: {
		act: async (scene) => {
			await answered(scene);
			scene.proxy.set({ hold: "both" });
			scene.proxy.cut();
			await scene.see(".notice");
			await ask(scene);
		},
	},
	offline: {
		act: async (scene) => {
			await answered(scene);
			// The browser's offline state does not close a socket.
			scene.proxy.set({ upgrade: 502, answers: { "/": { status: 502 } } });
			await scene.page.setOfflineMode(true);
			scene.proxy.cut();
			await scene.see(".notice .quiet");
			await ask(scene);
		},
	},
	limited: {
		settings: { maxMessagesPerMinute: 1 },
		act: async (scene) => {
			await answered(scene);
			await ask(scene);
			await scene.see(".waiting");
		},
	},
	refused: { isClosed: true, act: (scene) => scene.see(".notice.alert") },
	"floating-closed": {
		attributes: 'mode="floating"',
		act: async (scene) => {
			scene.model.does = "silent";
			await ask(scene);
			await scene.see(".launcher");
		},
	},
	"floating-unread": {
		attributes: 'mode="floating"',
		act: async (scene) => {
			await ask(scene);
			await scene.see(".badge");
		},
	},
	"floating-open": {
		attributes: 'mode="floating"',
		act: async (scene) => {
			await scene.call("show");
			await answered(scene);
		},
	},
};

/** The script and its parts, and a page around the element. */
let body = "";
const site = Bun.serve({
	port: 0,
	hostname: "127.0.0.1",
	async fetch(request) {
		const { pathname } = new URL(request.url);
		if (pathname === "/")
			return new Response(body, {
				headers: { "Content-Type": "text/html; charset=utf-8" },
			});
		const file = Bun.file(join(dist, pathname));
		if (/^\/[\w.-]+\.js$/.test(pathname) && (await file.exists()))
			return new Response(file);
		return new Response(null, { status: 404 });
	},
});

function pageAround(
	language: keyof typeof words,
	src: string,
	attributes: string,
) {
	const { heading, greeting, suggestions } = words[language];
	const direction = language === "ar" ? "rtl" : "ltr";
	return `<!doctype html>
<html lang="${language}" dir="${direction}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading}</title>
<style>
	:root { color-scheme: light dark; background: light-dark(#dfe3ea, #2a2d35); }
	body { box-sizing: border-box; block-size: 100vh; margin: 0; padding: min(4vw, 24px); }
	chat-stream { --chat-height: 100%; --chat-max-width: 900px; --chat-margin: 0 auto; }
	[mode=floating] { --chat-height: 640px; }
</style>
<script src="/chat-stream.js" async></script>
<chat-stream src="${src}" heading="${heading}" greeting="${greeting}" suggestions="${suggestions}" highlight math ${attributes}></chat-stream>`;
}

async function shoot(
	page: Page,
	name: string,
	state: State,
	language: keyof typeof words,
) {
	const model = workshop();
	model.does = state.does ?? "whole";
	const server = startInProcess({
		provider: model,
		settings: state.settings ?? {},
		rules: { anonymous: !state.isClosed },
	});
	const proxy = await chaosProxy({ target: Number(new URL(server.url).port) });
	if (name === "not-sent") proxy.set({ hold: "both" });
	body = pageAround(language, `${proxy.url}/chat`, state.attributes ?? "");
	await page.goto(site.url.href, { waitUntil: "load" });
	const see = (selector: string) =>
		page.waitForFunction(
			(selector) =>
				document
					.querySelector("chat-stream")
					?.shadowRoot?.querySelector(selector),
			{ timeout: patienceMs },
			selector,
		);
	const call: Scene["call"] = (method, ...words) =>
		page.evaluate(
			(method, words) => {
				const element = document.querySelector("chat-stream") as ChatStream;
				return Reflect.apply(element[method], element, words) as unknown;
			},
			method,
			words,
		);
	await page.waitForFunction(() => customElements.get("chat-stream"));
	await see(state.attributes ? ".launcher" : ".chat");
	await state.act?.({ page, language, proxy, model, call, see });
	for (const [screen, viewport] of Object.entries(screens))
		for (const theme of themes) {
			await page.setViewport(viewport);
			await page.emulateMediaFeatures([
				{ name: "prefers-color-scheme", value: theme },
				{ name: "prefers-reduced-motion", value: "reduce" },
			]);
			// Two frames: the element paints in the first.
			await page.evaluate(
				() =>
					new Promise((resolve) =>
						requestAnimationFrame(() => requestAnimationFrame(resolve)),
					),
			);
			await page.screenshot({
				path: `${folder}/${pictureOf(name, screen, theme, language)}` as "x.png",
			});
		}
	await proxy.close();
	await server.drain();
}

const pictureOf = (...names: string[]) => `${names.join("-")}.png`;

/** All screenshots on one page, one row per state. */
function sheet(): string {
	const rows = Object.keys(states).map((name) => {
		const pictures = Object.keys(screens).flatMap((screen) =>
			languages.flatMap((language) =>
				themes.map((theme) => pictureOf(name, screen, theme, language)),
			),
		);
		const images = pictures.map(
			(file) => `<a href="${file}"><img src="${file}" alt="${file}"></a>`,
		);
		return `<h2 id="${name}">${name}</h2>\n<p>${images.join("\n")}</p>`;
	});
	return `<!doctype html>
<meta charset="utf-8">
<title>Every state</title>
<style>
	body { margin: 12px; font: 14px system-ui; background: #bbb; }
	p { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 20px; }
	img { block-size: 340px; display: block; }
</style>
${rows.join("\n")}
`;
}

mkdirSync(folder, { recursive: true });
try {
	readFileSync(join(dist, "chat-stream.js"));
	process.env.FONTCONFIG_FILE = join(import.meta.dir, "fonts.conf");
	const browser = await startBrowser("chromium");
	let count = 0;
	for (const [name, state] of Object.entries(states)) {
		if (only && name !== only) continue;
		for (const language of languages) {
			const context = await browser.createBrowserContext();
			const page = await context.newPage();
			await page.setViewport(screens.wide);
			await page.emulateTimezone("UTC");
			await shoot(page, name, state, language);
			await context.close();
			count += themes.length * Object.keys(screens).length;
		}
		console.log(name);
	}
	writeFileSync(join(folder, "index.html"), sheet());
	console.log(`${count} pictures: ${resolve(folder, "index.html")}`);
} finally {
	await endBrowsers();
	await endServers();
	site.stop(true);
}
