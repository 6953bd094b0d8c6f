/**
 * The result of `npm run compile`, started in an empty folder, without PATH and without the project's
 * files.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { version } from "../../server/operations/version.ts";
import { doors, everyDoor } from "../support/doors.ts";
import {
	endServers,
	type Program,
	startProgram,
	tempFolder,
} from "../support/server.ts";

const root = join(import.meta.dir, "../..");
const executable = join(tempFolder(), "chat-stream");

beforeAll(() => {
	const compiled = Bun.spawnSync(
		[process.execPath, join(root, "deploy/compile.ts")],
		{ env: { ...process.env, OUTFILE: executable } },
	);
	if (!compiled.success) throw new Error(compiled.stderr.toString());
}, 60_000);
afterAll(endServers);

const isScript = (name: string) => name.endsWith(".js");

/** Empty settings count as not set: the executable's defaults apply. */
const bare = { PATH: "", CHAT_PROVIDER: "", CHAT_STORE: "" };
const start = (environment: Record<string, string> = {}, folder?: string) =>
	startProgram({ ...bare, ...environment }, [executable], folder);

async function answerOf(program: Program, question: string): Promise<string> {
	const line = await doors.webSocket.enter(program.url);
	const { text } = await line.answer(await line.question(question));
	line.leave();
	return text;
}

/** A folder with these files in it. */
function folderWith(files: Record<string, string>): string {
	const folder = tempFolder();
	for (const [name, text] of Object.entries(files)) {
		mkdirSync(join(folder, name, ".."), { recursive: true });
		writeFileSync(join(folder, name), text);
	}
	return folder;
}

describe("the executable in an empty folder", () => {
	const folder = tempFolder();
	let program: Program;
	beforeAll(async () => {
		program = await start({}, folder);
	});

	for (const door of everyDoor)
		test(`${door.name}: it answers from its embedded pages`, async () => {
			const line = await door.enter(program.url);
			const id = await line.question("Can I use Ollama?");
			expect((await line.answer(id)).text).toContain("OPENAI_BASE_URL");
			line.leave();
		});

	for (const name of readdirSync(join(root, "dist")).filter(isScript))
		test(`it serves ${name}: compressed, under its hash, and 304 to a client that has it`, async () => {
			const built = readFileSync(join(root, "dist", name));
			const get = (path: string, headers: Record<string, string>) =>
				fetch(`${program.url}/${path}`, { headers, decompress: false });
			for (const [encoding, unpack] of [
				["br", brotliDecompressSync],
				["gzip", gunzipSync],
				["identity", (bytes: Uint8Array) => bytes],
			] as const) {
				const answer = await get(name, { "Accept-Encoding": encoding });
				const said = answer.headers.get("content-encoding") ?? "identity";
				expect(said).toBe(encoding);
				expect(built.equals(unpack(await answer.bytes()))).toBe(true);
			}
			const { headers } = await get(name, {});
			const etag = headers.get("etag") ?? "";
			const had = await get(name, { "If-None-Match": etag });
			expect(had.status).toBe(304);
			const hash = etag.replaceAll('"', "");
			const byHash = await get(name.replace(/js$/, `${hash}.js`), {});
			expect(byHash.headers.get("cache-control")).toContain("immutable");
			expect(built.equals(await byHash.bytes())).toBe(true);
		});

	test("it contains every script", () => {
		const scripts = readdirSync(join(root, "dist")).filter(isScript);
		expect(scripts).toContain("chat-stream.js");
		expect(scripts).toContain("chat-stream.http.js");
		expect(scripts.length).toBeGreaterThan(3);
	});

	test("it contains every file of the demo unchanged", async () => {
		const files = [...new Bun.Glob("**/*").scanSync(join(root, "demo"))];
		const site = files.filter((name) => !name.endsWith(".ts"));
		expect(site.length).toBeGreaterThan(30);
		for (const name of site) {
			const answer = await fetch(`${program.url}/${name}`);
			expect([name, answer.status]).toEqual([name, 200]);
			const file = Bun.file(join(root, "demo", name));
			expect(answer.headers.get("content-type")).toBe(file.type);
			const isSame = Buffer.from(await answer.bytes()).equals(
				Buffer.from(await file.bytes()),
			);
			expect([name, isSame]).toEqual([name, true]);
		}
		for (const path of ["/", "/docs/", "/docs/theming", "/workbench/"])
			expect((await fetch(program.url + path)).status).toBe(200);
		expect((await fetch(`${program.url}/server/main.ts`)).status).toBe(404);
	});

	test("SIGTERM: it finishes the open reply, stores it in its folder and exits with 0", async () => {
		const line = await doors.webSocket.enter(program.url);
		const id = await line.question("How do I deploy it behind nginx?");
		await line.growing();
		program.signal("SIGTERM");
		const { close } = await line.answer(id);
		expect(close).toMatchObject({ by: "end", reason: "complete" });
		expect((await line.gone()).code).toBe(1012);
		expect(await program.exited).toBe(0);
		expect(existsSync(join(folder, "data/chat.db"))).toBe(true);

		const next = await start({}, folder);
		const greeting = { ...line.comeback, after: 0 };
		const back = await doors.webSocket.enter(next.url, greeting);
		expect((await back.answer(id)).close).toEqual(close);
		expect(back.faults).toEqual([]);
	});
});

