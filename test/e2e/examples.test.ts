/** The examples are run as their READMEs say: a provider, an endpoint in Python, a React page. */
import { afterAll, describe, expect, test } from "bun:test";
import {
	cpSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { endBrowsers, startBrowser } from "../support/browsers.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";
import { installMs, startUvicorn } from "../support/uvicorn.ts";

const root = join(import.meta.dir, "../..");
const examples = join(root, "examples");
const main = [process.execPath, join(root, "server/main.ts")];
// Inside the project, so that packages are found.
const folder = mkdtempSync(join(root, "test/types/run-"));
afterAll(async () => {
	await endBrowsers();
	await endServers();
	rmSync(folder, { recursive: true });
});

async function compilerOutput(project: string): Promise<string> {
	const compiler = join(root, "node_modules/.bin/tsc");
	const child = Bun.spawn([compiler, "-p", project, "--pretty", "false"], {
		cwd: root,
		stdout: "pipe",
	});
	return new Response(child.stdout).text();
}

async function ask(server: Program, content: string): Promise<string> {
	const response = await fetch(`${server.url}/chat/messages`, {
		method: "POST",
		headers: {
			"Content-Type": "application/json",
			Origin: "http://localhost:5173",
		},
		body: JSON.stringify({ content }),
	});
	const { content: answer } = (await response.json()) as { content: string };
	return answer;
}

describe("the provider", () => {
	test("passes the strict compiler", async () => {
		const project = join(folder, "tsconfig.provider.json");
		writeFileSync(
			project,
			JSON.stringify({
				extends: "../tsconfig.json",
				compilerOptions: { allowImportingTsExtensions: true },
				files: [join(examples, "provider/chat-stream.config.ts")],
			}),
		);
		expect(await compilerOutput(project)).toBe("");
	});

	const asked = [
		["When do you open on Monday?", "On Monday we open at 9:00. "],
		["Are you open on Sunday?", "We are closed on Sundays. "],
		["When do you open?", "Which day do you ask about? "],
	] as const;
	test("answers from its configuration file", async () => {
		const server = await startProgram(
			{ CHAT_PROVIDER: "" },
			main,
			join(examples, "provider"),
		);
		for (const [question, answer] of asked)
			expect(await ask(server, question)).toBe(answer);
	});

	test("answers as a module", async () => {
		const CHAT_PROVIDER = join(examples, "provider/my-provider.ts");
		const server = await startProgram({ CHAT_PROVIDER });
		for (const [question, answer] of asked)
			expect(await ask(server, question)).toBe(answer);
	});
});

test(
	"the endpoint in Python answers",
	async () => {
		const uvicorn = await startUvicorn(join(examples, "fastapi"), "app:app");
		try {
			const server = await startProgram({
				CHAT_PROVIDER: "http",
				CHAT_HTTP_URL: `${uvicorn.url}/answer`,
			});
			const answer = await ask(server, "Grüße aus Köln");
			expect(answer).toBe("You asked: Grüße aus Köln ");
		} finally {
			await uvicorn.stop();
		}
	},
	installMs,
);

describe("the React page", () => {
	// As `npm install` leaves it, with a link to this project. React itself is not among its packages.
	const page = join(folder, "react");
	cpSync(join(examples, "react"), page, { recursive: true });
	cpSync(join(root, "node_modules/preact"), join(page, "node_modules/preact"), {
		recursive: true,
	});
	symlinkSync(root, join(page, "node_modules/chat-stream"));
	symlinkSync(
		join(root, "node_modules/@types"),
		join(page, "node_modules/@types"),
	);

	test("passes the strict compiler", async () => {
		writeFileSync(
			join(page, "react-dom.d.ts"),
			`declare module "react-dom/client" {
				export function createRoot(at: Element): { render(view: import("react").ReactNode): void };
			}`,
		);
		writeFileSync(
			join(page, "tsconfig.test.json"),
			JSON.stringify({
				extends: "./tsconfig.json",
				files: ["main.tsx", "react-dom.d.ts"],
			}),
		);
		expect(await compilerOutput(join(page, "tsconfig.test.json"))).toBe("");
	});

	test("is bundled by Vite and shows an answer", async () => {
		const server = await startProgram({
			CHAT_PROVIDER: join(examples, "provider/my-provider.ts"),
		});
		await build({
			root: page,
			configFile: false,
			logLevel: "error",
			define: { "process.env.NODE_ENV": '"production"' },
			resolve: {
				alias: {
					"react-dom/client": "preact/compat/client",
					"react/jsx-runtime": "preact/jsx-runtime",
					react: "preact/compat",
				},
			},
			build: { outDir: "dist" },
		});
		const site = Bun.serve({
			port: 0,
			hostname: "127.0.0.1",
			async fetch(request) {
				const { pathname } = new URL(request.url);
				const file = Bun.file(
					join(page, "dist", pathname === "/" ? "index.html" : pathname),
				);
				if (!(await file.exists())) return new Response(null, { status: 404 });
				if (!pathname.endsWith(".js")) return new Response(file);
				// The example's server has a fixed port; the test's has not.
				const text = await file.text();
				return new Response(text.replace("http://localhost:8787", server.url), {
					headers: { "Content-Type": "text/javascript" },
				});
			},
		});
		const browser = await startBrowser("chromium");
		const tab = await browser.newPage();
		await tab.goto(site.url.href);
		await tab.waitForSelector("button");
		await tab.click("button");
		await tab.evaluate(() => {
			document.querySelector("chat-stream")?.send("Open on Monday?");
		});
		await tab.waitForFunction(
			() => document.querySelector("output")?.textContent !== "",
		);
		const shown = await tab.evaluate(() => ({
			answer: document.querySelector("output")?.textContent,
			isOpen: document.querySelector("chat-stream")?.hasAttribute("open"),
		}));
		expect(shown).toEqual({
			answer: "On Monday we open at 9:00. ",
			isOpen: true,
		});
		site.stop(true);
	});
});
