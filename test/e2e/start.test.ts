/** What the program prints at startup, and when it cannot start. */
import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { post, visit } from "../support/doors.ts";
import { endServers, startProgram, tempFolder } from "../support/server.ts";

afterAll(endServers);

test("an address of another machine is reported as the cause", async () => {
	const start = startProgram({ HOST: "203.0.113.7" });
	await expect(start).rejects.toThrow(
		"chat-stream cannot start: 203.0.113.7 is not an address of this machine.",
	);
});

test("a host name that does not resolve is reported as the cause", async () => {
	const start = startProgram({ HOST: "no-such-host.invalid" });
	await expect(start).rejects.toThrow(
		'chat-stream cannot start: HOST is "no-such-host.invalid", which does not resolve',
	);
});

test("likely mistakes are warnings, and the server starts", async () => {
	const { output } = await startProgram({
		CHAT_PROVIDER: "",
		CHAT_MODEL: "some-model",
		CHAT_ORIGINS: "https://shop.example",
		CHAT_HEARTBEAT_MS: "30000",
		CHAT_IDLE_TIMEOUT_MS: "20000",
	});
	expect(output()).toContain("Warning: CHAT_MODEL is set, but CHAT_PROVIDER");
	expect(output()).toContain(
		"Warning: CHAT_PAGES is not set, but CHAT_ORIGINS",
	);
	expect(output()).toContain("Warning: CHAT_HEARTBEAT_MS is 30000, but");
	expect((await startProgram()).output()).not.toContain("Warning:");
});

test("a port in use is reported as the cause", async () => {
	const { port } = new URL((await startProgram()).url);
	const start = startProgram({ PORT: port });
	await expect(start).rejects.toThrow(`Port ${port} of 127.0.0.1 is in use.`);
});

test("listening on all addresses is reported, and so is an unknown variable", async () => {
	const { output } = await startProgram({
		HOST: "0.0.0.0",
		CHAT_MAX_REPLAY: "1",
	});
	expect(output()).toMatch(
		/listening on http:\/\/localhost:\d+ and on every other address of this machine/,
	);
	expect(output()).toContain("Did you mean CHAT_MAX_REPLY?");
	const quiet = await startProgram();
	expect(quiet.output()).not.toContain("every other address");
});

test("a damaged page of the store is reported with its cause and what to do", async () => {
	const file = `${tempFolder()}/chat.db`;
	const settings = { CHAT_STORE: `sqlite:${file}` };
	const first = await startProgram(settings);
	const { token, frames } = await visit(first.url);
	const send = { type: "send", id: "q", content: "count 3" };
	await post(first.url, frames, send, token);
	first.signal("SIGTERM");
	await first.exited;
	const bytes = readFileSync(file);
	const pageBytes = bytes.readUInt16BE(16);
	// The first page has the schema; the third one holds a table or an index.
	bytes.fill(0xa5, 2 * pageBytes, 3 * pageBytes);
	writeFileSync(file, bytes);
	await expect(startProgram(settings)).rejects.toThrow(
		/cannot start: .*(damaged|malformed|intact).*backup/s,
	);
});
