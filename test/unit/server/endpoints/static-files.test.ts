import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
	createStaticFiles,
	type StaticFiles,
} from "../../../../server/endpoints/static-files.ts";

const script = `console.log("chat");${" ".repeat(500)}`;
let folder: string;
let staticFiles: StaticFiles;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "chat-stream-staticFiles-"));
	mkdirSync(join(folder, "dist"));
	mkdirSync(join(folder, "site/docs"), { recursive: true });
	writeFileSync(join(folder, "dist/chat-stream.js"), script);
	writeFileSync(join(folder, "secret.txt"), "secret");
	writeFileSync(join(folder, "site/.env"), "secret");
	writeFileSync(join(folder, "site/index.html"), "front");
	writeFileSync(join(folder, "site/docs/faq.html"), "faq");
	writeFileSync(join(folder, "site/make.ts"), "source");
	staticFiles = createStaticFiles(join(folder, "dist"), join(folder, "site"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const get = (path: string, headers: Record<string, string> = {}) =>
	staticFiles(new Request(`http://localhost${path}`, { headers }), path);

test("sources are never served, however their path is written", async () => {
	for (const path of ["/make.ts", "/make.%74s", "/docs/../make.ts"])
		expect(await get(path)).toBeUndefined();
});

describe("the script", () => {
	test("may be loaded by any page and is revalidated soon", async () => {
		const answer = await get("/chat-stream.js");
		expect(await answer?.text()).toBe(script);
		expect(Object.fromEntries(answer?.headers ?? [])).toMatchObject({
			"access-control-allow-origin": "*",
			"cross-origin-resource-policy": "cross-origin",
			"content-type": "text/javascript; charset=utf-8",
			"cache-control": expect.stringContaining("must-revalidate"),
		});
	});

	test("has a name with its hash that never changes", async () => {
		const hash = (await get("/chat-stream.js"))?.headers
			.get("etag")
			?.replaceAll('"', "");
		const answer = await get(`/chat-stream.${hash}.js`);
		expect(await answer?.text()).toBe(script);
		expect(answer?.headers.get("cache-control")).toContain("immutable");
		expect(await get("/chat-stream.000000000000.js")).toBeUndefined();
	});

	test("is not sent again to a client that has it", async () => {
		const etag = (await get("/chat-stream.js"))?.headers.get("etag") ?? "";
		const answer = await get("/chat-stream.js", { "if-none-match": etag });
		expect(answer?.status).toBe(304);
		expect(await answer?.text()).toBe("");
	});

	for (const [accepted, encoding, unpack] of [
		["gzip, deflate, br, zstd", "br", brotliDecompressSync],
		["gzip", "gzip", gunzipSync],
		["br;q=0, gzip", "gzip", gunzipSync],
	] as const)
		test(`is compressed as ${encoding} for "${accepted}"`, async () => {
			const answer = await get("/chat-stream.js", {
				"accept-encoding": accepted,
			});
			expect(answer?.headers.get("content-encoding")).toBe(encoding);
			const bytes = new Uint8Array((await answer?.arrayBuffer()) ?? []);
			expect(bytes.length).toBeLessThan(script.length);
			expect(unpack(bytes).toString()).toBe(script);
		});
});

describe("the site", () => {
	test("is served from its folder", async () => {
		expect(await (await get("/"))?.text()).toBe("front");
		expect(await (await get("/docs/faq"))?.text()).toBe("faq");
		expect(await get("/docs/nothing")).toBeUndefined();
	});

	for (const path of [
		"/../secret.txt",
		"/..%2fsecret.txt",
		"/docs/..%2f..%2f..%2fsecret.txt",
		"/%2e%2e/secret.txt",
		"/..\\secret.txt",
		"/.env",
		"/docs/%00",
		"/%ff",
	])
		test(`gives nothing for ${path}`, async () => {
			expect(await get(path)).toBeUndefined();
		});
});
