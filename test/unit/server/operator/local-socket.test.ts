import { afterAll, describe, expect, test } from "bun:test";
import {
	existsSync,
	mkdtempSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { version } from "../../../../server/operations/version.ts";
import { socketPathOf } from "../../../../server/operator/socket-path.ts";
import { openLocalSocket } from "../../../../server/operator/socket-server.ts";
import { findServer } from "../../../../server/operator/socket-store.ts";
import { memoryStore } from "../../../../server/store/memory.ts";
import { manualClock } from "../../../support/clock.ts";
import { end, question, reply, token } from "../../../support/drafts.ts";

const folders: string[] = [];
const stops: (() => Promise<void>)[] = [];
afterAll(async () => {
	for (const stop of stops) await stop();
	for (const folder of folders) rmSync(folder, { recursive: true });
});
const newPath = (name = "chat.db.sock") => {
	const folder = mkdtempSync(join(tmpdir(), "chat-socket-"));
	folders.push(folder);
	return join(folder, name);
};

/** A server's socket on a store with one conversation, and the warnings of its log. */
async function socketAt(path: string, owner = "ann") {
	const store = memoryStore(manualClock());
	await store.create("c", owner);
	await store.append("c", [question("q", "Hello?"), reply("r")]);
	await store.append("c", [token("Hi."), end("r", "Hi.")]);
	const warnings: string[] = [];
	const stop = await openLocalSocket(path, store, (level, event, facts) => {
		if (level === "warn") warnings.push(`${event}: ${facts?.error}`);
	});
	stops.push(stop);
	return { store, warnings, stop };
}
const storeAt = async (path: string) => {
	const server = await findServer(path);
	if (!server) throw new Error("No server listens.");
	return server.store;
};

describe("the local socket", () => {
	test("gives the same results as the store itself", async () => {
		const path = newPath();
		const { store } = await socketAt(path);
		const remote = await storeAt(path);
		for (const work of [
			(one: typeof remote) => one.list({ limit: 5 }),
			(one: typeof remote) => one.list({ limit: 5, owner: "bob", after: 0 }),
			(one: typeof remote) => one.head("c"),
			(one: typeof remote) => one.head("none"),
			(one: typeof remote) => one.read("c", 0),
			(one: typeof remote) => one.read("c", 3, 1),
			(one: typeof remote) => one.read("none", 0),
			(one: typeof remote) => one.context("c", "q"),
			(one: typeof remote) => one.remove("none"),
		])
			expect(await work(remote)).toEqual(await work(store));
		await remote.check?.();
		expect(await remote.remove("c")).toBe(true);
		expect(await store.head("c")).toBeUndefined();
	});

	test("names the server's version and process", async () => {
		const path = newPath();
		await socketAt(path);
		const status = (await findServer(path))?.status;
		expect(status).toMatchObject({ version, pid: process.pid });
	});

	test("only the server's user can open it", async () => {
		const path = newPath();
		await socketAt(path);
		const { mode } = statSync(path);
		expect(mode & 0o777).toBe(0o600);
	});

	test("an error of the store keeps its code, text and cause", async () => {
		const path = newPath();
		const { store } = await socketAt(path);
		const remote = await storeAt(path);
		await store.close();
		await expect(remote.list({ limit: 1 })).rejects.toMatchObject({
			code: "unavailable",
		});
	});

	test("rejects unknown verbs and wrong arguments, and goes on", async () => {
		const path = newPath();
		await socketAt(path);
		const ask = async (name: string, body: string, method = "POST") => {
			const init = { unix: path, method, ...(method === "POST" && { body }) };
			return (await fetch(`http://localhost/${name}`, init)).status;
		};
		expect(await ask("append", "[]")).toBe(404);
		expect(await ask("constructor", "[]")).toBe(404);
		expect(await ask("backup", "[]")).toBe(404);
		expect(await ask("remove", "", "GET")).toBe(405);
		for (const body of ["", "{}", "[7]", '["c",{"open":"r"}]'])
			expect([body, await ask("remove", body)]).toEqual([body, 500]);
		expect(await (await storeAt(path)).head("c")).toBeDefined();
	});

	test("is gone when the server stops", async () => {
		const path = newPath();
		const { stop } = await socketAt(path);
		const remote = await storeAt(path);
		await stop();
		await stop();
		expect(existsSync(path)).toBe(false);
		expect(await findServer(path)).toBeUndefined();
		await expect(remote.head("c")).rejects.toThrow("stopped meanwhile");
	});

	test("one that a killed server left is replaced", async () => {
		const path = newPath();
		Bun.spawnSync([
			process.execPath,
			"-e",
			`Bun.serve({ unix: ${JSON.stringify(path)}, fetch: () => new Response() });
			process.kill(process.pid, "SIGKILL");`,
		]);
		expect(existsSync(path)).toBe(true);
		expect(await findServer(path)).toBeUndefined();
		const { warnings } = await socketAt(path);
		expect(warnings).toEqual([]);
		expect(await (await storeAt(path)).head("c")).toBeDefined();
	});

	test("one that a server still answers at is not taken", async () => {
		const path = newPath();
		await socketAt(path, "first");
		const { warnings, stop } = await socketAt(path, "second");
		expect(warnings.join()).toContain("Another process listens");
		await stop();
		expect((await (await storeAt(path)).head("c"))?.owner).toBe("first");
	});

	test("a file in its place is kept, and the server runs without a socket", async () => {
		const path = newPath();
		writeFileSync(path, "mine");
		const { warnings } = await socketAt(path);
		expect(warnings.join()).toContain("no socket");
		expect(await Bun.file(path).text()).toBe("mine");
	});

	test("a path that is too long leaves the server without a socket", async () => {
		const path = newPath(`${"x".repeat(120)}.sock`);
		const { warnings } = await socketAt(path);
		expect(warnings).toHaveLength(1);
		expect(await findServer(path)).toBeUndefined();
	});

	test("another version of the socket's protocol is refused with both versions' remedy", async () => {
		const path = newPath();
		const other = Bun.serve({
			unix: path,
			fetch: () => Response.json({ socket: 99, version: "9.9.9", pid: 1 }),
		});
		await expect(findServer(path)).rejects.toThrow("version 9.9.9");
		await other.stop(true);
	});
});

describe("the path of the socket", () => {
	test("is beside the store file, by whichever link the file is named", async () => {
		const file = newPath("chat.db");
		const folder = join(file, "..");
		expect(socketPathOf(file)).toBe(`${file}.sock`);
		writeFileSync(file, "");
		symlinkSync(file, join(folder, "link.db"));
		symlinkSync(folder, `${folder}-link`);
		folders.push(`${folder}-link`);
		expect(socketPathOf(join(folder, "link.db"))).toBe(`${file}.sock`);
		expect(socketPathOf(join(`${folder}-link`, "chat.db"))).toBe(
			`${file}.sock`,
		);
		expect(socketPathOf(join(`${folder}-link`, "new.db"))).toBe(
			join(folder, "new.db.sock"),
		);
	});

	test("is relative where the whole path would be too long", () => {
		const deep = join(process.cwd(), "x".repeat(60));
		const far = join("/", "y".repeat(90), "chat.db");
		const path = socketPathOf(join(deep, "z".repeat(20), "chat.db")) ?? "";
		expect(Buffer.byteLength(path)).toBeLessThanOrEqual(103);
		expect(socketPathOf(far)).toBe(`${far}.sock`);
	});
});
