/**
 * The headers of every response of the real program. Numbers in names are rows of the security checklist.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { version } from "../../server/operations/version.ts";
import { endServers, type Program, startProgram } from "../support/server.ts";

let program: Program;
beforeAll(async () => {
	program = await startProgram();
});
afterAll(endServers);

const ask = (path: string, init: RequestInit = {}) =>
	fetch(program.url + path, {
		...init,
		headers: { Origin: "https://shop.example" },
	});
const body = '{"type":"hello","version":1}';

test("responses of the endpoints cannot be cached, framed or executed", async () => {
	for (const [path, init] of [
		["/chat/frames", { method: "POST", body }],
		["/chat/frames", { method: "POST", body: "{" }],
		["/chat/messages", { method: "POST", body: '{"content":"count 1"}' }],
		["/chat/messages", { method: "POST", body: '{"content":"throw"}' }],
		["/chat/events?conversation=x", {}],
		["/chat/health", {}],
		["/chat/nothing", {}],
		["/chat", {}],
	] as [string, RequestInit][]) {
		const { headers } = await ask(path, init);
		const seen = (name: string) => [path, headers.get(name)];
		expect(seen("cache-control")).toEqual([path, "no-store"]);
		expect(seen("x-content-type-options")).toEqual([path, "nosniff"]);
		expect(seen("referrer-policy")).toEqual([path, "no-referrer"]);
		expect(headers.get("content-security-policy")).toContain(
			"default-src 'none'; frame-ancestors 'none'",
		);
		expect(headers.get("content-type")).toStartWith("application/json");
		expect(seen("set-cookie")).toEqual([path, null]);
		expect(seen("access-control-allow-credentials")).toEqual([path, null]);
	}
});

test("every response names the version, and a page of another site may read it", async () => {
	for (const [path, init] of [
		["/", {}],
		["/chat-stream.js", {}],
		["/nothing-here", {}],
		["/chat/health", {}],
		["/chat/nothing", {}],
		["/chat/frames", { method: "POST", body }],
		["/chat/frames", { method: "OPTIONS" }],
	] as [string, RequestInit][]) {
		const { headers } = await ask(path, init);
		expect([path, headers.get("chat-stream-version")]).toEqual([path, version]);
		if (path.startsWith("/chat/"))
			expect(headers.get("access-control-expose-headers")).toBe(
				"Chat-Stream-Version",
			);
	}
});

test("the version is in the first line, in the upgrade to a WebSocket and at --version", async () => {
	expect(program.output()).toContain(`chat-stream ${version} is listening on`);
	const { headers } = await fetch(`${program.url}/chat`, {
		headers: {
			Connection: "Upgrade",
			Upgrade: "websocket",
			"Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		},
	});
	expect(headers.get("chat-stream-version")).toBe(version);
	for (const entry of ["main.ts", "cli/chat-stream.ts"]) {
		const path = join(import.meta.dir, "../../server", entry);
		const { stdout, exitCode } = Bun.spawnSync([
			process.execPath,
			path,
			"--version",
		]);
		expect([entry, exitCode, stdout.toString()]).toEqual([
			entry,
			0,
			`${version}\n`,
		]);
	}
});

test("a page of the demo has a policy that allows only its own files", async () => {
	for (const path of [
		"/",
		"/docs/",
		"/docs/configuration",
		"/workbench/",
		"/workbench/stage",
	]) {
		const answer = await ask(path);
		expect([path, answer.status]).toEqual([path, 200]);
		const { headers } = answer;
		const policy = headers.get("content-security-policy") ?? "";
		expect(policy).toStartWith("default-src 'none';");
		expect(policy).toContain("frame-ancestors 'self'");
		expect(policy).not.toContain("unsafe");
		expect(headers.get("x-content-type-options")).toBe("nosniff");
		// The server's policy forbids nothing that the page's policy allows.
		const [, own = ""] =
			(await answer.text()).match(
				/Content-Security-Policy" content="([^"]+)"/,
			) ?? [];
		const allowed = own.split("; ").filter((rule) => rule.endsWith("'self'"));
		expect(allowed.length).toBeGreaterThan(3);
		for (const rule of allowed) expect(policy).toContain(rule);
	}
});

test("security 60: any page may load the script, and only as a script", async () => {
	const { status, headers } = await ask("/chat-stream.js");
	expect(status).toBe(200);
	expect(headers.get("access-control-allow-origin")).toBe("*");
	expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
	expect(headers.get("x-content-type-options")).toBe("nosniff");
	const none = await ask("/nothing-here");
	expect(none.status).toBe(404);
	expect(none.headers.get("x-content-type-options")).toBe("nosniff");
});
