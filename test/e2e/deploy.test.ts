/**
 * What `deploy/` holds, tried: the executable where there is nothing else, nginx and Caddy by the very
 * examples, the unit and the Dockerfile as far as they can be read.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaults } from "../../server/config.ts";
import { type Answer, doors, everyDoor, get, post } from "../support/doors.ts";
import { ensureDebian } from "../support/ensure-debian.ts";
import {
	type ReverseProxy,
	reverseProxies,
} from "../support/reverse-proxies.ts";
import {
	endServers,
	type Program,
	startProgram,
	tempFolder,
} from "../support/server.ts";

const root = join(import.meta.dir, "../..");
const read = (name: string) => readFileSync(join(root, "deploy", name), "utf8");

afterAll(endServers);

describe("the executable", () => {
	const executable = join(tempFolder(), "chat-stream");

	beforeAll(async () => {
		const compiled = Bun.spawnSync(
			[process.execPath, join(root, "deploy/compile.ts")],
			{ env: { ...process.env, OUTFILE: executable } },
		);
		if (!compiled.success) throw new Error(compiled.stderr.toString());
	}, 60_000);

	const start = (environment: Record<string, string> = {}) =>
		// Where it runs there is no Bun, no Node, and no file of ours.
		startProgram({ PATH: "", CHAT_PROVIDER: "pages", ...environment }, [
			executable,
		]);

	test("answers from the pages that it bears, by every door, and ends with 0", async () => {
		const program = await start();
		for (const door of everyDoor) {
			const line = await door.enter(program.url);
			const id = await line.question("Can I use Ollama?");
			expect((await line.answer(id)).text).toContain("OPENAI_BASE_URL");
			line.leave();
		}
		program.signal("SIGTERM");
		expect(await program.exited).toBe(0);
	});

	test("serves the scripts, the demo and its documentation", async () => {
		const program = await start();
		const types = {
			"/chat-stream.js": "text/javascript",
			"/chat-stream.markdown.js": "text/javascript",
			"/chat-stream.lesser.js": "text/javascript",
			"/": "text/html",
			"/docs/": "text/html",
			"/docs/theming": "text/html",
			"/workbench/": "text/html",
			"/site.css": "text/css",
			"/favicon.svg": "image/svg+xml",
		};
		for (const [path, type] of Object.entries(types)) {
			const answer = await fetch(program.url + path);
			expect([path, answer.status]).toEqual([path, 200]);
			expect(answer.headers.get("Content-Type")).toStartWith(type);
			expect((await answer.text()).length).toBeGreaterThan(100);
		}
	});

	test("takes a module and a folder of pages from beside it", async () => {
		const folder = tempFolder();
		const module = join(folder, "mine.ts");
		writeFileSync(
			module,
			'export default async function* ({ turns }: { turns: { content: string }[] }) { yield "Heard: "; yield turns.at(-1)?.content ?? ""; }',
		);
		const own = await start({ CHAT_PROVIDER: module });
		const line = await doors.webSocket.enter(own.url);
		const id = await line.question("one two");
		expect((await line.answer(id)).text).toBe("Heard: one two");

		writeFileSync(join(folder, "gears.md"), "# Gears\n\nOil them in May.\n");
		const pages = await start({ CHAT_PAGES: folder });
		const reader = await doors.webSocket.enter(pages.url);
		const asked = await reader.question("What about gears?");
		expect((await reader.answer(asked)).text).toContain("Oil them in May.");
	});
});

for (const [name, startProxy] of Object.entries(reverseProxies))
	describe(`behind ${name}`, () => {
		let program: Program;
		let proxy: ReverseProxy;

		beforeAll(async () => {
			program = await startProgram({ CHAT_HEARTBEAT_MS: "300" });
			proxy = await startProxy(program.url);
		}, 120_000);
		afterAll(() => proxy.stop());

		for (const door of everyDoor) {
			test(`${door.name}: the first word is there before the last is written`, async () => {
				const line = await door.enter(proxy.url);
				const gate = crypto.randomUUID();
				const id = await line.question(`hold ${gate}`);
				// The model is still holding back: what has come was not kept in a buffer.
				expect((await line.growing()).text).not.toBe("");
				await post(proxy.url, "/messages", { content: `release ${gate}` });
				expect((await line.answer(id)).text).toEndWith("released");
				expect(line.faults).toEqual([]);
				line.leave();
			});

			test(`${door.name}: who comes back reads on after the cursor`, async () => {
				const line = await door.enter(proxy.url);
				const id = await line.question("slow 2 120");
				await line.growing(20);
				line.leave();
				const back = await door.enter(proxy.url, line.comeback, line.picture);
				expect((await back.answer(id)).text).toEndWith(" 120 ");
				expect(back.faults).toEqual([]);
				back.leave();
			});
		}

		test("a line on which only heartbeats come is kept", async () => {
			const line = await doors.webSocket.enter(proxy.url);
			const pings = () =>
				line.frames.filter(({ type }) => type === "ping").length;
			await line.when(() => pings() >= 4, "four heartbeats");
			expect(line.closed).toBeFalsy();
			line.leave();
		});

		test("SIGTERM reaches the reader as close code 1012, and others as 503", async () => {
			const line = await doors.webSocket.enter(proxy.url);
			const id = await line.question("slow 10 100");
			await line.growing();
			program.signal("SIGTERM");
			let health: Answer;
			do health = await get(proxy.url, "/health");
			while (health.status === 200);
			expect(health.body).toEqual({ status: "draining" });
			expect((await line.answer(id)).text).toEndWith(" 100 ");
			expect((await line.gone()).code).toBe(1012);
			expect(await program.exited).toBe(0);
		}, 40_000);
	});

describe("the unit for systemd", () => {
	const unit = new Map(
		read("chat-stream.service")
			.split("\n")
			.filter((line) => /^\w+=/.test(line))
			.map((line) => line.split(/=(.*)/, 2) as [string, string]),
	);

	test("gives replies the time to end before it kills", () => {
		const stopMs = Number(unit.get("TimeoutStopSec")) * 1_000;
		// main.ts ends by itself 10 s after the drain, whatever hangs.
		expect(stopMs).toBeGreaterThan(defaults.drainMs + 10_000);
		expect(unit.get("KillSignal")).toBe("SIGTERM");
	});

	test("is one that systemd understands, and that shuts the program in", () => {
		ensureDebian(["systemd"], () => Bun.which("systemd-analyze") !== null);
		const file = join(tempFolder(), "chat-stream.service");
		const text = read("chat-stream.service");
		writeFileSync(
			file,
			text.replaceAll(unit.get("ExecStart") ?? "", "/bin/true"),
		);
		const analyze = (...options: string[]) =>
			Bun.spawnSync(["systemd-analyze", ...options, file]);
		const { exitCode, stderr } = analyze("verify");
		expect([exitCode, stderr.toString()]).toEqual([0, ""]);
		const rated = analyze("security", "--offline=true", "--no-pager");
		const exposure = /exposure level.*: ([\d.]+)/.exec(`${rated.stdout}`)?.[1];
		// Of 10, which is what a unit without any protection gets.
		expect(Number(exposure)).toBeLessThanOrEqual(3);
	});

	test("keeps the default store inside its own folder", () => {
		expect(defaults.store).toBe("sqlite:./data/chat.db");
		expect(unit.get("WorkingDirectory")).toBe(
			`%S/${unit.get("StateDirectory")}`,
		);
	});
});

test("the documentation shows what the examples have", () => {
	const page = readFileSync(join(root, "demo/pages/deploying.md"), "utf8");
	for (const [heading, example] of [
		["nginx", "nginx.conf"],
		["Caddy", "Caddyfile"],
	] as const) {
		const section = page.split(`\n## ${heading}\n`)[1] ?? "";
		const [, block = ""] = section.split(/```\w*\n/);
		const shown = block.split("\n").map((line) => line.trim());
		expect(shown.length).toBeGreaterThan(3);
		for (const line of shown) expect(read(example)).toContain(line);
	}
});

test("what the Dockerfile copies is there, and its store is in its volume", () => {
	const lines = read("Dockerfile").split("\n");
	const copied = lines
		.filter((line) => line.startsWith("COPY ") && !line.includes("--from"))
		.flatMap((line) => line.split(" ").slice(1, -1));
	expect(copied).toContain("package-lock.json");
	for (const name of copied) expect(existsSync(join(root, name))).toBe(true);
	expect(lines).toContain("VOLUME /data");
	expect(lines.join("\n")).toContain("CHAT_STORE=sqlite:/data/");
});
