/** The built styles: a browser reads the same rules from them as from the source. */
import { afterAll, expect } from "bun:test";
import type { CSSResult } from "lit";
import { looks } from "../../widget/answer/answer-styles.ts";
import { styles } from "../../widget/view/styles.ts";
import { endBrowsers, rowsOf } from "../support/browsers.ts";
import { endServers, startProgram } from "../support/server.ts";

afterAll(async () => {
	await endBrowsers();
	await endServers();
});

const row = rowsOf("chromium");

row("the built styles are those of the source", async ({ context }) => {
	const { url } = await startProgram();
	const page = await context.newPage();
	await page.goto(`${url}/docs/theming`);
	await page.evaluate(async () => {
		const element = document.createElement("chat-stream");
		document.body.append(element);
		await customElements.whenDefined("chat-stream");
	});
	const sheets = styles.length + 1;
	// The last style sheet belongs to the answer chunk.
	await page.waitForFunction(
		(count) =>
			[...document.querySelectorAll("chat-stream")].at(-1)?.shadowRoot
				?.adoptedStyleSheets.length === count,
		{},
		sheets,
	);
	const source = [...styles, { cssText: looks } as CSSResult].map(
		({ cssText }) => cssText,
	);
	const { built, meant } = await page.evaluate((texts) => {
		const element = [...document.querySelectorAll("chat-stream")].at(-1);
		const root = element?.shadowRoot as ShadowRoot;
		const rulesOf = (sheet: CSSStyleSheet) =>
			[...sheet.cssRules].map(({ cssText }) =>
				// Custom properties keep their text, and numbers their notation.
				cssText
					.replaceAll(/\b0(?=\.\d)/g, "")
					.replaceAll(/\s+/g, " ")
					.replaceAll(/(?<=[(,:]) | (?=\))/g, ""),
			);
		return {
			built: root.adoptedStyleSheets.map(rulesOf),
			meant: texts.map((text) => {
				const sheet = new CSSStyleSheet();
				sheet.replaceSync(text);
				return rulesOf(sheet);
			}),
		};
	}, source);
	expect(built.flat().length).toBeGreaterThan(150);
	expect(built).toEqual(meant);
});
