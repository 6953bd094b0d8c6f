/**
 * WebKitGTK for @web/test-runner: its MiniBrowser over WebDriver, one window, one session at a time.
 *
 * The runner's own WebDriver launcher depends on 330 packages that download other browsers' drivers during
 * installation. Six requests are enough here.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserLauncher } from "@web/test-runner-core";

type Size = { width: number; height: number };
type Options = { driver: string; miniBrowser: string; xvfb: string };
/** The response to a WebDriver command: its value, or an error with a message. */
type Answer = {
	value: { sessionId?: string; error?: string; message?: string } | null;
};

/** https://www.w3.org/TR/webdriver2/#keyboard-actions */
const keyValues: Record<string, string> = {
	Tab: "\uE004",
	Enter: "\uE007",
	Shift: "\uE008",
	Escape: "\uE00C",
	Backspace: "\uE003",
	Control: "\uE009",
	ArrowLeft: "\uE012",
	F2: "\uE032",
};

const startMs = 20_000;
const size: Size = { width: 800, height: 600 };

export function webkitLauncher(
	options: Options,
): BrowserLauncher & { getPage(id: string): object } {
	let browser: Promise<WebKit> | undefined;
	let active: { id: string; url: string } | undefined;
	return {
		name: "WebKit",
		// The runner's commands expect puppeteer's page; these are the methods that they call.
		type: "puppeteer",
		concurrency: 1,
		async startSession(id, url) {
			browser ??= WebKit.start(options);
			active = { id, url };
			const window = await browser;
			await window.resize(size);
			await window.open(url);
		},
		isActive: (id) => active?.id === id,
		getBrowserUrl: () => active?.url ?? "",
		getPage: () => ({
			setViewport: async (wanted: Size) => (await browser)?.resize(wanted),
			keyboard: {
				press: async (key: string) => (await browser)?.keys(key, "down", "up"),
				async type(text: string) {
					for (const key of text)
						await (await browser)?.keys(key, "down", "up");
				},
				down: async (key: string) => (await browser)?.keys(key, "down"),
				up: async (key: string) => (await browser)?.keys(key, "up"),
			},
		}),
		async startDebugSession() {
			throw new Error(
				"WebKit has no debugger here. Please take another engine.",
			);
		},
		async stopSession() {
			// An empty page ends the scripts of the previous one.
			await (await browser)?.open("about:blank");
			active = undefined;
			return {};
		},
		async stop() {
			await (await browser)?.quit();
		},
	};
}

/** One window of the browser, and the processes behind it. */
class WebKit {
	readonly #session: string;
	readonly #processes: readonly Bun.Subprocess[];
	/** The size of the window's frame, which the page's size does not include. */
	#frame: Size = { width: 0, height: 0 };

	private constructor(session: string, processes: readonly Bun.Subprocess[]) {
		this.#session = session;
		this.#processes = processes;
	}

	/** @throws {Error} with the driver's message as its cause, if there is no session within 20 s. */
	static async start({ driver, miniBrowser, xvfb }: Options) {
		const screen = Bun.spawn(
			[xvfb, "-displayfd", "1", "-screen", "0", "1600x1200x24"],
			{ stdout: "pipe", stderr: "ignore" },
		);
		const number = await firstLine(screen.stdout);
		const port = freePort();
		const settings = stillSettings();
		const server = Bun.spawn([driver, "--host=127.0.0.1", `--port=${port}`], {
			env: {
				...process.env,
				...{ DISPLAY: `:${number}`, GTK_A11Y: "none" },
				XDG_CONFIG_HOME: settings,
			},
			stdout: "ignore",
			stderr: "ignore",
		});
		const processes = [server, screen];
		void server.exited.then(() => rmSync(settings, { recursive: true }));
		const base = `http://127.0.0.1:${port}/session`;
		const capabilities = {
			alwaysMatch: {
				"webkitgtk:browserOptions": {
					binary: miniBrowser,
					args: ["--automation"],
				},
			},
		};
		const until = Date.now() + startMs;
		let said: unknown;
		while (Date.now() < until) {
			try {
				const { sessionId, message } = await command("POST", base, {
					capabilities,
				});
				if (sessionId) return new WebKit(`${base}/${sessionId}`, processes);
				throw new Error(message);
			} catch (error) {
				said = error;
				await Bun.sleep(200);
			}
		}
		for (const each of processes) each.kill();
		throw new Error(`WebKit did not start within ${startMs / 1_000} s.`, {
			cause: said,
		});
	}

	async open(url: string) {
		await command("POST", `${this.#session}/url`, { url });
	}

	/** Resizes the page, in CSS px. The window resizes late, and its frame adds to its size. */
	async resize({ width, height }: Size) {
		for (let tries = 0; tries < 3; tries++) {
			await command("POST", `${this.#session}/window/rect`, {
				width: width + this.#frame.width,
				height: height + this.#frame.height,
			});
			let page = await this.#pageSize();
			for (let looks = 0; looks < 20; looks++) {
				if (page.width === width && page.height === height) return;
				await Bun.sleep(20);
				page = await this.#pageSize();
			}
			this.#frame.width += width - page.width;
			this.#frame.height += height - page.height;
		}
	}

	async keys(key: string, ...moves: ("down" | "up")[]) {
		const value = keyValues[key] ?? key;
		const actions = moves.map((move) => ({
			type: move === "down" ? "keyDown" : "keyUp",
			value,
		}));
		await command("POST", `${this.#session}/actions`, {
			actions: [{ type: "key", id: "keyboard", actions }],
		});
	}

	async #pageSize(): Promise<Size> {
		const script = "return {width: innerWidth, height: innerHeight}";
		const found = await command("POST", `${this.#session}/execute/sync`, {
			script,
			args: [],
		});
		return found as Size;
	}

	async quit() {
		await command("DELETE", this.#session);
		for (const each of this.#processes) {
			each.kill();
			await each.exited;
		}
	}
}

async function command(
	method: "POST" | "DELETE",
	url: string,
	body?: object,
): Promise<NonNullable<Answer["value"]>> {
	const response = await fetch(url, {
		method,
		...(body && { body: JSON.stringify(body) }),
	});
	const { value } = (await response.json()) as Answer;
	if (!response.ok)
		throw new Error(`${method} ${url}: ${value?.error} ${value?.message}`);
	return value ?? {};
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
	let text = "";
	const decoder = new TextDecoder();
	for await (const chunk of stream) {
		text += decoder.decode(chunk, { stream: true });
		if (text.includes("\n")) break;
	}
	return text.trim();
}

/** A folder of settings with `prefers-reduced-motion: reduce`. */
function stillSettings(): string {
	const folder = mkdtempSync(join(tmpdir(), "webkit-"));
	mkdirSync(join(folder, "gtk-3.0"));
	writeFileSync(
		join(folder, "gtk-3.0/settings.ini"),
		"[Settings]\ngtk-enable-animations=0\n",
	);
	return folder;
}

/** A port that was free a moment ago: the driver cannot choose one itself. */
function freePort(): number {
	const probe = Bun.listen({
		hostname: "127.0.0.1",
		port: 0,
		socket: { data() {} },
	});
	const { port } = probe;
	probe.stop(true);
	return port;
}
