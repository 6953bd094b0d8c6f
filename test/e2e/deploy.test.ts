/**
 * The rest of `deploy/`: the unit as systemd reads it, the parts of the Dockerfile that can be tested without
 * Docker, and that the documentation matches these files.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaults } from "../../server/config/config.ts";
import { doors, draining } from "../support/doors.ts";
import { ensureDebian } from "../support/ensure-debian.ts";
import { endServers, startProgram, tempFolder } from "../support/server.ts";

const root = join(import.meta.dir, "../..");
const read = (name: string) => readFileSync(join(root, name), "utf8");
const linesOf = (name: string) => read(name).split("\n");

afterAll(endServers);

const unit = new Map(
	linesOf("deploy/chat-stream.service")
		.filter((line) => /^\w+=/.test(line))
		.map((line) => line.split(/=(.*)/, 2) as [string, string]),
);
/** The working directory of the program under the unit. */
const unitFolder = `/var/lib/${unit.get("StateDirectory")}`;

describe("the unit for systemd", () => {
	test("gives replies time to end before it kills the process", () => {
		const stopMs = Number(unit.get("TimeoutStopSec")) * 1_000;
		// main.ts exits by itself 10 s after the drain, even if something hangs.
		expect(stopMs).toBeGreaterThan(defaults.drainMs + 10_000);
		expect(unit.get("KillSignal")).toBe("SIGTERM");
		expect(unit.get("Restart")).toBe("on-failure");
	});

	test("is valid for systemd and restricts the program", () => {
		ensureDebian(["systemd"], () => Bun.which("systemd-analyze"));
		const file = join(tempFolder(), "chat-stream.service");
		const text = read("deploy/chat-stream.service");
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
		// A unit without any protection has an exposure of 10.
		expect(Number(exposure)).toBeLessThanOrEqual(3);
	});

	test("has a daily backup, valid for systemd, of the store in its own folder", () => {
		ensureDebian(["systemd"], () => Bun.which("systemd-analyze"));
		const folder = tempFolder();
		const files = ["service", "timer"].map((kind) => {
			const text = read(`deploy/chat-stream-backup.${kind}`);
			const file = join(folder, `chat-stream-backup.${kind}`);
			writeFileSync(file, text);
			return file;
		});
		const { exitCode, stderr } = Bun.spawnSync([
			"systemd-analyze",
			"verify",
			...files,
		]);
		expect([exitCode, stderr.toString()]).toEqual([0, ""]);
		expect(read("deploy/chat-stream-backup.service")).toContain(
			`CHAT_STORE=sqlite:%S/${unit.get("StateDirectory")}/data/chat.db`,
		);
	});

	test("keeps the default store inside its own folder", () => {
		expect(defaults.store).toBe("sqlite:./data/chat.db");
		expect(unit.get("WorkingDirectory")).toBe(
			`%S/${unit.get("StateDirectory")}`,
		);
	});
});

describe("the Dockerfile", () => {
	const text = read("deploy/Dockerfile").replaceAll("\\\n", "");
	const lines = text.split("\n");
	const wordsAfter = (instruction: string) =>
		lines
			.filter((line) => line.startsWith(`${instruction} `))
			.map((line) => line.split(" ").slice(1));

	test("copies existing files, and no private ones", () => {
		const copied = wordsAfter("COPY")
			.filter(([first]) => !first?.startsWith("--from"))
			.flatMap((words) => words.slice(0, -1));
		expect(copied).toContain("package-lock.json");
		for (const name of copied) expect(existsSync(join(root, name))).toBe(true);
		const ignored = linesOf("deploy/Dockerfile.dockerignore");
		for (const line of linesOf(".gitignore"))
			expect(ignored).toContain(line.replace(/\/$/, ""));
		expect(ignored).toContain(".git");
	});

	test("copies the executable from where `npm run compile` writes it", () => {
		const [[, from] = []] = wordsAfter("COPY").filter(([first]) =>
			first?.startsWith("--from"),
		);
		expect(from).toBe("/src/dist/chat-stream");
		expect(wordsAfter("WORKDIR")[0]).toEqual(["/src"]);
		expect(read("deploy/compile.ts")).toContain('join(dist, "chat-stream")');
	});

	test("runs as an unprivileged user, with its store in its volume", () => {
		expect(wordsAfter("USER")).toEqual([["chat"]]);
		expect(wordsAfter("VOLUME")).toEqual([["/data"]]);
		expect(wordsAfter("ENV").flat()).toContain(
			"CHAT_STORE=sqlite:/data/chat.db",
		);
	});

	test("reports a server as healthy only while it serves", async () => {
		const [, command = "[]"] =
			/^HEALTHCHECK .*?CMD (\[.*\])$/m.exec(text) ?? [];
		const program = await startProgram();
		const { port } = new URL(program.url);
		const check = async () => {
			const { PATH = "" } = process.env;
			const env = { PATH, PORT: port };
			return Bun.spawn(JSON.parse(command), { env, stderr: "ignore" }).exited;
		};
		expect(await check()).toBe(0);

		const line = await doors.webSocket.enter(program.url);
		const id = await line.question("hold until checked");
		await line.growing();
		program.signal("SIGTERM");
		await draining(program.url);
		expect(await check()).not.toBe(0);
		await line.stop();
		await line.answer(id);
		await program.exited;
		expect(await check()).not.toBe(0);
	});
});

describe("the documentation", () => {
	const page = read("demo/pages/deploying.md");

	for (const [heading, example] of [
		["nginx", "nginx.conf"],
		["Caddy", "Caddyfile"],
	] as const)
		test(`shows for ${heading} the lines of the example`, () => {
			const section = page.split(`\n## ${heading}\n`)[1] ?? "";
			const [, block = ""] = section.split(/```\w*\n/);
			const shown = block.split("\n").map((line) => line.trim());
			expect(shown.length).toBeGreaterThan(3);
			const has = read(`deploy/${example}`);
			for (const line of shown) expect(has).toContain(line);
		});

	test("restores the file that the unit writes", () => {
		const file = defaults.store.replace("sqlite:.", unitFolder);
		expect(page).toMatch(new RegExp(`^cp /backup/\\S+ ${file}$`, "m"));
		for (const [named] of page.matchAll(/\/var\/lib\/\S+\.db\b/g))
			expect(named).toBe(file);
	});

	test("gives a container and a unit more time than the drain", () => {
		const [, stopS] = /docker stop --time (\d+)/.exec(page) ?? [];
		expect(Number(stopS) * 1_000).toBeGreaterThan(defaults.drainMs + 10_000);
		expect(page).toContain(`TimeoutStopSec=${unit.get("TimeoutStopSec")}`);
	});
});