describe("the executable loads from its working directory", () => {
	test("chat-stream.config.ts and its imports", async () => {
		const folder = folderWith({
			"words.ts": 'export const words: string = "Words from beside.";\n',
			"chat-stream.config.ts": `
				import { words } from "./words.ts";
				export default { async *provider() { yield words; } };`,
		});
		expect(await answerOf(await start({}, folder), "hi")).toBe(
			"Words from beside.",
		);
	});

	test("a provider module and the packages beside it", async () => {
		const folder = folderWith({
			"node_modules/loud/package.json": '{"name":"loud","main":"loud.js"}',
			"node_modules/loud/loud.js":
				"module.exports = (text) => text.toUpperCase();",
			"mine.ts": `
				import loud from "loud";
				type Request = { turns: { content: string }[] };
				export default async function* ({ turns }: Request) {
					yield "Heard: ";
					yield loud(turns.at(-1)?.content ?? "");
				}`,
		});
		const program = await start({ CHAT_PROVIDER: "./mine.ts" }, folder);
		expect(await answerOf(program, "one two")).toBe("Heard: ONE TWO");
	});

	for (const pages of ["./my-docs", "./demo/pages"])
		test(`the pages in ${pages}, if CHAT_PAGES says so`, async () => {
			const gears = "# Gears\n\nOil them in May.\n";
			const folder = folderWith({ [`${pages}/gears.md`]: gears });
			const program = await start({ CHAT_PAGES: pages }, folder);
			expect(await answerOf(program, "What about gears?")).toContain(
				"Oil them in May.",
			);
		});
});

test("a missing module stops the start with a message", async () => {
	const started = start({ CHAT_PROVIDER: "./nowhere.ts" });
	expect(started).rejects.toThrow(
		/ended with 1:\n.*there is no file \.\/nowhere/,
	);
	await started.catch(() => undefined);
});

describe("the executable is also the command line", () => {
	const folder = tempFolder();
	async function command(...words: string[]) {
		const child = Bun.spawn([executable, ...words], {
			cwd: folder,
			env: bare,
			stdout: "pipe",
			stderr: "pipe",
		});
		const [out, complaints, code] = await Promise.all([
			new Response(child.stdout).text(),
			new Response(child.stderr).text(),
			child.exited,
		]);
		return { out, complaints, code };
	}

	test("serve is the default command", async () => {
		const told = await startProgram(bare, [executable, "serve"], folder);
		expect(await answerOf(told, "Can I use Ollama?")).toContain(
			"OPENAI_BASE_URL",
		);
		told.signal("SIGTERM");
		expect(await told.exited).toBe(0);
	});

	test("check, and conversations", async () => {
		const checked = await command("check");
		expect([checked.complaints, checked.code]).toEqual(["", 0]);
		const listed = await command("conversations", "list", "--json");
		const { conversation } = JSON.parse(listed.out);
		const shown = await command("conversations", "show", conversation);
		expect(shown.out).toContain("Can I use Ollama?");
	});

	test("its version, and a backup of the running server", async () => {
		const { out } = await command("--version");
		expect(out).toBe(`${version}\n`);
		const program = await startProgram(bare, [executable], folder);
		const saved = await command("backup", "copy.db");
		expect(saved).toMatchObject({ code: 0, complaints: "" });
		expect(saved.out).toContain("of the running server");
		expect(existsSync(join(folder, "copy.db"))).toBe(true);
		program.signal("SIGTERM");
		expect(await program.exited).toBe(0);
	});

	test("help, and unknown commands", async () => {
		expect((await command("--help")).out).toContain("conversations export");
		const { code, complaints } = await command("dance");
		expect([code, complaints]).toEqual([2, expect.stringContaining("dance")]);
	});
});

test("the executable contains no path of the build machine", () => {
	expect(readFileSync(executable).includes(root)).toBe(false);
});
