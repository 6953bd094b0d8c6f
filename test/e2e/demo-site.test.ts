/** The demo site belongs to a trial: in production the server serves scripts and the chat alone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Program, startProgram } from "../support/server.ts";

const root = join(import.meta.dir, "../..");
const paths = ["/", "/docs/", "/workbench/", "/pages/faq.md", "/site.css"];
const main = [process.execPath, join(root, "server/main.ts")];

const statusesOf = (program: Program) =>
	Promise.all(
		paths.map(async (path) => (await fetch(program.url + path)).status),
	);

describe("without CHAT_DEMO", () => {
	let program: Program;
	beforeAll(async () => {
		program = await startProgram({ CHAT_DEMO: "" });
	});
	afterAll(() => program.kill());

	test("no page of the demo site is served, and no source", async () => {
		expect(await statusesOf(program)).toEqual(paths.map(() => 404));
		for (const path of ["/make-manifest.ts", "/render-docs.ts", "/dev.ts"])
			expect((await fetch(program.url + path)).status).toBe(404);
		expect(program.output()).not.toContain("Try it");
	});

	test("the script is served, and a script that does not exist is not cached", async () => {
		const script = await fetch(`${program.url}/chat-stream.js`);
		expect(script.status).toBe(200);
		const old = await fetch(`${program.url}/chat-stream.0123456789ab.js`);
		expect(old.status).toBe(404);
		expect(old.headers.get("cache-control")).toBe("no-store");
	});
});

test("--demo and CHAT_DEMO=true serve the demo site without its sources", async () => {
	const starts = [
		startProgram({ CHAT_DEMO: "" }, [...main, "--demo"]),
		startProgram({ CHAT_DEMO: "true" }),
	];
	for (const program of await Promise.all(starts)) {
		expect(await statusesOf(program)).toEqual(paths.map(() => 200));
		const source = await fetch(`${program.url}/make-manifest.ts`);
		expect(source.status).toBe(404);
		await program.kill();
	}
});
