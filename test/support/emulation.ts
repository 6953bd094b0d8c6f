/**
 * What differs between the supported browsers when puppeteer drives them. WebDriver BiDi grows with each version:
 * Firefox ESR 140 does not know some commands, and one unknown command must not end a suite.
 */
import type { Page, Viewport } from "puppeteer-core";

const resizeMs = 5_000;

/** True for a command that this version of the browser does not have. */
function isUnknownCommand(error: unknown): boolean {
	const text = error instanceof Error ? error.message : "";
	return /unknown command|unsupported operation/.test(text);
}

/**
 * Makes `page.setViewport` work in browsers that cannot emulate a screen orientation, such as Firefox ESR 140:
 * puppeteer sends the orientation together with the size, which they support.
 *
 * @throws {Error} if the page does not get the size within 5 s.
 */
export function withViewport(page: Page): Page {
	const setViewport = page.setViewport.bind(page);
	page.setViewport = async (viewport: Viewport | null) => {
		try {
			await setViewport(viewport);
		} catch (error) {
			if (!isUnknownCommand(error) || viewport === null) throw error;
			await isResized(page, viewport, error);
		}
	};
	return page;
}

async function isResized(page: Page, viewport: Viewport, cause: unknown) {
	const { width, height } = viewport;
	try {
		await page.waitForFunction(
			(width, height) => innerWidth === width && innerHeight === height,
			{ timeout: resizeMs },
			width,
			height,
		);
	} catch {
		const text = `The browser did not resize its page to ${width} x ${height} within ${resizeMs} ms.`;
		throw new Error(text, { cause });
	}
}

/**
 * Takes the page offline or online. If the browser has no command for it, as Firefox ESR 140, this sets
 * `navigator.onLine` and fires the event in the page. The caller cuts the network itself.
 */
export async function setOffline(page: Page, isOffline: boolean) {
	try {
		await page.setOfflineMode(isOffline);
	} catch (error) {
		if (!isUnknownCommand(error)) throw error;
		await page.evaluate((isOffline) => {
			Object.defineProperty(navigator, "onLine", {
				configurable: true,
				value: !isOffline,
			});
			dispatchEvent(new Event(isOffline ? "offline" : "online"));
		}, isOffline);
	}
}

/**
 * True for an error of the driver, not of the page. Firefox ESR 140 reports this one, without a stack, for any
 * `evaluateOnNewDocument` in a frame that has no origin, even an empty frame.
 */
export function isDriverError(error: unknown): boolean {
	return (
		error instanceof Error &&
		error.message.endsWith(`Permission denied to access property "length"`) &&
		!/^\s+at /m.test(error.stack ?? "")
	);
}
