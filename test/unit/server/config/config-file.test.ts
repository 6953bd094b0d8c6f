import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../../server/config/config.ts";
import { loadConfigFile } from "../../../../server/config/config-file.ts";

describe("the configuration file", () => {
	let folder: string;
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), "chat-stream-config-"));
	});
	afterEach(() => rmSync(folder, { recursive: true }));
	const write = (text: string, name = "chat-stream.config.ts") =>
		writeFileSync(join(folder, name), text);

	test("is optional", async () => {
		expect(await loadConfigFile(folder)).toBeUndefined();
	});

	test("can hold what the environment cannot", async () => {
		write(`export default {
			port: 1234,
			provider: async function* (request: { turns: unknown[] }) {
				yield String(request.turns.length);
			},
		};`);
		const config = readConfig({}, await loadConfigFile(folder));
		expect(config.port).toBe(1_234);
		const { provider } = config;
		if (typeof provider === "string") throw new Error("not a provider");
		const request = { conversation: "c", message: "m", turns: [] };
		const pieces = provider.reply(request, new AbortController().signal);
		expect(await Array.fromAsync(pieces)).toEqual(["0"]);
	});

	test("may be JavaScript", async () => {
		write("export default { port: 4321 };", "chat-stream.config.js");
		expect(await loadConfigFile(folder)).toEqual({ port: 4_321 });
	});

	test("that exports no object stops the start with a sentence", () => {
		write("export default 7;");
		return expect(loadConfigFile(folder)).rejects.toThrow(
			"to have a default export that is an object of settings; got number",
		);
	});

	test.each([
		["export default {\n\tport: 1,\n\tbase: '/x' oops\n};", /line 3, column/],
		["export default {\n\tport: foo,\n};", /foo is not defined \(line 2\)$/],
		['import "./nothing.ts";\nexport default {};', /nothing\.ts/],
	])("that does not load is named, with the line", async (text, why) => {
		write(text);
		const loading = loadConfigFile(folder);
		await expect(loading).rejects.toThrow(why);
		await expect(loading).rejects.toThrow(
			join(folder, "chat-stream.config.ts cannot be loaded: "),
		);
	});
});
